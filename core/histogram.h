/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often a value was how large: counts between fixed bounds, for statistics. Pure; whoever has one guards it. */
#ifndef USHER_CORE_HISTOGRAM_H
#define USHER_CORE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_BOUNDS = 16 };

struct histogram_bounds {
	int64_t per_second; /* the unit: 1,000 for ms, 1,000,000 for µs */
	size_t n;
	int64_t at[HISTOGRAM_BOUNDS]; /* rising */
};

struct histogram {
	const struct histogram_bounds *bounds;
	uint64_t in[HISTOGRAM_BOUNDS +
		1];   /* values up to at[i], and above at[i - 1]; [n]: above all */
	uint64_t sum; /* of all values; negative ones count as 0 */
};

/* The same value, `times`. */
void histogram_add(struct histogram *h, int64_t value, uint64_t times);

#endif
