/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The disk that is written, or, for tests, a file. Past the page cache, where that can be. Blocking. */
#ifndef USHER_CONTRIB_WRITE_IMAGE_TARGET_H
#define USHER_CONTRIB_WRITE_IMAGE_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TARGET_ALIGN = 4096,      /* of memory that is written from */
	TARGET_PIECE = 256 << 10, /* bytes that are looked at for zeros at a time */
};

struct target {
	int fd;
	bool disk; /* a block device */
	unsigned sector;
	uint64_t size;             /* bytes */
	uint64_t hole_at, hole_n;  /* zeros that are not there yet */
	uint64_t written, skipped; /* bytes */
};

bool target_is_zero(const unsigned char *bytes, size_t n); /* n > 0 */
/* Nobody else has it: not mounted, no part of another device. 0 or -errno. */
int target_open(struct target *t, const char *path);
void target_close(struct target *t);
/* In order; `bytes` is aligned, `n` a whole number of sectors. What is zero is not written, but made so. 0 or -errno. */
int target_write(struct target *t, const unsigned char *bytes, size_t n, uint64_t at);
/* As they are. */
int target_put(struct target *t, const unsigned char *bytes, size_t n, uint64_t at);
int target_zero(struct target *t, uint64_t at, uint64_t n);
/* What was put off, and all of it on the medium. */
int target_flush(struct target *t);
/* The disk need not keep what is there from now on. Where it can, and without waiting for more. */
void target_discard(struct target *t, uint64_t at, uint64_t n);
/* The kernel reads the partition table again. 0 or -errno. */
int target_reread(struct target *t);

#endif
