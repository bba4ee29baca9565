/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ARP on a segment's link: asks whether somebody has an address, and hears who has one. One packet
 * socket per segment; main thread. Rim: system calls, no decisions.
 */
#ifndef USHER_DHCPD_ARP_H
#define USHER_DHCPD_ARP_H

#include "dhcpd/arp_wire.h"
#include "dhcpd/frames.h"

struct arp {
	struct frames frames;
	struct mac mac;
	void (*heard)(void *arg, const struct arp_neighbour *n);
	void *arg;
};

enum { ARP_BATCH = 64 }; /* questions a system call */

#define ARP_CLOSED ((struct arp){.frames = FRAMES_CLOSED})

/* Fills a closed one, which stays where it is. `heard` is told of everybody else on the link who says to have an address; it
 * must not close this. Needs CAP_NET_RAW. -errno, and it is still closed. */
int arp_open(struct arp *a, struct loop *l, unsigned ifindex, const struct mac *mac,
	void (*heard)(void *arg, const struct arp_neighbour *n), void *arg);
void arp_close(struct arp *a); /* closed is fine */
/* Up to ARP_BATCH at once. -errno when not all of them left. */
int arp_probe(const struct arp *a, const struct ip *ips, size_t n);

#endif
