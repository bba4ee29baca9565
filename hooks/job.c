/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks/job.h"

#include <errno.h>
#include <string.h>

static uint64_t hash_key(const char *key)
{
	return hash_bytes(key, strlen(key), 0);
}

static bool key_pauses(const struct job_queue *q, const char *key)
{
	struct table_node *n = table_first(&q->pausing, hash_key(key));

	while (n && strcmp(table_entry(n, struct job, node)->key, key) != 0)
		n = table_next(n);
	return n;
}

/* It runs or pauses. */
static bool key_is_taken(const struct job_queue *q, const char *key)
{
	if (!key[0])
		return false;
	for (const struct job *j = q->running; j; j = j->next)
		if (strcmp(j->key, key) == 0)
			return true;
	return key_pauses(q, key);
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

/* A job that is passed over here has an older one of its machine that runs or pauses: so later ones are
 * passed over too. */
static void on_kick(struct loop_timer *t)
{
	struct job_queue *q = t->arg;
	struct job **at = &q->waiting;

	while (*at && q->n_running < q->at_once) {
		struct job *j;

		if (key_is_taken(q, (*at)->key)) {
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
	table_init(&q->pausing);
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

static void drop_pausing(struct table *t)
{
	size_t slot = 0;
	struct table_node *next;

	for (struct table_node *n = table_walk(t, &slot, NULL); n; n = next) {
		struct job *j = table_entry(n, struct job, node);

		next = table_walk(t, &slot, n);
		j->drop(j);
	}
	table_fini(t);
}

void job_queue_fini(struct job_queue *q)
{
	loop_timer_clear(q->loop, &q->kick);
	drop_all(q->running);
	drop_all(q->waiting);
	drop_pausing(&q->pausing);
	q->running = q->waiting = NULL;
	q->tail = &q->waiting;
	q->n_running = q->n_waiting = 0;
}

bool job_queue_full(const struct job_queue *q)
{
	return q->n_waiting + q->pausing.count >= q->most;
}

size_t job_queue_count(const struct job_queue *q)
{
	return q->n_running + q->n_waiting + q->pausing.count;
}

/* Out of memory: the next job_add() tries again. */
static void kick(struct job_queue *q)
{
	if (q->waiting && !q->kick.slot)
		(void)loop_timer_set(q->loop, &q->kick, 0);
}

int job_add(struct job_queue *q, struct job *j)
{
	if (job_queue_full(q))
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
	kick(q);
}

int job_pause(struct job_queue *q, struct job *j)
{
	int rc = table_put(&q->pausing, &j->node, hash_key(j->key));

	if (rc)
		return rc;
	j->pauses = true;
	job_done(q, j);
	return 0;
}

void job_resume(struct job_queue *q, struct job *j)
{
	struct job **at = &q->waiting;

	table_remove(&q->pausing, &j->node);
	j->pauses = false;
	while (*at && (!j->key[0] || strcmp((*at)->key, j->key) != 0))
		at = &(*at)->next;
	j->next = *at;
	*at = j;
	if (!j->next)
		q->tail = &j->next;
	q->n_waiting++;
	kick(q);
}
