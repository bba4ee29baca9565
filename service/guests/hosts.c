/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The libvirts that guests live in: the service's own ("libvirt uri" of usher.xml), and those that machines name as
 * "connect". Each has its own connection, workers and queue (struct guests), made when first wanted. Networks, their DNS
 * and their reservations are looked after on the service's own.
 */
#include "service/guests/hosts.h"

#include "core/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STOP_WAIT_S = 20 }; /* a start takes 5-8 s on a loaded host */

struct host {
	struct hosts *hosts;
	struct guests *guests;
	char uri[256];
};

static bool is_own(const struct host *h)
{
	return h == h->hosts->all[0];
}

static void on_connected(void *arg)
{
	const struct host *h = arg;
	const struct hosts_calls *c = &h->hosts->calls;

	c->connected(c->arg, h->guests);
}

static void on_disconnected(void *arg, const char *why)
{
	const struct host *h = arg;
	const struct hosts_calls *c = &h->hosts->calls;

	(void)why; /* the log has it */
	c->disconnected(c->arg, h->guests);
}

static void on_event(void *arg, const struct guest_news *news)
{
	const struct host *h = arg;
	const struct hosts_calls *c = &h->hosts->calls;

	c->event(c->arg, h->guests, news);
}

static void on_network(void *arg, const char *network, bool started)
{
	const struct host *h = arg;
	const struct hosts_calls *c = &h->hosts->calls;

	if (is_own(h))
		c->network(c->arg, network, started);
}

static void on_disk_error(
	void *arg, const char *domain, const char *uuid, const char *path, bool full)
{
	const struct host *h = arg;
	const struct hosts_calls *c = &h->hosts->calls;

	c->disk_error(c->arg, h->guests, domain, uuid, path, full);
}

static int host_add(struct hosts *hosts, const char *uri, struct guests **ret)
{
	struct guests_config g = {.home = &hosts->base->home,
		.uri = uri,
		.accel = hosts->base->config.accel,
		.state_dir = hosts->base->config.state,
		.workers = hosts->base->config.workers,
		.connected = on_connected,
		.disconnected = on_disconnected,
		.event = on_event,
		.network = on_network,
		.disk_error = on_disk_error};
	struct host *h;
	int rc;

	if (hosts->count == HOSTS_MAX)
		return -ENOSPC;
	h = calloc(1, sizeof *h);
	if (!h)
		return -ENOMEM;
	h->hosts = hosts;
	snprintf(h->uri, sizeof h->uri, "%s", uri);
	g.arg = h;
	rc = guests_new(&g, &h->guests);
	if (rc) {
		free(h);
		return rc;
	}
	hosts->all[hosts->count++] = h;
	*ret = h->guests;
	return 0;
}

int hosts_start(struct hosts *hosts)
{
	return host_add(hosts, hosts->base->config.libvirt_uri, &hosts->own);
}

static void *run_free(void *arg)
{
	guests_free(arg);
	return NULL;
}

/* A libvirtd that stands still (stopped, its host gone) may hold a call for ever. Then its threads are left to the end of
 * the process: what was said to the store is there, and the next start looks at each guest. */
bool hosts_stop(struct hosts *hosts)
{
	pthread_t threads[HOSTS_MAX];
	struct timespec until;
	bool all = true;

	for (size_t i = 0; i < hosts->count; i++)
		if (pthread_create(&threads[i], NULL, run_free, hosts->all[i]->guests)) {
			threads[i] = pthread_self();
			guests_free(hosts->all[i]->guests);
		}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += STOP_WAIT_S;
	for (size_t i = 0; i < hosts->count; i++)
		if (!pthread_equal(threads[i], pthread_self()) &&
			pthread_clockjoin_np(threads[i], NULL, CLOCK_MONOTONIC, &until)) {
			log_warn("libvirt at %s does not respond: stopping without it",
				hosts->all[i]->uri);
			all = false;
		}
	for (size_t i = 0; all && i < hosts->count; i++)
		free(hosts->all[i]);
	hosts->count = 0;
	hosts->own = NULL;
	return all;
}

int hosts_find(
	struct hosts *hosts, const char *uri, struct guests **ret, char *why, size_t why_size)
{
	int rc;

	*ret = hosts->own;
	if (!uri || !*uri)
		return 0;
	for (size_t i = 0; i < hosts->count; i++)
		if (!strcmp(hosts->all[i]->uri, uri)) {
			*ret = hosts->all[i]->guests;
			return 0;
		}
	*ret = NULL;
	rc = strlen(uri) < sizeof hosts->all[0]->uri ? host_add(hosts, uri, ret) : -ENAMETOOLONG;
	if (rc == -ENOSPC)
		snprintf(why, why_size,
			"libvirt at %s: usher is already connected to %d libvirts, the maximum",
			uri, HOSTS_MAX);
	else if (rc)
		snprintf(why, why_size, "libvirt at %.300s: %s", uri, strerror(-rc));
	return rc;
}

struct guests *guests_of(struct hosts *hosts, const struct machine *m)
{
	struct guests *g;
	char why[512];

	if (hosts_find(hosts, m->spec.connect, &g, why, sizeof why))
		log_error("%s: %s", m->name, why);
	return g;
}

void hosts_connect(struct hosts *hosts, bool own)
{
	struct machine *m = NULL;

	if (own)
		guests_connect(hosts->own);
	while ((m = machines_next(hosts->base->machines, m))) {
		struct guests *g = m->guest ? guests_of(hosts, m) : NULL;

		if (g && g != hosts->own)
			guests_connect(g);
	}
}

json_t *hosts_json(const struct hosts *hosts)
{
	json_t *all = json_array();

	for (size_t i = 0; i < hosts->count; i++)
		json_array_append_new(all,
			json_pack("{s:s, s:b}", "uri", hosts->all[i]->uri, "connected",
				guests_connected(hosts->all[i]->guests)));
	return all;
}

struct guests *hosts_at(const struct hosts *hosts, size_t i)
{
	return hosts->all[i]->guests;
}

const char *hosts_uri(const struct hosts *hosts, const struct guests *g)
{
	for (size_t i = 0; i < hosts->count; i++)
		if (hosts->all[i]->guests == g)
			return hosts->all[i]->uri;
	return "";
}
