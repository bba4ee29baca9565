/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /api/v1/events?after=N[&machine=NAME][&wait=S]: the timeline, now or as soon as there is something; or as a stream. */
#include "service/api/events_api.h"
#include "service/api/api.h"
#include "service/api/events_stream.h"
#include "service/access/held.h"
#include "service/base/reply.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	FOLLOW_WAIT_MAX_S = 60,
	FOLLOW_EVENTS = 1000, /* in one answer: a follower asks again */
	FOLLOWERS_MAX = 200,  /* of all who ask; of one: HELD_EACH. Each holds a connection */
};

struct follower {
	struct follower *next;
	struct api *api;
	struct http_request *request;
	const struct held *held; /* by whom; until it is answered */
	uint64_t after;
	char machine[MACHINE_NAME]; /* "" all */
	struct loop_timer over;
};

static void answer(struct api *api, struct http_request *r, uint64_t after, const char *machine)
{
	const struct timeline_event *e;
	json_t *events = json_array();

	while (json_array_size(events) < FOLLOW_EVENTS &&
		(e = timeline_after(api->base->timeline, after, machine))) {
		json_array_append_new(events, reply_event(e));
		after = e->seq;
	}
	http_respond_json(r, 200,
		json_pack("{s:o, s:I}", "events", events, "newest",
			(json_int_t)timeline_newest(api->base->timeline)));
}

static void follower_unlink(struct follower *f)
{
	struct follower **at = &f->api->followers;

	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	loop_timer_clear(f->api->base->loop, &f->over);
}

static void follower_answer(struct follower *f)
{
	follower_unlink(f);
	if (!held_refuses(f->held, f->request))
		answer(f->api, f->request, f->after, *f->machine ? f->machine : NULL);
	free(f);
}

static void follower_over(struct loop_timer *t)
{
	follower_answer(t->arg);
}

/* Its listener was closed; http_respond() then only frees. */
static void follower_abandoned(void *arg, struct http_request *r)
{
	(void)r;
	follower_answer(arg);
}

void events_answer_all(void *arg)
{
	struct api *api = arg;
	uint64_t newest = timeline_newest(api->base->timeline);
	struct follower *next;

	streams_feed_all(api);

	for (struct follower *f = api->followers; f; f = next) {
		next = f->next;
		if (timeline_after(api->base->timeline, f->after, *f->machine ? f->machine : NULL))
			follower_answer(f);
		else if (f->after < newest)
			f->after = newest;
	}
}

void events_drop_all(struct api *api)
{
	while (api->followers)
		follower_answer(api->followers);
	streams_drop_all(api);
}

static bool hold(struct api *api, struct http_request *r, const struct asker *who, uint64_t after,
	const char *machine, int64_t ms)
{
	struct follower *f;
	size_t n = 0;

	for (f = api->followers; f; f = f->next)
		n++;
	f = n < FOLLOWERS_MAX ? calloc(1, sizeof *f) : NULL;
	if (!f)
		return false;
	/* it was told what there is: later looks need not begin before that */
	*f = (struct follower){.next = api->followers,
		.api = api,
		.request = r,
		.held = who->held,
		.after = after > timeline_newest(api->base->timeline)
			? after
			: timeline_newest(api->base->timeline)};
	snprintf(f->machine, sizeof f->machine, "%s", machine ? machine : "");
	loop_timer_init(&f->over, follower_over, f);
	if (loop_timer_set(api->base->loop, &f->over, ms)) {
		free(f);
		return false;
	}
	api->followers = f;
	http_hold(r, ms + 5000);
	http_on_abandon(r, follower_abandoned, f);
	return true;
}

static bool wants_stream(const struct http_request *r)
{
	const char *accept = http_header(r, "Accept");

	return r->method == HTTP_GET && accept && strcasestr(accept, "text/event-stream");
}

void events_handle(struct api *api, struct http_request *r, const struct asker *who)
{
	const char *after_text = http_arg(r, "after"), *machine = http_arg(r, "machine"),
		   *wait = http_arg(r, "wait");
	bool streams = wants_stream(r);
	const char *last = streams ? http_header(r, "Last-Event-ID") : NULL;
	uint64_t after = last ? strtoull(last, NULL, 10)
		: after_text  ? strtoull(after_text, NULL, 10)
			      : 0;
	long wait_s = wait ? atol(wait) : 0;

	if (machine && strlen(machine) >= MACHINE_NAME) {
		http_respond_error(r, 404, "no machine '%.80s'", machine);
		return;
	}
	if (streams && !api->base->stopping) {
		streams_begin(api, r, who, after, machine);
		return;
	}
	if (wait_s > FOLLOW_WAIT_MAX_S)
		wait_s = FOLLOW_WAIT_MAX_S;
	if (wait_s > 0 && !timeline_after(api->base->timeline, after, machine) &&
		!api->base->stopping && hold(api, r, who, after, machine, wait_s * 1000))
		return;
	answer(api, r, after, machine);
}
