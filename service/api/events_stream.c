/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/api/events_stream.h"
#include "service/api/api.h"
#include "service/base/reply.h"

#include "core/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	STREAMS_MAX = 64,  /* each holds that, and HTTP_STREAM_MAX bytes */
	STREAMS_EACH = 16, /* of one token or user: nobody takes the others' */
	STREAM_BEAT_MS = 15 *
		1000, /* a comment, when there was nothing else: nobody takes the connection for dead */
	STREAM_BEHIND_MS = 50,       /* the peer has not taken what is there */
	STREAM_STUCK_MS = 30 * 1000, /* it takes nothing for so long: it is dropped */
};

struct stream {
	struct stream *next;
	struct api *api;
	struct http_stream *out;
	uint64_t after;
	char machine[MACHINE_NAME]; /* "" all */
	struct asker_mark by;
	int64_t stuck; /* mono ms: since when it takes nothing; 0: it does */
	size_t waited; /* bytes that it had not taken then */
	bool beats;    /* its turn comes for want of anything else */
	struct loop_timer turn;
};

static void stream_drop(struct stream *s)
{
	struct stream **at = &s->api->streams;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	loop_timer_clear(s->api->base->loop, &s->turn);
	http_stream_end(s->out);
	free(s);
}

static bool is_void(const struct stream *s)
{
	return asker_mark_void(s->api->access, &s->by, clock_steady_ms());
}

static int send_event(struct stream *s, const struct timeline_event *e)
{
	json_t *j = reply_event(e);
	char *data = http_json_text(j), *text = NULL;
	int rc = -ENOMEM, n = -1;

	if (data)
		n = asprintf(&text, "id: %llu\nevent: %s\ndata: %s\n\n", (unsigned long long)e->seq,
			e->kind, data);
	if (n >= 0)
		rc = http_stream_send(s->out, text, (size_t)n);
	if (n >= 0)
		free(text);
	free(data);
	json_decref(j);
	return rc;
}

/* As much as there is room for. -EAGAIN: there is more. */
static int feed(struct stream *s)
{
	const char *machine = *s->machine ? s->machine : NULL;
	const struct timeline_event *e;
	int rc = 0;

	while (!rc && (e = timeline_after(s->api->base->timeline, s->after, machine))) {
		rc = send_event(s, e);
		if (!rc)
			s->after = e->seq;
	}
	if (!rc && s->after < timeline_newest(s->api->base->timeline))
		s->after = timeline_newest(s->api->base->timeline);
	return rc;
}

static bool is_stuck(struct stream *s, int64_t now)
{
	size_t waits = http_stream_waits(s->out);

	if (!waits || waits != s->waited) {
		s->waited = waits;
		s->stuck = now;
	}
	return now - s->stuck >= STREAM_STUCK_MS;
}

/* Drops it when it is over. */
static void stream_go_on(struct stream *s)
{
	int rc = is_void(s) || is_stuck(s, clock_mono_ms()) ? -EPIPE : feed(s);

	if (!rc || rc == -EAGAIN) {
		s->beats = !rc && !http_stream_waits(s->out);
		rc = loop_timer_set(
			s->api->base->loop, &s->turn, s->beats ? STREAM_BEAT_MS : STREAM_BEHIND_MS);
	}
	if (rc)
		stream_drop(s);
}

static void stream_turn(struct loop_timer *t)
{
	static const char beat[] = ": still here\n\n";
	struct stream *s = t->arg;

	if (s->beats)
		(void)http_stream_send(s->out, beat, sizeof beat - 1);
	stream_go_on(s);
}

/* NULL: they are too many, or it cannot be. Then it was answered. */
static struct stream *stream_new(struct api *api, struct http_request *r, const struct asker *who)
{
	size_t n = 0, own = 0;
	struct stream *s;

	for (s = api->streams; s; s = s->next) {
		n++;
		own += asker_mark_is(&s->by, who);
	}
	s = n < STREAMS_MAX && own < STREAMS_EACH ? calloc(1, sizeof *s) : NULL;
	if (!s) {
		http_respond_error(r, 503, "%zu streams of events are open: close one first",
			own < STREAMS_EACH ? n : own);
		return NULL;
	}
	s->out = http_respond_stream(r, "text/event-stream");
	if (s->out)
		return s;
	free(s);
	return NULL;
}

void streams_begin(struct api *api, struct http_request *r, const struct asker *who, uint64_t after,
	const char *machine)
{
	static const char hello[] = "retry: 2000\n\n"; /* ms */
	struct stream *s = stream_new(api, r, who);

	if (!s)
		return;
	s->api = api;
	s->after = after;
	snprintf(s->machine, sizeof s->machine, "%s", machine ? machine : "");
	s->by = asker_mark(who);
	s->next = api->streams;
	api->streams = s;
	loop_timer_init(&s->turn, stream_turn, s);
	(void)http_stream_send(s->out, hello, sizeof hello - 1);
	stream_go_on(s);
}

void streams_feed_all(struct api *api)
{
	struct stream *next;

	for (struct stream *s = api->streams; s; s = next) {
		next = s->next;
		stream_go_on(s);
	}
}

void streams_drop_all(struct api *api)
{
	while (api->streams)
		stream_drop(api->streams);
}
