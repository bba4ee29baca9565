/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clocks, in milliseconds. Pure code takes `now` as an argument and calls none. */
#ifndef USHER_CORE_CLOCK_H
#define USHER_CORE_CLOCK_H

#include <stdint.h>

int64_t clock_mono_ms(void); /* for intervals; unrelated to the date */
int64_t clock_mono_us(void); /* the same in µs */
int64_t clock_wall_ms(void); /* since the epoch, for people: may be set forward and back */

/*
 * Steady time, for deadlines that outlive the program (leases, attempts). It started at the wall clock's time when the
 * store was created, and runs evenly even when the wall clock is set.
 * It stops while the host sleeps, when nobody can renew a lease or report.
 */
int64_t clock_steady_ms(void);
int64_t clock_slept_ms(void); /* of the host, since it booted */
/* A steady time as wall clock time by the current setting: for people, to a second. 0 stays 0. */
int64_t clock_wall_of(int64_t steady);

enum { CLOCK_BOOT = 37 };

/* One moment by all clocks, from which the next start resumes steady time. */
struct clock_mark {
	char boot[CLOCK_BOOT]; /* the kernel's id of this boot of the host, or "" */
	int64_t steady, mono, wall;
};

void clock_look(struct clock_mark *ret);
/*
 * Steady time at `now`, whose own `steady` is not looked at. `mark` NULL: there was none. Within the same boot of the
 * host, steady time continued with the monotonic clock. Over a reboot only the wall clock ran: it tells how long the
 * host was off, and is ignored if it went back.
 */
int64_t clock_resume(const struct clock_mark *mark, const struct clock_mark *now);
/* Sets steady time. Call it before other threads start; until then steady time is the monotonic clock. */
void clock_begin(int64_t steady);

#endif
