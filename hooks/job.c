/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks/job.h"

#include <errno.h>
#include <string.h>

static bool key_runs(const struct job_queue *q, const char *key)
{
	if (!key[0])
		return false;
	for (const struct job *j = q->running; j; j = j->next)
		if (strcmp(j->key, key) == 0)
			return true;
	return false;
}

static struct job *take(struct job_queue *q, struct job **at)
{
	struct job *j = *at;

	*at = j->next;
	if (!*at)
		q->tail = at;
	q->n_waiting--;
	return j;
}

/* A job that is passed over here has an older one of its machine that runs: so later ones are
 * passed over too. */
static void on_kick(struct loop_timer *t)
{
	struct job_queue *q = t->arg;
	struct job **at = &q->waiting;

	while (*at && q->n_running < q->at_once) {
		struct job *j;

		if (key_runs(q, (*at)->key)) {
			at = &(*at)->next;
			continue;
		}
		j = take(q, at);
		j->next = q->running;
		q->running = j;
		q->n_running++;
		j->start(j);
	}
}

void job_queue_init(struct job_queue *q, struct loop *l, size_t at_once, size_t most)
{
	*q = (struct job_queue){.loop = l, .at_once = at_once, .most = most};
	q->tail = &q->waiting;
	loop_timer_init(&q->kick, on_kick, q);
}

static void drop_all(struct job *j)
{
	while (j) {
		struct job *next = j->next;

		j->drop(j);
		j = next;
	}
}

void job_queue_fini(struct job_queue *q)
{
	loop_timer_clear(q->loop, &q->kick);
	drop_all(q->running);
	drop_all(q->waiting);
	q->running = q->waiting = NULL;
	q->tail = &q->waiting;
	q->n_running = q->n_waiting = 0;
}

int job_add(struct job_queue *q, struct job *j)
{
	if (q->n_waiting >= q->most)
		return -ENOSPC;
	if (!q->kick.slot && loop_timer_set(q->loop, &q->kick, 0) < 0)
		return -ENOMEM;
	j->next = NULL;
	*q->tail = j;
	q->tail = &j->next;
	q->n_waiting++;
	return 0;
}

void job_done(struct job_queue *q, struct job *j)
{
	struct job **at = &q->running;

	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	j->next = NULL;
	q->n_running--;
	/* Out of memory: the next job_add() tries again. */
	if (q->waiting && !q->kick.slot)
		loop_timer_set(q->loop, &q->kick, 0);
}
