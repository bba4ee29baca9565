/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of service/: a base's worker has two threads (base_make.h), and while they stand at a gate nothing else is done. */
#ifndef USHER_TESTS_WORKER_GATE_H
#define USHER_TESTS_WORKER_GATE_H

#include "core/worker.h"

#include <check.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <unistd.h>

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

static inline void *worker_gate_open_late(void *arg)
{
	while (!worker_stopping(arg))
		usleep(1000);
	usleep(100 * 1000); /* it stops: nothing more is begun */
	worker_gate_open();
	return NULL;
}

/* Opens it in the middle of worker_free(): what waits behind it then is dropped. */
static inline void worker_gate_open_at_end(struct worker *w)
{
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, worker_gate_open_late, w), 0);
	pthread_detach(thread);
}

#endif
