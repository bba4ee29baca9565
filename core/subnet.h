/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4 subnets as values: text, overlap, and one that is free. Pure. */
#ifndef USHER_CORE_SUBNET_H
#define USHER_CORE_SUBNET_H

#include "core/addr.h"

enum { SUBNET_TEXT = 19 }; /* bytes for "255.255.255.255/32" and its NUL */

struct subnet {
	uint32_t net; /* network address, host order */
	uint8_t len;  /* of the prefix; 0: not set */
};

/* "10.77.0.0/24", for a network with hosts: a prefix of 8 to 30, and of unicast addresses that may be
 * routed. 0, or -EINVAL with one line in `why`. */
int subnet_parse(const char *text, struct subnet *ret, char *why, size_t why_size);
const char *subnet_format(const struct subnet *s, char buf[SUBNET_TEXT]);
bool subnet_eq(const struct subnet *a, const struct subnet *b);
bool subnets_overlap(const struct subnet *a, const struct subnet *b);
/* The first that overlaps `s`, or NULL. */
const struct subnet *subnet_clash(const struct subnet *s, const struct subnet *taken, size_t n);
/* The first /24 within `range` that overlaps none of `taken`. False: there is none. */
bool subnet_pick(
	const struct subnet *range, const struct subnet *taken, size_t n, struct subnet *ret);

#endif
