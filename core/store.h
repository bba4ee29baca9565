/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store: what must survive us. Keyed records of a few kinds and one numbered event log.
 *
 * It says what, not how: no SQL leaves it, and nothing here could not be had from a shared
 * engine. The main thread puts; a thread of the store's own writes. What was put up to a
 * store_commit() is one transaction: on disk whole or not at all, in order. While one commit is
 * being written later ones gather and are written together.
 *
 * When a write fails (disk full) its waiters are told, and the writes themselves are kept and tried
 * again before anything later, so what is on disk is always an earlier state of what is in memory.
 *
 * What a record held is off the disk soon after it was deleted or replaced (leases: when SQLite comes to it): out of
 * the file and out of its log, within about a second on a quiet host, ten on a busy one, and at the end. In a file of more
 * than 4 MiB copies may stay in gaps until the end, when it is written anew.
 */
#ifndef USHER_CORE_STORE_H
#define USHER_CORE_STORE_H

#include "core/mailbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

enum store_kind {
	STORE_MACHINE = 1,
	STORE_LEASE = 2,
	STORE_SETTING = 3,
	STORE_MEDIUM = 4,
	STORE_NETWORK = 5
}; /* a version that knows fewer leaves the others alone */

enum {
	STORE_VERSION = 1,
	STORE_KEY_MAX = 256,
	STORE_VALUE_MAX = 4 << 20,
	STORE_BACKLOG_MAX = 64 << 20, /* bytes waiting for a disk that does not take them */
	/* and when leases are refused: their clients ask again, the rest is said once */
	STORE_BACKLOG_LEASES = STORE_BACKLOG_MAX / 2,
};

/* Opens or creates the store at `path`. Blocking; at start only. On failure writes one line for the
 * user to `why` and returns -errno: -EBUSY another process has it, -EPROTO it is of a newer version
 * (left as it is). An older version is migrated, a copy kept beside it as PATH.vN. */
int store_open(const char *path, struct store **ret, char *why, size_t why_size);

/* Calls `row` for each record of a kind, in key order; before store_start(). A nonzero return ends
 * the walk and is returned. */
int store_load(struct store *s, enum store_kind kind,
	int (*row)(void *arg, const void *key, size_t key_len, const void *value, size_t len),
	void *arg);
/* The last `most` events, oldest first. */
int store_load_events(struct store *s, size_t most,
	int (*row)(void *arg, uint64_t seq, int64_t wall_ms, const char *machine, const char *kind,
		const char *text),
	void *arg);

/* Starts the writing thread; `done` callbacks are delivered through `home`. */
int store_start(struct store *s, struct mailbox *home);
/* Writes what was committed, ends the thread, closes. NULL is fine. */
void store_close(struct store *s);

/* Main thread only. Bytes are copied. 0, -ENOMEM, -EMSGSIZE or -ENOSPC (backlog full). */
int store_put(struct store *s, enum store_kind kind, const void *key, size_t key_len,
	const void *value, size_t len);
int store_delete(struct store *s, enum store_kind kind, const void *key, size_t key_len);
int store_append_event(struct store *s, uint64_t seq, int64_t wall_ms, const char *machine,
	const char *kind, const char *text);
/* Forgets events with a lower number. */
int store_prune_events(struct store *s, uint64_t below_seq);
/* Forgets this one. */
int store_forget_event(struct store *s, uint64_t seq);

/* `rc` 0: all that was put before is on disk. Else -errno (-ENOSPC, -EIO): not yet, and it will be
 * retried. */
typedef void (*store_done)(void *arg, int rc);
/* Ends a transaction. `done` may be NULL. It is called later, on the home thread, never from
 * inside. Returns 0 or -ENOMEM (then `done` is not called and the puts stay in the open
 * transaction). */
int store_commit(struct store *s, store_done done, void *arg);
/* A wait for everything put so far, even when this caller put nothing, is store_commit() too: it is
 * answered after all earlier commits. */

/* Main thread. Is all that was put on disk? Then nothing that depends on it need wait. */
bool store_is_clean(const struct store *s);

/* Why nothing can be written now, and what to do: one line in `buf`. False: it can. Any thread. */
bool store_trouble(const struct store *s, char *buf, size_t size);

/* Counters for `usher show`, benches and tests. */
struct store_stats {
	uint64_t commits;      /* transactions asked for */
	uint64_t transactions; /* written to disk: fewer, when they gathered */
	uint64_t failures;
	size_t backlog; /* bytes */
};
struct store_stats store_stats(const struct store *s);

#endif
