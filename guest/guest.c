/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The room's face to the main thread. */
#include "guest/jobs.h"
#include "guest/virt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void guests_put(struct guests *g)
{
	if (atomic_fetch_sub(&g->refs, 1) != 1)
		return;
	pthread_mutex_destroy(&g->accel_lock);
	free(g->uri);
	free(g->state_dir);
	free(g->kernel);
	free(g);
}

void guests_post(struct guests *g, struct message *m, void (*deliver)(struct message *))
{
	atomic_fetch_add(&g->refs, 1);
	m->deliver = deliver;
	mailbox_post(g->config.home, m);
}

int guest_check(struct guests *g, const struct guest_spec *spec, guest_done done, void *arg)
{
	return job_submit(job_with_spec(g, JOB_CHECK, spec), done, NULL, arg);
}

int guest_create(struct guests *g, const struct guest_spec *spec, guest_done done, void *arg)
{
	return job_submit(job_with_spec(g, JOB_CREATE, spec), done, NULL, arg);
}

int guest_start_install(
	struct guests *g, const char *name, const char *uuid, guest_done done, void *arg)
{
	return job_submit(job_new(g, JOB_START_INSTALL, name, uuid), done, NULL, arg);
}

int guest_start_live(
	struct guests *g, const char *name, const char *uuid, guest_done done, void *arg)
{
	return job_submit(job_new(g, JOB_START_LIVE, name, uuid), done, NULL, arg);
}

int guest_leave_live(
	struct guests *g, const char *name, const char *uuid, guest_done done, void *arg)
{
	return job_submit(job_new(g, JOB_LEAVE_LIVE, name, uuid), done, NULL, arg);
}

int guest_seal(struct guests *g, const char *name, const char *uuid, guest_done done, void *arg)
{
	return job_submit(job_new(g, JOB_SEAL, name, uuid), done, NULL, arg);
}

int guest_start_disk(
	struct guests *g, const char *name, const char *uuid, guest_done done, void *arg)
{
	return job_submit(job_new(g, JOB_START_DISK, name, uuid), done, NULL, arg);
}

int guest_filter(struct guests *g, const struct guest_spec *spec, guest_done done, void *arg)
{
	return job_submit(job_with_spec(g, JOB_FILTER, spec), done, NULL, arg);
}

int guest_filters(struct guests *g, guest_done done, void *arg)
{
	struct guest_job *j = job_new(g, JOB_FILTERS, "", NULL);

	return job_submit(j, done, NULL, arg);
}

int guest_stop(struct guests *g, const char *name, const char *uuid, guest_done done, void *arg)
{
	return job_submit(job_new(g, JOB_STOP, name, uuid), done, NULL, arg);
}

int guest_delete(
	struct guests *g, const struct guest_spec *spec, bool keep, guest_done done, void *arg)
{
	struct guest_job *j = job_with_spec(g, JOB_DELETE, spec);

	if (j)
		j->keep = keep;
	return job_submit(j, done, NULL, arg);
}

int guest_volume_info(
	struct guests *g, const char *pool, const char *volume, guest_volume_done done, void *arg)
{
	struct guest_job *j = job_new(g, JOB_VOLUME, "", NULL);

	if (j) {
		j->work.key[0] = '\0'; /* waits for nobody */
		snprintf(j->pool, sizeof j->pool, "%s", pool);
		snprintf(j->volume, sizeof j->volume, "%s", volume);
		j->volume_done = done;
	}
	return job_submit(j, NULL, NULL, arg);
}

int guest_shrink(
	struct guests *g, const char *name, const char *uuid, guest_volume_done done, void *arg)
{
	struct guest_job *j = job_new(g, JOB_SHRINK, name, uuid);

	if (j) {
		j->work.slow = true;
		j->volume_done = done;
	}
	return job_submit(j, NULL, NULL, arg);
}

int guest_status(struct guests *g, const char *name, guest_status_done done, void *arg)
{
	return job_submit(job_new(g, JOB_STATUS, name, NULL), NULL, done, arg);
}

int guest_change(struct guests *g, const char *name, const char *uuid,
	const struct guest_change *change, guest_status_done done, void *arg)
{
	struct guest_job *j = job_new(g, JOB_CHANGE, name, uuid);

	if (!j)
		return -ENOMEM;
	j->change = *change;
	if (change->description) {
		j->change.description = j->description = strdup(change->description);
		if (!j->description) {
			job_free(j);
			return -ENOMEM;
		}
	}
	return job_submit(j, NULL, done, arg);
}

int guest_shutdown(struct guests *g, const char *name, const char *uuid, guest_done done, void *arg)
{
	return job_submit(job_new(g, JOB_SHUTDOWN, name, uuid), done, NULL, arg);
}

int guest_list(struct guests *g, guest_list_done done, void *arg)
{
	struct guest_job *j = job_new(g, JOB_LIST, "", NULL);

	if (j)
		j->list_done = done;
	return job_submit(j, NULL, NULL, arg);
}

/* Updates of one network come one after the other: each reads what is there first. */
static struct guest_job *job_of_network(
	struct guests *g, enum job_kind kind, const char *network, const char *name)
{
	struct guest_job *j = job_new(g, kind, name, NULL);

	if (j) {
		snprintf(j->work.key, sizeof j->work.key, "network %s", network);
		snprintf(j->network, sizeof j->network, "%s", network);
	}
	return j;
}

int guest_publish(struct guests *g, const char *network, const char *name, const struct ip *ip,
	const struct mac *mac, bool add, guest_done done, void *arg)
{
	struct guest_job *j = job_of_network(g, JOB_PUBLISH, network, name);

	if (j) {
		j->ip = *ip;
		j->has_mac = mac;
		if (mac)
			j->mac = *mac;
		j->add = add;
	}
	return job_submit(j, done, NULL, arg);
}

int guest_network(struct guests *g, const char *network, guest_network_done done, void *arg)
{
	struct guest_job *j = job_of_network(g, JOB_NETWORK, network, "");

	if (j)
		j->network_done = done;
	return job_submit(j, NULL, NULL, arg);
}

/* One after the other: a free subnet stays free until it is taken. */
static struct guest_job *job_of_networks(struct guests *g, enum job_kind kind, const char *network)
{
	struct guest_job *j = job_of_network(g, kind, network, "");

	if (j)
		snprintf(j->work.key, sizeof j->work.key, "networks");
	return j;
}

int guest_network_make(
	struct guests *g, const struct guest_network_spec *spec, guest_network_done done, void *arg)
{
	struct guest_job *j = job_of_networks(g, JOB_NETWORK_MAKE, spec->name);

	if (j) {
		j->net_spec = *spec;
		j->network_done = done;
	}
	return job_submit(j, NULL, NULL, arg);
}

int guest_network_drop(struct guests *g, const char *network, guest_done done, void *arg)
{
	return job_submit(job_of_networks(g, JOB_NETWORK_DROP, network), done, NULL, arg);
}

int guest_networks(struct guests *g, guest_networks_done done, void *arg)
{
	struct guest_job *j = job_of_networks(g, JOB_NETWORKS, "");

	if (j)
		j->networks_done = done;
	return job_submit(j, NULL, NULL, arg);
}

int guest_seats(struct guests *g, const char *network, guest_seats_done done, void *arg)
{
	struct guest_job *j = job_of_network(g, JOB_SEATS, network, "");

	if (j)
		j->seats_done = done;
	return job_submit(j, NULL, NULL, arg);
}

int guest_computed(
	struct guests *g, const char *network, const char *domain, guest_seats_done done, void *arg)
{
	struct guest_job *j = job_of_network(g, JOB_COMPUTED, network, domain);

	if (j)
		j->seats_done = done;
	return job_submit(j, NULL, NULL, arg);
}

int guest_seat_guests(
	struct guests *g, const char *network, const char *domain, guest_done done, void *arg)
{
	return job_submit(job_of_network(g, JOB_SEAT_GUESTS, network, domain), done, NULL, arg);
}

static char *copy(const char *text, bool *bad)
{
	char *c = text ? strdup(text) : NULL;

	*bad = *bad || (text && !c);
	return c;
}

static int start(struct guests *g)
{
	struct conn_config cc = {.uri = g->uri};
	int rc = mac_cache_new(&g->macs);

	notices_hook(g, &cc);
	if (!rc)
		rc = conn_new(&cc, &g->conn);
	if (!rc)
		rc = queue_new(g->config.workers ? g->config.workers : GUEST_WORKERS,
			GUEST_JOBS_MAX, &g->queue);
	return rc ? rc : consoles_new(g->conn, g->config.home, &g->consoles);
}

int guests_new(const struct guests_config *config, struct guests **ret)
{
	struct guests *g = calloc(1, sizeof *g);
	bool bad = false;
	int rc;

	if (!g)
		return -ENOMEM;
	atomic_init(&g->refs, 1);
	pthread_mutex_init(&g->accel_lock, NULL);
	runs_init(&g->runs);
	atomic_init(&g->filters, 0);
	g->config = *config;
	g->uri = copy(config->uri ? config->uri : VIRT_URI, &bad);
	g->state_dir = copy(config->state_dir, &bad);
	g->kernel = copy(config->kernel, &bad);
	snprintf(g->accel, sizeof g->accel, "%s", config->accel ? config->accel : "auto");
	rc = bad ? -ENOMEM : start(g);
	if (rc) {
		guests_free(g);
		return rc;
	}
	*ret = g;
	return 0;
}

void guests_free(struct guests *g)
{
	if (!g)
		return;
	g->closed = true;
	if (g->conn)
		conn_stop_waiting(g->conn);
	queue_free(g->queue);
	consoles_free(g->consoles);
	conn_free(g->conn);
	mac_cache_free(g->macs);
	runs_fini(&g->runs);
	guests_put(g);
}

void guests_connect(struct guests *g)
{
	conn_want(g->conn);
}

bool guests_connected(const struct guests *g)
{
	return g->connected;
}

struct consoles *guests_consoles(struct guests *g)
{
	return g->consoles;
}
