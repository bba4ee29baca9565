/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What reading a lab file and reading a list of machines have in common. */
#ifndef USHER_USHER_LAB_PARTS_H
#define USHER_USHER_LAB_PARTS_H

#include "core/markup.h"
#include "usher/lab/lab.h"
#include "usher/lab/lab_values.h"

/* lab_read.c */
struct lab *lab_new(void); /* empty, with room for all; NULL: out of memory */
/* All attributes of an element, into `to` by their keys. */
void lab_attributes(
	struct markup_reader *r, const xmlNode *e, const struct lab_attribute *as, json_t *to);
/* The elements of that name, into the JSON of what the machine says. */
void lab_read_set(struct markup_reader *r, const xmlNode *e, void *to);
void lab_read_ssh_key(struct markup_reader *r, const xmlNode *e, void *to);
void lab_read_first_boot(struct markup_reader *r, const xmlNode *e, void *to);

/* lab_files.c */
/* Reads a file of machines: its text by `read`, then the files that it names. As lab_load(). */
typedef int (*lab_reader)(
	const char *text, size_t len, const char *path, struct lab **ret, char *why, size_t size);
int lab_load_by(lab_reader read, const char *path, struct lab **ret, char *why, size_t size);

#endif
