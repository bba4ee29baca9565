/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Templates: an installed guest gives up its identity and is never started again.
 *
 *   asked ─▶ (shut down, when that was asked for) ─▶ its volume's size ─▶ sealing run started ─▶ it powers off
 *         ─▶ volume shrunk ─▶ recorded ─▶ answered
 *
 * In the sealing run its first-boot agent (kickstart/partials/usher-agent.sh) is told what to do by an SMBIOS string, and powers
 * off only when it has done it all; a reset restarts it. So its power-off within the time is the sign of success. Cut short,
 * it is a guest as before: with an identity of its own, new or old, when it is started.
 */
#include "service/operations/template.h"
#include "service/guests/hosts.h"
#include "service/base/operation.h"
#include "service/operations/operations.h"
#include "service/base/reply.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SHUTDOWN_WAIT_MS = 2 * 60 * 1000, /* some services take 90 s to stop */
	SEAL_WAIT_MS =
		5 * 60 * 1000, /* a boot to local-fs.target, under emulation on a busy host */
	NAMES_TOLD = 5,
};

struct sealing {
	struct operation op; /* first */
	struct operations *ops;
	struct http_request *request; /* NULL: nobody waits any more */
	struct loop_timer timer;
	enum { SEAL_SHUTTING_DOWN, SEAL_ASKING, SEAL_RUNNING, SEAL_SHRINKING } phase;
	uint64_t before; /* bytes that its volume took */
};

static struct sealing *sealing_of(const struct operations *ops, const char *name)
{
	struct operation *o = ops->sealings;

	while (o && strcmp(o->name, name))
		o = o->next;
	return (struct sealing *)o;
}

bool template_under_way(const struct operations *ops, const char *name)
{
	return sealing_of(ops, name);
}

static void sealing_free(struct sealing *t)
{
	operation_end(&t->op);
	loop_timer_clear(t->ops->base->loop, &t->timer);
	free(t);
}

void template_drop_all(struct operations *ops)
{
	struct sealing *t;

	while ((t = (struct sealing *)ops->sealings)) {
		if (t->request)
			http_respond_error(t->request, 503, "the service is stopping");
		sealing_free(t);
	}
}

static void sealing_fail(struct sealing *t, unsigned status, const char *why)
{
	struct machine *m = operation_machine(&t->op);

	if (m)
		timeline_add(t->ops->base->timeline, m->name, "template", "not made a template: %s",
			why);
	http_respond_error(t->request, status, "%s", why);
	sealing_free(t);
}

/* Power is pulled: what it runs is not its system as it was used. */
static void sealing_stop(struct sealing *t, const char *why)
{
	struct machine *m = operation_machine(&t->op);

	if (m)
		(void)guest_stop(guests_of(t->ops->hosts, m), t->op.name, t->op.uuid, NULL, NULL);
	sealing_fail(t, 504, why);
}

static void sealing_late(struct loop_timer *timer)
{
	struct sealing *t = timer->arg;
	char why[512];

	if (t->phase == SEAL_SHUTTING_DOWN) {
		snprintf(why, sizeof why,
			"%s did not shut down within %d s: shut it down by hand, then once more",
			t->op.name, SHUTDOWN_WAIT_MS / 1000);
		sealing_fail(t, 504, why);
		return;
	}
	snprintf(why, sizeof why,
		"%s did not power off within %d s: its system lacks usher's first-boot agent "
		"(/usr/local/lib/usher/agent), or the agent failed: see its console",
		t->op.name, SEAL_WAIT_MS / 1000);
	sealing_stop(t, why);
}

/* Recorded: what it is now never changes. */
static void on_shrunk(void *arg, int rc, const struct guest_volume *v, const char *why)
{
	struct sealing *t = arg;
	struct operations *ops = t->ops;
	struct machine *m = operation_machine(&t->op);
	json_t *reply;

	if (rc || !m) {
		sealing_fail(t, 500, m ? why : "it was deleted meanwhile");
		return;
	}
	if (!t->before)
		t->before = v->before;
	m->template = true;
	m->attempt.deadline = 0;
	rc = machine_spec_set(&m->spec.volume, v->volume);
	if (!rc)
		rc = machines_save(ops->base->machines, m);
	if (rc)
		log_error("%s: its record could not be stored: %s", m->name, strerror(-rc));
	timeline_add(ops->base->timeline, m->name, "template",
		"identity removed; its disk takes %.1f MB, before %.1f MB",
		(double)v->allocation / 1e6, (double)t->before / 1e6);
	reply = reply_machine(ops->base->timeline, m, true);
	json_object_set_new(reply, "bytes_before", json_integer((json_int_t)t->before));
	json_object_set_new(reply, "bytes_after", json_integer((json_int_t)v->allocation));
	reply_committed(ops->base->store, t->request, 200, reply);
	sealing_free(t);
}

static void sealing_shrink(struct sealing *t, struct machine *m)
{
	loop_timer_clear(t->ops->base->loop, &t->timer);
	t->phase = SEAL_SHRINKING;
	if (guest_shrink(guests_of(t->ops->hosts, m), t->op.name, t->op.uuid, on_shrunk, t))
		sealing_fail(t, 500, "out of memory");
}

static void on_seal_started(void *arg, int rc, const char *why)
{
	struct sealing *t = arg;

	if (rc) {
		sealing_fail(t, 500, why);
		return;
	}
	t->phase = SEAL_RUNNING;
	loop_timer_set(t->ops->base->loop, &t->timer, SEAL_WAIT_MS);
}

static void on_sized(void *arg, int rc, const struct guest_volume *v, const char *why)
{
	struct sealing *t = arg;
	struct machine *m = operation_machine(&t->op);

	(void)why; /* that size is only told; what was before the shrinking does as well */
	if (!m) {
		sealing_fail(t, 404, "it was deleted meanwhile");
		return;
	}
	t->before = rc ? 0 : v->allocation;
	if (guest_seal(guests_of(t->ops->hosts, m), t->op.name, t->op.uuid, on_seal_started, t))
		sealing_fail(t, 500, "out of memory");
}

static void sealing_begin(struct sealing *t, struct machine *m)
{
	const char *own = m->spec.volume, *named = m->spec.made_as ? m->spec.made_as : m->name;
	char volume[MACHINE_NAME + 8];

	loop_timer_clear(t->ops->base->loop, &t->timer);
	t->phase = SEAL_ASKING;
	snprintf(volume, sizeof volume, "%s.qcow2", named);
	if (guest_volume_info(
		    guests_of(t->ops->hosts, m), m->spec.pool, own ? own : volume, on_sized, t))
		sealing_fail(t, 500, "out of memory");
}

static void on_asked_to_stop(void *arg, int rc, const char *why)
{
	struct sealing *t = arg;

	if (rc)
		sealing_fail(t, 500, why);
	else
		loop_timer_set(t->ops->base->loop, &t->timer, SHUTDOWN_WAIT_MS);
}

static void sealing_shutdown(struct sealing *t, struct machine *m)
{
	if (guest_shutdown(
		    guests_of(t->ops->hosts, m), t->op.name, t->op.uuid, on_asked_to_stop, t))
		sealing_fail(t, 500, "out of memory");
}

static void on_template_status(void *arg, int rc, const struct guest_status *st, const char *why)
{
	struct sealing *t = arg;
	struct machine *m = operation_machine(&t->op);
	bool shutdown = t->phase == SEAL_SHUTTING_DOWN;
	char line[256];

	if (rc || !m) {
		sealing_fail(t, 503, m ? why : "it was deleted meanwhile");
	} else if (!st->defined || strcmp(st->uuid, m->uuid)) {
		snprintf(line, sizeof line, "libvirt has no domain %s of usher's", t->op.name);
		sealing_fail(t, 409, line);
	} else if (!st->running) {
		sealing_begin(t, m);
	} else if (shutdown) {
		sealing_shutdown(t, m);
	} else {
		snprintf(line, sizeof line,
			"%s is running: shut it down first, or 'usher template %s --shutdown'",
			t->op.name, t->op.name);
		sealing_fail(t, 409, line);
	}
}

bool template_event(struct operations *ops, struct machine *m, int what)
{
	struct sealing *t = sealing_of(ops, m->name);

	if (!t && m->template && what == GUEST_STARTED)
		timeline_add(ops->base->timeline, m->name, "template",
			"started from outside usher: disks linked to this template's disk break "
			"when it changes; run 'virsh destroy %s'",
			m->name);
	if (!t)
		return false;
	if (what == GUEST_STOPPED_SELF && t->phase == SEAL_RUNNING)
		sealing_shrink(t, m);
	else if (what == GUEST_STOPPED_SELF && t->phase == SEAL_SHUTTING_DOWN)
		sealing_begin(t, m);
	else if (what == GUEST_KILLED && t->phase == SEAL_RUNNING)
		sealing_fail(
			t, 500, "the guest was stopped from outside (virsh destroy, or QEMU died)");
	else if (what == GUEST_KILLED && t->phase == SEAL_SHUTTING_DOWN)
		sealing_fail(t, 500,
			"the guest was stopped from outside, not shut down: start it once, then "
			"try again");
	return true;
}

static size_t template_links(
	const struct operations *ops, const struct machine *m, char *names, size_t size)
{
	const struct machine *c = NULL;
	size_t n = 0, len = 0;

	*names = '\0';
	while ((c = machines_next(ops->base->machines, c))) {
		const char *of = c->spec.template;

		if (!of || strcmp(of, m->name) || !c->spec.linked)
			continue;
		if (n++ < NAMES_TOLD && len < size)
			len += (size_t)snprintf(
				names + len, size - len, "%s%s", n > 1 ? ", " : "", c->name);
	}
	if (n > NAMES_TOLD && len < size)
		snprintf(names + len, size - len, " and %zu more", n - NAMES_TOLD);
	return n;
}

bool template_refuses(
	struct operations *ops, struct http_request *r, const struct machine *m, const char *what)
{
	if (m->template)
		http_respond_error(r, 409,
			"%s is a template and cannot be %s: run 'usher clone %s NAME' to make a "
			"machine of it",
			m->name, what, m->name);
	else if (template_under_way(ops, m->name))
		http_respond_error(r, 409, "%s is being made a template just now", m->name);
	else
		return false;
	return true;
}

bool template_is_needed(struct operations *ops, struct http_request *r, const struct machine *m)
{
	char names[256];

	if (!m->template || !template_links(ops, m, names, sizeof names))
		return false;
	http_respond_error(r, 409,
		"%s is needed: the disks of %s are linked to its disk; delete those machines first",
		m->name, names);
	return true;
}

/* NULL: it may become one. */
static const char *template_error(const struct operations *ops, const struct machine *m)
{
	if (!m->guest)
		return "is bare metal, and only a guest can become a template";
	if (m->deleting || m->holds || reserved(ops->base->reserved, m->name, 0, NULL))
		return "is being made, switched or deleted just now";
	if (m->state != LIFE_UP && m->state != LIFE_INSTALLED)
		return "is not installed: a template is made of a guest that is installed or up";
	if (m->spec.n_disks)
		return "has additional disks, which clones would lack";
	return NULL;
}

void template_handle(struct operations *ops, struct http_request *r, struct machine *m)
{
	json_t *body = json_loadb(r->body, r->body_len, 0, NULL);
	bool shutdown = json_is_true(json_object_get(body, "shutdown"));
	const char *error = template_error(ops, m);
	struct sealing *t;

	json_decref(body);
	if (template_refuses(ops, r, m, "made one again"))
		return;
	if (error) {
		http_respond_error(r, 409, "%s %s", m->name, error);
		return;
	}
	t = calloc(1, sizeof *t);
	if (!t) {
		http_respond_error(r, 500, "out of memory");
		return;
	}
	*t = (struct sealing){.ops = ops, .request = r};
	t->phase = shutdown ? SEAL_SHUTTING_DOWN : SEAL_ASKING;
	t->timer.fire = sealing_late;
	t->timer.arg = t;
	operation_begin(&t->op, &ops->sealings, m, false);
	http_hold(r, HTTP_HOLD_MS);
	if (guest_status(guests_of(ops->hosts, m), m->name, on_template_status, t))
		sealing_fail(t, 500, "out of memory");
}
