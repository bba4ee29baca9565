/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of service/: a base's worker has two threads (base_make.h), and while they stand at a gate nothing else is done. */
#ifndef USHER_TESTS_WORKER_GATE_H
#define USHER_TESTS_WORKER_GATE_H

#include "core/worker.h"

#include <check.h>
#include <semaphore.h>
#include <stdlib.h>

static sem_t worker_gate;

static int worker_gate_wait(struct task *t)
{
	(void)t;
	sem_wait(&worker_gate);
	return 0;
}

static void worker_gate_passed(struct task *t)
{
	free(t);
}

/* Once in a (forked) test; it is to be opened before the worker ends. */
static inline void worker_gate_shut(struct worker *w)
{
	sem_init(&worker_gate, 0, 0);
	for (int i = 0; i < 2; i++) {
		struct task *t = calloc(1, sizeof *t);

		*t = (struct task){.run = worker_gate_wait, .done = worker_gate_passed};
		ck_assert_int_eq(worker_do(w, t, ""), 0);
	}
}

static inline void worker_gate_open(void)
{
	sem_post(&worker_gate);
	sem_post(&worker_gate);
}

#endif
