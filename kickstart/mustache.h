/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mustache, complete to the six required modules of its specification, and stricter where that
 * protects an install:
 *
 * - A name that is not defined is an error with file, line and column (unless `lenient`).
 * - {{name}} is escaped for the format the text is in; {{{name}}} and {{&name}} are raw.
 * - {{FORMAT:name}} escapes for another format, e.g. {{shell:set.motd}} in a preseed's
 *   late_command; the text's own format may still refuse the result (a line break in a preseed).
 *   Not in lenient mode: there it is a name.
 * - A value that would end the place where it stands is refused: a line with %end in a kickstart's
 *   section, two dashes in a comment of XML.
 * - False are: false, null, "", and the empty list. Lambdas are not supported.
 *
 * Pure: no file is read, partials come from a callback.
 */
#ifndef USHER_KICKSTART_MUSTACHE_H
#define USHER_KICKSTART_MUSTACHE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	MUSTACHE_TEXT_MAX =
		1 << 20, /* bytes of one template: answers are read whole by small installers */
	MUSTACHE_OUTPUT_MAX = 1 << 20, /* bytes rendered: the same */
	MUSTACHE_DEPTH_MAX =
		64, /* sections and partials inside each other; a partial may name itself */
	MUSTACHE_STEPS_MAX = 1
		<< 20, /* tags and pieces of text rendered: bounds a partial that doubles itself */
};

enum mustache_format {
	MUSTACHE_NONE,      /* as it is */
	MUSTACHE_SHELL,     /* one single-quoted word of sh; line breaks stay */
	MUSTACHE_KICKSTART, /* the same, but no control character, line breaks included */
	MUSTACHE_PRESEED, /* as it is, but no control character, no blank around it, no backslash at the end */
	MUSTACHE_CMDLINE, /* for iPXE and kernels: no blank, quote, backslash, "${", control */
	MUSTACHE_XML, /* and HTML: & < > " ' as entities; in CDATA as it is, of which no value ends it */
	MUSTACHE_JSON,     /* a quoted string; numbers, true, false and null as they are */
	MUSTACHE_YAML,     /* a double-quoted scalar; the same */
	MUSTACHE_PACKAGES, /* a line of %packages: as it is, but no control, no '#', no '%' before it */
	MUSTACHE_URL,      /* percent-encoded (RFC 3986 2.1), all but letters, digits and -._~ */
	MUSTACHE_FORMATS
};

const char *mustache_format_name(enum mustache_format f); /* "shell" */
/* -EINVAL when there is no such format; "html" is xml, "ipxe" is cmdline. */
int mustache_format_parse(const char *name, enum mustache_format *ret);

/* Where each line of a rendering comes from: its first byte's file and line. Begins as {0}. */
struct mustache_map {
	struct mustache_line {
		unsigned file, line; /* files[file]; from 1 */
	} * lines;
	size_t n, cap;
	char **files; /* the template and the partials that gave something, as messages call them */
	size_t n_files;
	/* Tags whose value got quotes that are not right where it stands. */
	struct mustache_remark {
		unsigned file, line, column; /* files[file]; column 0: not known */
		char *text;
	} * remarks;
	size_t n_remarks;
	bool short_of_memory;
};

void mustache_map_fini(struct mustache_map *map);
/* Of line `line` (from 1); past the end the last one, of an empty rendering NULL and 0. The file is
 * borrowed. */
const char *mustache_map_find(const struct mustache_map *map, size_t line, unsigned *ret_line);

struct mustache_options {
	const char *file; /* what messages call the text */
	unsigned line;    /* its first line's number in that file; 0 is 1 */
	bool line_only;   /* no column in messages: the text begins somewhere in its first line */
	enum mustache_format format;
	bool lenient; /* as the specification has it: an undefined name or partial is nothing */
	/* The text of a partial, borrowed until mustache_render() returns; NULL: there is none.
	 * May be NULL. */
	const char *(*partial)(void *arg, const char *name);
	/* What messages call that partial; NULL, or the callback itself NULL: a file beside `file`. */
	const char *(*partial_file)(void *arg, const char *name);
	void *arg;
	struct mustache_map *map; /* filled when it is not NULL */
};

/*
 * Renders `text` with `context` (an object, mostly). On success *ret is the heap text. -EINVAL:
 * `why` has one line, "FILE:LINE:COL: what is wrong"; -EFBIG (a limit, `why` too); -ENOMEM.
 */
int mustache_render(const char *text, const json_t *context, const struct mustache_options *o,
	char **ret, char *why, size_t why_size);

/* Calls `found` with the name of each partial tag of `text` and where it stands, in order; a nonzero
 * return ends it and is returned. -EINVAL with `why` as above when the text does not parse. */
int mustache_partials(const char *text, const struct mustache_options *o,
	int (*found)(void *arg, const char *name, unsigned line, unsigned col), void *arg,
	char *why, size_t why_size);

#endif
