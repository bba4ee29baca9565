/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ARP on Ethernet: the question whether somebody has an address, and what tells that somebody does.
 * Pure.
 *
 * The question is RFC 5227's probe: without a sender's address, so that it changes nobody's table.
 */
#ifndef USHER_DHCPD_ARP_WIRE_H
#define USHER_DHCPD_ARP_WIRE_H

#include "core/addr.h"

enum {
	ARP_WIRE_PROBE = 14 + 28, /* bytes of the frame */
};

struct arp_neighbour {
	struct mac mac;
	struct ip ip;
};

/* Who says to have which address, in a question or an answer. A frame with its Ethernet header,
 * without VLAN tags. -ENOMSG: another kind of frame, or one that claims no address; -EBADMSG: from
 * nobody (RFC 826: no sender, or a group). */
int arp_wire_decode(const void *frame, size_t len, struct arp_neighbour *ret);
/* "Who has `ip`?" to everybody; `mac` is ours. */
void arp_wire_encode(const struct mac *mac, const struct ip *ip, uint8_t frame[ARP_WIRE_PROBE]);

#endif
