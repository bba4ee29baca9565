/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much is sent to an address that may never have asked: a datagram's source is a claim until its sender answers to a
 * port that only the true owner of the address was told. Counts per address and second; an answer takes its request
 * out of the count again. Pure.
 */
#ifndef USHER_TFTPD_TFTP_UNPROVEN_H
#define USHER_TFTPD_TFTP_UNPROVEN_H

#include "core/addr.h"
#include "core/rate.h"

#include <stdbool.h>
#include <stdint.h>

/* Addresses in view. Two that meet in one place each begin anew when the other comes: that lets through too much, never
 * too little. */
enum { TFTP_UNPROVEN_SLOTS = 1024 };

struct tftp_unproven {
	unsigned most; /* a second, of one address */
	struct tftp_unproven_slot {
		struct ip ip;
		uint32_t segment;
		struct rate rate;
	} slots[TFTP_UNPROVEN_SLOTS];
};

void tftp_unproven_init(struct tftp_unproven *u, unsigned most);
/* May a request of this address be answered? It is counted then. */
bool tftp_unproven_take(
	struct tftp_unproven *u, uint32_t segment, const struct ip *ip, int64_t now);
/* One of its requests has proved to be its own. */
void tftp_unproven_give(struct tftp_unproven *u, uint32_t segment, const struct ip *ip);

#endif
