/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the directory of an ISO 9660 image (ECMA-119; Rock Ridge names before Joliet's before the
 * plain ones, which are told in small letters and without version). The only home of libisofs.
 */
#ifndef USHER_KICKSTART_MEDIA_DISC_H
#define USHER_KICKSTART_MEDIA_DISC_H

#include "kickstart/media/disc_tree.h"

#include <stddef.h>

enum {
	DISC_BLOCK = 2048,         /* bytes; a file begins at one */
	DISC_BLOCKS_MAX = 1 << 15, /* read for one image: 64 MiB of directories */
	DISC_DEPTH_MAX = 64,       /* of directories; a loop of them has no end */
};

/*
 * The whole tree, in one go: some 20 ms for 10,000 files that are in the page cache. Any thread,
 * one at a time. `fd` is borrowed for the call, its offset unused. Extents are as the image says:
 * they may lie past its end. -EINVAL: no such image; -EIO: it ends too early, or its directory is
 * damaged; -EFBIG, -ELOOP: a limit; -ENOMEM; with one line in `why`.
 */
int disc_read(int fd, struct disc_tree **ret, char *why, size_t why_size);

#endif
