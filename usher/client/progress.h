/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far something is: a bar on a terminal, a line for each quarter in a pipe. */
#ifndef USHER_USHER_CLIENT_PROGRESS_H
#define USHER_USHER_CLIENT_PROGRESS_H

#include <stdint.h>

struct progress {
	const char *what;
	int64_t started, shown; /* mono ms */
	unsigned quarter;
};

void progress_start(struct progress *p, const char *what);
/* Bytes. On standard error, that standard output is the result's. */
void progress_show(struct progress *p, uint64_t done, uint64_t total);
void progress_end(struct progress *p); /* the bar goes away */

#endif
