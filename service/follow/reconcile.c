/* SPDX-License-Identifier: GPL-2.0-or-later */
/* At the start and when a libvirt is there again: what was not done, or happened unseen, is found out and put right. */
#include "service/follow/reconcile.h"
#include "service/console/console_record.h"
#include "service/follow/guest_follow.h"
#include "service/operations/change.h"
#include "service/operations/template.h"
#include "service/guests/act.h"
#include "service/guests/hosts.h"
#include "service/network/seats.h"
#include "service/base/operation.h"
#include "service/follow/follow.h"
#include "service/guests/guest_spec.h"

#include "core/clock.h"
#include "core/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void reconcile_bare(struct follow *follow)
{
	struct machine *m = NULL;

	while ((m = machines_next(follow->base->machines, m))) {
		if (m->guest || !life_netboots(m->state))
			continue;
		record_netboots(follow->consoles, m);
		if (*m->power && (m->state == LIFE_ARMED || m->state == LIFE_LIVE) &&
			!m->attempt.switched)
			machine_ask(m, LIFE_DO_NETBOOT);
	}
}

/* Guests */

/* A domain of our making that the creation was to replace when we were killed. */
static bool was_to_go(const struct machine *m, const struct guest_status *st)
{
	return st->ours && life_netboots(m->state) && m->attempt.number == 1 && m->spec.replace;
}

/* Its attempt ended, and its state has not changed since. */
static bool ended_off(const struct machine *m)
{
	return (m->state == LIFE_FAILED || m->state == LIFE_KNOWN || m->attempt.live.on) &&
		m->attempt.ended_at && m->attempt.ended_at == m->state_at;
}

/* Its attempt ended in a state that wants it off, and that is not what happened: we were killed, or libvirt was. An
 * installer that said done and then hung ended earlier, and is left for inspection. */
static bool was_to_stop(const struct machine *m, const struct guest_status *st)
{
	return st->running && (st->installing || st->live) && ended_off(m);
}

/* Once it was started it is its owner's, who may switch it off. */
static void reconcile_live(struct follow *follow, struct machine *m, const struct guest_status *st)
{
	if (!m->attempt.switched && st->defined)
		act_netboot(follow->act, m);
	else if (!m->attempt.switched && !st->running)
		act_make_again(follow->act, m, "made again after an interruption");
}

static void reconcile(struct follow *follow, struct machine *m, const struct guest_status *st)
{
	bool known = st->defined || st->running;

	(void)seats_publish(follow->network, m, true, NULL, NULL);
	if (known && strcmp(st->uuid, m->uuid) && !was_to_go(m, st))
		log_warn("%s: libvirt has another domain of that name: rename or undefine that "
			 "domain",
			m->name);
	else if (known && strcmp(st->uuid, m->uuid))
		act_make_again(follow->act, m, "made again after an interruption");
	else if (was_to_stop(m, st))
		act_stop(follow->act, m);
	else if (st->running && !st->installing && m->state == LIFE_ARMED)
		act_netboot(follow->act, m);
	else if (m->state == LIFE_LIVE)
		reconcile_live(follow, m, st);
	else if (!st->running && st->defined)
		machine_event(m, LIFE_STOPPED, NULL);
	else if (!st->running && (life_netboots(m->state) || guest_unmade_clone(m)))
		act_make_again(follow->act, m, "made again after an interruption");
}

/* At one guest. */
struct glance {
	struct operation op; /* first */
	struct follow *follow;
};

static void glance_free(struct glance *g)
{
	operation_end(&g->op);
	free(g);
}

static void on_status(void *arg, int rc, const struct guest_status *st, const char *why)
{
	struct glance *g = arg;
	struct follow *follow = g->follow;
	struct machine *m = operation_machine(&g->op);

	if (rc)
		log_warn("%s: %s", g->op.name, why);
	glance_free(g);
	/* a job or a deletion that came after the look makes it stale, and ends in a word of its own */
	if (!rc && m && !m->holds && !m->deleting)
		reconcile(follow, m, st);
}

/* What it was to do may not have been done. */
static bool needs_a_look(const struct machine *m, const struct guest_seen *seen)
{
	switch (m->state) {
	case LIFE_LIVE:
		return !m->attempt.switched;
	case LIFE_UP:
	case LIFE_KNOWN:
	case LIFE_FAILED:
		return seen && seen->running && ended_off(m);
	case LIFE_INSTALLED:
		return !seen || !seen->running;
	default:
		return true;
	}
}

static void look_at(struct follow *follow, struct machine *m)
{
	struct glance *g = malloc(sizeof *g);

	if (!g)
		return;
	g->follow = follow;
	operation_begin(&g->op, &follow->glances, m, true);
	if (guest_status(guests_of(follow->hosts, m), m->name, on_status, g))
		glance_free(g);
}

static void look_at_one(
	struct follow *follow, struct machine *m, const struct guest_seen *seen, int64_t at)
{
	bool up = m->state == LIFE_UP;

	/* an older usher's; once for each guest, as 10,000 are not asked at each start */
	if (seen && m->spec.filters != GUEST_FILTERS)
		act_refilter(follow->act, m);
	guest_follow_seen(follow, m, seen, at);
	if (needs_a_look(m, seen))
		look_at(follow, m);
	else if (!up)
		(void)seats_publish(follow->network, m, true, NULL, NULL);
}

struct survey {
	struct survey *next;
	struct follow *follow;
	struct guests *from;
	int64_t at; /* mono ms */
};

static void survey_free(struct survey *v)
{
	struct survey **at = &v->follow->surveys;

	while (*at != v)
		at = &(*at)->next;
	*at = v->next;
	free(v);
}

static void on_listed(void *arg, int rc, const struct guest_seen *all, size_t n, const char *why)
{
	struct survey *v = arg;
	struct follow *follow = v->follow;
	struct machine *m = NULL;

	if (rc)
		log_warn("guests: %s", why);
	for (size_t i = 0; i < n; i++)
		guest_follow_name(follow, v->from, &all[i]);
	while (!rc && (m = machines_next(follow->base->machines, m)))
		if (m->guest && !m->holds && !m->deleting &&
			guests_of(follow->hosts, m) == v->from &&
			!template_under_way(follow->operations, m->name) &&
			!reserved(follow->base->reserved, m->name, 0, NULL))
			look_at_one(follow, m, guest_seen_as(all, n, m->uuid), v->at);
	survey_free(v);
}

void reconcile_guests(struct follow *follow, struct guests *from)
{
	struct survey *v = malloc(sizeof *v);
	struct machine *m = NULL;

	if (from == follow->hosts->own)
		seats_look(follow->network, "");
	while ((m = machines_next(follow->base->machines, m)))
		if (m->guest && m->deleting && !m->holds && guests_of(follow->hosts, m) == from)
			change_go_on_deleting(follow->operations, m);
	if (!v)
		return;
	*v = (struct survey){follow->surveys, follow, from, clock_mono_ms()};
	follow->surveys = v;
	if (guest_list(from, on_listed, v))
		survey_free(v);
}

void reconcile_drop_all(struct follow *follow)
{
	while (follow->glances)
		glance_free((struct glance *)follow->glances);
	while (follow->surveys)
		survey_free(follow->surveys);
	guest_follow_drop_all(follow);
}
