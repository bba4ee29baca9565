/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host's clocks that a test may set, or put to sleep: its own clock_gettime() is found before libc's. */
#ifndef USHER_TESTS_STEPPED_CLOCK_H
#define USHER_TESTS_STEPPED_CLOCK_H

#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* ms that were added to each clock; the boot time clock has both that of the monotonic one and that of a sleep. */
static struct {
	int64_t wall, mono, slept;
} stepped;

int clock_gettime(clockid_t id, struct timespec *t)
{
	int rc = (int)syscall(SYS_clock_gettime, id, t);
	int64_t ms = id == CLOCK_REALTIME ? stepped.wall
		: id == CLOCK_BOOTTIME    ? stepped.mono + stepped.slept
		: id == CLOCK_MONOTONIC   ? stepped.mono
					  : 0;
	int64_t ns = t->tv_nsec + ms % 1000 * 1000000;

	t->tv_sec += ms / 1000 + (ns >= 1000000000) - (ns < 0);
	t->tv_nsec = ns + (ns < 0 ? 1000000000 : ns >= 1000000000 ? -1000000000 : 0);
	return rc;
}

#endif
