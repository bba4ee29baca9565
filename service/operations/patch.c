/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PATCH /machines/NAME: labels and note of any machine; memory, vcpus, autostart, description of a guest. POST …/start, …/stop.
 *
 *   request ─▶ judged ─▶ libvirt's definition changed ─▶ record stored ─▶ answered
 *                                                          └ restart: asked to shut down ─▶ stopped ─▶ started ─▶ answered
 *
 * The definition goes first: killed before the record is stored, the same request does both again.
 */
#include "service/operations/patch.h"
#include "service/guests/act.h"
#include "service/operations/template.h"
#include "service/guests/hosts.h"
#include "service/operations/judge.h"
#include "service/base/operation.h"
#include "service/base/reply.h"
#include "service/operations/describe.h"
#include "core/behalf.h"
#include "machine/labels.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	RESTART_WAIT_MS = 120 * 1000, /* a busy system stops its services one after another */
};

struct patch {
	struct operation op; /* first */
	struct operations *ops;
	struct http_request *request;
	json_t *body;  /* what changes of the guest; NULL: it is only to be started */
	json_t *about; /* the request with its labels and its note; NULL: it is only to be started */
	bool restart;  /* wanted */
	bool stop;     /* it is to stop, and nothing else */
	bool matters;  /* what runs does not have it yet */
	bool going;    /* it was asked to shut down */
	unsigned behalf; /* core/behalf.h */
	struct loop_timer over;
};

static void patch_free(struct patch *p)
{
	operation_end(&p->op);
	loop_timer_clear(p->ops->base->loop, &p->over);
	json_decref(p->body);
	json_decref(p->about);
	free(p);
}

static void patch_fail(struct patch *p, unsigned status, const char *why)
{
	http_respond_error(p->request, status, "%s: %s", p->op.name, why);
	patch_free(p);
}

/* NULL: gone meanwhile, and it has ended. */
static struct machine *patch_machine(struct patch *p)
{
	struct machine *m = operation_machine(&p->op);

	if (!m)
		patch_fail(p, 404, "it was deleted meanwhile");
	return m;
}

static void patch_done(struct patch *p, const struct machine *m)
{
	json_t *reply = reply_machine(p->ops->base->timeline, m, true);

	json_object_set_new(reply, "restart", json_boolean(p->matters));
	reply_tag(p->request, m);
	reply_committed(p->ops->base->store, p->request, 200, reply);
	patch_free(p);
}

static struct patch *patch_new(struct operations *ops, struct http_request *r, struct machine *m)
{
	struct patch *p = calloc(1, sizeof *p);

	if (!p) {
		http_respond_error(r, 500, "out of memory");
		return NULL;
	}
	*p = (struct patch){.ops = ops, .request = r, .behalf = behalf_now()};
	operation_begin(&p->op, &ops->patches, m, false);
	http_hold(r, HTTP_HOLD_MS);
	return p;
}

/* Starting */

static void on_started(void *arg, int rc, const char *why)
{
	struct patch *p = arg;
	struct machine *m = patch_machine(p);

	if (!m)
		return;
	if (rc) {
		patch_fail(p, 500, why);
		return;
	}
	timeline_add(p->ops->base->timeline, m->name, "power", "started from its disk");
	p->matters = false;
	patch_done(p, m);
}

static void patch_start(struct patch *p, struct machine *m)
{
	act_refilter(p->ops->act, m);
	if (guest_start_disk(guests_of(p->ops->hosts, m), m->name, m->uuid, on_started, p))
		patch_fail(p, 500, "out of memory");
}

static bool refused(struct operations *ops, struct http_request *r, const struct machine *m)
{
	if (!m->guest)
		http_respond_error(r, 409, "%s is bare metal, not a guest of libvirt's", m->name);
	else if (m->deleting)
		http_respond_error(r, 409, "%s is being deleted", m->name);
	else if (reserved(ops->base->reserved, m->name, 0, NULL))
		http_respond_error(
			r, 409, "%s is being created just now: wait for that to end", m->name);
	else
		return template_refuses(ops, r, m, "changed or started");
	return true;
}

/* Whatever it does, it can go on with it. */
static bool is_paused(const struct machine *m)
{
	return m->guest_state && !strcmp(m->guest_state, "paused");
}

void patch_start_machine(struct operations *ops, struct http_request *r, struct machine *m)
{
	struct patch *p;

	if (refused(ops, r, m))
		return;
	if (m->state != LIFE_INSTALLED && m->state != LIFE_UP && m->state != LIFE_LIVE &&
		!is_paused(m)) {
		http_respond_error(r, 409, "%s is %s: no installed system to start", m->name,
			life_state_name(m->state));
		return;
	}
	p = patch_new(ops, r, m);
	if (p)
		patch_start(p, m);
}

/* Restarting */

static void on_time_over(struct loop_timer *t)
{
	struct patch *p = t->arg;

	if (p->stop)
		patch_fail(p, 409,
			"the guest did not shut down within 2 minutes: look inside it for the "
			"reason, or cut its power with --force");
	else
		patch_fail(p, 409,
			"the machine was changed, but did not shut down within 2 minutes: the "
			"change takes effect at its next start (shut it down from inside, or run "
			"virsh destroy)");
}

static void on_shutting_down(void *arg, int rc, const char *why)
{
	struct patch *p = arg;

	if (rc) {
		patch_fail(p, 500, why);
		return;
	}
	p->going = true;
	loop_timer_set(p->ops->base->loop, &p->over, RESTART_WAIT_MS);
}

static void guest_stopped(struct patch *p, struct machine *m)
{
	unsigned before = behalf_set(p->behalf);

	p->going = false;
	loop_timer_clear(p->ops->base->loop, &p->over);
	if (p->stop)
		patch_done(p, m);
	else
		patch_start(p, m);
	(void)behalf_set(before);
}

/* All that wait for it: several may have asked. */
void patch_guest_stopped(struct operations *ops, struct machine *m)
{
	struct operation *next;

	for (struct operation *o = ops->patches; o; o = next) {
		struct patch *p = (struct patch *)o;

		next = o->next;
		if (p->going && !strcmp(p->op.uuid, m->uuid))
			guest_stopped(p, m);
	}
}

static void patch_restart(struct patch *p, struct machine *m)
{
	loop_timer_init(&p->over, on_time_over, p);
	if (life_installs(m->state))
		patch_fail(p, 409,
			"the machine was changed, but is being installed: the change takes effect "
			"at its next start");
	else if (guest_shutdown(guests_of(p->ops->hosts, m), m->name, m->uuid, on_shutting_down, p))
		patch_fail(p, 500, "out of memory");
}

/* Stopping */

static bool is_off(const struct machine *m)
{
	return m->guest_state &&
		(!strcmp(m->guest_state, "off") || !strcmp(m->guest_state, "crashed"));
}

static void on_stopped(void *arg, int rc, const char *why)
{
	struct patch *p = arg;
	struct machine *m = patch_machine(p);

	if (m && rc)
		patch_fail(p, 500, why);
	else if (m)
		patch_done(p, m);
}

static void patch_stop(struct patch *p, struct machine *m, bool force)
{
	int rc;

	loop_timer_init(&p->over, on_time_over, p);
	p->stop = true;
	if (is_off(m)) {
		patch_done(p, m);
		return;
	}
	rc = force ? guest_stop(guests_of(p->ops->hosts, m), m->name, m->uuid, on_stopped, p)
		   : guest_shutdown(
			     guests_of(p->ops->hosts, m), m->name, m->uuid, on_shutting_down, p);
	if (rc)
		patch_fail(p, 500, "out of memory");
}

void patch_stop_machine(struct operations *ops, struct http_request *r, struct machine *m)
{
	json_t *body = json_loadb(r->body, r->body_len, 0, NULL);
	bool force = json_is_true(json_object_get(body, "force"));
	struct patch *p;

	json_decref(body);
	if (refused(ops, r, m))
		return;
	if (life_installs(m->state)) {
		http_respond_error(r, 409,
			"%s is %s: run 'usher disarm %s' to cancel its install and stop it",
			m->name, life_state_name(m->state), m->name);
		return;
	}
	p = patch_new(ops, r, m);
	if (p)
		patch_stop(p, m, force);
}

/* Changing */

/* Into the record, and what of it is new into `text`. */
static int store_change(struct patch *p, struct machine *m, char *text, size_t size)
{
	size_t used = 0;
	const char *key;
	char why[256]; /* judged before */
	json_t *v;

	*text = '\0';
	json_object_foreach(p->body, key, v)
	{
		uint64_t was = !strcmp(key, "memory") ? m->spec.memory : m->spec.vcpus;
		int n = 0, rc = machine_spec_change(&m->spec, key, v);

		if (rc == 1)
			continue;
		if (rc)
			return rc;
		if (json_is_integer(v))
			n = snprintf(text + used, size - used, "%s%s %lld, was %llu",
				used ? "; " : "", key, (long long)json_integer_value(v),
				(unsigned long long)was);
		else
			n = snprintf(text + used, size - used, "%s%s", used ? "; " : "", key);
		used = n < 0 || used + (size_t)n >= size ? size - 1 : used + (size_t)n;
	}
	return describe_change(p->ops->base, m, p->about, why, sizeof why);
}

static void on_changed(void *arg, int rc, const struct guest_status *st, const char *why)
{
	struct patch *p = arg;
	struct machine *m = patch_machine(p);
	char text[256];

	if (!m)
		return;
	if (rc) {
		patch_fail(p, rc == -ENOENT || rc == -EPERM ? 409 : 500, why);
		return;
	}
	rc = store_change(p, m, text, sizeof text);
	if (rc) {
		patch_fail(p, 503, strerror(-rc));
		return;
	}
	if (*text)
		timeline_add(p->ops->base->timeline, m->name, "changed", "%s", text);
	p->matters = st->running &&
		(json_object_get(p->body, "memory") || json_object_get(p->body, "vcpus") ||
			!json_object_size(p->body));
	if (p->restart && p->matters)
		patch_restart(p, m);
	else
		patch_done(p, m);
}

static bool number_fits(json_t *body, const char *key, json_int_t most)
{
	const json_t *v = json_object_get(body, key);

	return !v ||
		(json_is_integer(v) && json_integer_value(v) > 0 && json_integer_value(v) <= most);
}

/* NULL when it can be done, else what is wrong. */
static const char *judge_patch(json_t *body, char *why, size_t size)
{
	static const char *const keys[] = {
		"memory", "vcpus", "autostart", "description", "restart", "labels", "note"};
	const json_t *autostart = json_object_get(body, "autostart"),
		     *restart = json_object_get(body, "restart"),
		     *description = json_object_get(body, "description");
	size_t known = 0;

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		known += json_object_get(body, keys[i]) != NULL;
	if (known != json_object_size(body))
		return "only memory, vcpus, autostart, description, labels and note can be changed "
		       "(with restart, if wanted); for anything else, create the machine again";
	if (judge_memory(body, why, size) < 0)
		return why;
	if (!number_fits(body, "vcpus", JUDGE_VCPUS_MAX)) {
		snprintf(why, size, "vcpus is a number from 1 to %d", JUDGE_VCPUS_MAX);
		return why;
	}
	if ((autostart && !json_is_boolean(autostart)) || (restart && !json_is_boolean(restart)))
		return "autostart and restart are true or false";
	if (description &&
		(!json_is_string(description) ||
			json_string_length(description) > JUDGE_DESCRIPTION_MAX)) {
		snprintf(why, size, "description is a text of at most %d bytes",
			JUDGE_DESCRIPTION_MAX);
		return why;
	}
	return NULL;
}

static int patch_change(struct patch *p, const struct machine *m)
{
	const json_t *autostart = json_object_get(p->body, "autostart");
	struct guest_change change = {
		.memory_mib = (unsigned)json_integer_value(json_object_get(p->body, "memory")),
		.vcpus = (unsigned)json_integer_value(json_object_get(p->body, "vcpus")),
		.autostart = autostart ? json_is_true(autostart) : -1,
		.description = json_string_value(json_object_get(p->body, "description"))};

	return guest_change(guests_of(p->ops->hosts, m), m->name, m->uuid, &change, on_changed, p);
}

static void patch_guest(
	struct operations *ops, struct http_request *r, struct machine *m, json_t *body)
{
	char why[256];
	json_int_t memory = judge_memory(body, why, sizeof why);
	struct patch *p = refused(ops, r, m) ? NULL : patch_new(ops, r, m);

	if (!p)
		return;
	p->about = json_copy(body);
	p->body = json_copy(body);
	p->restart = json_is_true(json_object_get(body, "restart"));
	json_object_del(p->body, "restart");
	json_object_del(p->body, "labels");
	json_object_del(p->body, "note");
	if (memory > 0)
		json_object_set_new(p->body, "memory", json_integer(memory));
	if (patch_change(p, m))
		patch_fail(p, 500, "out of memory");
}

void patch_handle(struct operations *ops, struct http_request *r, struct machine *m)
{
	json_t *body = json_loadb(r->body, r->body_len, 0, NULL);
	char why[256];
	const char *wrong = judge_patch(body, why, sizeof why);

	if (!wrong && labels_judge(m, body, why, sizeof why))
		wrong = why;
	if (wrong)
		http_respond_error(r, 422, "%s: %s", m->name, wrong);
	else
		patch_guest(ops, r, m, body);
	json_decref(body);
}

/* What it says of a guest's restart is no news: nothing that runs knows of it. */
void patch_labels(
	struct operations *ops, struct http_request *r, struct machine *m, const json_t *body)
{
	char why[256] = "";
	int rc = describe_change(ops->base, m, body, why, sizeof why);
	json_t *reply;

	if (rc) {
		http_respond_error(r, rc == -EINVAL ? 422 : 503, "%s: %s", m->name,
			*why ? why : strerror(-rc));
		return;
	}
	reply = reply_machine(ops->base->timeline, m, true);
	if (m->guest)
		json_object_set_new(reply, "restart", json_false());
	reply_tag(r, m);
	reply_committed(ops->base->store, r, 200, reply);
}

void patch_drop_all(struct operations *ops)
{
	while (ops->patches)
		patch_fail((struct patch *)ops->patches, 503, "the service is stopping");
}
