/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is on a disk: partition tables and file systems, by their marks. Reads only, some hundred KiB at most. */
#ifndef USHER_CONTRIB_DISCOVER_HOLDS_H
#define USHER_CONTRIB_DISCOVER_HOLDS_H

#include <stddef.h>
#include <stdint.h>

struct holds_disk {
	uint64_t size;   /* bytes */
	uint32_t sector; /* bytes: 512, 4096 */
	/* Exactly `len` bytes; 0 or -errno. */
	int (*read)(void *arg, uint64_t offset, void *to, size_t len);
	void *arg;
};

enum {
	HOLDS_TEXT = 1024,
	HOLDS_PARTS = 128, /* more are not looked at: no firmware has them */
};

/* "gpt; 1: vfat, 64 MiB; 2: ext4, 20 GiB", "ext4", "" (nothing, and zeros in front), "unknown data". 0; -EIO: it cannot be
 * read. */
int holds_look(const struct holds_disk *d, char ret[HOLDS_TEXT]);

#endif
