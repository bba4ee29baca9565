/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work that blocks (a disk, a network), done by a few threads for a thread that may not: its end
 * comes home by mailbox.
 */
#ifndef USHER_CORE_WORKER_H
#define USHER_CORE_WORKER_H

#include "core/mailbox.h"
#include "core/queue.h"

#include <stdbool.h>
#include <stddef.h>

enum { WORKER_TASKS_MAX = 1024 }; /* that wait: each is a request that somebody holds */

struct worker;

/* The first member of the caller's struct. */
struct task {
	struct work work;       /* the worker's */
	struct message message; /* the same */
	struct worker *worker;
	int rc; /* what run() gave; -ECANCELED: it never ran */
	/* On a thread of the worker's: touches nothing that others have, but what its owner leaves
	 * alone until `done`. A long one looks at worker_stopping(). */
	int (*run)(struct task *t);
	void (*done)(struct task *t); /* on the home thread, in every case; owns the task */
};

/* `home` outlives it. */
int worker_new(size_t threads, struct mailbox *home, struct worker **ret);
/* Tasks of one key (its first bytes, if it is longer than QUEUE_KEY) are done in order, one at a
 * time; those with none ("") as they come. 0, or -ENOSPC, -ECANCELED (`w` is NULL: freed, or never made): then it is still the
 * caller's, and `done` is not called. */
int worker_do(struct worker *w, struct task *t, const char *key);
/* Any thread. */
bool worker_stopping(const struct worker *w);
/* Waits for tasks that run, drops the rest, and all of them have posted their end home. NULL is fine. */
void worker_free(struct worker *w);

#endif
