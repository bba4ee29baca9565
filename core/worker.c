/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/worker.h"

#include "core/behalf.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct worker {
	struct mailbox *home;
	struct queue *queue;
	atomic_bool stopping;
};

static void deliver(struct message *m)
{
	struct task *t = (struct task *)((char *)m - offsetof(struct task, message));

	unsigned before = behalf_set(t->behalf);

	t->done(t);
	behalf_set(before);
}

static void run(struct work *w)
{
	struct task *t = (struct task *)w;

	t->rc = t->run(t);
	mailbox_post(t->worker->home, &t->message);
}

static void drop(struct work *w)
{
	struct task *t = (struct task *)w;

	t->rc = -ECANCELED;
	mailbox_post(t->worker->home, &t->message);
}

int worker_new(size_t threads, struct mailbox *home, struct worker **ret)
{
	struct worker *w = calloc(1, sizeof *w);
	int rc = w ? queue_new(threads, WORKER_TASKS_MAX, &w->queue) : -ENOMEM;

	if (rc) {
		free(w);
		return rc;
	}
	w->home = home;
	*ret = w;
	return 0;
}

int worker_do(struct worker *w, struct task *t, const char *key)
{
	if (!w)
		return -ECANCELED;
	t->worker = w;
	t->behalf = behalf_now();
	t->work.run = run;
	t->work.drop = drop;
	t->message.deliver = deliver;
	snprintf(t->work.key, sizeof t->work.key, "%s", key);
	return queue_put(w->queue, &t->work);
}

void worker_look(struct worker *w, size_t *ret_waiting, size_t *ret_running)
{
	*ret_waiting = *ret_running = 0;
	if (w)
		queue_look(w->queue, ret_waiting, ret_running);
}

bool worker_stopping(const struct worker *w)
{
	return atomic_load(&w->stopping);
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	atomic_store(&w->stopping, true);
	queue_free(w->queue);
	free(w);
}
