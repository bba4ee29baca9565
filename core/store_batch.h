/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes that are not yet on disk, packed one after another into one buffer, and the callbacks that wait for them. Pure
 * but for store_batch_answer(). The store's own; nobody else includes it.
 */
#ifndef USHER_CORE_STORE_BATCH_H
#define USHER_CORE_STORE_BATCH_H

#include "core/mailbox.h"
#include "core/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum store_what { STORE_DO_PUT, STORE_DO_DELETE, STORE_DO_EVENT, STORE_DO_PRUNE, STORE_DO_FORGET };

struct store_blob {
	const void *bytes;
	size_t len;
};

struct store_op {
	enum store_what what;
	int kind;                /* put, delete: enum store_kind */
	struct store_blob key;   /* put, delete; an event's machine */
	struct store_blob word;  /* an event's kind */
	struct store_blob value; /* put; an event's text */
	struct store_blob by;    /* an event's */
	uint64_t seq;            /* event, prune, forget */
	int64_t at;              /* event: wall ms */
};

struct store_reply;

struct store_batch {
	struct store_batch *next;
	uint8_t *bytes;
	size_t len, cap;
	size_t committed;          /* bytes up to the last commit: what may be written */
	bool asked;                /* there was a commit, perhaps of nothing */
	struct store_reply *reply; /* who waits, or NULL */
};

struct store_batch *store_batch_new(void);
void store_batch_free(struct store_batch *b); /* its waiters are not called; NULL is fine */

/* How much of the backlog an operation takes. */
size_t store_op_size(const struct store_op *op);
/* Copies what `op` points to. 0 or -ENOMEM. */
int store_batch_add(struct store_batch *b, const struct store_op *op);
/* The operation at `*at` (0 at first), which is moved on; false at the end of what was committed.
 * `ret` borrows from the batch. */
bool store_batch_next(const struct store_batch *b, size_t *at, struct store_op *ret);

/* Ends a transaction; `done` may be NULL. 0, or -ENOMEM and nothing is changed. */
int store_batch_commit(struct store_batch *b, store_done done, void *arg);
/* Moves what was put after the last commit to `to`, which is empty. 0, or -ENOMEM and nothing is
 * changed. */
int store_batch_split(struct store_batch *b, struct store_batch *to);
/* Posts one message to `home` (NULL: nobody is told) that calls all waiters in order; then there
 * are none. */
void store_batch_answer(struct store_batch *b, struct mailbox *home, int rc);
/* Empty again, with its buffer kept unless that has grown unusually large. */
void store_batch_reset(struct store_batch *b);

#endif
