/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of one medium: below its directory, or inside its ISO image. Any thread; blocking, as
 * open(2) is, and while an image is read for the first time (disc_shelf.h).
 */
#ifndef USHER_KICKSTART_MEDIA_MEDIA_FILE_H
#define USHER_KICKSTART_MEDIA_MEDIA_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*
 * A regular file below the directory or inside the image `root`; never outside, symbolic links
 * included, nor a hidden one of a directory (servable_name()). 0 and a descriptor that is the caller's, the content is the `*ret_size` bytes from its
 * current offset on; -ENOENT, -EACCES, -EISDIR (no regular file), -EXDEV (would leave), those of
 * disc_shelf_find(), …
 * `fixed`: the root's own path was without symbolic links when it was judged, and must still be (-ELOOP), or who owns a
 * folder on the way could lead us elsewhere.
 */
int media_file_open(const char *root, bool fixed, const char *path, int *ret_fd, uint64_t *ret_size,
	time_t *ret_mtime);
/* The image itself. -EISDIR: it is none. */
int media_file_whole(
	const char *image, bool fixed, int *ret_fd, uint64_t *ret_size, time_t *ret_mtime);
/* The root itself: a descriptor or -errno. `flags` as open(2) takes them. */
int media_file_root(const char *path, int flags, bool fixed);
/* What such an error means, for a person. */
const char *media_file_words(int error);
/* Beneath the directory `root`; `walk` as on kernels without openat2(2), for tests. A descriptor
 * or -errno. */
int media_file_beneath(int root, const char *path, bool walk);

#endif
