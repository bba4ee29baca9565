/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/base/kept_read.h"
#include "httpd/httpd.h"
#include "service/base/kept.h"

#include "core/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	WAIT_MAX_S = 60,
	READERS_MAX = 100, /* of one machine: each holds a connection */
};

struct kept_reader {
	struct task task; /* first */
	struct kept_reader *next;
	struct kept *kept;
	struct http_request *request;
	const struct held *by;
	kept_reply *reply;
	uint64_t after, last; /* `last` > 0: that many bytes before the end */
	int64_t until;        /* mono ms: when it is answered with nothing */
	struct loop_timer over;
	bool held; /* it is on its list of readers: else a task has it */

	uint8_t *bytes;
	uint64_t from, newest;
	size_t n;
};

static int read_run(struct task *t)
{
	struct kept_reader *d = (struct kept_reader *)t;
	struct kept_file *l = &d->kept->file;
	int rc = 0;

	if (d->last) {
		rc = kept_file_look(l);
		d->after = l->newest > d->last ? l->newest - d->last : 0;
		d->last = 0;
	}
	if (!d->bytes)
		d->bytes = malloc(KEPT_FILE_READ);
	if (!d->bytes)
		return -ENOMEM;
	if (!rc)
		rc = kept_file_read(l, d->after, d->bytes, KEPT_FILE_READ, &d->from, &d->n);
	d->newest = l->newest;
	return rc;
}

static void reader_answer(struct kept_reader *d, int rc)
{
	const struct kept_piece p = {d->bytes, d->n, d->from, d->newest};
	struct kept *k = d->kept;
	bool stopping = k->keeping->base->stopping;
	json_t *reply = rc || k->ended ? NULL : d->reply(k, &p);

	if (k->ended)
		http_respond_error(d->request, stopping ? 503 : 404,
			stopping ? "the service is stopping" : "%s was deleted", k->name);
	else if (!reply)
		http_respond_error(d->request, 500, "cannot read the %s record of %s: %s",
			k->keeping->kind->called, k->name, strerror(rc ? -rc : ENOMEM));
	else
		http_respond_json(d->request, 200, reply);
}

static void reader_reply(struct kept_reader *d, int rc)
{
	if (!d->by || !d->kept->keeping->kind->refuses(d->by, d->request))
		reader_answer(d, rc);
	free(d->bytes);
	free(d);
}

static void reader_take(struct kept_reader *d)
{
	struct kept_reader **at = &d->kept->readers;

	while (*at != d)
		at = &(*at)->next;
	*at = d->next;
	d->held = false;
	loop_timer_clear(d->kept->keeping->base->loop, &d->over);
}

/* It was read last when there was nothing: so it is still. */
static void reader_over(struct loop_timer *t)
{
	struct kept_reader *d = t->arg;

	reader_take(d);
	reader_reply(d, 0);
}

static void reader_abandoned(void *arg, struct http_request *r)
{
	struct kept_reader *d = arg;

	(void)r;
	d->until = 0; /* a task that has it answers when it is back */
	if (d->held)
		reader_over(&d->over);
}

static bool reader_hold(struct kept_reader *d)
{
	struct kept *k = d->kept;
	int64_t left = d->until - clock_mono_ms();

	d->after = d->from;
	if (d->n || left <= 0 || k->ended || k->keeping->base->stopping ||
		loop_timer_set(k->keeping->base->loop, &d->over, left))
		return false;
	d->next = k->readers;
	k->readers = d;
	d->held = true;
	return true;
}

static void read_done(struct task *t)
{
	struct kept_reader *d = (struct kept_reader *)t;
	struct kept *k = d->kept;

	if (t->rc || !reader_hold(d))
		reader_reply(d, t->rc);
	kept_task_done(k);
}

static void reader_begin(struct kept_reader *d)
{
	int rc;

	d->task = (struct task){.run = read_run, .done = read_done};
	rc = d->kept->ended ? -ECANCELED : kept_task(d->kept, &d->task);
	if (rc)
		reader_reply(d, rc);
}

void kept_wake(struct kept *k)
{
	struct kept_reader *d = k->readers, *next;

	for (; d; d = next) {
		next = d->next;
		reader_take(d);
		reader_begin(d);
	}
}

static bool too_many(const struct kept *k)
{
	const struct kept_reader *d = k->readers;
	size_t n = 0;

	for (; d; d = d->next)
		n++;
	return n >= READERS_MAX;
}

static uint64_t number(const struct http_request *r, const char *name)
{
	const char *text = http_arg(r, name);

	return text ? strtoull(text, NULL, 10) : 0;
}

void kept_read(struct kept *k, struct http_request *q, const struct held *by, kept_reply *reply)
{
	struct kept_reader *d = too_many(k) ? NULL : calloc(1, sizeof *d);
	uint64_t wait_s = number(q, "wait");

	if (!d) {
		http_respond_error(
			q, 503, "too many read the %s of %s", k->keeping->kind->called, k->name);
		return;
	}
	if (wait_s > WAIT_MAX_S)
		wait_s = WAIT_MAX_S;
	d->kept = k;
	d->by = by;
	d->reply = reply;
	d->request = q;
	d->after = number(q, "after");
	d->last = number(q, "last");
	d->until = clock_mono_ms() + (int64_t)wait_s * 1000;
	loop_timer_init(&d->over, reader_over, d);
	http_hold(q, (int64_t)wait_s * 1000 + 15000);
	http_on_abandon(q, reader_abandoned, d);
	reader_begin(d);
}
