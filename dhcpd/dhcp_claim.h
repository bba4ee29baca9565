/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a computed MAC buys a stranger. It is a claim that anybody can make, so it is asked for a witness: where guests are
 * libvirt's, libvirt has to know one with this MAC. Where there is nobody to ask, strangers have a share of the subnet, and
 * no more begin in a minute than a person could notice. Pure.
 */
#ifndef USHER_DHCPD_DHCP_CLAIM_H
#define USHER_DHCPD_DHCP_CLAIM_H

#include "core/rate.h"
#include "machine/segment.h"

#include <stddef.h>

enum dhcp_guest {
	DHCP_GUEST_MAYBE, /* nobody to ask: an interface, or libvirt is away */
	DHCP_GUEST_KNOWN, /* a guest of libvirt's has this MAC on this segment */
	DHCP_GUEST_NONE,  /* libvirt knows none that has */
};
/* Asked for each message of a computed MAC without a record: must be quick. */
typedef enum dhcp_guest (*dhcp_guests)(void *arg, const struct segment *s, const struct mac *mac);

enum {
	DHCP_SHARE_PART = 4, /* of the subnet's hosts, one in so many */
	DHCP_SHARE_MOST = 1024,
	DHCP_SHARE_A_MINUTE = 60, /* that begin */
	DHCP_SHARE_MS = 60 * 1000,
	DHCP_SHARE_RECOUNT_MS = 1000,
};

/* One segment's. Zeroed is new. Times are steady ms (core/clock.h). */
struct dhcp_share {
	size_t held;     /* at `counted`, and what began since; never too few */
	int64_t counted; /* 0: never */
	struct rate begun;
};

size_t dhcp_share_limit(const struct segment *s);
/* May one more begin? `count` tells how many are held now; it is called when they seem too many, once a second at most. */
bool dhcp_share_has_room(struct dhcp_share *sh, const struct segment *s, int64_t now,
	size_t (*count)(void *arg), void *arg);
void dhcp_share_take(struct dhcp_share *sh, int64_t now);

#endif
