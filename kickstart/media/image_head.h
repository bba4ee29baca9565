/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is this the beginning of a disk that a machine could boot from? Told before anything is written, so that what is no disk image
 * costs nobody a disk. Pure; also a part of contrib/write-image.
 */
#ifndef USHER_KICKSTART_MEDIA_IMAGE_HEAD_H
#define USHER_KICKSTART_MEDIA_IMAGE_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	IMAGE_HEAD = 64 << 10, /* bytes that are wanted of it; of a smaller image all */
	IMAGE_SECTOR = 512,
};

/* Formats that a file is told by at its first bytes. NULL: none of them. Else "qcow2", "zstd", "gzip" … */
const char *image_head_format(const unsigned char *head, size_t n);

/*
 * The first `n` bytes of the disk itself, which is for sectors of `sector` bytes. NULL: it begins with a partition table;
 * `*ret_gpt` (may be NULL): it is a GPT's. Else what is wrong with it, as "it has no partition table".
 */
const char *image_head_fault(const unsigned char *head, size_t n, unsigned sector, bool *ret_gpt);
/* Has the disk, of `size` bytes, less than its partition table says? What was cut off while it was fetched has. */
bool image_head_cut(const unsigned char *head, size_t n, uint64_t size);

#endif
