/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cache on disk, below the state folder:
 *
 *	cache/KEY/FILE    a file, always whole: this folder is what is served
 *	fetch/KEY.json    what is known of it (fetch_record.h); its mtime: when it was asked for last
 *	fetch/KEY.part    one that is half here
 *
 * Blocking. One thread at a time.
 */
#ifndef USHER_KICKSTART_MEDIA_FETCH_SHELF_H
#define USHER_KICKSTART_MEDIA_FETCH_SHELF_H

#include "kickstart/media/fetch_record.h"

#include <time.h>

struct fetch_shelf {
	int cache, books; /* descriptors of the two folders */
};

/* Makes the folders. 0 or -errno. */
int fetch_shelf_init(struct fetch_shelf *s, const char *state);
void fetch_shelf_fini(struct fetch_shelf *s);

/* What is there. A record that does not fit the files counts for nothing. */
void fetch_shelf_load(const struct fetch_shelf *s, const struct fetch_name *name, const char *url,
	struct fetch_record *ret, uint64_t *ret_part_size);
int fetch_shelf_save(const struct fetch_shelf *s, const struct fetch_name *name, const char *url,
	const struct fetch_record *r);
/* When the whole file was fetched; 0: there is none. */
time_t fetch_shelf_when(const struct fetch_shelf *s, const struct fetch_name *name);
/* A descriptor to read and write with, at the beginning; or -errno. */
int fetch_shelf_open_part(const struct fetch_shelf *s, const struct fetch_name *name);
void fetch_shelf_drop_part(const struct fetch_shelf *s, const struct fetch_name *name);
/* The part, on disk to the last byte, becomes the file. */
int fetch_shelf_publish(const struct fetch_shelf *s, const struct fetch_name *name);
/* Bytes that may still be written. */
uint64_t fetch_shelf_room(const struct fetch_shelf *s);

/* Bytes of all files and parts. */
uint64_t fetch_shelf_size(const struct fetch_shelf *s);
/* Removes files and parts, those first that were asked for longest ago, until at most `max` bytes are left;
 * never what `keep` says yes to. The bytes left. */
uint64_t fetch_shelf_prune(const struct fetch_shelf *s, uint64_t max,
	bool (*keep)(void *arg, const char *key), void *arg);

#endif
