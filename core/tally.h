/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts by name, of a bounded number of names: what comes when there is no place left is counted together, as "other". Each name
 * has some columns. Pure.
 */
#ifndef USHER_CORE_TALLY_H
#define USHER_CORE_TALLY_H

#include <stddef.h>
#include <stdint.h>

enum {
	TALLY_NAME = 64, /* with its NUL; longer is cut */
	TALLY_COLUMNS = 8,
	TALLY_OTHER = 0, /* the row "other" */
};

struct tally_row {
	char name[TALLY_NAME];
	int64_t n[TALLY_COLUMNS];
};

struct tally {
	struct tally_row *rows; /* [TALLY_OTHER] is there once there is any */
	size_t count, most;
};

/* `most` rows, with "other". */
void tally_init(struct tally *t, size_t most);
void tally_fini(struct tally *t);
/* The row of a name, which stays its own for as long as the tally lives. Without a place or memory it is TALLY_OTHER. */
size_t tally_row(struct tally *t, const char *name);
/* The same of a row that is likely its: as tally_row() gave it for an earlier name. */
size_t tally_row_again(struct tally *t, const char *name, size_t likely);
void tally_add(struct tally *t, size_t row, size_t column, int64_t n);

#endif
