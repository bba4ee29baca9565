/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hooks folder: which executables are in it now. */
#ifndef USHER_HOOKS_FOLDER_H
#define USHER_HOOKS_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct folder_file {
	char *name;
	const char *error; /* why it is skipped (static text); NULL: it is run */
};

struct folder {
	char *path;
	struct folder_file *files; /* in name order */
	size_t n_files;
	const char *error; /* why nothing in it is run; NULL also when there is no folder */
	int64_t read_at;   /* mono ms */
	bool read;
};

int folder_init(struct folder *f, const char *path);
void folder_fini(struct folder *f);
/* Reads it again when the last time was longer ago than `age_ms`. What is skipped is logged, once
 * as long as it is so. */
void folder_refresh(struct folder *f, int64_t now, int64_t age_ms);
/* The name of the first executable after `after` ("" for the first), or NULL. */
const char *folder_next(const struct folder *f, const char *after);

#endif
