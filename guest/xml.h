/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small helpers over libxml2 for the XML of domains and networks. guest/ only. */
#ifndef USHER_GUEST_XML_H
#define USHER_GUEST_XML_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>

/* Parses `len` bytes; no network, no DTD, no entities of the document's own. NULL with a line in
 * `why`, whose line number counts from `first_line` (1 is the plain one). */
xmlDoc *xml_read(const char *text, size_t len, unsigned first_line, char *why, size_t why_size);
/* Text for free(); NULL when out of memory. */
char *xml_write(xmlDoc *doc);

/* The first child element of this name in no namespace, or the next sibling such; NULL. Parents
 * may be NULL. */
xmlNode *xml_child(const xmlNode *parent, const char *name);
xmlNode *xml_next(const xmlNode *n, const char *name);
/* An attribute, cut to fit; "" when there is none (or n is NULL). Returns whether it was there
 * and fitted. */
bool xml_attr(const xmlNode *n, const char *name, char *buf, size_t size);
bool xml_attr_is(const xmlNode *n, const char *name, const char *value);
bool xml_text(const xmlNode *n, char *buf, size_t size);

/* Each returns the node or NULL when out of memory (or given NULL). */
xmlNode *xml_need(xmlNode *parent, const char *name); /* the child, made when missing */
xmlNode *xml_add(xmlNode *parent, const char *name);  /* a further child */
xmlNode *xml_set(xmlNode *n, const char *attr, const char *value);
xmlNode *xml_set_text(xmlNode *n, const char *text);
void xml_drop(xmlNode *n); /* unlinks and frees; NULL is fine */

#endif
