/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/metal/by_rules.h"

#include "service/metal/metal.h"
#include "service/discovery/discovery.h"
#include "service/base/reply.h"
#include "service/operations/judge.h"

#include "core/clock.h"
#include "core/json.h"
#include "machine/rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FETCH_LOOK_MS = 2000,           /* while what it boots is being fetched */
	CLASHES_MAX = 3,                /* with others who make machines at the same time */
	TOLD_AGAIN_MS = 10 * 60 * 1000, /* the same line on the timeline */
};

/* One that waits. The first of the list is the one that is being enrolled. */
struct by_rules {
	struct by_rules *next;
	struct metal *metal;
	char id[DISCOVERED_ID], segment[SEGMENT_NAME];
	struct mac mac;
	json_t *inventory;
	struct rules_decision decision;
	struct loop_timer timer;
	int64_t not_before;           /* mono ms */
	unsigned clashes;             /* somebody took the name meanwhile */
	struct http_request *request; /* somebody asks for it, and waits; or NULL */
};

struct reading {
	struct task task; /* first */
	struct metal *metal;
	char *path;
	struct rules_question q; /* of the first that waits, who stays that long */
	struct rules *rules;
	char why[RULES_WHY];
};

static void begin(struct metal *metal);

/* Whoever waits is answered once. */
static void waiting_free(struct by_rules *w)
{
	if (w->request)
		http_respond_error(w->request, 503, "the service is stopping");
	loop_timer_clear(w->metal->base->loop, &w->timer);
	rules_decision_fini(&w->decision);
	json_decref(w->inventory);
	free(w);
}

static void take_out(struct by_rules *w)
{
	struct by_rules **at = &w->metal->by_rules;

	while (*at && *at != w)
		at = &(*at)->next;
	if (*at)
		*at = w->next;
	w->next = NULL;
}

static void put_last(struct by_rules *w)
{
	struct by_rules **at = &w->metal->by_rules;

	while (*at)
		at = &(*at)->next;
	*at = w;
}

/* Its story ends here; the next one's begins. */
static void end(struct by_rules *w)
{
	struct metal *metal = w->metal;

	take_out(w);
	waiting_free(w);
	if (!metal->base->stopping)
		begin(metal);
}

/* It stays discovered. Anybody can be discovered, so the timeline takes only so much of it. */
static void tell_not(const struct metal *metal, const char *id, const char *why)
{
	char text[2 * TIMELINE_TEXT]; /* the timeline cuts it */

	snprintf(text, sizeof text, "%s is not enrolled: %s", id, why);
	timeline_add_peers(
		metal->base->timeline, "", "rules", clock_wall_ms() - TOLD_AGAIN_MS, -1, text);
}

/* Who asked for it is told instead. */
static void say_not(struct by_rules *w, unsigned status, const char *why)
{
	if (w->request)
		http_respond_error(w->request, status, "%s is not enrolled: %s", w->id, why);
	else
		tell_not(w->metal, w->id, why);
	w->request = NULL;
}

static void say_made(struct by_rules *w, json_t *machine)
{
	const struct rules_decision *d = &w->decision;

	timeline_add(w->metal->base->timeline, d->name, "rules",
		"enrolled as %s was discovered, by '%s', line %ld of %s", w->id, d->rule, d->line,
		w->metal->base->config.rules);
	if (w->request)
		reply_committed(w->metal->base->store, w->request, 201, json_incref(machine));
	w->request = NULL;
}

/* Making it */

static void later(struct by_rules *w)
{
	w->not_before = clock_mono_ms() + FETCH_LOOK_MS;
	rules_decision_fini(&w->decision);
	take_out(w);
	put_last(w);
	begin(w->metal);
}

static void made(void *arg, unsigned status, json_t *said)
{
	struct by_rules *w = arg;
	const struct rules_decision *d = &w->decision;
	char why[1024];

	if (w->metal->base->stopping) {
		end(w);
		return;
	}
	/* the files that it boots are being fetched; or another name may be free */
	if (status == 202 || (status == 409 && w->clashes++ < CLASHES_MAX)) {
		later(w);
		return;
	}
	if (status == 201) {
		say_made(w, said);
	} else {
		snprintf(why, sizeof why, "rule '%s', line %ld, would make it '%s', but %s",
			d->rule, d->line, d->name,
			said ? json_text(said, "error") : "memory ran out");
		say_not(w, status, why);
	}
	end(w);
}

/* Nor one that is being made. */
static bool is_free(void *arg, const char *name)
{
	const struct metal *metal = arg;
	const struct creation *c = metal->operations->creations;

	while (c && strcmp(c->machine->name, name))
		c = c->next;
	return !c && !machines_by_name(metal->base->machines, name);
}

static void say_decision(struct by_rules *w)
{
	const struct rules_decision *d = &w->decision;
	char why[1024];

	if (d->verdict == RULES_NONE)
		snprintf(why, sizeof why, "%s", d->why);
	else
		snprintf(why, sizeof why, "rule '%s', line %ld: %s", d->rule, d->line, d->why);
	say_not(w, 422, why);
}

/* Another that boots here says the same of itself: nobody knows which of them was meant. */
static bool is_duplicate(
	const struct metal *metal, const struct discovered *d, char *why, size_t size)
{
	char who[160];

	if (!discovery_has_twin(metal->discovery, d, who, sizeof who))
		return false;
	snprintf(why, size,
		"%s; 'usher discovered ID --forget' when one of them is gone, or 'usher enroll NAME "
		"--mac MAC', which goes by the card alone",
		who);
	return true;
}

/* Since it came in. */
static bool has_twin_now(const struct by_rules *w, char *why, size_t size)
{
	const struct discovered *d = discovereds_by_id(w->metal->discovery->discovered, w->id);

	return d && is_duplicate(w->metal, d, why, size);
}

static bool is_uefi(const json_t *inventory)
{
	return !strcmp(json_text(json_object_get(inventory, "firmware"), "mode"), "uefi");
}

static void decide(struct by_rules *w, const struct rules *rules, const struct rules_question *q)
{
	char mac[MAC_TEXT], why[512];
	json_t *body;

	if (has_twin_now(w, why, sizeof why)) {
		say_not(w, 409, why);
		end(w);
		return;
	}
	if (rules_decide(rules, q, &w->decision)) {
		say_not(w, 500, "memory ran out");
		end(w);
		return;
	}
	if (w->decision.verdict != RULES_ENROLL) {
		say_decision(w);
		end(w);
		return;
	}
	body = json_deep_copy(w->decision.body);
	/* what we saw goes before what it says of itself */
	json_object_set_new(body, "mac", json_string(mac_format(&w->mac, mac)));
	json_object_set_new(body, "uefi", json_boolean(is_uefi(w->inventory)));
	json_object_set_new(body, "from", json_string(w->id));
	create_unasked(w->metal->operations, body, made, w);
}

/* Reading the rules */

static int read_run(struct task *t)
{
	struct reading *r = (struct reading *)t;

	int rc = rules_load(r->path, &r->rules, r->why, sizeof r->why);

	if (!rc)
		r->q.match = rules_match(r->rules, &r->q);
	return rc;
}

static void read_free(struct reading *r)
{
	rules_free(r->rules);
	free(r->path);
	free(r);
}

static void read_done(struct task *t)
{
	struct reading *r = (struct reading *)t;
	struct by_rules *w = r->metal->by_rules;

	if (w && !r->metal->base->stopping) {
		if (t->rc) {
			r->why[strcspn(r->why, "\n")] = '\0';
			say_not(w, 422, r->why);
			end(w);
		} else {
			decide(w, r->rules, &r->q);
		}
	}
	read_free(r);
}

/* 0 or -errno. */
static int ask(struct metal *metal)
{
	struct reading *r = calloc(1, sizeof *r);
	int rc = -ENOMEM;

	if (r && (r->path = strdup(metal->base->config.rules))) {
		r->task.run = read_run;
		r->task.done = read_done;
		r->metal = metal;
		r->q = (struct rules_question){.inventory = metal->by_rules->inventory,
			.segment = metal->by_rules->segment,
			.is_free = is_free,
			.arg = metal};
		rc = worker_do(metal->base->worker, &r->task, "");
		if (!rc)
			return 0;
	}
	if (r)
		read_free(r);
	return rc;
}

static void on_time(struct loop_timer *t)
{
	struct by_rules *w = t->arg;

	begin(w->metal);
}

/* The first that may; if all wait for files, the one that waited longest. */
static void begin(struct metal *metal)
{
	struct by_rules *w = metal->by_rules;
	int64_t now = clock_mono_ms();

	while (w && w->not_before > now)
		w = w->next;
	if (!w && metal->by_rules) {
		w = metal->by_rules;
		if (loop_timer_set(metal->base->loop, &w->timer, w->not_before - now))
			end(w);
		return;
	}
	if (!w)
		return;
	take_out(w);
	w->next = metal->by_rules;
	metal->by_rules = w;
	w->not_before = 0;
	if (ask(metal)) {
		say_not(w, 503, "the service has too much to do");
		end(w);
	}
}

/* False: there are too many, or no memory. */
static bool put(struct metal *metal, const struct discovered *d, struct http_request *r)
{
	struct by_rules *w, *first = metal->by_rules;
	size_t n = 0;

	for (w = first; w; w = w->next)
		n++;
	w = n < BY_RULES_MAX ? calloc(1, sizeof *w) : NULL;
	if (!w || !(w->inventory = discovered_inventory(d))) {
		free(w);
		return false;
	}
	w->metal = metal;
	w->mac = d->booted;
	w->request = r;
	snprintf(w->id, sizeof w->id, "%s", d->id);
	snprintf(w->segment, sizeof w->segment, "%s", d->segment);
	loop_timer_init(&w->timer, on_time, w);
	put_last(w);
	/* others' turn is before; or all of them wait for files */
	if (!first || first->timer.slot) {
		if (first)
			loop_timer_clear(metal->base->loop, &first->timer);
		begin(metal);
	}
	return true;
}

void by_rules_came(void *arg, struct discovered *d)
{
	struct metal *metal = arg;
	char why[512];

	if (!*metal->base->config.rules || metal->base->stopping ||
		discovery_record(metal->discovery, d, NULL))
		return;
	if (is_duplicate(metal, d, why, sizeof why))
		tell_not(metal, d->id, why);
	else
		(void)put(metal, d, NULL);
}

void by_rules_handle(struct metal *metal, struct http_request *r, const char *name)
{
	const struct machine *m;
	struct discovered *d;
	char why[512];
	unsigned status = discovery_find(metal->discovery, name, &d, why, sizeof why);

	if (status) {
		http_respond_error(r, status, "%s", why);
		return;
	}
	m = discovery_record(metal->discovery, d, NULL);
	if (!*metal->base->config.rules)
		http_respond_error(r, 422,
			"there are no rules: <rules file='…'/> in usher.xml names their file");
	else if (m)
		http_respond_error(r, 409, "%s is machine '%s' already", d->id, m->name);
	else if (is_duplicate(metal, d, why, sizeof why))
		http_respond_error(r, 409, "%s is not enrolled: %s", d->id, why);
	else if (http_hold(r, HTTP_HOLD_MS), !put(metal, d, r))
		http_respond_error(r, 503, "too many machines are being enrolled by rules");
}

void by_rules_drop_all(struct metal *metal)
{
	while (metal->by_rules) {
		struct by_rules *w = metal->by_rules;

		metal->by_rules = w->next;
		waiting_free(w);
	}
}
