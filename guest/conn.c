/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/conn.h"

#include "core/clock.h"
#include "guest/event_loop.h"
#include "guest/virt.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WHY = 512 };

struct conn {
	struct conn_config config;
	char *uri;
	pthread_t opener;
	bool has_opener, has_loop;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool wanted, stopping, no_waiting;
	virConnectPtr now; /* NULL: not connected */
	unsigned number;   /* of `now`, 1.. */
	bool ready;    /* its events are registered: a job may use it and misses none of its own */
	bool lost;     /* `now` is dead and to be closed */
	char why[WHY]; /* of the last failure */

	int domain_id, network_id, paused_id; /* of the event callbacks on `now`; opener's own */
};

static void on_domain(virConnectPtr v, virDomainPtr d, int event, int detail, void *arg)
{
	struct conn *c = arg;
	char uuid[UUID_TEXT] = "";

	(void)v;
	virDomainGetUUIDString(d, uuid);
	c->config.domain(c->config.arg, virDomainGetName(d), uuid, event, detail);
}

static void on_network(virConnectPtr v, virNetworkPtr n, int event, int detail, void *arg)
{
	struct conn *c = arg;

	(void)v;
	(void)detail;
	if (event == VIR_NETWORK_EVENT_STARTED || event == VIR_NETWORK_EVENT_STOPPED)
		c->config.network(
			c->config.arg, virNetworkGetName(n), event == VIR_NETWORK_EVENT_STARTED);
}

static void on_io_error(virConnectPtr v, virDomainPtr d, const char *path, const char *alias,
	int action, const char *reason, void *arg)
{
	struct conn *c = arg;
	char uuid[UUID_TEXT] = "";

	(void)v;
	(void)alias;
	virDomainGetUUIDString(d, uuid);
	if (action == VIR_DOMAIN_EVENT_IO_ERROR_PAUSE)
		c->config.paused(c->config.arg, virDomainGetName(d), uuid, path ? path : "",
			reason ? reason : "");
}

static void lose(struct conn *c, virConnectPtr v, const char *why)
{
	pthread_mutex_lock(&c->lock);
	if (v && v == c->now && !c->lost) {
		c->lost = true;
		snprintf(c->why, sizeof c->why, "libvirt at %s: %s", c->uri, why);
		pthread_cond_broadcast(&c->changed);
	}
	pthread_mutex_unlock(&c->lock);
}

static void on_close(virConnectPtr v, int reason, void *arg)
{
	lose(arg, v,
		reason == VIR_CONNECT_CLOSE_REASON_KEEPALIVE ? "libvirtd is silent"
							     : "libvirtd closed the connection");
}

void conn_broken(struct conn *c, virConnectPtr v)
{
	lose(c, v, "the connection to libvirtd broke");
}

/* An older libvirt, or one without a driver for networks, lacks an event: then we do without. */
static void listen_on(struct conn *c, virConnectPtr v)
{
	virConnectSetKeepAlive(v, CONN_KEEPALIVE_S, 6);
	virConnectRegisterCloseCallback(v, on_close, c, NULL);
	c->domain_id = virConnectDomainEventRegisterAny(v, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
		VIR_DOMAIN_EVENT_CALLBACK(on_domain), c, NULL);
	c->network_id = virConnectNetworkEventRegisterAny(v, NULL, VIR_NETWORK_EVENT_ID_LIFECYCLE,
		VIR_NETWORK_EVENT_CALLBACK(on_network), c, NULL);
	c->paused_id =
		virConnectDomainEventRegisterAny(v, NULL, VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON,
			VIR_DOMAIN_EVENT_CALLBACK(on_io_error), c, NULL);
}

static void close_now(struct conn *c, virConnectPtr v)
{
	if (c->domain_id >= 0)
		virConnectDomainEventDeregisterAny(v, c->domain_id);
	if (c->paused_id >= 0)
		virConnectDomainEventDeregisterAny(v, c->paused_id);
	if (c->network_id >= 0)
		virConnectNetworkEventDeregisterAny(v, c->network_id);
	virConnectUnregisterCloseCallback(v, on_close);
	virConnectClose(v);
}

static void wait_ms(struct conn *c, int64_t ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	pthread_cond_timedwait(&c->changed, &c->lock, &t);
}

/* Called and returns with the lock held; not while libvirt blocks. */
static void try_open(struct conn *c, int *retry_ms)
{
	char why[WHY] = "";
	int64_t until;
	virConnectPtr v;

	pthread_mutex_unlock(&c->lock);
	v = virt_open(c->uri, why, sizeof why);
	pthread_mutex_lock(&c->lock);
	if (v) {
		/* Known as `now` before it can be lost, and told before its first event. */
		c->now = v;
		c->lost = false;
		*retry_ms = CONN_RETRY_MIN_MS;
		c->config.up(c->config.arg, ++c->number);
		pthread_mutex_unlock(&c->lock);
		listen_on(c, v);
		pthread_mutex_lock(&c->lock);
		c->ready = true;
		pthread_cond_broadcast(&c->changed);
		return;
	}
	snprintf(c->why, sizeof c->why, "%s", why);
	until = clock_mono_ms() + *retry_ms;
	while (!c->stopping && clock_mono_ms() < until)
		wait_ms(c, until - clock_mono_ms());
	if ((*retry_ms *= 2) > CONN_RETRY_MAX_MS)
		*retry_ms = CONN_RETRY_MAX_MS;
}

static void drop_lost(struct conn *c)
{
	virConnectPtr v = c->now;
	char why[WHY];

	c->now = NULL;
	c->ready = c->lost = false;
	snprintf(why, sizeof why, "%s", c->why);
	pthread_mutex_unlock(&c->lock);
	close_now(c, v);
	c->config.down(c->config.arg, why);
	pthread_mutex_lock(&c->lock);
}

static void *run_opener(void *arg)
{
	struct conn *c = arg;
	int retry_ms = CONN_RETRY_MIN_MS;

	pthread_mutex_lock(&c->lock);
	while (!c->stopping) {
		if (c->now && c->lost)
			drop_lost(c);
		else if (c->wanted && !c->now)
			try_open(c, &retry_ms);
		else
			pthread_cond_wait(&c->changed, &c->lock);
	}
	if (c->now) {
		virConnectPtr v = c->now;

		c->now = NULL;
		c->ready = false;
		pthread_mutex_unlock(&c->lock);
		close_now(c, v);
		pthread_mutex_lock(&c->lock);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

int conn_new(const struct conn_config *config, struct conn **ret)
{
	struct conn *c = calloc(1, sizeof *c);
	pthread_condattr_t attr;
	sigset_t all, before;

	if (!c)
		return -ENOMEM;
	virt_init();
	c->config = *config;
	c->domain_id = c->network_id = c->paused_id = -1;
	pthread_mutex_init(&c->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&c->changed, &attr);
	pthread_condattr_destroy(&attr);
	c->uri = strdup(config->uri ? config->uri : VIRT_URI);
	snprintf(c->why, sizeof c->why, "libvirt at %s has not answered yet", c->uri ? c->uri : "");
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	c->has_loop = c->uri && !event_loop_hold();
	c->has_opener = c->has_loop && !pthread_create(&c->opener, NULL, run_opener, c);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!c->has_opener) {
		conn_free(c);
		return -EAGAIN;
	}
	*ret = c;
	return 0;
}

void conn_free(struct conn *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->stopping = true;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
	/* The event loop outlives the connection: closing it hands callbacks to the loop for
	 * freeing. */
	if (c->has_opener)
		pthread_join(c->opener, NULL);
	if (c->has_loop)
		event_loop_drop();
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	free(c->uri);
	free(c);
}

void conn_want(struct conn *c)
{
	pthread_mutex_lock(&c->lock);
	c->wanted = true;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

void conn_stop_waiting(struct conn *c)
{
	pthread_mutex_lock(&c->lock);
	c->no_waiting = true;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

virConnectPtr conn_get(struct conn *c, int wait, unsigned *ret_number, char *why, size_t why_size)
{
	int64_t until = clock_mono_ms() + wait;
	virConnectPtr v = NULL;

	conn_want(c);
	pthread_mutex_lock(&c->lock);
	while ((!c->ready || c->lost) && !c->no_waiting && clock_mono_ms() < until)
		wait_ms(c, until - clock_mono_ms());
	if (c->ready && !c->lost) {
		v = c->now;
		*ret_number = c->number;
		virConnectRef(v);
	} else {
		snprintf(why, why_size, "%s", c->why);
	}
	pthread_mutex_unlock(&c->lock);
	return v;
}
