/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jobs that take their time (child processes, posts of webhooks): so many at once, so many waiting, those of one machine one after
 * the other and in order. Nothing is started from inside job_add(), only from the loop.
 */
#ifndef USHER_HOOKS_JOB_H
#define USHER_HOOKS_JOB_H

#include "core/loop.h"
#include "core/table.h"

#include <stddef.h>

enum {
	JOB_KEY = 64, /* a machine's name */
};

struct job {
	struct job *next;
	char key[JOB_KEY];            /* "": in order with nothing */
	void (*start)(struct job *j); /* ends, now or later, in one job_done() or job_pause() */
	void (*drop)(struct job *j);  /* the queue ends: stop what runs, free */
	bool pauses;
	struct table_node node; /* among those that pause */
};

struct job_queue {
	struct loop *loop;
	size_t at_once, most; /* running; waiting and pausing */
	size_t n_running, n_waiting;
	struct job *running;
	struct job *waiting, **tail;
	struct table pausing; /* by key */
	struct loop_timer kick;
};

void job_queue_init(struct job_queue *q, struct loop *l, size_t at_once, size_t most);
void job_queue_fini(struct job_queue *q); /* drops all */
bool job_queue_full(const struct job_queue *q);
size_t job_queue_count(const struct job_queue *q); /* that run, wait or pause */
/* -ENOSPC (it is full) or -ENOMEM: it is still the caller's. */
int job_add(struct job_queue *q, struct job *j);
/* The job is the caller's again. */
void job_done(struct job_queue *q, struct job *j);
/* One that runs makes room for others; those of its machine still wait for it. 0, or -ENOMEM and it runs on. */
int job_pause(struct job_queue *q, struct job *j);
/* One that pauses is started again when it is its turn: after those that wait, but before its machine's. */
void job_resume(struct job_queue *q, struct job *j);

#endif
