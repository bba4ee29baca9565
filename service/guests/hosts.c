/*
 * The libvirts that guests live in: the service's own ("libvirt uri" of usher.xml), and those that machines name as
 * "connect". Each has its own connection, workers and queue (struct guests), made when first wanted. Networks, their DNS
 * and their reservations are looked after on the service's own.
 */
#include "service/guests/hosts.h"
#include "service/follow/reconcile.h"
#include "service/console/console_record.h"
#include "service/follow/guest_follow.h"
#include "service/network/links.h"
#include "service/service.h"

#include "core/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STOP_WAIT_S = 20 }; /* a start takes 5-8 s on a loaded host */

struct host {
	struct service *service;
	struct guests *guests;
	char uri[256];
};

static bool is_own(const struct host *h)
{
	return h == h->service->hosts[0];
}

static void on_libvirt(void *arg)
{
	struct host *h = arg;

	if (is_own(h))
		links_look(h->service);
	reconcile_guests(h->service, h->guests);
	record_connected(h->service, h->guests);
}

static void on_libvirt_lost(void *arg, const char *why)
{
	struct host *h = arg;

	(void)why; /* the log has it */
	record_disconnected(h->service, h->guests);
}

static void on_guest_event(void *arg, const struct guest_news *news)
{
	const struct host *h = arg;

	guest_follow(h->service, h->guests, news);
}

static void on_network(void *arg, const char *network, bool started)
{
	const struct host *h = arg;

	if (is_own(h))
		links_network_changed(h->service, network, started);
}

static void on_disk_error(
	void *arg, const char *domain, const char *uuid, const char *path, bool full)
{
	const struct host *h = arg;

	guest_follow_disk_error(h->service, h->guests, domain, uuid, path, full);
}

static int host_add(struct service *s, const char *uri, struct guests **ret)
{
	struct guests_config g = {.home = &s->home,
		.uri = uri,
		.accel = s->config.accel,
		.state_dir = s->config.state,
		.workers = s->config.workers,
		.connected = on_libvirt,
		.disconnected = on_libvirt_lost,
		.event = on_guest_event,
		.network = on_network,
		.disk_error = on_disk_error};
	struct host *h;
	int rc;

	if (s->n_hosts == HOSTS_MAX)
		return -ENOSPC;
	h = calloc(1, sizeof *h);
	if (!h)
		return -ENOMEM;
	h->service = s;
	snprintf(h->uri, sizeof h->uri, "%s", uri);
	g.arg = h;
	rc = guests_new(&g, &h->guests);
	if (rc) {
		free(h);
		return rc;
	}
	s->hosts[s->n_hosts++] = h;
	*ret = h->guests;
	return 0;
}

int hosts_start(struct service *s)
{
	return host_add(s, s->config.libvirt_uri, &s->guests);
}

static void *run_free(void *arg)
{
	guests_free(arg);
	return NULL;
}

/* A libvirtd that stands still (stopped, its host gone) may hold a call for ever. Then its threads are left to the end of
 * the process: what was said to the store is there, and the next start looks at each guest. */
bool hosts_stop(struct service *s)
{
	pthread_t threads[HOSTS_MAX];
	struct timespec until;
	bool all = true;

	for (size_t i = 0; i < s->n_hosts; i++)
		if (pthread_create(&threads[i], NULL, run_free, s->hosts[i]->guests)) {
			threads[i] = pthread_self();
			guests_free(s->hosts[i]->guests);
		}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += STOP_WAIT_S;
	for (size_t i = 0; i < s->n_hosts; i++)
		if (!pthread_equal(threads[i], pthread_self()) &&
			pthread_clockjoin_np(threads[i], NULL, CLOCK_MONOTONIC, &until)) {
			log_warn("libvirt at %s stands still: not waited for", s->hosts[i]->uri);
			all = false;
		}
	for (size_t i = 0; all && i < s->n_hosts; i++)
		free(s->hosts[i]);
	s->n_hosts = 0;
	s->guests = NULL;
	return all;
}

int hosts_find(struct service *s, const char *uri, struct guests **ret, char *why, size_t why_size)
{
	int rc;

	*ret = s->guests;
	if (!uri || !*uri)
		return 0;
	for (size_t i = 0; i < s->n_hosts; i++)
		if (!strcmp(s->hosts[i]->uri, uri)) {
			*ret = s->hosts[i]->guests;
			return 0;
		}
	*ret = NULL;
	rc = strlen(uri) < sizeof s->hosts[0]->uri ? host_add(s, uri, ret) : -ENAMETOOLONG;
	if (rc == -ENOSPC)
		snprintf(why, why_size,
			"libvirt at %s: usher is connected to %d libvirts already, and takes no "
			"more",
			uri, HOSTS_MAX);
	else if (rc)
		snprintf(why, why_size, "libvirt at %.300s: %s", uri, strerror(-rc));
	return rc;
}

struct guests *guests_of(struct service *s, const struct machine *m)
{
	struct guests *g;
	char why[512];

	if (hosts_find(s, json_string_value(json_object_get(m->guest_spec, "connect")), &g, why,
		    sizeof why))
		log_error("%s: %s", m->name, why);
	return g;
}

void hosts_connect(struct service *s, bool own)
{
	struct machine *m = NULL;

	if (own)
		guests_connect(s->guests);
	while ((m = machines_next(s->machines, m))) {
		struct guests *g = m->guest ? guests_of(s, m) : NULL;

		if (g && g != s->guests)
			guests_connect(g);
	}
}

json_t *hosts_json(const struct service *s)
{
	json_t *all = json_array();

	for (size_t i = 0; i < s->n_hosts; i++)
		json_array_append_new(all,
			json_pack("{s:s, s:b}", "uri", s->hosts[i]->uri, "connected",
				guests_connected(s->hosts[i]->guests)));
	return all;
}

struct guests *hosts_at(const struct service *s, size_t i)
{
	return s->hosts[i]->guests;
}

const char *hosts_uri(const struct service *s, const struct guests *g)
{
	for (size_t i = 0; i < s->n_hosts; i++)
		if (s->hosts[i]->guests == g)
			return s->hosts[i]->uri;
	return "";
}
