/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv6 Router Solicitations and the answer that says "no router here, go on". Pure.
 *
 * iPXE configures IPv4 and IPv6 at once and goes on when both are done. Where no router answers, it
 * asks for 16 s, long after its IPv4 lease. An advertisement with a router lifetime of 0, without a
 * prefix (RFC 4861 4.2: not a default router), ends that at once, and gives nobody an address or a
 * route.
 */
#ifndef USHER_DHCPD_NDP_WIRE_H
#define USHER_DHCPD_NDP_WIRE_H

#include "core/addr.h"

enum {
	NDP_ADVERT = 14 + 40 + 16 + 8, /* bytes of the frame */
};

struct ndp_solicit {
	struct mac mac; /* who asks: the frame's source */
	struct ip from; /* its link-local address, or not set */
};

/* A frame with its Ethernet header, without VLAN tags. -ENOMSG: another kind of frame; -EBADMSG:
 * not as RFC 4861 6.1.1 wants it. */
int ndp_wire_decode(const void *frame, size_t len, struct ndp_solicit *ret);
/* The answer, to that machine only; `mac` is ours, and a link-local address that nobody else has is
 * made of it. */
void ndp_wire_encode(
	const struct ndp_solicit *to, const struct mac *mac, uint8_t frame[NDP_ADVERT]);

#endif
