/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this process uses, as the kernel says. */
#ifndef USHER_CORE_PROCESS_USE_H
#define USHER_CORE_PROCESS_USE_H

#include <stdint.h>

struct process_use {
	uint64_t virtual_bytes, resident_bytes;
	double cpu_s; /* of all threads, user and system */
	uint64_t descriptors_max;
	double started; /* seconds since the epoch, by the wall clock of the first look; 0: not known */
};

/* Members that are not known stay 0. Main thread only. */
void process_use_look(struct process_use *ret);

#endif
