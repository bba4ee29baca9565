/*
 * Doing what life asks for. Actions are noted while state changes, and carried out once that state is on disk
 * (act_settle): whatever dies in between, the next start finds a state that explains what was done.
 */
#include "service/act.h"
#include "service/api/change.h"
#include "service/api/clone.h"
#include "service/api/create.h"
#include "service/api/follow_api.h"
#include "service/api/template.h"
#include "service/guests/guest_follow.h"
#include "service/guests/guest_spec.h"
#include "service/guests/hosts.h"
#include "service/guests/seats.h"
#include "service/api/judge.h"

#include "core/clock.h"
#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SETTLE_RETRY_MS = 1000,
	PAUSED_AGAIN_MS = 10000,
};

struct pending {
	struct pending *next;
	char name[MACHINE_NAME], uuid[37];
	unsigned actions;
};

struct settled {
	struct service *service;
	struct pending *pending;
};

/* The machine that was meant: its name may be another's by now, or it may have another one. */
static struct machine *same_machine(struct service *s, const char *name, const char *uuid)
{
	struct machine *m = machines_by_name(s->machines, name);

	return m && !strcmp(m->uuid, uuid) ? m : machines_by_uuid(s->machines, uuid);
}

static void settle_soon(struct service *s, int64_t ms)
{
	if (!s->settle.slot && !s->stopping)
		loop_timer_set(s->loop, &s->settle, ms);
}

/* In the order noted; a later wish for the same machine is a later entry. */
void act_on(void *service, struct machine *m, unsigned actions)
{
	struct service *s = service;
	struct pending *p, **at = &s->pending;

	if (!(actions & (LIFE_DO_NETBOOT | LIFE_DO_DISK | LIFE_DO_OFF)))
		return;
	p = calloc(1, sizeof *p);
	if (!p) {
		log_error("%s: out of memory, its power is not switched", m->name);
		return;
	}
	snprintf(p->name, sizeof p->name, "%s", m->name);
	snprintf(p->uuid, sizeof p->uuid, "%s", m->uuid);
	p->actions = actions;
	while (*at)
		at = &(*at)->next;
	*at = p;
	settle_soon(s, 0);
}

void act_on_timeline(void *service, const struct timeline_event *e)
{
	log_info("%s%s%s: %s", e->machine, *e->machine ? " " : "", e->kind, e->text);
	settle_soon(service, 0);
}

/* What a job for a machine needs when it comes back: the machine may be gone by then. */
struct job {
	struct job *next;
	struct service *service;
	char name[MACHINE_NAME], uuid[37];
	const char *what; /* static, for the timeline */
	bool fatal;       /* its failure ends the attempt */
};

static struct job *job_new(struct service *s, struct machine *m, const char *what, bool fatal)
{
	struct job *j = calloc(1, sizeof *j);

	if (!j)
		return NULL;
	*j = (struct job){.next = s->jobs, .service = s, .what = what, .fatal = fatal};
	s->jobs = j;
	snprintf(j->name, sizeof j->name, "%s", m->name);
	snprintf(j->uuid, sizeof j->uuid, "%s", m->uuid);
	m->holds++;
	return j;
}

static struct machine *job_machine(const struct job *j)
{
	return same_machine(j->service, j->name, j->uuid);
}

/* NULL is fine. */
static void job_free(struct job *j)
{
	struct machine *m = j ? job_machine(j) : NULL;
	struct job **at;

	if (!j)
		return;
	for (at = &j->service->jobs; *at != j;)
		at = &(*at)->next;
	*at = j->next;
	if (m)
		m->holds--;
	free(j);
}

static void job_ended(struct job *j, bool ok, const char *why)
{
	struct machine *m = job_machine(j);
	char line[512];

	if (m && ok)
		timeline_add(j->service->timeline, m->name, "power", "%s%s%s", j->what,
			*why ? ": " : "", why);
	if (m && !ok) {
		snprintf(line, sizeof line, "%s failed: %s", j->what, why);
		timeline_add(j->service->timeline, m->name, "power", "%s", line);
		if (j->fatal)
			machine_event(m, LIFE_POWER_FAILED, line);
		act_set_deadline(j->service);
	}
	job_free(j);
}

static void on_guest_job(void *arg, int rc, const char *why)
{
	job_ended(arg, !rc, why);
}

static void make_again(struct service *s, struct machine *m, const char *what);

/* Undefined behind our back: what is to be installed is made anew. */
static void on_install_job(void *arg, int rc, const char *why)
{
	struct job *j = arg;
	struct machine *m = job_machine(j);

	if (rc != -ENOENT || !m || m->deleting) {
		job_ended(j, !rc, why);
		return;
	}
	make_again(j->service, m, "made again, as its domain was gone");
	job_free(j);
}

static void on_power_job(void *arg, int status, const char *output)
{
	job_ended(arg, !status, output);
}

/* It did not even begin. `j` may be NULL. */
static void job_refused(
	struct service *s, struct machine *m, struct job *j, const char *what, int rc)
{
	if (j)
		job_ended(j, false, strerror(-rc));
	else
		timeline_add(s->timeline, m->name, "power", "%s failed: %s", what, strerror(-rc));
}

static void on_filtered(void *arg, int rc, const char *why)
{
	struct job *j = arg;
	struct machine *m = job_machine(j);

	if (rc)
		log_warn("%s: its packet filter stays as it was: %s", j->name, why);
	else if (m && judge_number(m, "filters") != GUEST_FILTERS) {
		json_object_set_new(m->guest_spec, "filters", json_integer(GUEST_FILTERS));
		(void)machines_save(j->service->machines, m); /* or it is done once more */
	}
	job_free(j);
}

void act_refilter(struct service *s, struct machine *m)
{
	struct guest_spec spec;
	struct job *j;

	if (!m->guest || !s->config.filter)
		return;
	create_guest_nics(s, m, &spec);
	j = job_new(s, m, "filtered", false);
	if (j && guest_filter(guests_of(s, m), &spec, on_filtered, j))
		job_free(j);
}

typedef int guest_job(
	struct guests *g, const char *name, const char *uuid, guest_done done, void *arg);

static void guest_do(
	struct service *s, struct machine *m, guest_job *run, const char *what, bool fatal)
{
	struct job *j = job_new(s, m, what, fatal);
	guest_done done = run == guest_start_install ? on_install_job : on_guest_job;
	int rc = -ENOMEM;

	if (run != guest_stop)
		act_refilter(s, m);
	if (j)
		rc = run(guests_of(s, m), m->name, m->uuid, done, j);
	if (rc)
		job_refused(s, m, j, what, rc);
}

static void bare_do(
	struct service *s, struct machine *m, const char *verb, const char *what, bool fatal)
{
	json_t *json;
	struct job *j;
	int rc;

	if (!*m->power) {
		timeline_add(s->timeline, m->name, "power",
			"%s: it has no power executable, switch it by hand", what);
		return;
	}
	json = machine_to_json(m, true);
	j = job_new(s, m, what, fatal);
	rc = j ? power_run(s->power, m->power, verb, m->name, json, on_power_job, j) : -ENOMEM;
	json_decref(json);
	if (rc)
		job_refused(s, m, j, what, rc);
}

static void carry_out(struct service *s, struct machine *m, unsigned actions)
{
	if (m->guest) {
		if (actions & LIFE_DO_NETBOOT && !create_continue(s, m))
			guest_do(s, m, guest_start_install, "started from the network", true);
		if (actions & LIFE_DO_DISK && !create_continue(s, m))
			guest_do(s, m, guest_start_disk, "started from its disk", false);
		if (actions & LIFE_DO_OFF)
			guest_do(s, m, guest_stop, "stopped", false);
		return;
	}
	if (actions & LIFE_DO_NETBOOT) {
		if (*m->power) /* once, the network first: not every site can, and not every machine needs it */
			bare_do(s, m, "netboot", "told to boot from the network", false);
		bare_do(s, m, "cycle", "power cycle", true);
	}
	if (actions & LIFE_DO_OFF)
		bare_do(s, m, "off", "power off", false);
}

static void on_settled(void *arg, int rc)
{
	struct settled *d = arg;
	struct service *s = d->service;
	struct pending *p;

	if (rc &&
		!s->stopping) { /* not on disk: nothing is done that it does not explain; put back in front */
		struct pending **end = &d->pending;

		while (*end)
			end = &(*end)->next;
		*end = s->pending;
		s->pending = d->pending;
		settle_soon(s, SETTLE_RETRY_MS);
		free(d);
		return;
	}
	while ((p = d->pending)) {
		struct machine *m = same_machine(s, p->name, p->uuid);

		d->pending = p->next;
		if (m && !m->deleting && !s->stopping)
			carry_out(s, m, p->actions);
		free(p);
	}
	free(d);
	follow_answer_all(s);
}

void act_settle(struct loop_timer *t)
{
	struct service *s = t->arg;
	struct settled *d = malloc(sizeof *d);

	if (!d) {
		settle_soon(s, SETTLE_RETRY_MS);
		return;
	}
	*d = (struct settled){s, s->pending};
	s->pending = NULL;
	if (store_commit(s->store, on_settled, d)) {
		s->pending = d->pending;
		free(d);
		settle_soon(s, SETTLE_RETRY_MS);
	}
}

void act_drop_all(struct service *s)
{
	struct pending *p;

	while ((p = s->pending)) {
		s->pending = p->next;
		free(p);
	}
	while (s->jobs)
		job_free(s->jobs);
}

/* Time */

void act_set_deadline(struct service *s)
{
	const struct machine *m = machines_next_deadline(s->machines);
	int64_t left;

	loop_timer_clear(s->loop, &s->deadline);
	if (!m || s->stopping)
		return;
	left = m->attempt.deadline - clock_steady_ms();
	loop_timer_set(s->loop, &s->deadline, left > 0 ? left : 0);
}

void act_deadline(struct loop_timer *t)
{
	struct service *s = t->arg;
	struct machine *m = machines_next_deadline(s->machines);

	if (m && m->attempt.deadline <= clock_steady_ms())
		machine_event(m, LIFE_DEADLINE,
			m->state == LIFE_ARMED && machine_waits(m)
				? "time over: no boot was confirmed"
				: NULL);
	act_set_deadline(s);
}

/* Bare metal */

/* Its power was not switched since it was armed, as far as the timeline reaches back. */
static bool was_forgotten(struct service *s, const struct machine *m)
{
	const struct timeline_event *armed = timeline_last(s->timeline, m->name, "armed");
	const struct timeline_event *power = timeline_last(s->timeline, m->name, "power");

	return armed && (!power || power->seq < armed->seq);
}

void act_resume(struct service *s)
{
	struct machine *m = NULL;

	while ((m = machines_next(s->machines, m)))
		if (!m->guest && *m->power && m->state == LIFE_ARMED && was_forgotten(s, m))
			act_on(s, m, LIFE_DO_NETBOOT);
}

/* Guests */

/* Not for each write that was under way, nor each time that somebody lets it try again. */
static bool was_said(struct service *s, const struct machine *m)
{
	const struct timeline_event *e = timeline_last(s->timeline, m->name, "paused");

	return e && timeline_age(e) < PAUSED_AGAIN_MS;
}

void act_on_disk_error(struct service *s, struct guests *from, const char *domain, const char *uuid,
	const char *path, bool full)
{
	struct machine *m = machines_by_name(s->machines, domain);

	if (!m || !m->guest || strcmp(m->uuid, uuid) || guests_of(s, m) != from || was_said(s, m))
		return;
	if (full)
		timeline_add(s->timeline, m->name, "paused",
			"its storage pool is full, it cannot write to %s: make room, then virsh "
			"resume %s",
			path, m->name);
	else
		timeline_add(s->timeline, m->name, "paused",
			"it cannot write to %s: see to its storage, then virsh resume %s", path,
			m->name);
}

/* We were killed between the record and the domain: go on where it ended. */
static void on_made_again(void *arg, int rc, const char *why)
{
	struct job *j = arg;
	struct machine *m = job_machine(j);
	bool stays = !rc && m && !m->deleting; /* else the job behind this one deletes it again */

	if (stays && life_netboots(m->state))
		guest_do(j->service, m, guest_start_install, "started from the network", true);
	else if (stays && clone_unmade(m))
		guest_do(j->service, m, guest_start_disk, "started from its disk", false);
	job_ended(j, !rc, why);
}

static void make_again(struct service *s, struct machine *m, const char *what)
{
	struct guest_spec spec;
	struct profile *p = NULL;
	char why[512];
	struct job *j;
	int rc;

	if (create_guest_spec(s, m, &spec, &p, why, sizeof why)) {
		machine_event(m, LIFE_POWER_FAILED, why);
		return;
	}
	spec.replace = true; /* a volume without its domain may be left of the first try */
	j = job_new(s, m, what, true);
	rc = j ? guest_create(guests_of(s, m), &spec, on_made_again, j) : -ENOMEM;
	if (rc)
		job_refused(s, m, j, what, rc);
	profile_free(p);
}

/* A domain of our making that the creation was to replace when we were killed. */
static bool was_to_go(const struct machine *m, const struct guest_status *st)
{
	return st->ours && life_netboots(m->state) && m->attempt.number == 1 &&
		json_is_true(json_object_get(m->guest_spec, "replace"));
}

/* Its attempt ended in a state that wants it off, and that is not what happened: we were killed, or libvirt was. An
 * installer that said done and then hung ended earlier, and is left for inspection. */
static bool was_to_stop(const struct machine *m, const struct guest_status *st)
{
	return st->running && st->installing &&
		(m->state == LIFE_FAILED || m->state == LIFE_KNOWN) &&
		m->attempt.ended_at == m->state_at;
}

static void reconcile(struct service *s, struct machine *m, const struct guest_status *st)
{
	bool known = st->defined || st->running;

	(void)seats_publish(s, m, true, NULL, NULL);
	if (known && strcmp(st->uuid, m->uuid) && !was_to_go(m, st))
		log_warn("%s: libvirt's domain of that name is another one: rename or undefine it",
			m->name);
	else if (known && strcmp(st->uuid, m->uuid))
		make_again(s, m, "made again after an interruption");
	else if (was_to_stop(m, st))
		guest_do(s, m, guest_stop, "stopped", false);
	else if (st->running && !st->installing && m->state == LIFE_ARMED)
		guest_do(s, m, guest_start_install, "started from the network", true);
	else if (!st->running && st->defined)
		machine_event(m, LIFE_STOPPED, NULL);
	else if (!st->running && (life_netboots(m->state) || clone_unmade(m)))
		make_again(s, m, "made again after an interruption");
}

static void on_status(void *arg, int rc, const struct guest_status *st, const char *why)
{
	struct job *j = arg;
	struct service *s = j->service;
	struct machine *m = job_machine(j);

	if (rc)
		log_warn("%s: %s", j->name, why);
	job_free(j);
	/* a job or a deletion that came after the look makes it stale, and ends in a word of its own */
	if (!rc && m && !m->holds && !m->deleting)
		reconcile(s, m, st);
	act_set_deadline(s);
}

/* What it was to do may not have been done. */
static bool needs_a_look(const struct machine *m, const struct guest_seen *seen)
{
	switch (m->state) {
	case LIFE_UP:
		return false;
	case LIFE_KNOWN:
	case LIFE_FAILED:
		return seen && seen->running && m->attempt.ended_at == m->state_at;
	case LIFE_INSTALLED:
		return !seen || !seen->running;
	default:
		return true;
	}
}

static void look_at(struct service *s, struct machine *m)
{
	struct job *j = job_new(s, m, "looked at", false);

	if (!j || guest_status(guests_of(s, m), m->name, on_status, j))
		job_free(j);
}

static void look_at_one(
	struct service *s, struct machine *m, const struct guest_seen *seen, int64_t at)
{
	bool up = m->state == LIFE_UP;

	/* an older usher's; once for each guest, as 10,000 are not asked at each start */
	if (seen && judge_number(m, "filters") != GUEST_FILTERS)
		act_refilter(s, m);
	guest_follow_seen(s, m, seen, at);
	if (needs_a_look(m, seen))
		look_at(s, m);
	else if (!up)
		(void)seats_publish(s, m, true, NULL, NULL);
}

struct survey {
	struct service *service;
	struct guests *from;
	int64_t at; /* mono ms */
};

static void on_listed(void *arg, int rc, const struct guest_seen *all, size_t n, const char *why)
{
	struct survey *v = arg;
	struct service *s = v->service;
	struct machine *m = NULL;

	if (rc)
		log_warn("guests: %s", why);
	for (size_t i = 0; i < n; i++)
		guest_follow_name(s, v->from, &all[i]);
	while (!rc && (m = machines_next(s->machines, m)))
		if (m->guest && !m->holds && !m->deleting && guests_of(s, m) == v->from &&
			!template_under_way(s, m->name) && !create_reserves(s, m->name, 0, NULL))
			look_at_one(s, m, guest_seen_as(all, n, m->uuid), v->at);
	act_set_deadline(s);
	free(v);
}

void act_reconcile(struct service *s, struct guests *from)
{
	struct survey *v = malloc(sizeof *v);
	struct machine *m = NULL;

	if (from == s->guests)
		seats_look(s, "");
	while ((m = machines_next(s->machines, m)))
		if (m->guest && m->deleting && !m->holds && guests_of(s, m) == from)
			change_go_on_deleting(s, m);
	if (!v)
		return;
	*v = (struct survey){s, from, clock_mono_ms()};
	if (guest_list(from, on_listed, v))
		free(v);
}
