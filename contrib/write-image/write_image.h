/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A disk image from a stream onto a disk: nothing is written before its beginning was looked at, and its beginning is written
 * last, when all else is there and its sum is right: a disk with half an image boots nothing.
 */
#ifndef USHER_CONTRIB_WRITE_IMAGE_WRITE_IMAGE_H
#define USHER_CONTRIB_WRITE_IMAGE_WRITE_IMAGE_H

#include "core/sha256.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WRITE_IMAGE_CHUNK = 4 << 20
}; /* bytes that are unpacked and written at a time; the first holds the partition table */

struct write_image {
	const char *disk;
	uint64_t size;   /* bytes of the image, unpacked */
	const char *sum; /* of what comes in, SHA-256 in hex */
	/* How far it is, in percent, when that has changed. May be NULL. */
	void (*progress)(unsigned percent);
};

struct write_image_done {
	uint64_t in, written,
		skipped; /* bytes: of the stream, on the disk, zeros that were not written */
	bool moved;      /* a GPT: its copy is at the disk's end */
	bool touched;    /* the disk is not as it was */
};

/* 0, or -errno with one line in `why`: -EPIPE: the stream ended early, and may be asked for again. */
int write_image(const struct write_image *w, int from, struct write_image_done *ret, char *why,
	size_t why_size);

#endif
