/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a machine said, on disk: the file FOLDER/NAME.log and one older, NAME.log.1, of at most
 * KEPT_FILE_MAX bytes each, mode 0600. The first line of each is usher's and gives the number of its first byte.
 * Bytes are numbered from the first one ever recorded, even after rotation removed it.
 *
 * Blocks on the disk; one thread at a time for one struct.
 */
#ifndef USHER_SERVICE_BASE_KEPT_FILE_H
#define USHER_SERVICE_BASE_KEPT_FILE_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

enum {
	KEPT_FILE_MAX = 1 << 20,   /* an installer prints some 100 kB: several installs fit */
	KEPT_FILE_READ = 64 << 10, /* bytes in one read */
};

struct kept_file {
	const char *what;    /* "a serial console", in its first line */
	char path[PATH_MAX]; /* FOLDER/NAME.log */
	uint64_t base,
		newest; /* number of NAME.log's first byte, and of the one after its last; once it was looked at */
	uint64_t oldest; /* number of the first byte that is kept */
};

/* -ENAMETOOLONG. Touches no file. `what` is borrowed: a file whose first line says something else is not ours. */
int kept_file_init(struct kept_file *l, const char *folder, const char *name, const char *what);
/* Finds out what there is. 0 or -errno; no file is fine. */
int kept_file_look(struct kept_file *l);
/* Appends; looks first, as kept_file_look() does. Of more than KEPT_FILE_MAX bytes it keeps only the last. 0, or -errno
 * and nothing was appended. */
int kept_file_append(struct kept_file *l, const void *bytes, size_t n);
/* Up to `room` bytes from number `after` on, or from the oldest that is kept. `*ret_from`: the first one's number; at the end
 * *ret_n is 0. */
int kept_file_read(struct kept_file *l, uint64_t after, void *buf, size_t room, uint64_t *ret_from,
	size_t *ret_n);
/* Both files go to `path`, another FOLDER/NAME.log, in the place of whatever is there; what comes next is of that one. 0 or
 * -errno. */
int kept_file_move(struct kept_file *l, const char *path);
/* Removes both files. */
int kept_file_remove(struct kept_file *l);

#endif
