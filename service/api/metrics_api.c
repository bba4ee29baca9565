/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/api/metrics_api.h"

#include "service/api/api.h"

#include "core/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct scrape {
	struct scrape *next;
	struct api *api;
	struct http_request *request;
	struct loop_timer turn;
	struct metrics_pools pools;
	size_t pool; /* that is counted now: a segment's place, twice, and its family */
	size_t at;   /* in it */
};

void metrics_init(struct metrics *m)
{
	*m = (struct metrics){.scrapes = NULL};
	tally_init(&m->events, METRICS_KINDS);
}

void metrics_fini(struct metrics *m)
{
	tally_fini(&m->events);
}

void metrics_on_event(void *arg, const struct timeline_event *e)
{
	struct metrics *m = arg;

	tally_add(&m->events, tally_row(&m->events, e->kind), 0, 1);
}

static void unlink_it(struct scrape *s)
{
	struct scrape **at = &s->api->metrics.scrapes;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	loop_timer_clear(s->api->base->loop, &s->turn);
}

static void answer(struct scrape *s)
{
	struct exposition x;

	exposition_init(&x, METRICS_MAX);
	metrics_write(s->api, &s->pools, &x);
	if (x.text.rc)
		http_respond_error(s->request, 500, "the metrics could not be written: %s",
			strerror(-x.text.rc));
	else
		http_respond(s->request, 200, EXPOSITION_TYPE, x.text.s, x.text.len);
	exposition_fini(&x);
}

/* False: all are counted. Segments may come and go meanwhile: a place may then be another's, or none's. */
static bool count_some(struct scrape *s)
{
	const struct segments *all = &s->api->base->segments;
	size_t place = s->pool / METRICS_FAMILIES, family = s->pool % METRICS_FAMILIES;
	const struct segment *seg = place < all->count ? all->all[place] : NULL;

	if (!seg)
		return false;
	if (!leases_used(dhcpd_leases(s->api->dhcpd), seg, family ? IP_V6 : IP_V4,
		    clock_steady_ms(), &s->at, &s->pools.used[seg->id - 1][family])) {
		s->pool++;
		s->at = 0;
	}
	return true;
}

/* As long as the clock shows the same millisecond. */
static void turn(struct scrape *s)
{
	int64_t now = clock_mono_ms();

	while (count_some(s))
		if (clock_mono_ms() != now && !loop_timer_set(s->api->base->loop, &s->turn, 0))
			return;
	unlink_it(s);
	answer(s);
	free(s);
}

static void turn_over(struct loop_timer *t)
{
	turn(t->arg);
}

/* Its listener was closed: http_respond() then only frees. */
static void abandoned(void *arg, struct http_request *r)
{
	struct scrape *s = arg;

	unlink_it(s);
	http_respond_error(r, 503, "the service is stopping");
	free(s);
}

void metrics_drop_all(struct api *api)
{
	while (api->metrics.scrapes)
		abandoned(api->metrics.scrapes, api->metrics.scrapes->request);
}

void metrics_handle(struct api *api, struct http_request *r)
{
	struct scrape *s = NULL;
	size_t n = 0;

	for (s = api->metrics.scrapes; s; s = s->next)
		n++;
	s = n < METRICS_AT_ONCE ? calloc(1, sizeof *s) : NULL;
	if (!s) {
		http_respond_error(r, 503, "too many requests for metrics at a time");
		return;
	}
	*s = (struct scrape){.next = api->metrics.scrapes, .api = api, .request = r};
	api->metrics.scrapes = s;
	loop_timer_init(&s->turn, turn_over, s);
	http_on_abandon(r, abandoned, s);
	turn(s);
}
