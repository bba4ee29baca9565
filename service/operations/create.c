/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making a machine. Everything is validated before anything is made:
 *
 *   request ─▶ profile read, files looked for (served_profile.c) ─▶ judged (judge.c) ─▶ libvirt asked (guest_check) ─▶ record and attempt
 *           committed ─▶ volume and domain (guest_create) ─▶ installing run started ─▶ answered
 *
 * A failure undoes in reverse order. Until the record is there its name and address are kept by the creation.
 */
#include "service/operations/create.h"
#include "service/operations/change.h"
#include "service/console/console_record.h"
#include "service/logs/logs.h"
#include "service/files/cache.h"
#include "service/guests/guest_spec.h"
#include "service/guests/hosts.h"
#include "service/network/seats.h"
#include "service/operations/judge.h"
#include "service/files/linted.h"
#include "service/files/served_profile.h"
#include "service/base/reply.h"
#include "service/base/rendered_for.h"

#include "core/clock.h"
#include "core/json.h"
#include "core/log.h"
#include "core/uuid.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void creation_free(struct creation *c)
{
	struct creation **at = &c->ops->creations;

	while (*at && *at != c)
		at = &(*at)->next;
	if (*at)
		*at = c->next;
	unreserve(&c->ops->base->reserved, &c->reservation);
	if (!c->recorded)
		machine_free(c->machine);
	profile_free(c->profile);
	json_decref(c->snapshot);
	json_decref(c->findings);
	json_decref(c->body);
	free(c->marks);
	free(c->seats);
	free(c->former);
	free(c);
}

/* It has ended. Steals `said`. */
static void tell(struct creation *c, unsigned status, json_t *said)
{
	create_told told = c->told;
	void *arg = c->told_arg;

	creation_free(c);
	told(arg, status, said);
	json_decref(said);
}

static void creation_fail(struct creation *c, unsigned status, const char *why)
{
	if (c->trial) {
		trial_judged(c, status, why);
		return;
	}
	if (c->told) {
		tell(c, status, linted_error(why, c->findings));
		return;
	}
	if (c->findings)
		http_respond_json(c->request, status, linted_error(why, c->findings));
	else
		http_respond_error(c->request, status, "%s", why);
	creation_free(c);
}

/* What it was made of: the machine, and what the linters and libvirt's part warn of. New reference. */
static json_t *creation_reply(const struct creation *c)
{
	json_t *reply = reply_machine(c->ops->base->timeline, c->machine, true);

	linted_add(reply, c->findings);
	json_object_set_new(reply, "warning", json_string(json_some(c->warning))); /* or not */
	return reply;
}

static unsigned status_of(int rc)
{
	switch (rc) {
	case -EEXIST:
	case -EBUSY:
		return 409;
	case -ENOENT:
		return 404;
	case -ENOMEM:
	case -EIO:
		return 500;
	}
	return 422;
}

/* The record goes last: while it is there, the next start knows of what may be left. */
static void undone(void *arg, int rc, const char *why)
{
	struct creation *c = arg;
	struct operations *ops = c->ops;
	struct machine *m = c->machine;
	json_t *said = json_pack("{s:o}", "error",
		json_sprintf("%s was not created: %s%s%s", m->name, c->why,
			rc ? "; its domain was not deleted: " : "", rc ? why : ""));

	(void)seats_publish(ops->network, m, false, NULL, NULL);
	timeline_add(ops->base->timeline, m->name, "deleted", "not created: %s", c->why);
	record_forget(ops->consoles, m);
	logs_forget(ops->logs, m);
	machines_remove(ops->base->machines, m);
	if (c->told) {
		tell(c, 500, said);
		return;
	}
	reply_committed(ops->base->store, c->request, 500, said);
	creation_free(c);
}

static void creation_undo(struct creation *c, bool made, const char *why)
{
	struct guest_spec spec;

	snprintf(c->why, sizeof c->why, "%s", why);
	guest_spec_disks(c->machine, &spec);
	if (!made || guest_delete(guests_of(c->ops->hosts, c->machine), &spec, false, undone, c))
		undone(c, 0, "");
}

static void creation_done(struct creation *c)
{
	struct operations *ops = c->ops;
	struct machine *m = c->machine;

	m->holds--;
	if (!seats_are_theirs(segments_by_name(&ops->base->segments, m->nics[0].segment)))
		(void)seats_publish(ops->network, m, true, NULL, NULL);
	http_respond_json(c->request, 201, creation_reply(c));
	creation_free(c);
}

static void on_started(void *arg, int rc, const char *why)
{
	struct creation *c = arg;

	if (rc) {
		creation_undo(c, true, why);
		return;
	}
	if (c->machine->state == LIFE_LIVE) { /* not a second time, after a restart */
		c->machine->attempt.switched = true;
		(void)machines_save(c->ops->base->machines, c->machine);
	}
	creation_done(c);
}

static void creation_start(struct creation *c)
{
	struct operations *ops = c->ops;
	bool live = c->machine->state == LIFE_LIVE;

	if ((c->clone              ? guest_start_disk
			    : live ? guest_start_live
				   : guest_start_install)(guests_of(ops->hosts, c->machine),
		    c->machine->name, c->machine->uuid, on_started, c))
		creation_undo(c, true, "out of memory");
}

static void on_seated(void *arg, int rc, const char *why)
{
	struct creation *c = arg;

	if (rc) {
		creation_undo(c, true, why);
		return;
	}
	if (*why)
		log_warn("%s", why);
	creation_start(c);
}

/* Where libvirt leases the reservation is there before the firmware asks, or it would get another address. */
static void on_made(void *arg, int rc, const char *why)
{
	struct creation *c = arg;
	struct operations *ops = c->ops;

	snprintf(c->warning, sizeof c->warning, "%s", rc ? "" : why);
	if (rc)
		creation_undo(c, false, why);
	else if (!seats_are_theirs(
			 segments_by_name(&ops->base->segments, c->machine->nics[0].segment)))
		creation_start(c);
	else if (seats_publish(ops->network, c->machine, true, on_seated, c))
		creation_undo(c, true, "out of memory");
}

bool create_continue(void *arg, const struct machine *m)
{
	struct operations *ops = arg;
	struct creation *c = ops->creations;
	struct guest_spec spec;
	struct profile *p = NULL;
	char why[512];
	int rc;

	while (c && (c->machine != m || c->making))
		c = c->next;
	if (!c)
		return false;
	c->making = true;
	rc = guest_spec_make(ops->base, m, &spec, &p, why, sizeof why);
	spec.replace = c->replace;
	spec.former = c->former;
	if (rc)
		creation_undo(c, false, why);
	else if (guest_create(guests_of(ops->hosts, m), &spec, on_made, c))
		creation_undo(c, false, "out of memory");
	profile_free(p);
	return true;
}

/* libvirt took its time to look. What is to be replaced does not count, and goes only when nothing is in its way. */
static bool taken_meanwhile(const struct creation *c)
{
	const struct machine *m;
	char who[128];

	for (size_t i = 0; i < c->machine->n_nics; i++) {
		const struct nic *nic = &c->machine->nics[i];

		if (!nic->segment_id) /* not served: nobody here can take it */
			continue;
		m = machines_by_mac(c->ops->base->machines, nic->segment_id, &nic->mac, NULL);
		if (m && strcmp(m->name, c->machine->name))
			return true;
		for (size_t k = 0; k < nic->n_addrs; k++)
			if (judge_address_held(c, nic, &nic->addrs[k], who, sizeof who))
				return true;
	}
	return false;
}

/* Puts record and attempt into the store; what arming asks for comes back by act.c once that is on disk. */
/* Kernel and initrds by URL. False: they are not here; it has ended, and nothing is kept of it: who asked is told to ask
 * again, or what is wrong. */
static bool has_files(struct creation *c, char *warning, size_t warning_size)
{
	struct rendered_for r;
	char why[1024];
	json_t *missing;
	int rc;

	rendered_for_first(&r, c->ops->base, c->machine);
	rc = cache_look(c->ops->content, &r.in, c->snapshot, &missing, warning, warning_size, why,
		sizeof why);
	if (rc == -EINPROGRESS && c->told) {
		tell(c, 202, missing);
	} else if (rc == -EINPROGRESS) {
		reply_fetching(c->request, missing);
		creation_free(c);
	} else if (rc) {
		creation_fail(c, 422, why);
	}
	return !rc;
}

/* Before the record is there, which makes a computed MAC of its own its. */
static unsigned find_claims(const struct creation *c)
{
	unsigned found = 0;

	for (size_t i = 0; i < c->machine->n_nics; i++) {
		const struct nic *nic = &c->machine->nics[i];
		struct mac mac;

		if (nic->segment_id && nic->n_addrs &&
			judge_address_claimed(c->ops, nic->segment_id, &nic->addrs[0], &mac) &&
			!mac_eq(&mac, &nic->mac))
			found |= 1u << i;
	}
	return found;
}

/* The record wins; who has the address meanwhile is told of. */
static void tell_claims(const struct creation *c, unsigned claims)
{
	const struct machine *m = c->machine;

	for (size_t i = 0; i < m->n_nics; i++) {
		char ip[IP_TEXT], mac[MAC_TEXT];
		struct mac by;

		if (!(claims & 1u << i))
			continue;
		mac_from_ip(&m->nics[i].addrs[0], &by);
		timeline_add(c->ops->base->timeline, m->name, "address",
			"%s is leased to an unknown client, %s, by its computed MAC: usher does "
			"not renew that lease, and %s gets the address once no host answers ARP "
			"for it",
			ip_format(&m->nics[i].addrs[0], ip), mac_format(&by, mac), m->name);
	}
}

bool create_taken(const struct creation *c)
{
	return machines_by_name(c->ops->base->machines, c->machine->name) || taken_meanwhile(c);
}

int create_record_bare(struct creation *c)
{
	struct operations *ops = c->ops;
	struct machine *m = c->machine;
	unsigned claims = find_claims(c);
	int rc;

	m->created_at = m->state_at = clock_wall_ms();
	rc = machines_add(ops->base->machines, m);
	if (rc)
		return rc;
	rc = machines_save(ops->base->machines, m);
	if (rc) {
		machines_remove(ops->base->machines, m);
		c->machine = NULL;
		return rc;
	}
	c->recorded = true;
	timeline_add(ops->base->timeline, m->name, "created", "bare metal, profile %s", m->profile);
	tell_claims(c, claims);
	return 0;
}

static void creation_record(struct creation *c)
{
	unsigned claims = find_claims(c);
	struct operations *ops = c->ops;
	struct machine *m = c->machine, *old = machines_by_name(ops->base->machines, m->name);
	json_t *snapshot = c->snapshot;
	char warning[1024] = "";
	int rc;

	if (taken_meanwhile(c)) {
		creation_fail(c, 409, "another machine took the MAC or address meanwhile");
		return;
	}
	if (from_is_doubtful(c, warning, sizeof warning)) {
		creation_fail(c, 409, warning);
		return;
	}
	if (c->arm && !has_files(c, warning, sizeof warning))
		return;
	if (old) /* judged: a guest, and --replace was given */
		change_forget(ops, old, "replaced");
	m->created_at = m->state_at = clock_wall_ms();
	rc = machines_add(ops->base->machines, m);
	if (rc) {
		creation_fail(c, status_of(rc), strerror(-rc));
		return;
	}
	c->recorded = true;
	timeline_add(ops->base->timeline, m->name, "created", "%s, profile %s",
		m->guest ? "guest" : "bare metal", m->profile);
	tell_claims(c, claims);
	if (*warning)
		timeline_add(ops->base->timeline, m->name, "fetch", "%s", warning);
	m->holds += m->guest; /* until creation_done() */
	if (c->clone) {
		rc = clone_begin(c);
	} else if (c->arm) {
		c->snapshot = NULL;
		rc = (c->profile->live ? machine_go_live : machine_arm)(
			m, snapshot, c->profile->boots, (int64_t)c->profile->timeout_s * 1000);
		if (!rc && c->told) /* nobody asked */
			rc = machine_armed_by_rules(m);
	} else {
		rc = machines_save(ops->base->machines, m);
	}
	if (rc) {
		creation_undo(c, false, strerror(-rc));
	} else if (!m->guest) {
		(void)seats_publish(ops->network, m, true, NULL, NULL);
		if (c->told) {
			tell(c, 201, creation_reply(c));
			return;
		}
		reply_committed(ops->base->store, c->request, 201, creation_reply(c));
		creation_free(c);
	}
}

/* A domain of a machine's name: it is the machine that is in the way. */
static void on_checked(void *arg, int rc, const char *why)
{
	struct creation *c = arg;
	char taken[256];

	if ((!rc || rc == -EEXIST) && judge_name_free(c, taken, sizeof taken)) {
		rc = judge_field(c, "name", -EEXIST);
		why = taken;
	}
	if (rc)
		creation_fail(c, status_of(rc), why);
	else if (c->trial)
		trial_judged(c, 0, why);
	else
		creation_record(c);
}

static void creation_check(struct creation *c)
{
	struct operations *ops = c->ops;
	struct guest_spec spec;
	struct profile *none = NULL;
	struct guests *g;
	char why[512];
	int rc;

	if (!c->machine->guest) {
		on_checked(c, 0, "");
		return;
	}
	if (hosts_find(ops->hosts, c->machine->spec.connect, &g, why, sizeof why)) {
		creation_fail(c, 503, why);
		return;
	}
	guest_spec_make(ops->base, c->machine, &spec, &none, why, sizeof why);
	if (!spec.fragment_own)
		spec.fragment = c->profile->domain;
	rc = c->replace ? guest_spec_former(ops->base, ops->hosts, c->machine, &c->former) : 0;
	guest_spec_kernel(c->profile, &spec);
	spec.replace = c->replace;
	spec.former = c->former;
	if (c->trial)
		trial_put_spec(c, &spec);
	rc = rc ? rc : guest_check(g, &spec, on_checked, c);
	free((char *)spec.going);
	if (rc)
		creation_fail(c, 500, "out of memory");
}

/* The same request again, when what was answered is forgotten (service/api/once.h): the same creation. */
static bool answered_before(struct operations *ops, struct http_request *r, json_t *body)
{
	const char *name = json_text(body, "name"), *id = json_text(body, "request_id");
	const struct machine *m = machines_by_name(ops->base->machines, name);

	if (!m || !*id || strcmp(m->request_id, id))
		return false;
	reply_committed(ops->base->store, r, 201, reply_machine(ops->base->timeline, m, true));
	return true;
}

static struct creation *creation_new(struct operations *ops, struct http_request *r, json_t *body)
{
	struct creation *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->ops = ops;
	c->request = r;
	c->machine = machine_new();
	if (!c->machine || uuid_draw(c->machine->uuid)) {
		creation_free(c);
		return NULL;
	}
	c->machine->guest = !strcmp(json_text(body, "kind"), "guest");
	c->replace = json_is_true(json_object_get(body, "replace"));
	c->clone = clone_is(body);
	c->arm = !c->clone && (c->machine->guest || json_is_true(json_object_get(body, "arm")));
	return c;
}

/* False: it is refused, and has ended. */
static bool creation_judge(struct creation *c)
{
	char why[1024];
	int rc = judge_request(c, c->body, why, sizeof why);

	json_decref(c->body);
	c->body = NULL;
	if (rc)
		creation_fail(c, status_of(rc), why);
	return !rc;
}

/* Its profile was read, its passwords are hashed, and its files were looked for. */
static void on_profile(void *arg, struct served_profile *sp)
{
	struct creation *c = arg;

	c->profile = sp->profile;
	c->profile_rc = sp->rc;
	snprintf(c->why, sizeof c->why, "%s", sp->why);
	if (c->trial)
		trial_profile_note(c->trial, c->body, sp);
	if (sp->settings)
		json_object_set_new(c->body, "settings", sp->settings);
	if (sp->rc == -ECANCELED)
		creation_fail(c, 503, sp->why);
	else if (!creation_judge(c))
		return;
	else if (sp->files_rc)
		creation_fail(c, status_of(sp->files_rc), sp->files_why);
	else
		creation_check(c);
}

/* A clone takes its template's. */
static void creation_prepare(struct creation *c)
{
	const json_t *settings = json_object_get(c->body, "settings");
	struct served_profile kept;
	int rc;

	if (c->clone) { /* nothing is installed */
		if (creation_judge(c))
			creation_check(c);
		return;
	}
	if (c->trial && trial_profile_take(c->trial, c->body, &kept)) {
		on_profile(c, &kept);
		return;
	}
	rc = served_profile_ask(c->ops->content, json_text(c->body, "profile"),
		json_is_object(settings) ? settings : NULL, json_text(c->body, "firmware"),
		c->trial && !c->trial->make ? SERVED_PROFILE_JUDGE : SERVED_PROFILE_INSTALL,
		on_profile, c);
	if (rc)
		creation_fail(c, 503, served_profile_refused(rc));
}

static void on_seats(void *arg, int rc, const struct guest_seat *seats, size_t n, const char *why)
{
	struct creation *c = arg;

	c->seats = n ? malloc(n * sizeof *seats) : NULL;
	if (rc) {
		creation_fail(c, 503, why);
	} else if (n && !c->seats) {
		creation_fail(c, 500, "out of memory");
	} else {
		if (n)
			memcpy(c->seats, seats, n * sizeof *seats);
		c->n_seats = n;
		creation_prepare(c);
	}
}

/* Where libvirt leases, it knows of addresses that we do not. */
static void creation_look(struct creation *c)
{
	char why[512];
	unsigned status = from_fill(c, why, sizeof why);
	const struct segment *seg = judge_where(c, c->body);

	if (status) {
		creation_fail(c, status, why);
		return;
	}
	if (!seats_are_theirs(seg))
		creation_prepare(c);
	else if (guest_seats(c->ops->hosts->own, seg->name, on_seats, c))
		creation_fail(c, 500, "out of memory");
}

/* `body` is the creation's from here on. */
static void creation_begin(struct creation *c, json_t *body)
{
	struct operations *ops = c->ops;

	c->body = body;
	c->next = ops->creations;
	ops->creations = c;
	c->reservation.machine = c->machine;
	reserve(&ops->base->reserved, &c->reservation);
	creation_look(c);
}

void create_unasked(struct operations *ops, json_t *body, create_told told, void *arg)
{
	struct creation *c = creation_new(ops, NULL, body);

	if (!c) {
		json_decref(body);
		told(arg, 500, NULL);
		return;
	}
	c->told = told;
	c->told_arg = arg;
	creation_begin(c, body);
}

void create_handle(struct operations *ops, struct http_request *r, json_t *body)
{
	struct creation *c;

	if (!json_is_object(body)) {
		http_respond_error(r, 400, "the request is not a JSON object");
		json_decref(body);
		return;
	}
	if (answered_before(ops, r, body)) {
		json_decref(body);
		return;
	}
	if (clone_is(body))
		clone_fill(ops, body);
	c = creation_new(ops, r, body);
	if (!c) {
		http_respond_error(r, 500, "out of memory");
		json_decref(body);
		return;
	}
	http_hold(r, HTTP_HOLD_MS); /* libvirt on a loaded host takes its time */
	creation_begin(c, body);
}

int create_try(struct trial *t, json_t *body)
{
	struct creation *c;

	if (clone_is(body))
		clone_fill(t->ops, body);
	c = creation_new(t->ops, NULL, body);
	if (!c) {
		json_decref(body);
		return -ENOMEM;
	}
	c->body = body;
	c->trial = t;
	t->trying = c;
	creation_look(c);
	return 0;
}

void create_drop_all(struct operations *ops)
{
	while (ops->creations)
		creation_fail(ops->creations, 503, "the service is stopping");
}
