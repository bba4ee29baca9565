/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Comma-separated values (RFC 4180): lines of fields, a field that has commas, quotes or line breaks in it between quotes, and a
 * quote in that written twice. Lines end with CRLF or LF; empty ones are left out; a byte order mark is, too. Pure.
 */
#ifndef USHER_CORE_CSV_H
#define USHER_CORE_CSV_H

#include <stddef.h>

enum {
	CSV_FIELDS = 128,
	CSV_FIELD_MAX = 64 << 10, /* bytes */
};

struct csv {
	const char *at, *end;
	long next_line;
	/* the record: */
	long line;                      /* where it begins, from 1 */
	const char *fields[CSV_FIELDS]; /* valid until the next one is read */
	size_t n;
	char *buf; /* heap */
};

/* `text` is borrowed. 0 or -ENOMEM. */
int csv_init(struct csv *c, const char *text, size_t len);
void csv_fini(struct csv *c); /* wipes the fields: some may be secret */
/* 1: there is a record; 0: no more; -EINVAL: `*ret_why` (static) says what is wrong on c->line, and reading may go on with the
 * line after it. */
int csv_next(struct csv *c, const char **ret_why);

#endif
