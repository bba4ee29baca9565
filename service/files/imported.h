/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The media that were imported, by name: in memory and in the store. Main thread only, but for imported_copy(). medium.h
 * inspects their files, in the worker.
 */
#ifndef USHER_SERVICE_FILES_IMPORTED_H
#define USHER_SERVICE_FILES_IMPORTED_H

#include "core/store.h"
#include "kickstart/media/medium.h"

#include <pthread.h>
#include <stdbool.h>

enum { IMPORTED_MAX = 128 }; /* half of MEDIA_MAX: profiles and configuration have theirs */

struct imported {
	struct medium *all[IMPORTED_MAX]; /* by name */
	size_t count;
	struct store *store;
	pthread_mutex_t lock; /* of `all` and `count`: to change them, and to read them elsewhere */
};

/* Before store_start(). 0 or -errno with one line in `why`. */
int imported_load(struct imported *im, struct store *store, char *why, size_t why_size);
void imported_fini(struct imported *im);
/* NULL: none of that name. It lives until the next imported_put() or _remove() of the name. */
struct medium *imported_find(const struct imported *im, const char *name);
/* Any thread. False: none of that name. */
bool imported_copy(struct imported *im, const char *name, struct medium *ret);
/* Puts a copy in the place of the one of that name, into the store's open transaction too. 0, -ENOSPC, -ENOMEM … */
int imported_put(struct imported *im, const struct medium *m);
/* Its sum is not known until the next imported_put(). In memory only. */
void imported_doubt(struct imported *im, const char *name);
int imported_remove(struct imported *im, const char *name);

#endif
