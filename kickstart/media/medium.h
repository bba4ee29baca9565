/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An imported medium: a directory or an ISO image that is served from where it lies, what it is,
 * and whether it is still what was imported. All that looks at a disk blocks: worker threads.
 */
#ifndef USHER_KICKSTART_MEDIA_MEDIUM_H
#define USHER_KICKSTART_MEDIA_MEDIUM_H

#include "kickstart/profile.h"
#include "kickstart/media/recognise.h"

#include <limits.h>

enum {
	MEDIUM_ID = 72, /* an image's volume id and the time of its making */
	MEDIUM_SUM = 65,
};

struct medium {
	char name[PROFILE_NAME];
	char path[PATH_MAX]; /* absolute */
	bool image;          /* an image file; else a directory */
	bool disk; /* of a disk, to be written to one; else, where it is one, an ISO image */
	uint64_t disk_size; /* bytes, of a disk's: what it is unpacked */
	bool copied;        /* our own copy, to delete when it is removed */
	uint64_t size;      /* bytes, of an image file */
	char id[MEDIUM_ID]; /* the same; ECMA-119 8.4.7 and 8.4.26 */
	struct recognised what;
	int64_t imported_ms;  /* wall */
	char sum[MEDIUM_SUM]; /* SHA-256 that it had when it was verified; "": never */
	int64_t verified_ms;  /* wall */
};

/*
 * What lies at `path`: fills all but name, copied and the times. `fixed`: as in media_file_open(). `user`: who we are, for the line
 * in `why`, which names the first folder that we may not enter, and the fix. -EACCES, -ENOENT,
 * -EMEDIUMTYPE (neither directory nor image), others of disc_read().
 */
int medium_inspect(const char *path, bool fixed, const char *user, struct medium *ret, char *why,
	size_t why_size);
/* Is it as it was? 0; -ENOENT gone, -EACCES, -ESTALE another by now: with one line in `why`. */
int medium_look(const struct medium *m, const char *user, char *why, size_t why_size);
const char *medium_state(int rc); /* of medium_look(), in a word: "ready", "gone" … */

/* For the store and the API. New reference. */
json_t *medium_to_json(const struct medium *m);
/* 0 or -EPROTO. */
int medium_from_json(const json_t *j, struct medium *ret);
/* {"kernel": …, "initrd": …}: those that were recognised, for templates. New reference. */
json_t *medium_files(const struct medium *m);
/* {"size": of the disk, "packed_size": …, "sha256": …}: of a disk's image, for templates. New reference. */
json_t *medium_image(const struct medium *m);

#endif
