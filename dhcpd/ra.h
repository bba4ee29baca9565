/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Router advertisements of a segment where we lease IPv6 addresses (RFC 4861 6.2): they tell machines to ask for their
 * address by DHCPv6, which prefix is on the link, and the DNS servers. Whether we are a router too, the segment says. Who
 * solicits is answered alone and at once; all others hear it every few minutes. Main thread only.
 */
#ifndef USHER_DHCPD_RA_H
#define USHER_DHCPD_RA_H

#include "core/rate.h"
#include "dhcpd/frames.h"
#include "dhcpd/ndp_wire.h"
#include "machine/segment.h"

enum {
	RA_FIRST = 3, /* as many in a row at first, so that one that is lost does not matter */
	RA_FIRST_MS = 16 * 1000,  /* RFC 4861 10: MAX_INITIAL_RTR_ADVERT_INTERVAL */
	RA_EVERY_MS = 400 * 1000, /* then; half more or less, by chance */
	RA_DNS_S = 3 * 600,       /* thrice the longest time between two (RFC 8106 5.1) */
	RA_VALID_S = 24 * 3600,   /* of the prefix */
	RA_PREFERRED_S = 4 * 3600,
	RA_ANSWERS_A_SECOND = 200, /* to solicitations: a rack that starts; a flood is cut there */
};

struct ra {
	struct frames frames; /* fd -1: closed */
	const struct segment *segment;
	struct mac mac;
	struct ip link_local;
	struct loop_timer again;
	unsigned sent; /* of the first ones */
	struct rate answers;
	/* Another router's advertisement was heard; may be NULL. */
	void (*foreign)(void *arg, const struct ndp_message *m);
	void *arg;
};

#define RA_CLOSED ((struct ra){.frames = FRAMES_CLOSED})

/* What is said of a segment. Pure. `router` false: that we are none (any more). */
struct ndp_router ra_content(const struct segment *s, bool router);
/* Fills a closed one, which stays where it is; `segment`, `mac`, `link_local`, `foreign` and `arg` of it are set. The first
 * advertisement leaves at once. Needs CAP_NET_RAW. -errno, and it is still closed. */
int ra_open(struct ra *ra, struct loop *l, unsigned ifindex);
/* Closed is fine. Where we were a router, all are told that we are none now. */
void ra_close(struct ra *ra);

#endif
