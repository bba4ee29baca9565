/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jobs that run child processes: so many at once, so many waiting, those of one machine one after
 * the other and in order. Nothing is started from inside job_add(), only from the loop.
 */
#ifndef USHER_HOOKS_JOB_H
#define USHER_HOOKS_JOB_H

#include "core/loop.h"

#include <stddef.h>

enum {
	JOB_KEY = 64, /* a machine's name */
};

struct job {
	struct job *next;
	char key[JOB_KEY];            /* "": in order with nothing */
	void (*start)(struct job *j); /* ends, now or later, in one job_done() */
	void (*drop)(struct job *j);  /* the queue ends: stop what runs, free */
};

struct job_queue {
	struct loop *loop;
	size_t at_once, most; /* running; waiting */
	size_t n_running, n_waiting;
	struct job *running;
	struct job *waiting, **tail;
	struct loop_timer kick;
};

void job_queue_init(struct job_queue *q, struct loop *l, size_t at_once, size_t most);
void job_queue_fini(struct job_queue *q); /* drops all */
/* -ENOSPC (too many wait) or -ENOMEM: it is still the caller's. */
int job_add(struct job_queue *q, struct job *j);
/* The job is the caller's again. */
void job_done(struct job_queue *q, struct job *j);

#endif
