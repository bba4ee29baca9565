/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/api/survey.h"

#include "service/api/api.h"
#include "service/base/reply.h"

#include "core/clock.h"

#include <stdlib.h>
#include <string.h>

/* It goes on only when somebody does something. */
static bool is_troubled(const struct machine *m)
{
	const char *guest = m->guest && m->guest_state ? m->guest_state : "";

	return !m->template &&
		(m->state == LIFE_FAILED || m->attempt.cause || machine_loops(m) ||
			machine_waits(m) || !strcmp(guest, "crashed") || !strcmp(guest, "paused") ||
			!strcmp(guest, "gone"));
}

/* With what it reported last of how far it is: null, if nothing in this attempt. */
static json_t *install_json(struct timeline *timeline, const struct machine *m)
{
	const struct timeline_event *e = timeline_last(timeline, m->name, "progress");
	json_t *j = reply_machine(timeline, m, false);

	json_object_set_new(
		j, "progress", e && e->at >= m->attempt.armed_at ? reply_event(e) : json_null());
	return j;
}

/* A record's own, unless a lease of it is counted. */
static void count_addresses(struct survey *s, const struct machine *m)
{
	const struct leases *leases = dhcpd_leases(s->api->dhcpd);

	for (size_t i = 0; i < m->n_nics; i++) {
		const struct segment *seg =
			segments_by_id(&s->api->base->segments, m->nics[i].segment_id);

		for (size_t k = 0; seg && k < m->nics[i].n_addrs; k++) {
			const struct ip *ip = &m->nics[i].addrs[k];
			const struct lease *l = lease_by_ip(leases, seg->id, ip);

			if (segment_in_pool(seg, ip) &&
				!(l && l->in_pool && lease_holds(l, clock_steady_ms())))
				s->used[seg->id - 1][ip->family == IP_V6]++;
		}
	}
}

static void add_pool(struct survey *s, const char *name)
{
	if (name && !json_object_get(s->pools, name))
		json_object_set_new(s->pools, name, json_true());
}

static void look_at(struct survey *s, const struct machine *m)
{
	bool installs = m->state != LIFE_ARMED && life_installs(m->state);
	struct timeline *timeline = s->api->base->timeline;

	s->guests += m->guest;
	s->templates += m->template;
	count_addresses(s, m);
	add_pool(s, m->spec.pool);
	for (size_t i = 0; i < m->spec.n_disks; i++)
		add_pool(s, m->spec.disks[i].pool);
	if (installs && s->installing++ < SURVEY_MACHINES)
		json_array_append_new(s->installs, install_json(timeline, m));
	if (is_troubled(m) && s->troubled++ < SURVEY_MACHINES)
		json_array_append_new(s->troubles, reply_machine(timeline, m, false));
}

static void look_at_next(struct survey *s)
{
	const struct machine *m = machines_after(s->api->base->machines, s->place);

	s->has_machines = !m;
	if (!m)
		return;
	memcpy(s->place, m->name, sizeof s->place);
	look_at(s, m);
}

/* False: all are counted. Segments may come and go meanwhile: a place may then be another's, or none's. */
static bool look_some(struct survey *s)
{
	const struct segments *all = &s->api->base->segments;
	size_t place = s->pool / SURVEY_FAMILIES, family = s->pool % SURVEY_FAMILIES;
	const struct segment *seg = place < all->count ? all->all[place] : NULL;

	if (!s->has_machines) {
		look_at_next(s);
		return true;
	}
	if (!seg)
		return false;
	if (!leases_used(dhcpd_leases(s->api->dhcpd), seg, family ? IP_V6 : IP_V4,
		    clock_steady_ms(), &s->at, &s->used[seg->id - 1][family])) {
		s->pool++;
		s->at = 0;
	}
	return true;
}

static void survey_free(struct survey *s)
{
	struct survey **at = &s->api->surveys;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	loop_timer_clear(s->api->base->loop, &s->turn);
	json_decref(s->installs);
	json_decref(s->troubles);
	json_decref(s->pools);
	free(s);
}

/* As long as the clock shows the same millisecond. */
static void turn(struct survey *s)
{
	int64_t now = clock_mono_ms();

	while (look_some(s))
		if (clock_mono_ms() != now && !loop_timer_set(s->api->base->loop, &s->turn, 0))
			return;
	s->answer(s);
	survey_free(s);
}

static void turn_over(struct loop_timer *t)
{
	turn(t->arg);
}

/* Its listener was closed: the answer then only frees. */
static void abandoned(void *arg, struct http_request *r)
{
	survey_free(arg);
	http_respond_error(r, 503, "the service is stopping");
}

void surveys_drop_all(struct api *api)
{
	while (api->surveys)
		abandoned(api->surveys, api->surveys->request);
}

void survey_start(struct api *api, struct http_request *r, void (*answer)(struct survey *s))
{
	struct survey *s;
	size_t n = 0;

	for (s = api->surveys; s; s = s->next)
		n++;
	s = n < SURVEYS_MAX ? calloc(1, sizeof *s) : NULL;
	if (!s) {
		http_respond_error(r, 503, "too many requests for status or metrics at a time");
		return;
	}
	*s = (struct survey){.next = api->surveys,
		.api = api,
		.request = r,
		.answer = answer,
		.installs = json_array(),
		.troubles = json_array(),
		.pools = json_object()};
	api->surveys = s;
	loop_timer_init(&s->turn, turn_over, s);
	http_on_abandon(r, abandoned, s);
	turn(s);
}
