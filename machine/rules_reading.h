/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that read rules share. Nobody else includes it. */
#ifndef USHER_MACHINE_RULES_READING_H
#define USHER_MACHINE_RULES_READING_H

#include "core/markup.h"
#include "machine/rules_parts.h"

/* rules_read_if.c */
/* The array, longer by a zeroed one of `size` bytes, which is counted; NULL: told. */
void *rules_grow(struct markup_reader *r, const xmlNode *e, void *array, size_t *n, size_t size,
	size_t most);
/* An attribute of text: 1 to RULES_TEXT_MAX bytes, for free(). NULL: not there, or told. */
char *rules_take(struct markup_reader *r, const xmlNode *e, const char *name, bool required);
bool rules_is_yes(const char *text, bool *ret); /* false: it is neither yes nor no */
/* A missing one is RULES_UNSAID. */
enum rules_choice rules_take_choice(struct markup_reader *r, const xmlNode *e, const char *name);

/* Where the conditions of an element go. */
struct rules_place {
	struct rules_condition **to;
	size_t *n, *left; /* how many more the whole rule may have */
	enum rules_list in;
};

markup_element_reader rules_read_if;  /* <if>, into a struct rules_place */
markup_element_reader rules_read_one; /* <disk>, <interface>, <pci> */
markup_element_reader rules_read_any; /* <any> */
void rules_conditions_free(struct rules_condition *cs, size_t n);

#endif
