/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is seen of a lab while it is made: on a terminal a table that is drawn again and again, in a pipe a line for each
 * stage. */
#ifndef USHER_USHER_LAB_SHOW_H
#define USHER_USHER_LAB_SHOW_H

#include "usher/lab/lab_row.h"

struct lab_show {
	bool terminal, json;
	unsigned drawn;   /* lines of the table that stand on the terminal */
	int64_t drawn_at; /* mono ms */
};

void lab_show_init(struct lab_show *s, bool json);
/* An event of one of the machines. */
void lab_show_event(struct lab_show *s, const json_t *event);
/* A line that stays. */
void lab_show_line(struct lab_show *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The table as it is now, not more often than is of use; `now`: at once. */
void lab_show_table(struct lab_show *s, const struct lab_row *rows, size_t n, bool now);
void lab_show_end(struct lab_show *s); /* the table goes away */

#endif
