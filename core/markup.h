/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XML: parsed safely, and read by tables. What people write (usher.xml, lab files, profiles) is read with a table of
 * what may stand in each element, so that what is unknown, missing or there twice is reported with file and line.
 */
#ifndef USHER_CORE_MARKUP_H
#define USHER_CORE_MARKUP_H

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	MARKUP_MAX =
		8 << 20,    /* bytes: libvirt sends 4 MiB at most, the others are files of people */
	MARKUP_ERROR = 320, /* bytes of a message, NUL included */
};

/* The first error of a document: those that follow come of it. */
struct markup_error {
	int rc;                /* 0: there is none */
	unsigned line, column; /* from 1; 0: not known */
	char text[MARKUP_ERROR];
};

/*
 * For xmlFreeDoc(); NULL after -EINVAL or -ENOMEM. There may be a document with an error: of its namespaces. Nothing is
 * read but `text`. `options` are libxml2's, beside ours. `dtd`: it may have a document type declaration, whose entities
 * are not expanded.
 */
xmlDoc *markup_parse(
	const char *text, size_t len, int options, bool dtd, struct markup_error *ret_error);

struct markup_reader {
	const char *path; /* for messages */
	char *why;
	size_t why_size;
	bool all; /* tell every fault, a line each as far as there is room; else only the first */
	unsigned faults;
	int rc; /* of the first fault: -EINVAL or -ENOMEM */
};

/* "FILE:LINE: …" into `why`. */
void markup_fault(struct markup_reader *r, const xmlNode *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

void markup_no_memory(struct markup_reader *r, const xmlNode *at);

typedef void markup_element_reader(struct markup_reader *r, const xmlNode *e, void *to);

enum markup_times { MARKUP_MANY, MARKUP_ONCE, MARKUP_REQUIRED }; /* any; 0 or 1; 1 */

/* What may stand in an element; a table ends with a NULL name. */
struct markup_element {
	const char *name;
	markup_element_reader *read;
	enum markup_times times;
};

/* Reads a document whose root element has this name. Returns r->rc. */
int markup_read(struct markup_reader *r, const char *text, size_t len, const char *root,
	markup_element_reader *read, void *to);
/* All elements in `e`; after a fault no more, when only the first is told. */
void markup_children(
	struct markup_reader *r, const xmlNode *e, const struct markup_element *es, void *to);
/* Refuses attributes that `known` does not have: structs of `stride` bytes which begin with a name, ended by a NULL. */
void markup_known(struct markup_reader *r, const xmlNode *e, const void *known, size_t stride);

/* These are for free(). NULL: what is required is not there, or memory: that is told. */
char *markup_attribute(struct markup_reader *r, const xmlNode *e, const char *name, bool required);
/* All text in an element, which has no elements. */
char *markup_text(struct markup_reader *r, const xmlNode *e);
/* The element as XML, with the namespaces it uses declared in itself. */
char *markup_dump(struct markup_reader *r, const xmlNode *e);

#endif
