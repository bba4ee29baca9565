/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store's file: an SQLite database in WAL mode, and the only place that knows SQL. One thread
 * at a time. The store's own; nobody else includes it.
 */
#ifndef USHER_CORE_STORE_FILE_H
#define USHER_CORE_STORE_FILE_H

#include "core/store.h"
#include "core/store_batch.h"

struct store_file;

/* As store_open(). */
int store_file_open(const char *path, struct store_file **ret, char *why, size_t why_size);
void store_file_close(struct store_file *f); /* NULL is fine */
const char *store_file_path(const struct store_file *f);

/* As store_load() and store_load_events(). */
int store_file_load(struct store_file *f, enum store_kind kind,
	int (*row)(void *arg, const void *key, size_t key_len, const void *value, size_t len),
	void *arg);
int store_file_load_events(struct store_file *f, size_t most,
	int (*row)(void *arg, const struct store_event *e), void *arg);

/* Writes everything committed in these batches to disk in one transaction. 0, or -errno and nothing was written. */
int store_file_write(struct store_file *f, const struct store_batch *list);

/* Records other than leases were replaced or deleted since the last scrub, so their old content is still in the log. */
bool store_file_stale(const struct store_file *f);
/* Erases the old content: writes the log into the file and truncates it; a file of at most 4 MiB is rewritten first.
 * Takes as long as a few syncs. 0 or -errno. */
int store_file_scrub(struct store_file *f);
/* The same for a file of any size, which takes as long as writing it. */
int store_file_erase(struct store_file *f);

#endif
