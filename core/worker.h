/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A few threads do blocking work (disk, network) for a thread that must not block, and report its end by mailbox.
 */
#ifndef USHER_CORE_WORKER_H
#define USHER_CORE_WORKER_H

#include "core/mailbox.h"
#include "core/queue.h"

#include <stdbool.h>
#include <stddef.h>

enum { WORKER_TASKS_MAX = 1024 }; /* waiting tasks: each holds a request */

struct worker;

/* The first member of the caller's struct. */
struct task {
	struct work work;       /* the worker's */
	struct message message; /* the same */
	struct worker *worker;
	int rc;          /* what run() gave; -ECANCELED: it never ran */
	unsigned behalf; /* core/behalf.h; the worker's */
	/* Runs on a worker thread: uses only data that its owner does not touch until `done`. A long task checks
	 * worker_stopping(). */
	int (*run)(struct task *t);
	void (*done)(struct task *t); /* on the home thread, in every case; owns the task */
};

/* `home` outlives it. */
int worker_new(size_t threads, struct mailbox *home, struct worker **ret);
/* Tasks of one key (its first bytes, if it is longer than QUEUE_KEY) are done in order, one at a
 * time; those with none ("") as they come. 0, or -ENOSPC, -ECANCELED (`w` is NULL: freed, or never made): then it is still the
 * caller's, and `done` is not called. */
int worker_do(struct worker *w, struct task *t, const char *key);
/* Tasks that wait and run; none of NULL. */
void worker_look(struct worker *w, size_t *ret_waiting, size_t *ret_running);
/* Any thread. */
bool worker_stopping(const struct worker *w);
/* Waits for running tasks and drops the rest; all have posted their end home when it returns. NULL is fine. */
void worker_free(struct worker *w);

#endif
