/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a decision to the bytes of the DHCPv6 answer. Pure. */
#ifndef USHER_DHCPD_DHCP6_ANSWER_H
#define USHER_DHCPD_DHCP6_ANSWER_H

#include "dhcpd/dhcp6_policy.h"
#include "dhcpd/dhcp_boot.h"

enum { DHCP6_SERVER_DUID = 10 }; /* bytes */

/* Our identifier on a link: DUID-LL (RFC 8415 11.4) of its MAC. */
void dhcp6_answer_duid(const struct mac *mac, uint8_t ret[DHCP6_SERVER_DUID]);
bool dhcp6_answer_is_ours(const struct dhcp6_message *m, const uint8_t duid[DHCP6_SERVER_DUID]);
/* The length of the datagram in `buf`, or -ENOSPC. Of all verdicts but DHCP6_IGNORE. */
int dhcp6_answer_encode(const struct dhcp6_policy *p, const struct dhcp6_decision *d,
	const uint8_t duid[DHCP6_SERVER_DUID], const struct dhcp_boot *boot,
	uint8_t buf[DHCP6_REPLY_MAX]);

#endif
