/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A folder for files that another program is to read, in TMPDIR or /tmp. Nobody else may look into it or make a file there,
 * so that no name in it can be taken before: /tmp is everybody's.
 */
#ifndef USHER_USHER_SCRATCH_H
#define USHER_USHER_SCRATCH_H

#include <stddef.h>

enum { SCRATCH_DIR = 64, SCRATCH_NAME = 32, SCRATCH_PATH = SCRATCH_DIR + SCRATCH_NAME };

struct scratch {
	char dir[SCRATCH_DIR];
};

/* 0, or -errno: `dir` is where none could be made, and there is nothing to remove. */
int scratch_init(struct scratch *s);
/* Removes it, with whatever is in it by then. */
void scratch_fini(struct scratch *s);

/* Where its file of this name is, or would be. Returns `buf`. */
const char *scratch_path(const struct scratch *s, const char *name, char buf[SCRATCH_PATH]);
/* Makes the file, or makes it anew. 0, or -errno. */
int scratch_write(const struct scratch *s, const char *name, const char *text);

#endif
