/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The attributes of usher.xml by their types, and the checks of texts that others share. */
#ifndef USHER_CONFIG_CONFIG_XML_H
#define USHER_CONFIG_CONFIG_XML_H

#include "config/config.h"
#include "core/markup.h"

enum attribute_type {
	A_TEXT,
	A_PATH,
	A_IP,
	A_IP6,
	A_LISTEN,
	A_SUBNET,
	A_SUBNET6,
	A_DOMAIN,
	A_PORT,
	A_MTU,
	A_WORKERS,
	A_CODE,
	A_CODE6,
	A_SECONDS,
	A_RETRY,
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

/* All attributes of an element; `as` ends with a NULL name. */
void config_attributes(struct markup_reader *r, const xmlNode *e, const struct attribute *as);

bool config_is_domain(const char *text); /* "lab.example" */
/* "10.2.0.0/24", with no bit set behind the prefix. */
bool config_subnet(const char *text, struct config_subnet *ret);
bool config_subnet6(const char *text, struct config_subnet *ret);
bool config_yes_no(const char *text, bool *ret);
bool config_number(const char *text, long min, long max, long *ret);

/* config_segment.c */
markup_element_reader config_read_segment; /* <segment>, into a struct config */
struct config_segment config_segment_default(void);
/* config_option.c */
markup_element_reader config_read_option;  /* <option>, into a struct config_segment */
markup_element_reader config_read_option6; /* the same of <ipv6>, into a struct config_segment6 */
/* config_segment6.c */
markup_element_reader config_read_ipv6; /* <ipv6>, into a struct config_segment */

#endif
