/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clocks, in milliseconds. Pure code takes `now` as an argument and calls none. */
#ifndef USHER_CORE_CLOCK_H
#define USHER_CORE_CLOCK_H

#include <stdint.h>

int64_t clock_mono_ms(void); /* for intervals; unrelated to the date */
int64_t clock_wall_ms(
	void); /* since the epoch, for people: somebody may set it, forward and back */

/*
 * What a deadline is that must outlive the program (leases, attempts): steady time. It began as the wall clock when the
 * store was made, and runs evenly, whoever sets the wall clock. While the host sleeps it stands still, as all that would
 * have asked did.
 */
int64_t clock_steady_ms(void);
int64_t clock_slept_ms(void); /* of the host, since it booted */
/* When that is, or was, by the wall clock as it is set now: for people, to a second. 0 stays 0. */
int64_t clock_wall_of(int64_t steady);

enum { CLOCK_BOOT = 37 };

/* One moment by all clocks, to find steady time again by at the next start. */
struct clock_mark {
	char boot[CLOCK_BOOT]; /* the kernel's id of this boot of the host, or "" */
	int64_t steady, mono, wall;
};

void clock_look(struct clock_mark *ret);
/*
 * Steady time at `now`, whose own `steady` is not looked at. `mark` NULL: there was none. In the same boot of the host it
 * has gone on with the monotonic clock. Over a reboot only the wall clock ran: it says how long the host was off, and is
 * taken to say nothing when it went back.
 */
int64_t clock_resume(const struct clock_mark *mark, const struct clock_mark *now);
/* From now on it is `steady`. Before other threads start; until then it is the monotonic clock's. */
void clock_begin(int64_t steady);

#endif
