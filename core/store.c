/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/store.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/store_batch.h"
#include "core/store_file.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	RETRY_MS = 1000, /* after a failed write, when nothing new is committed */
	PAUSE_MS = 50,   /* and at least */
	PAUSE_TRIES =
		4, /* nor sooner than so many times what the failed try took: each one writes all
			    that is kept, and a full disk must not cost a core */
	PAUSE_MOST_MS = 10 * 1000,
	/* What deleted and replaced records held is scrubbed off the disk once nobody has wanted a write for so long, so
	   that no ACK waits behind it; and after so long whoever waits: a flood must not keep a secret for ever. */
	SCRUB_QUIET_MS = 500,
	SCRUB_MOST_MS = 10 * 1000,
};

struct store {
	/* The opener's until store_start(), then the thread's until it has ended. */
	struct store_file *file;

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t wake;
	struct store_batch *gather; /* what the main thread puts into */
	bool closing;
	struct histogram wrote;

	/* The thread's own */
	struct store_batch *pending; /* to be written, oldest first */
	struct store_batch *spare;   /* NULL or empty */
	bool failing;                /* the last try failed, at failed_at (mono ms) */
	int64_t failed_at, pause_ms;
	int64_t stale_since; /* mono ms: what is to be scrubbed was written then first; 0: nothing is */
	int64_t wrote_at; /* the same, of the last write */

	pthread_t thread;
	bool started;
	struct mailbox *home;
	atomic_uint_fast64_t commits, transactions, failures;
	atomic_int trouble; /* of the last try to write: 0 or -errno */
	atomic_size_t backlog;
};

static const struct histogram_bounds bounds = {1000000, 14,
	{100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000,
		5000000}};

static struct store *store_alloc(void)
{
	struct store *s = calloc(1, sizeof *s);
	pthread_condattr_t attr;

	if (!s)
		return NULL;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &attr);
	pthread_condattr_destroy(&attr);
	s->wrote.bounds = &bounds;
	s->gather = store_batch_new();
	if (s->gather)
		return s;
	store_close(s);
	return NULL;
}

int store_open(const char *path, struct store **ret, char *why, size_t why_size)
{
	struct store *s = store_alloc();
	int rc;

	if (!s) {
		snprintf(why, why_size, "cannot open the store %s: out of memory", path);
		return -ENOMEM;
	}
	rc = store_file_open(path, &s->file, why, why_size);
	if (rc < 0) {
		store_close(s);
		return rc;
	}
	*ret = s;
	return 0;
}

int store_load(struct store *s, enum store_kind kind,
	int (*row)(void *arg, const void *key, size_t key_len, const void *value, size_t len),
	void *arg)
{
	return store_file_load(s->file, kind, row, arg);
}

int store_load_events(
	struct store *s, size_t most, int (*row)(void *arg, const struct store_event *e), void *arg)
{
	return store_file_load_events(s->file, most, row, arg);
}

/* Putting: the main thread's side */

static int add(struct store *s, const struct store_op *op)
{
	size_t size = store_op_size(op);
	size_t most = op->kind == STORE_LEASE ? STORE_BACKLOG_LEASES : STORE_BACKLOG_MAX;
	int rc;

	if (op->key.len > STORE_KEY_MAX || op->word.len > STORE_KEY_MAX || op->by.len > UINT8_MAX ||
		op->value.len > STORE_VALUE_MAX)
		return -EMSGSIZE;
	if (atomic_load(&s->backlog) + size > most)
		return -ENOSPC;
	pthread_mutex_lock(&s->lock);
	rc = store_batch_add(s->gather, op);
	pthread_mutex_unlock(&s->lock);
	if (!rc)
		atomic_fetch_add(&s->backlog, size);
	return rc;
}

int store_put(struct store *s, enum store_kind kind, const void *key, size_t key_len,
	const void *value, size_t len)
{
	struct store_op op = {.what = STORE_DO_PUT, .kind = kind};

	op.key = (struct store_blob){key, key_len};
	op.value = (struct store_blob){value, len};
	return add(s, &op);
}

int store_delete(struct store *s, enum store_kind kind, const void *key, size_t key_len)
{
	struct store_op op = {.what = STORE_DO_DELETE, .kind = kind};

	op.key = (struct store_blob){key, key_len};
	return add(s, &op);
}

static struct store_blob blob_of(const char *text)
{
	return (struct store_blob){text, strlen(text)};
}

int store_append_event(struct store *s, const struct store_event *e)
{
	const struct store_op op = {.what = STORE_DO_EVENT,
		.seq = e->seq,
		.at = e->at,
		.key = blob_of(e->machine),
		.word = blob_of(e->kind),
		.value = blob_of(e->text),
		.by = blob_of(e->by)};

	return add(s, &op);
}

int store_prune_events(struct store *s, uint64_t below_seq)
{
	return add(s, &(struct store_op){.what = STORE_DO_PRUNE, .seq = below_seq});
}

int store_forget_event(struct store *s, uint64_t seq)
{
	return add(s, &(struct store_op){.what = STORE_DO_FORGET, .seq = seq});
}

int store_commit(struct store *s, store_done done, void *arg)
{
	int rc;

	pthread_mutex_lock(&s->lock);
	rc = store_batch_commit(s->gather, done, arg);
	if (!rc)
		pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	if (!rc)
		atomic_fetch_add(&s->commits, 1);
	return rc;
}

bool store_is_clean(const struct store *s)
{
	return !atomic_load(&s->backlog);
}

struct store_stats store_stats(struct store *s)
{
	struct histogram wrote;

	pthread_mutex_lock(&s->lock);
	wrote = s->wrote;
	pthread_mutex_unlock(&s->lock);
	return (struct store_stats){
		.wrote = wrote,
		.commits = atomic_load(&s->commits),
		.transactions = atomic_load(&s->transactions),
		.failures = atomic_load(&s->failures),
		.backlog = atomic_load(&s->backlog),
	};
}

/* Writing: the thread's side */

static size_t pending_bytes(const struct store *s)
{
	size_t sum = 0;

	for (const struct store_batch *b = s->pending; b; b = b->next)
		sum += b->len;
	return sum;
}

/* Under the lock. -ENOMEM: it stays where it is. */
static int take_gathered(struct store *s)
{
	struct store_batch *fresh, **end = &s->pending;

	if (!s->gather->asked)
		return 0;
	fresh = s->spare ? s->spare : store_batch_new();
	s->spare = fresh;
	if (!fresh || store_batch_split(s->gather, fresh) < 0)
		return -ENOMEM;
	s->spare = NULL;
	while (*end)
		end = &(*end)->next;
	*end = s->gather;
	s->gather = fresh;
	return 0;
}

/* Ends what is pending: all of it when `all`, else only what has nothing to write. */
static void drop_pending(struct store *s, bool all)
{
	struct store_batch **at = &s->pending, *b;

	while ((b = *at)) {
		if (!all && b->len) {
			at = &b->next;
			continue;
		}
		*at = b->next;
		store_batch_reset(b);
		store_batch_free(s->spare);
		s->spare = b;
	}
}

static const char *remedy(int rc)
{
	switch (rc) {
	case -ENOSPC:
		return "make room there";
	case -EROFS:
		return "make it writable";
	case -ENOMEM:
		return "free some memory";
	default:
		return "look after that disk";
	}
}

/* Once when writing begins to fail, once when it works again: the waiters hear each failure. */
static void note_outcome(struct store *s, int rc, int64_t began)
{
	int64_t now = clock_mono_ms(), pause = (now - began) * PAUSE_TRIES;

	if (rc < 0 && !s->failing)
		log_error(
			"store: cannot write to %s: %s: %s; what waits for it is not acknowledged, "
			"and tried again",
			store_file_path(s->file), strerror(-rc), remedy(rc));
	if (!rc && s->failing)
		log_info("store: writing again to %s", store_file_path(s->file));
	s->failing = rc < 0;
	atomic_store(&s->trouble, rc);
	s->failed_at = now;
	s->pause_ms = pause < PAUSE_MS ? PAUSE_MS : pause > PAUSE_MOST_MS ? PAUSE_MOST_MS : pause;
}

bool store_trouble(const struct store *s, char *buf, size_t size)
{
	int rc = atomic_load(&s->trouble);

	if (rc < 0)
		snprintf(buf, size, "cannot write to %s: %s: %s", store_file_path(s->file),
			strerror(-rc), remedy(rc));
	return rc < 0;
}

static int timed_write(struct store *s)
{
	int64_t began = clock_mono_us();
	int rc = store_file_write(s->file, s->pending);

	pthread_mutex_lock(&s->lock);
	histogram_add(&s->wrote, clock_mono_us() - began, 1);
	pthread_mutex_unlock(&s->lock);
	return rc;
}

static void write_pending(struct store *s)
{
	size_t bytes = pending_bytes(s);
	int64_t began = clock_mono_ms();
	int rc = bytes ? timed_write(s) : 0;

	if (rc < 0)
		atomic_fetch_add(&s->failures, 1);
	else if (bytes)
		atomic_fetch_add(&s->transactions, 1);
	if (!rc)
		atomic_fetch_sub(&s->backlog, bytes);
	note_outcome(s, rc, began);
	if (bytes)
		s->wrote_at = clock_mono_ms();
	if (!s->stale_since && store_file_stale(s->file))
		s->stale_since = s->wrote_at;
	for (struct store_batch *b = s->pending; b; b = b->next)
		store_batch_answer(b, s->home, rc);
	drop_pending(s, !rc);
}

/* Waits under the lock for a word from the main thread, at most until `mono_ms`. False when it is
 * over. */
static bool wait_until(struct store *s, int64_t mono_ms)
{
	struct timespec t = {.tv_sec = mono_ms / 1000, .tv_nsec = mono_ms % 1000 * 1000000};

	return pthread_cond_timedwait(&s->wake, &s->lock, &t) != ETIMEDOUT;
}

static int64_t scrub_due(const struct store *s)
{
	int64_t quiet = s->wrote_at + SCRUB_QUIET_MS, most = s->stale_since + SCRUB_MOST_MS;

	return quiet < most ? quiet : most;
}

/* One that fails is tried again after the time that a flood would be given. */
static void scrub(struct store *s)
{
	int rc;

	if (!s->stale_since || s->failing || clock_mono_ms() < scrub_due(s))
		return;
	rc = store_file_scrub(s->file);
	if (rc < 0)
		log_warn("store: what was deleted is still in the log of %s: %s; tried again",
			store_file_path(s->file), strerror(-rc));
	s->wrote_at = clock_mono_ms() + (rc < 0 ? SCRUB_MOST_MS : 0);
	s->stale_since = rc < 0 ? s->wrote_at : 0;
}

static void wait_for_work(struct store *s)
{
	if (s->failing) {
		while (!s->closing && wait_until(s, s->failed_at + s->pause_ms))
			;
		while (!s->closing && !s->gather->asked && wait_until(s, s->failed_at + RETRY_MS))
			;
		return;
	}
	while (!s->closing && !s->gather->asked && s->stale_since)
		if (!wait_until(s, scrub_due(s)))
			return;
	while (!s->closing && !s->gather->asked)
		pthread_cond_wait(&s->wake, &s->lock);
}

static void *write_thread(void *arg)
{
	struct store *s = arg;
	bool last = false;
	int rc;

	while (!last) {
		pthread_mutex_lock(&s->lock);
		wait_for_work(s);
		last = s->closing;
		rc = take_gathered(s);
		pthread_mutex_unlock(&s->lock);
		write_pending(s);
		if (rc < 0)
			note_outcome(s, rc, clock_mono_ms());
		scrub(s);
	}
	return NULL;
}

int store_erase(struct store *s)
{
	int rc = take_gathered(s);

	if (rc)
		return rc;
	write_pending(s);
	rc = atomic_load(&s->trouble);
	if (rc)
		return rc;
	rc = store_file_erase(s->file);
	if (!rc)
		s->stale_since = 0;
	return rc;
}

int store_start(struct store *s, struct mailbox *home)
{
	sigset_t all, before;
	int rc;

	s->home = home;
	/* Signals are for the loop. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&s->thread, NULL, write_thread, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc)
		return -rc;
	pthread_setname_np(s->thread, "store");
	s->started = true;
	return 0;
}

static void end_thread(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	s->closing = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
}

void store_close(struct store *s)
{
	if (!s)
		return;
	if (s->started)
		end_thread(s);
	else if (s->file && !take_gathered(s))
		write_pending(s);
	if (s->failing && s->pending)
		log_error("store: %zu bytes could not be written and are lost", pending_bytes(s));
	drop_pending(s, true);
	store_batch_free(s->spare);
	store_batch_free(s->gather);
	store_file_close(s->file);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
