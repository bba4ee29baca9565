/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/queue.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct worker {
	struct queue *home;
	pthread_t thread;
	char key[QUEUE_KEY]; /* of what it runs; "" idle */
	bool busy, slow;
};

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct work *head, **tail;
	size_t waiting, most;
	bool stopping;
	size_t n_workers;
	struct worker workers[];
};

static bool in_hand(const struct queue *q, const char *key)
{
	for (size_t i = 0; *key && i < q->n_workers; i++)
		if (q->workers[i].busy && !strcmp(q->workers[i].key, key))
			return true;
	return false;
}

/* A single worker must do the slow work too. */
static bool too_slow(const struct queue *q, const struct work *w)
{
	size_t slow = 0, half = (q->n_workers + 1) / 2;

	for (size_t i = 0; i < q->n_workers; i++)
		slow += q->workers[i].busy && q->workers[i].slow;
	return w->slow && slow >= (half < QUEUE_SLOW ? half : QUEUE_SLOW);
}

/* The oldest whose key nobody has in hand: so a key's second never overtakes its first. */
static struct work *take(struct queue *q)
{
	for (struct work **at = &q->head; *at; at = &(*at)->next) {
		struct work *w = *at;

		if (in_hand(q, w->key) || too_slow(q, w))
			continue;
		*at = w->next;
		if (!*at && q->tail == &w->next)
			q->tail = at;
		q->waiting--;
		return w;
	}
	return NULL;
}

static void *run(void *arg)
{
	struct worker *me = arg;
	struct queue *q = me->home;
	struct work *w;

	pthread_mutex_lock(&q->lock);
	while (!q->stopping) {
		if (!(w = take(q))) {
			pthread_cond_wait(&q->changed, &q->lock);
			continue;
		}
		memcpy(me->key, w->key, sizeof me->key);
		me->slow = w->slow;
		me->busy = true;
		/* what ended may have held up more than one */
		if (q->waiting)
			pthread_cond_signal(&q->changed);
		pthread_mutex_unlock(&q->lock);
		w->run(w);
		pthread_mutex_lock(&q->lock);
		me->busy = false;
	}
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

int queue_new(size_t workers, size_t most, struct queue **ret)
{
	struct queue *q = calloc(1, sizeof *q + workers * sizeof *q->workers);
	sigset_t all, before;

	if (!q)
		return -ENOMEM;
	q->most = most;
	q->tail = &q->head;
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->changed, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_mutex_lock(&q->lock);
	for (; q->n_workers < workers; q->n_workers++) {
		q->workers[q->n_workers].home = q;
		if (pthread_create(
			    &q->workers[q->n_workers].thread, NULL, run, &q->workers[q->n_workers]))
			break;
	}
	pthread_mutex_unlock(&q->lock);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (q->n_workers < workers) {
		queue_free(q);
		return -EAGAIN;
	}
	*ret = q;
	return 0;
}

int queue_put(struct queue *q, struct work *w)
{
	int rc = 0;

	pthread_mutex_lock(&q->lock);
	if (q->waiting >= q->most) {
		rc = -ENOSPC;
	} else {
		w->next = NULL;
		*q->tail = w;
		q->tail = &w->next;
		q->waiting++;
		pthread_cond_signal(&q->changed);
	}
	pthread_mutex_unlock(&q->lock);
	return rc;
}

void queue_look(struct queue *q, size_t *ret_waiting, size_t *ret_running)
{
	*ret_running = 0;
	pthread_mutex_lock(&q->lock);
	*ret_waiting = q->waiting;
	for (size_t i = 0; i < q->n_workers; i++)
		*ret_running += q->workers[i].busy;
	pthread_mutex_unlock(&q->lock);
}

void queue_free(struct queue *q)
{
	struct work *w;

	if (!q)
		return;
	pthread_mutex_lock(&q->lock);
	q->stopping = true;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
	for (size_t i = 0; i < q->n_workers; i++)
		pthread_join(q->workers[i].thread, NULL);
	while ((w = q->head)) {
		q->head = w->next;
		w->drop(w);
	}
	pthread_cond_destroy(&q->changed);
	pthread_mutex_destroy(&q->lock);
	free(q);
}
