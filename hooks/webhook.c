/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks/webhook.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/worker.h"
#include "hooks/hooks.h"
#include "hooks/job.h"
#include "hooks/webhook_post.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct webhook {
	struct webhooks *home;
	const struct webhook_place *place;
	size_t number; /* from 1 */
	char host[WEBHOOK_HOST];
	struct worker *worker; /* of one thread: the poster's */
	struct webhook_poster *poster;
	struct job_queue queue;
	size_t bytes; /* that wait */
	struct webhook_stats stats;
	bool away;     /* the last post did not reach it */
	bool warned;   /* the log says that posts fail */
	int64_t quiet; /* mono ms: until then it does not say so again */
	/* Dropped since it was last told */
	unsigned dropped;
	int64_t told; /* mono ms; 0: never */
	char why[WEBHOOK_WHY];
	struct loop_timer tell;
};

struct webhooks {
	struct webhooks_config c;
	struct webhook all[];
};

/* One event on its way to one receiver. */
struct delivery {
	struct job job; /* first; its key is the machine's name */
	struct task task;
	struct webhook *hook; /* NULL: it is gone, and the thread still has this */
	const struct webhook_place *place;
	struct webhook_poster *poster;
	struct loop_timer again;
	bool posting;
	int64_t began; /* mono ms: when it happened */
	unsigned tries;
	char id[WEBHOOK_ID];
	char *body;
	struct webhook_outcome outcome;
};

static void delivery_free(struct delivery *d)
{
	if (!d)
		return;
	free(d->body);
	free(d);
}

/* Telling */

/* Said from the loop, as we may be inside the timeline's listener; one line for many. */
static void on_tell(struct loop_timer *t)
{
	struct webhook *h = t->arg;
	unsigned n = h->dropped;

	h->dropped = 0;
	h->told = clock_mono_ms();
	timeline_add(h->home->c.timeline, "", "webhook",
		"%u event%s for webhook %zu (%s) %s dropped: %s", n, n == 1 ? "" : "s", h->number,
		h->host, n == 1 ? "was" : "were", h->why);
}

static void note_dropped(struct webhook *h, const char *why)
{
	int64_t due = h->told ? h->told + WEBHOOK_TOLD_MS - clock_mono_ms() : 0;

	h->stats.dropped++;
	h->dropped++;
	snprintf(h->why, sizeof h->why, "%s", why);
	if (!h->tell.slot)
		loop_timer_set(h->home->c.loop, &h->tell, due > 0 ? due : 0);
}

/* It is reached again: what did not reach it is posted now. */
static void hurry(struct webhook *h)
{
	for (struct job *j = h->queue.running; j; j = j->next) {
		struct delivery *d = (struct delivery *)j;

		if (d->again.slot && !d->outcome.reached)
			(void)loop_timer_set(h->home->c.loop, &d->again, 0);
	}
}

/* Some of its answers may be good and others not, for as long as it runs. */
static void log_outcome(struct webhook *h, const struct webhook_outcome *o)
{
	int64_t now = clock_mono_ms();

	if (o->verdict == WEBHOOK_AGAIN && !h->warned && now >= h->quiet) {
		log_warn("webhook %zu (%s): %s; tried again", h->number, h->host, o->why);
		h->warned = true;
		h->quiet = now + WEBHOOK_WARNED_MS;
	} else if (o->verdict == WEBHOOK_DELIVERED && h->warned) {
		log_info("webhook %zu (%s): it takes events again", h->number, h->host);
		h->warned = false;
	}
}

static void note_outcome(struct webhook *h, const struct webhook_outcome *o)
{
	log_outcome(h, o);
	if (o->reached && h->away)
		hurry(h);
	h->away = !o->reached;
	h->stats.failed += o->verdict != WEBHOOK_DELIVERED;
	h->stats.delivered += o->verdict == WEBHOOK_DELIVERED;
}

/* One delivery */

static void deliver(struct delivery *d);

static void end(struct delivery *d)
{
	struct webhook *h = d->hook;

	h->bytes -= strlen(d->body);
	job_done(&h->queue, &d->job);
	delivery_free(d);
}

static void on_again(struct loop_timer *t)
{
	struct delivery *d = t->arg;

	if (d->job.pauses)
		job_resume(&d->hook->queue, &d->job);
	else
		deliver(d);
}

/* 0 or -ENOMEM. */
static int wait_for(struct delivery *d, int64_t pause)
{
	int rc = loop_timer_set(d->hook->home->c.loop, &d->again, pause);

	/* Without memory it keeps its place, and others wait. */
	if (!rc && d->outcome.reached)
		(void)job_pause(&d->hook->queue, &d->job);
	return rc;
}

/* Another time, or never. */
static void failed(struct delivery *d)
{
	const struct webhook_outcome *o = &d->outcome;
	struct webhook *h = d->hook;
	int64_t pause = webhook_pause(d->tries, o->after_s);
	int64_t left = d->began + (int64_t)d->place->retry_s * 1000 - clock_mono_ms();

	if (o->verdict == WEBHOOK_AGAIN && pause < left && !wait_for(d, pause))
		return;
	note_dropped(h, o->why);
	end(d);
}

/* Home again. */
static void posted(struct task *t)
{
	struct delivery *d = (struct delivery *)((char *)t - offsetof(struct delivery, task));

	d->posting = false;
	if (!d->hook) {
		delivery_free(d);
		return;
	}
	note_outcome(d->hook, &d->outcome);
	if (d->outcome.verdict == WEBHOOK_DELIVERED)
		end(d);
	else
		failed(d);
}

static bool stopping(const void *arg)
{
	return worker_stopping(arg);
}

/* On the thread. */
static int post(struct task *t)
{
	struct delivery *d = (struct delivery *)((char *)t - offsetof(struct delivery, task));
	const struct webhook_post what = {.url = d->place->url,
		.ca = d->place->ca,
		.secret_file = d->place->secret_file,
		.id = d->id,
		.body = d->body,
		.stopping = stopping,
		.arg = t->worker};

	webhook_post(d->poster, &what, &d->outcome);
	return 0;
}

static void deliver(struct delivery *d)
{
	d->tries++;
	d->posting = true;
	d->task.run = post;
	d->task.done = posted;
	if (!worker_do(d->hook->worker, &d->task, ""))
		return;
	d->posting = false;
	d->outcome = (struct webhook_outcome){
		.verdict = WEBHOOK_AGAIN, .why = "too much waits to be posted"};
	failed(d);
}

static void job_start(struct job *j)
{
	deliver((struct delivery *)j);
}

static void job_drop(struct job *j)
{
	struct delivery *d = (struct delivery *)j;

	loop_timer_clear(d->hook->home->c.loop, &d->again);
	d->hook = NULL;
	if (!d->posting)
		delivery_free(d);
}

static struct delivery *delivery_new(
	struct webhook *h, const struct timeline_event *e, const json_t *machine)
{
	struct delivery *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	*d = (struct delivery){.hook = h,
		.place = h->place,
		.poster = h->poster,
		.began = clock_mono_ms(),
		.body = webhook_body(e, machine),
		.job = {.start = job_start, .drop = job_drop}};
	snprintf(d->job.key, sizeof d->job.key, "%s", e->machine);
	webhook_id(e, d->id);
	loop_timer_init(&d->again, on_again, d);
	if (d->body)
		return d;
	delivery_free(d);
	return NULL;
}

static void take(struct webhook *h, const struct timeline_event *e, const json_t *machine)
{
	struct delivery *d = !job_queue_full(&h->queue) && h->bytes < WEBHOOK_BYTES_MAX
		? delivery_new(h, e, machine)
		: NULL;

	if (d && !job_add(&h->queue, &d->job)) {
		h->bytes += strlen(d->body);
		return;
	}
	delivery_free(d);
	note_dropped(h, "too many are waiting");
}

/* All of them */

static bool anybody_wants(const struct webhooks *w, unsigned kind)
{
	unsigned kinds = 0;

	for (size_t i = 0; i < w->c.n; i++)
		kinds |= w->all[i].place->kinds;
	return kinds & kind;
}

static void on_event(void *arg, const struct timeline_event *e)
{
	struct webhooks *w = arg;
	int number = hooks_kind(e->kind);
	unsigned kind = number < 0 ? 0 : 1u << number;
	const struct machine *m;
	json_t *j;

	if (!anybody_wants(w, kind))
		return;
	m = w->c.machines && *e->machine ? machines_by_name(w->c.machines, e->machine) : NULL;
	j = m ? machine_to_json(m, true) : NULL;
	for (size_t i = 0; i < w->c.n; i++)
		if (w->all[i].place->kinds & kind)
			take(&w->all[i], e, j);
	json_decref(j);
}

static void stop_one(struct webhook *h)
{
	size_t n = job_queue_count(&h->queue);

	if (n)
		log_warn("webhook %zu (%s): stopping, %zu event%s dropped", h->number, h->host, n,
			n == 1 ? " was" : "s were");
	job_queue_fini(&h->queue);
	loop_timer_clear(h->home->c.loop, &h->tell);
	worker_free(h->worker);
	webhook_poster_free(h->poster);
}

static int start_one(struct webhook *h)
{
	job_queue_init(&h->queue, h->home->c.loop, WEBHOOK_AT_ONCE, WEBHOOK_QUEUE_MAX);
	loop_timer_init(&h->tell, on_tell, h);
	h->poster = webhook_poster_new();
	return h->poster ? worker_new(1, h->home->c.home, &h->worker) : -ENOMEM;
}

int webhooks_new(const struct webhooks_config *c, struct webhooks **ret)
{
	struct webhooks *w = calloc(1, sizeof *w + c->n * sizeof *w->all);
	int rc = 0;

	if (!w)
		return -ENOMEM;
	w->c = *c;
	w->c.n = 0;
	for (size_t i = 0; i < c->n && !rc; i++) {
		struct webhook *h = &w->all[w->c.n++];

		*h = (struct webhook){.home = w, .place = &c->places[i], .number = i + 1};
		webhook_host(h->place->url, h->host, sizeof h->host);
		rc = start_one(h);
	}
	if (!rc)
		rc = timeline_listen(c->timeline, on_event, w);
	if (rc)
		webhooks_free(w);
	else
		*ret = w;
	return rc;
}

void webhooks_free(struct webhooks *w)
{
	if (!w)
		return;
	timeline_unlisten(w->c.timeline, on_event, w);
	for (size_t i = 0; i < w->c.n; i++)
		stop_one(&w->all[i]);
	free(w);
}

size_t webhooks_count(const struct webhooks *w)
{
	return w ? w->c.n : 0;
}

struct webhook_stats webhooks_stats(const struct webhooks *w, size_t i)
{
	struct webhook_stats s = w->all[i].stats;

	s.waiting = job_queue_count(&w->all[i].queue);
	return s;
}

const char *webhooks_host(const struct webhooks *w, size_t i)
{
	return w->all[i].host;
}
