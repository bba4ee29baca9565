/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * So many of a kind in a time, and no more: for what a peer can cause without end. Windows follow one another; the first
 * begins with the first that is counted. Pure; zeroed is new. Not for two threads at once.
 */
#ifndef USHER_CORE_RATE_H
#define USHER_CORE_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct rate {
	int64_t since; /* when the window began; of any clock that counts ms; 0: never */
	unsigned taken, over;
};

/* Begins a new window when the old one is over, or lies ahead (a clock that was set back). Returns how many were too many
 * in the old one, for a line in the log. */
unsigned rate_look(struct rate *r, int64_t window_ms, int64_t now);
/* After rate_look(): is there room for one more? */
static inline bool rate_has(const struct rate *r, unsigned most)
{
	return r->taken < most;
}
/* After rate_look(): takes one if there is room, else counts it as too many. */
bool rate_take(struct rate *r, unsigned most);

#endif
