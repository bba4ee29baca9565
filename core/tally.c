/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/tally.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tally_init(struct tally *t, size_t most)
{
	*t = (struct tally){.most = most};
}

void tally_fini(struct tally *t)
{
	free(t->rows);
	*t = (struct tally){.most = t->most};
}

static bool is_named(const struct tally_row *r, const char *name)
{
	return !strncmp(r->name, name, sizeof r->name - 1);
}

/* The new row's place; 0: there is none. */
static size_t grow(struct tally *t, const char *name)
{
	struct tally_row *rows =
		t->count < t->most ? reallocarray(t->rows, t->count + 1, sizeof *rows) : NULL;

	if (!rows)
		return TALLY_OTHER;
	t->rows = rows;
	rows[t->count] = (struct tally_row){.n = {0}};
	snprintf(rows[t->count].name, sizeof rows->name, "%s", name);
	return t->count++;
}

size_t tally_row(struct tally *t, const char *name)
{
	if (!t->count)
		grow(t, "other");
	for (size_t i = 0; i < t->count; i++)
		if (is_named(&t->rows[i], name))
			return i;
	return grow(t, name);
}

size_t tally_row_again(struct tally *t, const char *name, size_t likely)
{
	if (likely && likely < t->count && is_named(&t->rows[likely], name))
		return likely;
	return tally_row(t, name);
}

void tally_add(struct tally *t, size_t row, size_t column, int64_t n)
{
	if (row < t->count && column < TALLY_COLUMNS)
		t->rows[row].n[column] += n;
}
