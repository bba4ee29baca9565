/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address conflict detection on a segment's link: asks whether somebody has an address, and hears who has one. IPv4's by ARP
 * (RFC 5227), IPv6's by neighbour solicitation (RFC 4861 7.2). One packet socket per segment and family; main thread. Rim:
 * system calls, no decisions.
 */
#ifndef USHER_DHCPD_ACD_H
#define USHER_DHCPD_ACD_H

#include "core/addr.h"
#include "dhcpd/frames.h"

/* Who says to have which address. */
struct acd_neighbour {
	struct mac mac;
	struct ip ip;
};

struct acd {
	struct frames frames;
	struct mac mac;
	struct ip from; /* IPv6: our link-local address, which is asked from; else not set */
	void (*heard)(void *arg, const struct acd_neighbour *n);
	void *arg;
};

enum { ACD_BATCH = 64 }; /* questions a system call */

#define ACD_CLOSED ((struct acd){.frames = FRAMES_CLOSED})

/* Fills a closed one, which stays where it is. `from` not set: of IPv4. `heard` is told of everybody else on the link who
 * says to have an address; it must not close this. Needs CAP_NET_RAW. -errno, and it is still closed. */
int acd_open(struct acd *a, struct loop *l, unsigned ifindex, const struct mac *mac,
	const struct ip *from, void (*heard)(void *arg, const struct acd_neighbour *n), void *arg);
void acd_close(struct acd *a); /* closed is fine */
/* Up to ACD_BATCH at once, of its family. -errno when not all of them left. */
int acd_ask(const struct acd *a, const struct ip *ips, size_t n);

#endif
