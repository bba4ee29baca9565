/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A few threads that do blocking work. Work of one key is done in the order it was put and never two at a time;
 * different keys, and work with none (""), side by side. Slow work (minutes) never uses more than half of the threads,
 * and no more than QUEUE_SLOW, so that other work continues.
 */
#ifndef USHER_CORE_QUEUE_H
#define USHER_CORE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

enum {
	QUEUE_KEY = 136,
	/* at once: libvirtd takes 5 calls of a connection, and while all of them last it reads no keepalive either, and
	   closes the connection */
	QUEUE_SLOW = 2,
};

/* The first member of the caller's struct. */
struct work {
	struct work *next;
	char key[QUEUE_KEY];
	bool slow;
	void (*run)(struct work *w);  /* on a worker; owns `w` from then on */
	void (*drop)(struct work *w); /* instead of run, when the queue is freed first */
};

struct queue;

int queue_new(size_t workers, size_t most, struct queue **ret);
/* 0 or -ENOSPC: then it is still the caller's. */
int queue_put(struct queue *q, struct work *w);
/* How much waits and runs. */
void queue_look(struct queue *q, size_t *ret_waiting, size_t *ret_running);
/* Waits for work that runs, drops the rest. */
void queue_free(struct queue *q);

#endif
