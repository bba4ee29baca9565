/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the main thread asked for, done by a worker, and the answer brought back. */
#include "guest/jobs.h"

#include "core/behalf.h"
#include "core/clock.h"
#include "core/log.h"
#include "guest/domain_type.h"
#include "guest/ops.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct run_deeds deeds[JOB_KINDS] = {
	[JOB_CREATE] = {.stop = true, .undefine = true}, /* of what it replaces */
	[JOB_START_INSTALL] = {.stop = true, .start = true},
	[JOB_START_LIVE] = {.stop = true, .start = true},
	[JOB_LEAVE_LIVE] = {.stop = true},
	[JOB_SEAL] = {.stop = true, .start = true},
	[JOB_START_DISK] = {.start = true},
	[JOB_STOP] = {.stop = true},
	[JOB_DELETE] = {.stop = true, .undefine = true},
};

static struct guest_job *job_from_work(struct work *w)
{
	return (struct guest_job *)w;
}

void job_free(struct guest_job *j)
{
	free(j->fragment);
	free(j->description);
	free(j->going);
	free(j->former);
	free(j->seats);
	free(j->nets);
	free(j->list);
	free(j);
}

static int job_change(struct guest_job *j, struct op *op)
{
	int rc = ops_change(op, j->name, j->uuid, &j->change);

	return rc ? rc : ops_status(op, j->name, &j->status);
}

/* A warning comes after another, if there is one. */
static int job_make(struct guest_job *j, struct op *op, bool *ret_made)
{
	char warning[GUEST_WHY];
	const char *type = domain_type_choose(j->g, op->conn, &j->spec, warning, sizeof warning);
	int rc = j->kind == JOB_CHECK ? ops_check(op, &j->spec, type)
				      : ops_create(op, &j->spec, type, ret_made);
	size_t len = strlen(op->why);

	if (!rc && *warning)
		snprintf(op->why + len, GUEST_WHY - len, "%s%s", len ? "; " : "", warning);
	return rc;
}

static int job_do(struct guest_job *j, struct op *op, bool *ret_made)
{
	switch (j->kind) {
	case JOB_CHECK:
	case JOB_CREATE:
		return job_make(j, op, ret_made);
	case JOB_START_INSTALL:
		return ops_start_install(op, j->name, j->uuid);
	case JOB_START_LIVE:
		return ops_start_live(op, j->name, j->uuid);
	case JOB_LEAVE_LIVE:
		return ops_leave_live(op, j->name, j->uuid);
	case JOB_SEAL:
		return ops_seal(op, j->name, j->uuid);
	case JOB_START_DISK:
		return ops_start_disk(op, j->name, j->uuid);
	case JOB_FILTER:
		return ops_filter(op, &j->spec);
	case JOB_FILTERS:
		return ops_filters(op);
	case JOB_STOP:
		return ops_stop(op, j->name, j->uuid);
	case JOB_DELETE:
		return ops_delete(op, &j->spec, j->keep);
	case JOB_SHRINK:
		return ops_shrink(op, j->name, j->uuid, &j->vol);
	case JOB_VOLUME:
		return ops_volume(op, j->pool, j->volume, &j->vol);
	case JOB_STATUS:
		return ops_status(op, j->name, &j->status);
	case JOB_CHANGE:
		return job_change(j, op);
	case JOB_SHUTDOWN:
		return ops_shutdown(op, j->name, j->uuid);
	case JOB_LIST:
		return ops_list(op, &j->list, &j->n_list);
	case JOB_PUBLISH:
		return ops_publish(
			op, j->network, j->name, &j->ip, j->has_mac ? &j->mac : NULL, j->add);
	case JOB_NETWORK:
		return ops_network(op, j->network, &j->net);
	case JOB_NETWORK_MAKE:
		return ops_network_make(op, &j->net_spec, &j->net);
	case JOB_NETWORK_DROP:
		return ops_network_drop(op, j->network);
	case JOB_NETWORKS:
		return ops_networks(op, &j->nets, &j->n_nets);
	case JOB_SEATS:
		return ops_seats(op, j->network, &j->seats, &j->n_seats);
	case JOB_SEAT_GUESTS:
		return ops_seat_guests(op, j->network, j->name);
	case JOB_COMPUTED:
		return ops_computed(op, j->network, j->name, &j->seats, &j->n_seats);
	}
	return -ENOSYS;
}

/* Now and then: what asks again after each connection would have it opened without end. */
static bool may_renew(struct guests *g)
{
	int64_t now = clock_mono_ms(), last = atomic_load(&g->renewed);

	return (!last || now - last >= GUEST_RENEW_MS) &&
		atomic_compare_exchange_strong(&g->renewed, &last, now);
}

/* The errors of a daemon behind libvirtd, as virtlogd or virtnwfilterd, look like our own connection's, which is well then; a new
 * one mends what libvirtd itself keeps to that daemon, or nothing. */
static void judge_break(struct guest_job *j, virConnectPtr v, bool again)
{
	if (virConnectIsAlive(v) == 1 && (again || !may_renew(j->g)))
		j->rc = -EIO;
	else
		conn_broken(j->g->conn, v);
}

/* One try. Returns whether the connection broke on the way. */
static bool job_try(struct guest_job *j, bool again, bool *ret_made)
{
	struct op op = {.why = j->why,
		.macs = j->g->macs,
		.consoles = j->g->consoles,
		.filters = &j->g->filters};
	bool broke;

	j->why[0] = '\0';
	op.conn =
		conn_get(j->g->conn, GUEST_CONNECT_WAIT_MS, &j->connection, j->why, sizeof j->why);
	if (!op.conn) {
		j->rc = -ENOTCONN;
		return false;
	}
	op.connection = j->connection;
	j->rc = job_do(j, &op, ret_made);
	j->did = op.did;
	if (j->rc && virConnectIsAlive(op.conn) != 1)
		j->rc = -ENOTCONN;
	broke = j->rc == -ENOTCONN;
	if (broke)
		judge_break(j, op.conn, again);
	virConnectClose(op.conn);
	return broke;
}

/* libvirtd went away while it created: nothing may stay behind half-made. The reason stays as it
 * is. */
static void undo_create(struct guest_job *j)
{
	char why[GUEST_WHY];
	struct op op = {.why = why, .consoles = j->g->consoles};
	unsigned number;

	op.conn = conn_get(j->g->conn, 3 * GUEST_CONNECT_WAIT_MS, &number, why, sizeof why);
	if (!op.conn)
		return;
	ops_delete(&op, &j->spec, false);
	virConnectClose(op.conn);
}

static void deliver_job(struct message *m);

/* All can be done twice, but for a creation that has begun. */
static void job_run(struct work *w)
{
	struct guest_job *j = job_from_work(w);
	bool made = false, broke = job_try(j, false, &made);

	if (broke && !made)
		broke = job_try(j, true, &made);
	if (broke && made)
		undo_create(j);
	guests_post(j->g, &j->message, deliver_job);
}

static void job_drop(struct work *w)
{
	job_free(job_from_work(w));
}

static void answer_network(struct guest_job *j)
{
	if (j->rc)
		j->net = (struct guest_network){0};
	snprintf(j->net.name, sizeof j->net.name, "%s", j->network);
	j->network_done(j->arg, j->rc, &j->net, j->why);
}

static void job_answer(struct guest_job *j)
{
	struct run_event *e, *next;

	e = runs_end(&j->g->runs, j->name, j->connection, &deeds[j->kind], &j->did);
	if (j->seats_done)
		j->seats_done(j->arg, j->rc, j->seats, j->n_seats, j->why);
	else if (j->volume_done)
		j->volume_done(j->arg, j->rc, &j->vol, j->why);
	else if (j->networks_done)
		j->networks_done(j->arg, j->rc, j->nets, j->n_nets, j->why);
	else if (j->list_done)
		j->list_done(j->arg, j->rc, j->list, j->n_list, j->why);
	else if (j->network_done)
		answer_network(j);
	else if (j->status_done)
		j->status_done(j->arg, j->rc, &j->status, j->why);
	else if (j->done)
		j->done(j->arg, j->rc, j->why);
	for (; e; e = next) {
		next = e->next;
		if (!j->g->closed)
			notices_tell(j->g, j->name, e);
		free(e);
	}
}

static void deliver_job(struct message *m)
{
	struct guest_job *j = (struct guest_job *)((char *)m - offsetof(struct guest_job, message));
	struct guests *g = j->g;

	unsigned before = behalf_set(j->behalf);

	if (!g->closed)
		job_answer(j);
	behalf_set(before);
	job_free(j);
	guests_put(g);
}

struct guest_job *job_new(struct guests *g, enum job_kind kind, const char *name, const char *uuid)
{
	struct guest_job *j = g ? calloc(1, sizeof *j) : NULL;

	if (!j)
		return NULL;
	j->work.run = job_run;
	j->work.drop = job_drop;
	j->g = g;
	j->kind = kind;
	snprintf(j->name, sizeof j->name, "%s", name);
	snprintf(j->uuid, sizeof j->uuid, "%s", uuid ? uuid : "");
	snprintf(j->work.key, sizeof j->work.key, "domain %s", name);
	return j;
}

int job_submit(struct guest_job *j, guest_done done, guest_status_done status_done, void *arg)
{
	struct run_deeds none = {false, false, false};
	int rc;

	if (!j)
		return -ENOMEM;
	j->done = done;
	j->status_done = status_done;
	j->arg = arg;
	j->behalf = behalf_now();
	if ((rc = runs_begin(&j->g->runs, j->name, &deeds[j->kind]))) {
		job_free(j);
		return rc;
	}
	if ((rc = queue_put(j->g->queue, &j->work))) {
		/* Nothing was held for it: the job is not even under way. */
		free(runs_end(&j->g->runs, j->name, j->g->runs.connection, &deeds[j->kind], &none));
		job_free(j);
	}
	return rc;
}

/* NULL: out of memory, or there is none. */
static struct guest_spec *copy_former(const struct guest_spec *former)
{
	struct guest_spec *copy = former ? malloc(sizeof *copy) : NULL;

	if (copy)
		*copy = *former;
	return copy;
}

struct guest_job *job_with_spec(struct guests *g, enum job_kind kind, const struct guest_spec *spec)
{
	struct guest_job *j = job_new(g, kind, spec->name, spec->uuid);

	if (!j)
		return NULL;
	j->spec = *spec;
	/* Known before the call: what is half-made when libvirtd dies is found again by it. Without one libvirt draws it. */
	if (!j->spec.uuid[0] && kind == JOB_CREATE)
		(void)uuid_draw(j->spec.uuid);
	j->work.slow = kind == JOB_CREATE && *spec->base_volume && !spec->linked;
	j->spec.fragment = j->fragment = spec->fragment ? strdup(spec->fragment) : NULL;
	j->spec.description = j->description = spec->description ? strdup(spec->description) : NULL;
	j->spec.going = j->going = spec->going ? strdup(spec->going) : NULL;
	j->spec.former = j->former = copy_former(spec->former);
	if (!j->fragment == !spec->fragment && !j->description == !spec->description &&
		!j->going == !spec->going && !j->former == !spec->former)
		return j;
	job_free(j);
	return NULL;
}
