/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The images that were read lately, so that a file inside one is found without reading its
 * directory again. One shelf for the process; an image that changed is another image.
 */
#ifndef USHER_KICKSTART_MEDIA_DISC_SHELF_H
#define USHER_KICKSTART_MEDIA_DISC_SHELF_H

#include <stdint.h>
#include <time.h>

enum {
	DISC_SHELF_MAX = 32, /* images, of 1 or 2 MB for 10,000 files each */
	DISC_SHELF_AGAIN_MS =
		2000, /* after a failure, that not each request reads a bad image anew */
};

/* One stretch of the image. */
struct disc_span {
	uint64_t offset, size; /* bytes */
	time_t mtime;          /* the file's, or the image's where that is later */
};

/*
 * Where the file lies in the image that is open as `fd` (borrowed). Any thread; blocking while this
 * image is read for the first time: those of others wait for it only when theirs is new too
 * (libisofs reads one at a time). -EMEDIUMTYPE: no ISO 9660 image; -EISDIR: no regular file;
 * -EOPNOTSUPP: it lies in pieces that do not follow each other; -EIO: the image is damaged or ends
 * before the file does; others as disc_read() and disc_tree_find().
 */
int disc_shelf_find(int fd, const char *path, struct disc_span *ret);

#endif
