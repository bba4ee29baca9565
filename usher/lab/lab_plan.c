/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/lab/lab_plan.h"

#include "usher/lab/lab_diff.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct planning {
	const struct lab_wish *wish;
	struct lab_plan *plan;
	json_t *by_name; /* the service's machines */
	json_t *back;    /* networks that are started or made again: set of names */
	char *why;
	size_t size;
	int rc;
};

/* "FILE:LINE: …", one more line as long as there is room. `line` 0: of no line. */
static void fault(struct planning *p, int rc, long line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static void fault(struct planning *p, int rc, long line, const char *fmt, ...)
{
	char place[32] = "", text[512];
	size_t used = p->rc ? strlen(p->why) : 0;
	va_list ap;
	int n;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (line)
		snprintf(place, sizeof place, ":%ld", line);
	n = snprintf(p->why + used, p->size - used, "%s%s%s: %s", used ? "\n" : "", p->wish->path,
		place, text);
	if (used && (n < 0 || (size_t)n >= p->size - used))
		p->why[used] = '\0';
	if (!p->rc)
		p->rc = rc;
}

static bool among(char **names, const char *name)
{
	for (; names && *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

static bool wanted(const struct planning *p, const char *name)
{
	return !p->wish->names || among(p->wish->names, name);
}

static const char *text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

/* The next step; there is room for all. */
static struct lab_step *add(
	struct planning *p, enum lab_step_kind kind, const char *name, const json_t *have)
{
	struct lab_step *s = &p->plan->steps[p->plan->n++];

	s->kind = kind;
	snprintf(s->name, sizeof s->name, "%s", name);
	s->seq = (uint64_t)json_integer_value(
		json_object_get(json_object_get(have, "last_event"), "seq"));
	return s;
}

static void say(struct lab_step *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct lab_step *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->text, sizeof s->text, fmt, ap);
	va_end(ap);
}

/* Networks */

static const json_t *network_of(const json_t *networks, const char *name)
{
	const json_t *n;
	size_t i;

	json_array_foreach(networks, i, n) if (!strcmp(text_of(n, "name"), name)) return n;
	return NULL;
}

static void plan_network(struct planning *p, const struct lab_network *want, const json_t *networks)
{
	static const char *const keys[] = {"subnet", "ipv6", "forward", "domain"};
	const json_t *have = network_of(networks, want->name);
	const char *subnet = text_of(want->body, "subnet"), *ipv6 = text_of(want->body, "ipv6");
	struct lab_step *s;

	for (size_t i = 0; have && i < sizeof keys / sizeof *keys; i++) {
		const char *a = text_of(want->body, keys[i]), *b = text_of(have, keys[i]);

		if (!*a || !strcmp(a, b))
			continue;
		fault(p, -EEXIST, want->line,
			"network '%s' is there, and its %s is '%s', not '%s': name it otherwise, "
			"or 'usher network delete %s'",
			want->name, keys[i], b, a, want->name);
		return;
	}
	if (have && !json_is_false(json_object_get(have, "active")))
		return;
	s = add(p, LAB_NETWORK, want->name, NULL);
	s->body = json_copy(want->body);
	json_object_set_new(s->body, "lab", json_string(p->wish->lab->name));
	if (have)
		json_object_set_new(p->back, want->name, json_true());
	say(s, have ? "network, which is not active: started" : "network %s%s%s made", subnet,
		*subnet && *ipv6 ? ", " : "", ipv6);
}

/* Has a machine that is not to go a card there? */
static bool network_used(const struct planning *p, const char *network)
{
	const char *name;
	json_t *m;

	json_object_foreach(p->by_name, name, m)
	{
		const json_t *nic;
		size_t i;

		if (!strcmp(text_of(m, "lab"), p->wish->lab->name))
			continue;
		json_array_foreach(json_object_get(m, "nics"), i,
			nic) if (!strcmp(text_of(nic, "segment"), network)) return true;
	}
	return false;
}

static bool in_lab(const struct lab *lab, const char *network)
{
	for (size_t i = 0; i < lab->n_networks; i++)
		if (!strcmp(lab->networks[i].name, network))
			return true;
	return false;
}

static void plan_networks_gone(struct planning *p, const json_t *networks, bool down)
{
	const json_t *n;
	size_t i;

	json_array_foreach(networks, i, n)
	{
		const char *name = text_of(n, "name");

		if (strcmp(text_of(n, "lab"), p->wish->lab->name) ||
			(!down && in_lab(p->wish->lab, name)))
			continue;
		if (!network_used(p, name))
			say(add(p, LAB_REMOVE_NETWORK, name, NULL), "network removed");
	}
}

/* Machines */

static void plan_create(
	struct planning *p, const struct lab_machine *want, const json_t *have, const char *reason)
{
	struct lab_step *s = add(p, LAB_CREATE, want->name, have);
	const char *profile = text_of(want->body, "profile");

	s->body = json_copy(want->body);
	json_object_set_new(s->body, "kind", json_string("guest"));
	json_object_set_new(s->body, "lab", json_string(p->wish->lab->name));
	if (have)
		json_object_set_new(s->body, "replace", json_true());
	say(s, "%s%s%s %s", reason, *reason ? ": " : "", *profile ? "profile" : "template",
		*profile ? profile : text_of(want->body, "template"));
}

/* Made anew on its own seat: where the file leaves the address open it keeps the one it had. */
static void plan_again(
	struct planning *p, const struct lab_machine *want, const json_t *have, const char *reason)
{
	const json_t *nic = json_array_get(json_object_get(have, "nics"), 0);
	json_t *ip = json_array_get(json_object_get(nic, "addresses"), 0);
	struct lab_step *s;

	plan_create(p, want, have, reason);
	s = &p->plan->steps[p->plan->n - 1];
	if (ip && !json_object_get(s->body, "nics") && !json_object_get(s->body, "address") &&
		(!json_object_get(s->body, "segment") ||
			json_equal(json_object_get(s->body, "segment"),
				json_object_get(nic, "segment"))))
		json_object_set(s->body, "address", ip);
}

/* A guest that runs on a network that was gone has its card nowhere, and the new one does not take it in. */
static bool lost_network(const struct planning *p, const json_t *have)
{
	const json_t *nic;
	size_t i;

	json_array_foreach(json_object_get(have, "nics"), i,
		nic) if (json_object_get(p->back, text_of(nic, "segment"))) return true;
	return false;
}

/* Its live system has reported that it is up. */
static bool is_live_up(const json_t *have)
{
	const json_t *live = json_object_get(json_object_get(have, "attempt"), "live");

	return json_is_string(json_object_get(live, "up_at"));
}

/* What its state asks for; false: nothing. */
static bool plan_state(
	struct planning *p, const struct lab_machine *want, const json_t *have, json_t *change)
{
	const char *guest = text_of(have, "guest_state");
	int state = life_state_parse(text_of(have, "state"));
	const char *reason = text_of(json_object_get(have, "attempt"), "reason");
	bool clone = json_object_get(want->body, "template");
	bool off = !strcmp(guest, "off") || !strcmp(guest, "crashed");
	struct lab_step *s;

	if (json_is_true(json_object_get(have, "template")))
		return false; /* never installed, never started */
	if (!strcmp(guest, "gone") || (clone && (state == LIFE_FAILED || state == LIFE_KNOWN))) {
		plan_again(p, want, have,
			!strcmp(guest, "gone") ? "made again, its guest is gone"
					       : "made again, it failed");
		return true;
	}
	if (state == LIFE_FAILED || state == LIFE_KNOWN) {
		s = add(p, LAB_REINSTALL, want->name, have);
		say(s, state == LIFE_FAILED ? "installed again, it failed: %s" : "installed%s",
			state == LIFE_FAILED ? reason : "");
	} else if (!strcmp(guest, "paused")) {
		s = add(p, LAB_START, want->name, have);
		say(s, "resumed, it was paused");
	} else if (off && (state == LIFE_UP || state == LIFE_INSTALLED || state == LIFE_LIVE)) {
		s = add(p, LAB_START, want->name, have);
		say(s, "started, it was off");
	} else if (state != LIFE_UP && !is_live_up(have)) {
		s = add(p, LAB_AWAIT, want->name, have);
		say(s, "%s already", text_of(have, "state"));
	} else {
		return false;
	}
	s->change = json_incref(change);
	return true;
}

/* For what only counts from its next start on. */
static const char *restart_reason(
	const struct planning *p, const json_t *have, const json_t *change)
{
	if ((life_state_parse(text_of(have, "state")) == LIFE_UP || is_live_up(have)) &&
		lost_network(p, have))
		return "restarted, its network was gone";
	return change && p->wish->restart ? "restarted" : "";
}

static void plan_there(struct planning *p, const struct lab_machine *want, const json_t *have)
{
	char text[200];
	json_t *change = lab_diff_change(want->body, have, text, sizeof text);
	const char *restart = restart_reason(p, have, change);
	struct lab_step *s;

	if (plan_state(p, want, have, change)) {
		; /* it will start, with the change */
	} else if (change || *restart) {
		s = add(p, LAB_CHANGE, want->name, have);
		s->change = change ? json_incref(change) : json_object();
		if (*restart)
			json_object_set_new(s->change, "restart", json_true());
		say(s, "%s%s%s", text, *text && *restart ? ", " : "", restart);
	} else {
		p->plan->kept++;
	}
	json_decref(change);
}

static void plan_machine(struct planning *p, const struct lab_machine *want)
{
	const json_t *have = json_object_get(p->by_name, want->name);
	const char *lab = text_of(have, "lab");
	char text[300];

	if (!have)
		plan_create(p, want, NULL, "");
	else if (strcmp(lab, p->wish->lab->name))
		fault(p, -EEXIST, want->line,
			"machine '%s' is there, and not of this lab (%s%s%s): name it otherwise, "
			"or 'usher delete %s'",
			want->name, *lab ? "lab '" : "no lab's", lab, *lab ? "' made it" : "",
			want->name);
	else if (json_is_true(json_object_get(have, "deleting")))
		fault(p, -EBUSY, want->line, "machine '%s' is being deleted: wait for that to end",
			want->name);
	else if (among(p->wish->replace, want->name))
		plan_create(p, want, have, "made anew");
	else if (lab_diff_fixed(want->body, have, text, sizeof text))
		fault(p, -EEXIST, want->line,
			"machine '%s': %s: only making it anew changes that (--replace %s)",
			want->name, text, want->name);
	else
		plan_there(p, want, have);
}

static bool has_machine(const struct lab *lab, const char *name)
{
	for (size_t i = 0; i < lab->n_machines; i++)
		if (!strcmp(lab->machines[i].name, name))
			return true;
	return false;
}

/* Of the lab, and not in the file any more, or all of them. */
static void plan_removals(struct planning *p, bool down)
{
	json_t *files = json_object(), *m;
	const char *name;

	for (size_t i = 0; i < p->wish->lab->n_machines; i++)
		json_object_set_new(files, p->wish->lab->machines[i].name, json_true());
	json_object_foreach(p->by_name, name, m)
	{
		if (strcmp(text_of(m, "lab"), p->wish->lab->name) || !wanted(p, name))
			continue;
		if (down)
			say(add(p, LAB_REMOVE, name, m), "deleted, with its disk");
		else if (!json_object_get(files, name))
			say(add(p, LAB_REMOVE, name, m),
				"deleted, with its disk: no longer in the lab");
	}
	json_decref(files);
}

/* Those that were named are in the file, or at least in the lab. */
static void check_names(struct planning *p, char **names)
{
	for (; names && *names; names++)
		if (!has_machine(p->wish->lab, *names) &&
			strcmp(text_of(json_object_get(p->by_name, *names), "lab"),
				p->wish->lab->name))
			fault(p, -EINVAL, 0, "no machine '%.80s' in this lab", *names);
}

static int planning_init(struct planning *p, const struct lab_wish *wish, const json_t *machines,
	const json_t *networks, char *why, size_t size)
{
	size_t most = wish->lab->n_machines + wish->lab->n_networks + json_array_size(machines) +
		json_array_size(networks);
	json_t *m;
	size_t i;

	*p = (struct planning){.wish = wish,
		.why = why,
		.size = size,
		.by_name = json_object(),
		.back = json_object()};
	snprintf(why, size, "out of memory");
	p->plan = calloc(1, sizeof *p->plan);
	if (!p->plan || !p->by_name || !p->back ||
		!(p->plan->steps = calloc(most + 1, sizeof(struct lab_step))))
		return -ENOMEM;
	json_array_foreach(machines, i, m) json_object_set(p->by_name, text_of(m, "name"), m);
	return 0;
}

static int planning_end(struct planning *p, int rc, struct lab_plan **ret)
{
	if (!rc)
		rc = p->rc;
	json_decref(p->by_name);
	json_decref(p->back);
	if (rc)
		lab_plan_free(p->plan);
	else
		*ret = p->plan;
	return rc;
}

int lab_plan_up(const struct lab_wish *wish, const json_t *machines, const json_t *networks,
	struct lab_plan **ret, char *why, size_t size)
{
	const struct lab *lab = wish->lab;
	struct planning p;
	int rc = planning_init(&p, wish, machines, networks, why, size);

	if (rc)
		return planning_end(&p, rc, ret);
	check_names(&p, wish->names);
	check_names(&p, wish->replace);
	for (size_t i = 0; i < lab->n_networks; i++)
		plan_network(&p, &lab->networks[i], networks);
	if (!wish->names) {
		plan_removals(&p, false);
		plan_networks_gone(&p, networks, false);
	}
	for (size_t i = 0; i < lab->n_machines; i++)
		if (wanted(&p, lab->machines[i].name))
			plan_machine(&p, &lab->machines[i]);
	return planning_end(&p, 0, ret);
}

int lab_plan_down(const struct lab_wish *wish, const json_t *machines, const json_t *networks,
	struct lab_plan **ret, char *why, size_t size)
{
	struct planning p;
	int rc = planning_init(&p, wish, machines, networks, why, size);

	if (rc)
		return planning_end(&p, rc, ret);
	check_names(&p, wish->names);
	plan_removals(&p, true);
	if (!wish->names)
		plan_networks_gone(&p, networks, true);
	return planning_end(&p, 0, ret);
}

void lab_plan_free(struct lab_plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; plan->steps && i < plan->n; i++) {
		json_decref(plan->steps[i].body);
		json_decref(plan->steps[i].change);
	}
	free(plan->steps);
	free(plan);
}

char lab_step_sign(const struct lab_step *step)
{
	switch (step->kind) {
	case LAB_NETWORK:
	case LAB_CREATE:
		return '+';
	case LAB_REMOVE:
	case LAB_REMOVE_NETWORK:
		return '-';
	case LAB_CHANGE:
		return '~';
	case LAB_AWAIT:
	case LAB_START:
	case LAB_REINSTALL:
		break;
	}
	return '>';
}
