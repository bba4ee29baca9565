/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far something is: a bar on a terminal, a line for each quarter in a pipe. */
#ifndef USHER_USHER_CLIENT_PROGRESS_H
#define USHER_USHER_CLIENT_PROGRESS_H

#include <stdint.h>

enum {
	PROGRESS_BAR = 30,                    /* columns between the brackets, at most */
	PROGRESS_BAR_TEXT = PROGRESS_BAR + 3, /* bytes for a bar and its NUL */
};

/* "[####......]", `columns` between the brackets. More than all is all; of 0 nothing is done. Writes to and returns `buf`. */
const char *progress_bar(
	char buf[PROGRESS_BAR_TEXT], unsigned columns, uint64_t done, uint64_t total);
/* The same as a number, 0 to 100. */
unsigned progress_percent(uint64_t done, uint64_t total);
/* 25, 50, 75 or 100 when a further quarter is over, which `*quarter` (0 to begin with) then counts; else 0. */
unsigned progress_quarter(unsigned *quarter, uint64_t done, uint64_t total);

/* Of one thing, in bytes. On standard error, since standard output is the result's. */
struct progress {
	const char *what;
	int64_t started, shown; /* mono ms */
	unsigned quarter;
};

void progress_start(struct progress *p, const char *what);
void progress_show(struct progress *p, uint64_t done, uint64_t total);
void progress_end(struct progress *p); /* the bar goes away */

#endif
