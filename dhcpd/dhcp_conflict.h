/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Somebody on the link has an address that was asked for (acd.h) before a client was given it, or since one declined it.
 * Whether it is set aside: not what its holder answers for itself, and what is a machine's by its record, or leased, only
 * under the conditions below. Both families. Main thread only.
 */
#ifndef USHER_DHCPD_DHCP_CONFLICT_H
#define USHER_DHCPD_DHCP_CONFLICT_H

#include "dhcpd/dhcp_own.h"

struct dhcp_conflict {
	struct ip ip;
	struct mac by; /* who answered */
	bool declined; /* its client has declined it */
};

/* Takes it from who holds it, sets it aside, and says so on the timeline. False: nothing is changed. `now`: steady ms. */
bool dhcp_conflict_found(
	struct dhcp_lessor *l, const struct segment *s, const struct dhcp_conflict *c, int64_t now);

#endif
