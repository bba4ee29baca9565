/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that holds a disk image, as it is or as zstd: what machines' disks are written with. Blocking: worker threads. */
#ifndef USHER_KICKSTART_MEDIA_IMAGE_FILE_H
#define USHER_KICKSTART_MEDIA_IMAGE_FILE_H

#include "core/sha256.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What follows a medium's name in the URL that its image is fetched by. */
#define IMAGE_FILE_TAIL ".img"

/*
 * Looks at the beginning of the file `fd` (borrowed, its offset unused) of `size` bytes: `*ret_size` is the disk's, unpacked.
 * 0; -EMEDIUMTYPE: no disk image, with what is wrong in `why`, as "it has no partition table"; -errno.
 */
int image_file_look(int fd, uint64_t size, uint64_t *ret_size, char *why, size_t why_size);
/* Sums up all of it. `stop` (may be NULL) is asked on the way: -ECANCELED. 0 or -errno. */
int image_file_sum(int fd, bool (*stop)(void *arg), void *arg, char ret[SHA256_HEX]);

#endif
