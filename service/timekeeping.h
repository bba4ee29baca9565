/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps steady time over a restart, and reports when somebody sets the host's clock. */
#ifndef USHER_SERVICE_TIMEKEEPING_H
#define USHER_SERVICE_TIMEKEEPING_H

#include "core/clock.h"
#include "service/base/base.h"

struct timekeeping {
	struct base *base;
	struct clock_mark mark; /* the last */
	int64_t away;     /* ms that passed without a mark before this start; -1: it is the first */
	int64_t slept;    /* clock_slept_ms() then */
	uint64_t commits; /* of the store, then */
	struct loop_fd set; /* wakes up when somebody sets the wall clock */
	struct loop_timer again;
};

/* Call it before reading anything from the store that has a time. 0, or -errno with one line in `why`. */
int timekeeping_load(struct timekeeping *tk, char *why, size_t why_size);
/* Call it after store_start(), when the timeline exists. */
void timekeeping_start(struct timekeeping *tk);
void timekeeping_stop(struct timekeeping *tk);

#endif
