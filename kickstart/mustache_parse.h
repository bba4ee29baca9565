/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Template text to a flat list of parts; and escaping. For mustache.c only. */
#ifndef USHER_KICKSTART_MUSTACHE_PARSE_H
#define USHER_KICKSTART_MUSTACHE_PARSE_H

#include "kickstart/mustache.h"
#include "core/text.h"

enum { MUSTACHE_NAME_MAX = 256 }; /* bytes of a name with its NUL: keeps look-ups off the heap */

enum part_kind {
	PART_TEXT,
	PART_VALUE,
	PART_RAW,
	PART_SECTION,
	PART_INVERTED,
	PART_END,
	PART_PARTIAL
};

struct part {
	enum part_kind kind;
	const char
		*s; /* text, or the name in the tag; borrowed from the template, not terminated */
	size_t len;
	const char *indent; /* PART_PARTIAL alone on its line: the blanks before it */
	size_t indent_len;
	size_t end;    /* PART_SECTION and PART_INVERTED: index of their PART_END */
	bool at_start; /* PART_TEXT: begins a line, so a partial's indentation goes before it */
	unsigned line, col;
};

struct parts {
	struct part *all;
	size_t count, cap;
};

/* Borrows `text`. -EINVAL (why), -EFBIG (why), -ENOMEM. */
int parts_parse(const char *text, const struct mustache_options *o, struct parts *ret, char *why,
	size_t why_size);
void parts_fini(struct parts *ps);

/* Writes the opening "FILE:LINE:COL: " and the message; returns `rc`. */
int mustache_fault(char *why, size_t why_size, int rc, const struct mustache_options *o,
	unsigned line, unsigned col, const char *fmt, ...) __attribute__((format(printf, 7, 8)));

/* Notes that the lines beginning in out[from..] come from this line of the text with the options `o`. */
void mustache_map_note(struct mustache_map *map, const struct text *out, size_t from,
	const struct mustache_options *o, unsigned line);

/* Notes what is wrong with the quotes of this tag's value, once. */
void mustache_map_remark(struct mustache_map *map, const struct mustache_options *o, unsigned line,
	unsigned col, const char *text);

/* What the value has that `f` cannot carry ("a line break"), or NULL. */
const char *mustache_unfit(enum mustache_format f, const char *value);
/* Appends `value` as `f` wants it; NULL, or what the value has that `f` cannot carry ("a line
 * break"). */
const char *mustache_escape(struct text *out, enum mustache_format f, const char *value);

#endif
