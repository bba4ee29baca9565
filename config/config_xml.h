/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads XML that people write: each reader knows all of its attributes and elements, so that it can report a misspelt
 * one with file and line. Used by config.c, config_segment.c and the lab file's reader (lab_read.c).
 */
#ifndef USHER_CONFIG_CONFIG_XML_H
#define USHER_CONFIG_CONFIG_XML_H

#include "config/config.h"

#include <libxml/parser.h>
#include <libxml/tree.h>

struct config_reader {
	struct config *config;
	const char *path;
	const char *page; /* the manual page that lists the elements; NULL: usher.xml(5) */
	char *why;
	size_t why_size;
	bool all; /* tell every fault, a line each as far as there is room; else only the first */
	unsigned faults;
};

enum attribute_type {
	A_TEXT,
	A_PATH,
	A_IP,
	A_IP6,
	A_SUBNET,
	A_SUBNET6,
	A_DOMAIN,
	A_PORT,
	A_MTU,
	A_WORKERS,
	A_CODE,
	A_SECONDS,
	A_PROBE,
	A_MIB,
	A_BOOL,
	A_ROUTER,
	A_IDENTITY,
	A_ACCEL,
	A_LEVEL,
	A_MODE
};

struct config_subnet {
	struct ip address;
	uint8_t prefix_len;
};

/* Where an attribute goes: `to` has `size` bytes (A_TEXT, A_PATH). */
struct attribute {
	const char *name;
	enum attribute_type type;
	void *to;
	size_t size;
	bool required;
};

/* "FILE:LINE: …" into `why`. Only the first fault is told, unless all are wanted: the rest often follow from it. */
void config_fault(struct config_reader *r, const xmlNode *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* All attributes of an element; `as` ends with a NULL name. */
void config_attributes(struct config_reader *r, const xmlNode *e, const struct attribute *as);

/* Reports an attribute that the element does not have, with a suggestion. `known`: an array of structs of `stride`
 * bytes which begin with a name, and end with a NULL. */
void config_no_attribute(struct config_reader *r, const xmlNode *e, const char *name,
	const void *known, size_t stride);

typedef void element_reader(struct config_reader *r, const xmlNode *e, void *to);

struct element {
	const char *name;
	element_reader *read;
};

/* All elements of a parent; `es` ends with a NULL name. */
void config_children(
	struct config_reader *r, const xmlNode *parent, const struct element *es, void *to);

bool config_is_domain(const char *text); /* "lab.example" */
/* "10.2.0.0/24", with no bit set behind the prefix. */
bool config_subnet(const char *text, struct config_subnet *ret);
bool config_subnet6(const char *text, struct config_subnet *ret);
bool config_yes_no(const char *text, bool *ret);
/* Reports libxml2's own message about a parse error, on one line. */
void config_parse_fault(struct config_reader *r, xmlParserCtxt *parser);
bool config_number(const char *text, long min, long max, long *ret);

/* config_segment.c */
element_reader config_read_segment; /* <segment>, into a struct config */
struct config_segment config_segment_default(void);
/* config_segment6.c */
element_reader config_read_ipv6; /* <ipv6>, into a struct config_segment */

#endif
