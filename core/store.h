/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store: data that must survive a restart. Keyed records of a few kinds and one numbered event log.
 *
 * The interface hides the engine: it shows no SQL, and a shared engine could provide all of it. The main thread puts;
 * the store's own thread writes. All puts up to a store_commit() are one transaction: completely on disk or not at all,
 * and in order. While one commit is being written, later ones gather and are then written together.
 *
 * When a write fails (disk full) its waiters are told, and the writes themselves are kept and tried
 * again before anything later, so what is on disk is always an earlier state of what is in memory.
 *
 * The old content of a deleted or replaced record soon disappears from the disk (a lease's when SQLite overwrites it):
 * from the file and its log, within about a second on a quiet host, ten on a busy one, and at the end. In a file of
 * more than 4 MiB copies may stay in gaps until the end, when the file is rewritten. After a kill it begins anew.
 */
#ifndef USHER_CORE_STORE_H
#define USHER_CORE_STORE_H

#include "core/histogram.h"
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
	STORE_NETWORK = 5,
	STORE_DISCOVERED = 6,
	STORE_STRANGER = 7,
	STORE_TOKEN = 8,
}; /* an older version keeps kinds that it does not know */

enum {
	STORE_VERSION = 2,
	STORE_KEY_MAX = 256,
	STORE_VALUE_MAX = 4 << 20,
	STORE_BACKLOG_MAX = 64 << 20, /* bytes that wait for a disk that cannot be written */
	/* leases are refused from here on: clients ask again, the rest is put only once */
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
struct store_event {
	uint64_t seq;
	int64_t at; /* wall ms */
	const char *machine, *kind, *text,
		*by; /* each at most STORE_KEY_MAX bytes but `text`; `by` at most 255 */
};
/* The last `most` events, oldest first. */
int store_load_events(struct store *s, size_t most,
	int (*row)(void *arg, const struct store_event *e), void *arg);

/* Before store_start(): writes what was committed, and erases what it replaced, in a file of any size. Blocking, some 2 s for
 * 256 MiB. 0 or -errno: what could not be written is tried again later, what is not erased goes at the end. */
int store_erase(struct store *s);
/* Starts the writing thread; `done` callbacks are delivered through `home`. */
int store_start(struct store *s, struct mailbox *home);
/* Writes what was committed, ends the thread, closes. NULL is fine. */
void store_close(struct store *s);

/* Main thread only. Bytes are copied. 0, -ENOMEM, -EMSGSIZE or -ENOSPC (backlog full). */
int store_put(struct store *s, enum store_kind kind, const void *key, size_t key_len,
	const void *value, size_t len);
int store_delete(struct store *s, enum store_kind kind, const void *key, size_t key_len);
int store_append_event(struct store *s, const struct store_event *e);
/* Forgets events with a lower number. */
int store_prune_events(struct store *s, uint64_t below_seq);
/* Forgets this one. */
int store_forget_event(struct store *s, uint64_t seq);

/* `rc` 0: everything put before is on disk. Else -errno (-ENOSPC, -EIO): not yet; the store will retry. */
typedef void (*store_done)(void *arg, int rc);
/* Ends a transaction. `done` may be NULL. It is called later, on the home thread, never from
 * inside. Returns 0 or -ENOMEM (then `done` is not called and the puts stay in the open
 * transaction). */
int store_commit(struct store *s, store_done done, void *arg);
/* A wait for everything put so far, even when this caller put nothing, is store_commit() too: it is
 * answered after all earlier commits. */

/* Main thread. Is everything that was put on disk? If so, nothing has to wait for it. */
bool store_is_clean(const struct store *s);

/* True: the store cannot write now, and `buf` has one line with the reason and what to do. Any thread. */
bool store_trouble(const struct store *s, char *buf, size_t size);

/* Counters for `usher show`, benches and tests. */
struct store_stats {
	uint64_t commits;      /* transactions asked for */
	uint64_t transactions; /* written to disk: fewer, when they gathered */
	uint64_t failures;
	size_t backlog;         /* bytes */
	struct histogram wrote; /* how long transactions took, those that failed too */
};
struct store_stats store_stats(struct store *s);

#endif
