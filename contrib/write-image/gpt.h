/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A GPT (UEFI 2.10, 5.3) that was made for a smaller disk: its copy goes to the end of this one, and both headers are told so.
 * Pure. The image is somebody else's: nothing in it is believed.
 */
#ifndef USHER_CONTRIB_WRITE_IMAGE_GPT_H
#define USHER_CONTRIB_WRITE_IMAGE_GPT_H

#include <stddef.h>
#include <stdint.h>

enum {
	GPT_ENTRIES_MAX = 64 << 10, /* bytes of the table: 16 KiB are usual */
	GPT_TAIL_MAX = GPT_ENTRIES_MAX + 4096,
};

/* What belongs at the end of the disk. */
struct gpt_tail {
	uint64_t at; /* bytes from the disk's beginning */
	size_t n;    /* bytes */
	unsigned char bytes[GPT_TAIL_MAX];
};

/*
 * `head` is the disk's first `n` bytes, and is changed; the disk has `sectors` of `sector` bytes (512 or 4096). 0, or -EINVAL
 * (no such table, or a damaged one), -EFBIG (larger than GPT_ENTRIES_MAX, or not within `head`), -ENOSPC (a partition would
 * reach past the end), and what is wrong in `*why`: then `head` is as it was.
 */
int gpt_move(unsigned char *head, size_t n, unsigned sector, uint64_t sectors, struct gpt_tail *ret,
	const char **why);

uint32_t gpt_crc32(const unsigned char *bytes, size_t n);

#endif
