/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another disk of this machine that has the same image already, as one that was installed before: its partitions have the UUIDs
 * that the new ones get, and which of them a boot finds is chance. Reads the first bytes of each disk. Blocking.
 */
#ifndef USHER_CONTRIB_WRITE_IMAGE_TWIN_H
#define USHER_CONTRIB_WRITE_IMAGE_TWIN_H

#include <stdbool.h>
#include <stddef.h>

struct twin {
	const unsigned char *head; /* the image's first bytes: TWIN_HEAD at least */
	unsigned sector;           /* bytes: 512 or 4096 */
	const char *disk;          /* that gets the image: its path in `dev`, or a link to it */
	const char *blocks, *dev;  /* /sys/block and /dev */
};

enum { TWIN_HEAD = 2 * 4096 };

/*
 * The same disk GUID (UEFI 2.10, 5.3.2), or the same disk signature and partitions of an MBR. A second path to the same disk, which
 * has its WWID, is none. Its path in `ret`. What cannot be read is none.
 */
bool twin_find(const struct twin *t, char *ret, size_t size);

#endif
