/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When to report a long job's progress: first after some seconds, then at each quarter, and never twice within some
 * seconds. So a job reports at most PACE_MOST lines, however long it takes.
 */
#ifndef USHER_CORE_PACE_H
#define USHER_CORE_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PACE_APART_MS = 5000, /* from the start to the first, and between two */
	PACE_MOST = 4,
};

struct pace { /* zeroed at the start */
	int64_t next_ms;
	uint64_t quarters; /* that were told of */
};

/* `ms` since the start; `done` of `size`, in any unit. False for a completed job, which reports that itself. */
bool pace_due(struct pace *p, int64_t ms, uint64_t done, uint64_t size);

#endif
