/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What usher import makes of a disk's image, with the rights of whoever runs it: one file of zstd, which machines unpack while they
 * write. All that is half made is in files without a name, which go with the process.
 */
#ifndef USHER_USHER_CLI_DISK_IMAGE_H
#define USHER_USHER_CLI_DISK_IMAGE_H

#include "kickstart/media/recognise.h"

#include <stdint.h>

struct disk_image {
	int fd; /* of the packed image, the caller's; -1: the file is no disk image that has to be packed */
	uint64_t size;             /* bytes of it */
	char name[RECOGNISE_NAME]; /* that its file's name gives */
	char file[128];            /* what its copy should be called */
};

/* A file without a name, where there is room; -1: the user has been told. */
int disk_image_scratch(void);
/* Of the file `from` (borrowed), which people call `called`. 0, or an exit status, and the user has been told. `name`: that it is to
 * have; NULL: its file's. */
int disk_image_pack(int from, const char *called, const char *name, struct disk_image *ret);

#endif
