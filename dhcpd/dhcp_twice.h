/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two segments on one wire: what a client broadcasts comes by both cards at once. Pure.
 *
 * One message may be the same by chance: clones that start together, with a transaction id made of their MAC. So several
 * have to be.
 */
#ifndef USHER_DHCPD_DHCP_TWICE_H
#define USHER_DHCPD_DHCP_TWICE_H

#include "machine/segment.h"

enum {
	DHCP_TWICE_SLOTS = 64,
	DHCP_TWICE_APART_MS = 100, /* the two cards' packets are read one after the other */
	DHCP_TWICE_ENOUGH = 3,     /* a client's DISCOVER and REQUEST, and another */
	DHCP_TWICE_MS = 3600 * 1000,
};

struct dhcp_twice {
	struct {
		uint64_t hash;
		uint32_t segment;
		int64_t at;
	} last[DHCP_TWICE_SLOTS];
	/* by segment id - 1: with which other one, how often, and when it was told; 0: not yet */
	struct {
		uint32_t with;
		unsigned times;
		int64_t told;
	} seen[SEGMENT_MAX];
};

/* A message came on `segment` (its id) at `now`, any clock that only goes forward. The id of the segment that is on the
 * same wire, when that is to be told now, else 0. Zeroed is new. */
uint32_t dhcp_twice_heard(
	struct dhcp_twice *t, uint32_t segment, const void *bytes, size_t len, int64_t now);

#endif
