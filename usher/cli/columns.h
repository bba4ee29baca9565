/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists of the API as a table: a row each, as wide as what is in it, so that nothing is cut, whether a terminal reads it or
 * a pipe. A cell that is empty is "-", but in the last column.
 */
#ifndef USHER_USHER_CLI_COLUMNS_H
#define USHER_USHER_CLI_COLUMNS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { COLUMNS_MAX = 16, COLUMNS_CELL = 1024 /* bytes of one cell */ };

struct column {
	const char *head; /* "LEASES BY"; to sort by it is said "leases-by" */
	const char *key;  /* the row's member that is shown: a text or a number… */
	/* …unless this makes the text, in `buf` of `size` or elsewhere. Never NULL. */
	const char *(*text)(const json_t *row, char *buf, size_t size);
	bool right;  /* to the right: numbers */
	bool wide;   /* only with -o wide */
	bool by_key; /* sorted by the member, not by what is shown: times, sizes */
};

struct columns {
	const char *member;           /* of the reply, an array: "machines" */
	const struct column *columns; /* ended by one without a head; the first names a row */
	const char *none;             /* what is said when there are no rows; NULL: the heads are */
	void (*notes)(const json_t *row); /* lines after a row's; NULL: none */
};

/* How it is printed. */
struct columns_wish {
	bool json, name, wide;
	const char *sort; /* "since", "-since" (descending), NULL: as they come */
};

/* The columns that a display cell takes of `text`, as wcwidth() has it: a wide character takes two. Pure. */
size_t columns_width(const char *text);
/* By which column; NULL: there is none of that name. */
const struct column *columns_find(const struct columns *t, const char *sort);
/* "name, state, …": for messages. Gives `buf`. */
const char *columns_names(const struct columns *t, char *buf, size_t size);
/* Sorts an array of rows as `sort` says; those that are equal stay as they were, numbers in texts count as numbers
 * ("node2" before "node10"). 0 or -ENOMEM. */
int columns_sort(const struct columns *t, json_t *rows, const char *sort);
/* On standard output. `reply` is sorted. 0 or -ENOMEM. */
int columns_print(const struct columns *t, json_t *reply, const struct columns_wish *wish);

#endif
