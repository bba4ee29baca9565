/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small help for text: a growing string, and the nearest known word for a misspelt one. */
#ifndef USHER_CORE_TEXT_H
#define USHER_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *s; /* NUL-terminated once anything was added; else NULL */
	size_t len, cap, max;
	int rc; /* sticky: -ENOMEM, or -EFBIG past `max` bytes */
};

void text_init(struct text *t, size_t max);
void text_fini(struct text *t);
void text_add(struct text *t, const char *bytes, size_t len);
void text_puts(struct text *t, const char *s);
void text_printf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* 0 and the heap string (never NULL), which is the caller's; or the sticky error. Leaves `t`
 * empty either way. */
int text_take(struct text *t, char **ret);

/* Edits (insert, delete, replace, swap of neighbours) from `a` to `b`; words over 63 bytes are
 * never near: 99. */
unsigned text_distance(const char *a, const char *b);
/* Is `candidate` so near to `word` that it may have been meant? If it beats *best (start with
 * NULL), takes it. */
void text_nearer(const char *word, const char *candidate, const char **best);
/* The nearest of the names, or NULL. `rows`: structs of `stride` bytes which begin with a name, ended by a NULL. `all`: the
 * names, as far as there is room. */
const char *text_nearest(
	const char *word, const void *rows, size_t stride, char *all, size_t all_size);

/* A whole regular file of at most `max` bytes, below directory `dirfd`, without NULs. -EFBIG,
 * -EINVAL (a NUL or not a regular file), or -errno. */
int text_read_file(int dirfd, const char *name, size_t max, char **ret);

#endif
