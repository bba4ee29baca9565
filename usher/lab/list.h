/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A list of bare machines, usher-list(5): CSV with a header line, or XML. It is read into a lab that has machines only.
 *
 *   list.c      what both have in common: the machines, judged       list_csv.c, list_xml.c   how they are written
 *
 * All but list_load() is pure.
 */
#ifndef USHER_USHER_LAB_LIST_H
#define USHER_USHER_LAB_LIST_H

#include "usher/lab/lab_parts.h"

enum { LIST_MACHINES_MAX = LAB_MACHINES_MAX }; /* what the service judges in one request */

/* Reads a list's text, CSV or XML as it begins. 0; -EINVAL, with a line "PATH:LINE: what is wrong, what was expected" for each
 * fault in `why`, as far as there is room; -ENOMEM. Bodies are as lab.h says, without kind. */
int list_read(
	const char *text, size_t len, const char *path, struct lab **ret, char *why, size_t size);
/* Reads the file and what it names, relative to its folder. 0, or -errno with the line or lines. Blocking. */
int list_load(const char *path, struct lab **ret, char *why, size_t size);

/* Between its files: */

struct listing {
	struct lab *lab;
	json_t *taken;          /* names, MACs and addresses of the list: the line of each */
	struct markup_reader r; /* its path, and the faults; CSV's too */
};

/* Attributes in XML, columns in CSV. */
extern const struct lab_attribute list_attributes[];
/* "PATH:LINE: …", at a line of CSV. */
void list_fault(struct listing *g, long line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* One more machine. `said`: what the list says of it, which becomes its body. */
void list_add(struct listing *g, long line, json_t *said);

void list_read_csv(struct listing *g, const char *text, size_t len);
void list_read_xml(struct listing *g, const char *text, size_t len);

#endif
