/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/metal/power_switch.h"

#include "service/metal/metal.h"
#include "core/json.h"
#include "service/base/operation.h"
#include "service/base/reply.h"
#include "service/operations/describe.h"
#include "service/operations/judge.h"
#include "machine/labels.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct switching {
	struct operation op; /* first */
	struct metal *metal;
	struct http_request *request;
	enum power_verb verb;
};

static void switching_free(struct switching *s)
{
	operation_end(&s->op);
	free(s);
}

void power_switch_drop_all(struct metal *metal)
{
	struct switching *s;

	while ((s = (struct switching *)metal->switchings)) {
		http_respond_error(s->request, 503, "the service is stopping");
		switching_free(s);
	}
}

static void say_on_timeline(
	const struct switching *s, const struct machine *m, const struct power_result *r)
{
	if (s->verb != POWER_STATUS || r->status)
		timeline_add(s->metal->base->timeline, m->name, "power", "%s, by request%s%s%s",
			power_verb_name(s->verb), r->status ? " failed" : "", *r->text ? ": " : "",
			r->text);
}

/* Its own words in a status of its own: the service did well, what is behind it did not. */
static void on_switched(void *arg, const struct power_result *r)
{
	struct switching *s = arg;
	struct machine *m = operation_machine(&s->op);
	json_t *power = s->verb == POWER_STATUS ? json_string(r->on ? "on" : "off") : json_null();

	if (m) {
		act_power_met(m, r);
		say_on_timeline(s, m, r);
	}
	if (r->status)
		http_respond_error(s->request, r->status == -ETIMEDOUT ? 504 : 502, "%s: %s: %s",
			s->op.name, power_verb_name(s->verb), r->text);
	else
		reply_committed(s->metal->base->store, s->request, 200,
			json_pack("{s:s, s:O, s:s}", "name", s->op.name, "power", power, "text",
				s->verb == POWER_STATUS ? "" : r->text));
	json_decref(power);
	switching_free(s);
}

static void begin(
	struct metal *metal, struct http_request *r, struct machine *m, enum power_verb verb)
{
	struct switching *s = malloc(sizeof *s);
	int rc;

	if (!s) {
		http_respond_error(r, 500, "out of memory");
		return;
	}
	*s = (struct switching){.metal = metal, .request = r, .verb = verb};
	operation_begin(&s->op, &metal->switchings, m, false);
	if (m->state == LIFE_LIVE && (verb == POWER_ON || verb == POWER_CYCLE))
		act_netboot_next(metal->act, m, verb == POWER_CYCLE);
	rc = act_power(metal->act, m,
		&(struct act_power_call){.verb = verb, .done = on_switched, .arg = s});
	if (!rc) {
		http_hold(r, POWER_LIMIT_MS * 2);
		return;
	}
	http_respond_error(r, 503, "%s: %s", m->name, strerror(-rc));
	switching_free(s);
}

static void status_of_guest(struct http_request *r, const struct machine *m)
{
	const char *state = m->guest_state;
	bool on = state && (!strcmp(state, "running") || !strcmp(state, "paused"));

	http_respond_json(r, 200,
		json_pack("{s:s, s:s?, s:s}", "name", m->name, "power",
			!state       ? NULL
				: on ? "on"
				     : "off",
			"text", ""));
}

void power_switch_handle(struct metal *metal, struct http_request *r, struct machine *m)
{
	json_t *body = json_loadb(r->body, r->body_len, 0, NULL);
	const char *name = json_text(body, "do");
	enum power_verb verb;

	if (!power_verb_parse(name, &verb))
		http_respond_error(
			r, 422, "do is on, off, cycle, status or netboot, not '%.40s'", name);
	else if (m->guest && verb == POWER_STATUS)
		status_of_guest(r, m);
	else if (m->guest)
		http_respond_error(r, 409,
			"%s is a guest: 'usher start %s', 'usher stop %s' or 'usher stop --force %s'",
			m->name, m->name, m->name, m->name);
	else if (!*m->power)
		http_respond_error(r, 409,
			"usher cannot switch the power of %s: name its controller with 'usher power "
			"%s set TARGET'",
			m->name, m->name);
	else
		begin(metal, r, m, verb);
	json_decref(body);
}

static const char *patch_fault(const json_t *body)
{
	static const char *const keys[] = {"power", "power_password", "labels", "note"};
	size_t known = 0;

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		known += json_object_get(body, keys[i]) != NULL;
	if (known != json_object_size(body))
		return "only power, power_password, labels and note of bare metal can be changed; "
		       "for anything else, delete it and enroll it again";
	return json_is_string(json_object_get(body, "power"))
		? NULL
		: "power is missing: what switches it, \"\" for nothing";
}

static int patch_record(
	struct metal *metal, struct machine *m, const json_t *body, char *why, size_t size)
{
	const char *power = json_text(body, "power"), *password = json_text(body, "power_password");
	int rc = labels_judge(m, body, why, size);

	if (!rc)
		rc = judge_power_target(metal->operations, power, password, why, size);
	if (!rc)
		rc = judge_power_take(m, power, password);
	return rc ? rc : describe_change(metal->base, m, body, why, size);
}

void power_switch_patch(struct metal *metal, struct http_request *r, struct machine *m)
{
	json_t *body = json_loadb(r->body, r->body_len, 0, NULL);
	const char *fault = patch_fault(body);
	char why[512] = "";
	int rc = fault ? -EINVAL : patch_record(metal, m, body, why, sizeof why);

	json_decref(body);
	if (rc == -EINVAL)
		http_respond_error(r, 422, "%s: %s", m->name, fault ? fault : why);
	else if (rc)
		http_respond_error(r, 503, "%s: %s", m->name, strerror(-rc));
	else {
		timeline_add(metal->base->timeline, m->name, "changed", "power: %s",
			*m->power ? m->power : "none");
		reply_tag(r, m);
		reply_committed(
			metal->base->store, r, 200, reply_machine(metal->base->timeline, m, true));
	}
}
