/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest's serial console said, on disk: the file FOLDER/NAME.log and one older, NAME.log.1, of at most
 * CONSOLE_LOG_MAX bytes each, mode 0600. The first line of each is usher's and gives the number of its first byte.
 * Bytes are numbered from the first one ever recorded, even after rotation removed it.
 *
 * Blocks on the disk; one thread at a time for one struct.
 */
#ifndef USHER_SERVICE_CONSOLE_CONSOLE_LOG_H
#define USHER_SERVICE_CONSOLE_CONSOLE_LOG_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CONSOLE_LOG_MAX = 1 << 20,   /* an installer prints some 100 kB: several installs fit */
	CONSOLE_LOG_READ = 64 << 10, /* bytes in one read */
};

struct console_log {
	char path[PATH_MAX]; /* FOLDER/NAME.log */
	uint64_t base,
		newest; /* number of NAME.log's first byte, and of the one after its last; once it was looked at */
	uint64_t oldest; /* number of the first byte that is kept */
};

/* False: the name is too long. Touches no file. */
int console_log_init(struct console_log *l, const char *folder, const char *name);
/* Finds out what there is. 0 or -errno; no file is fine. */
int console_log_look(struct console_log *l);
/* Appends; looks first, as console_log_look() does. Of more than CONSOLE_LOG_MAX bytes it keeps only the last. 0, or -errno
 * and nothing was appended. */
int console_log_append(struct console_log *l, const void *bytes, size_t n);
/* Up to `room` bytes from number `after` on, or from the oldest that is kept. `*ret_from`: the first one's number; at the end
 * *ret_n is 0. */
int console_log_read(struct console_log *l, uint64_t after, void *buf, size_t room,
	uint64_t *ret_from, size_t *ret_n);
/* Removes both files. */
int console_log_remove(struct console_log *l);

#endif
