/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /api/v1/machines/NAME/console: GET ?after=N[&wait=S] or ?last=N reads what was recorded, now or as soon as there is
 * something; POST types.
 */
#include "service/console/console_api.h"
#include "httpd/httpd.h"
#include "service/console/console_record.h"

#include "core/base64.h"
#include "core/clock.h"
#include "core/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WAIT_MAX_S = 60,
	READERS_MAX = 100, /* of one console: each holds a connection */
};

struct record_reader {
	struct task task; /* first */
	struct record_reader *next;
	struct recording *recording;
	struct http_request *request;
	uint64_t after, last; /* `last` > 0: that many bytes before the end */
	int64_t until;        /* mono ms: when it is answered with nothing */
	struct loop_timer over;
	bool held; /* it is on its recording's list: else a task has it */

	uint8_t *bytes;
	uint64_t from, newest;
	size_t n;
};

static int read_run(struct task *t)
{
	struct record_reader *d = (struct record_reader *)t;
	struct console_log *l = &d->recording->log;
	int rc = 0;

	if (d->last) {
		rc = console_log_look(l);
		d->after = l->newest > d->last ? l->newest - d->last : 0;
		d->last = 0;
	}
	if (!d->bytes)
		d->bytes = malloc(CONSOLE_LOG_READ);
	if (!d->bytes)
		return -ENOMEM;
	if (!rc)
		rc = console_log_read(l, d->after, d->bytes, CONSOLE_LOG_READ, &d->from, &d->n);
	d->newest = l->newest;
	return rc;
}

static void reader_reply(struct record_reader *d, int rc)
{
	struct recording *r = d->recording;
	char *data = rc || r->gone ? NULL : base64_encode(d->bytes, d->n);

	if (r->gone)
		http_respond_error(d->request, r->consoles->base->stopping ? 503 : 404,
			r->consoles->base->stopping ? "the service is stopping" : "%s was deleted",
			r->name);
	else if (!data)
		http_respond_error(d->request, 500, "cannot read the console record of %s: %s",
			r->name, strerror(rc ? -rc : ENOMEM));
	else
		http_respond_json(d->request, 200,
			json_pack("{s:I, s:I, s:s, s:s, s:s?}", "offset", (json_int_t)d->from,
				"newest", (json_int_t)d->newest, "data", data, "state",
				record_state_name(r->state), "why", json_some(r->why)));
	free(data);
	free(d->bytes);
	free(d);
}

static void reader_take(struct record_reader *d)
{
	struct record_reader **at = &d->recording->readers;

	while (*at != d)
		at = &(*at)->next;
	*at = d->next;
	d->held = false;
	loop_timer_clear(d->recording->consoles->base->loop, &d->over);
}

/* It was read last when there was nothing: so it is still. */
static void reader_over(struct loop_timer *t)
{
	struct record_reader *d = t->arg;

	reader_take(d);
	reader_reply(d, 0);
}

static void reader_abandoned(void *arg, struct http_request *r)
{
	struct record_reader *d = arg;

	(void)r;
	d->until = 0; /* a task that has it answers when it is back */
	if (d->held)
		reader_over(&d->over);
}

static bool reader_hold(struct record_reader *d)
{
	struct recording *r = d->recording;
	int64_t left = d->until - clock_mono_ms();

	d->after = d->from;
	if (d->n || left <= 0 || r->gone || r->consoles->base->stopping ||
		loop_timer_set(r->consoles->base->loop, &d->over, left))
		return false;
	d->next = r->readers;
	r->readers = d;
	d->held = true;
	return true;
}

static void read_done(struct task *t)
{
	struct record_reader *d = (struct record_reader *)t;
	struct recording *r = d->recording;

	if (t->rc || !reader_hold(d))
		reader_reply(d, t->rc);
	record_task_done(r);
}

static void reader_begin(struct record_reader *d)
{
	int rc;

	d->task = (struct task){.run = read_run, .done = read_done};
	rc = d->recording->gone ? -ECANCELED : record_task(d->recording, &d->task);
	if (rc)
		reader_reply(d, rc);
}

void console_wake(struct recording *r)
{
	struct record_reader *d = r->readers, *next;

	for (; d; d = next) {
		next = d->next;
		reader_take(d);
		reader_begin(d);
	}
}

static bool too_many(const struct recording *r)
{
	const struct record_reader *d = r->readers;
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

static void console_read(struct recording *r, struct http_request *q)
{
	struct record_reader *d = too_many(r) ? NULL : calloc(1, sizeof *d);
	uint64_t wait_s = number(q, "wait");

	if (!d) {
		http_respond_error(q, 503, "too many read the console of %s", r->name);
		return;
	}
	if (wait_s > WAIT_MAX_S)
		wait_s = WAIT_MAX_S;
	d->recording = r;
	d->request = q;
	d->after = number(q, "after");
	d->last = number(q, "last");
	d->until = clock_mono_ms() + (int64_t)wait_s * 1000;
	loop_timer_init(&d->over, reader_over, d);
	http_hold(q, (int64_t)wait_s * 1000 + 15000);
	http_on_abandon(q, reader_abandoned, d);
	reader_begin(d);
}

/* Why nothing can be typed. */
static void not_typed(struct recording *r, struct http_request *q, int rc)
{
	if (rc == -EAGAIN)
		http_respond_error(q, 429, "%s does not read its input: %d bytes are waiting",
			r->name, GUEST_CONSOLE_TYPED);
	else if (rc == -EPIPE)
		http_respond_error(q, 409, "the console of %s is not open: %s", r->name,
			*r->why ? r->why : "it is being opened");
	else
		http_respond_error(q, 503, "%s: %s", r->name, strerror(-rc));
}

static void console_type(struct recording *r, struct http_request *q)
{
	json_t *body = json_loadb(q->body, q->body_len, 0, NULL);
	const char *data = json_string_value(json_object_get(body, "data"));
	uint8_t *bytes = NULL;
	size_t n = 0;
	int rc = data ? base64_decode(data, &bytes, &n) : -EINVAL;

	json_decref(body);
	if (rc) {
		http_respond_error(q, 400, "expected 'data', the bytes to type in base64");
		return;
	}
	rc = n ? record_send(r, bytes, n) : 0;
	free(bytes);
	if (rc)
		not_typed(r, q, rc);
	else
		http_respond_json(q, 200, json_pack("{s:I}", "typed", (json_int_t)n));
}

void console_handle(struct consoles *consoles, struct http_request *q, const struct machine *m)
{
	bool possible = record_possible(m);
	struct recording *r = possible ? record_of(consoles, m) : NULL;

	if (r)
		record_looked(r);
	if (!possible)
		http_respond_error(q, 409,
			"%s is bare metal, whose console comes from an IPMI controller: 'usher power %s set "
			"ipmi://USER@HOST'",
			m->name, m->name);
	else if (!r)
		http_respond_error(q, 503, "out of memory");
	else if (q->method == HTTP_POST)
		console_type(r, q);
	else
		console_read(r, q);
}
