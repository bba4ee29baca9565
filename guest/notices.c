/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libvirt says by itself, from its threads to the main thread. */
#include "guest/guests.h"

#include "core/log.h"
#include "guest/news.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *guest_event_name(int what)
{
	static const char *const names[] = {[GUEST_STARTED] = "started",
		[GUEST_STOPPED_SELF] = "stopped",
		[GUEST_KILLED] = "killed",
		[GUEST_DEFINED] = "defined",
		[GUEST_UNDEFINED] = "undefined",
		[GUEST_PAUSED] = "paused",
		[GUEST_RESUMED] = "resumed",
		[GUEST_PANICKED] = "panicked",
		[GUEST_RENAMED] = "renamed"};

	return what >= 0 && (size_t)what < sizeof names / sizeof *names ? names[what] : "?";
}

struct notice {
	struct message message;
	struct guests *g;
	enum { NOTICE_UP, NOTICE_DOWN, NOTICE_DOMAIN, NOTICE_NETWORK, NOTICE_PAUSED } kind;
	unsigned connection;
	bool started;
	bool full;      /* NOTICE_PAUSED */
	char path[512]; /* its disk's */
	struct run_event event;
	char text[]; /* name, or reason */
};

void notices_tell(struct guests *g, const char *name, const struct run_event *e)
{
	struct guest_news news = {.domain = name,
		.uuid = e->uuid,
		.what = e->what,
		.state = e->state,
		.ours = e->ours,
		.how = e->how};

	if (g->config.event)
		g->config.event(g->config.arg, &news);
}

static void on_domain_notice(struct guests *g, struct notice *n)
{
	enum run_verdict v = runs_event(&g->runs, n->text, &n->event);

	log_debug("guest: %s %s%s", n->text, guest_event_name(n->event.what),
		v == RUN_DROP           ? ", caused by usher"
			: v == RUN_HOLD ? ", waits for its job"
					: "");
	if (v != RUN_HOLD)
		notices_tell(g, n->text, &n->event);
}

static void on_up(struct guests *g, const struct notice *n)
{
	log_info("guest: connected to libvirt at %s", g->uri);
	g->connected = true;
	runs_reconnected(&g->runs, n->connection);
	if (g->config.connected)
		g->config.connected(g->config.arg);
}

static void on_down(struct guests *g, const struct notice *n)
{
	log_warn("guest: %s; trying again", n->text);
	g->connected = false;
	if (g->config.disconnected)
		g->config.disconnected(g->config.arg, n->text);
}

static void on_paused(struct guests *g, const struct notice *n)
{
	if (g->config.disk_error)
		g->config.disk_error(g->config.arg, n->text, n->event.uuid, n->path, n->full);
}

static void deliver_notice(struct message *m)
{
	struct notice *n = (struct notice *)m;
	struct guests *g = n->g;

	if (g->closed)
		;
	else if (n->kind == NOTICE_UP)
		on_up(g, n);
	else if (n->kind == NOTICE_DOWN)
		on_down(g, n);
	else if (n->kind == NOTICE_DOMAIN)
		on_domain_notice(g, n);
	else if (n->kind == NOTICE_PAUSED)
		on_paused(g, n);
	else if (g->config.network)
		g->config.network(g->config.arg, n->text, n->started);
	free(n);
	guests_put(g);
}

static struct notice *notice_new(struct guests *g, int kind, const char *text)
{
	size_t len = strlen(text) + 1;
	struct notice *n = calloc(1, sizeof *n + len);

	if (!n) {
		log_error("guest: out of memory, a libvirt event is lost: %s", text);
		return NULL;
	}
	n->g = g;
	n->kind = kind;
	memcpy(n->text, text, len);
	return n;
}

static void conn_up(void *arg, unsigned number)
{
	struct notice *n = notice_new(arg, NOTICE_UP, "");
	struct guests *g = arg;

	mac_cache_forget_all(g->macs);
	if (!n)
		return;
	n->connection = number;
	guests_post(arg, &n->message, deliver_notice);
}

static void conn_down(void *arg, const char *why)
{
	struct notice *n = notice_new(arg, NOTICE_DOWN, why);

	if (n)
		guests_post(arg, &n->message, deliver_notice);
}

static void conn_domain(void *arg, const char *name, const char *uuid, int event, int detail)
{
	const struct news_kind *k = news_kind(event, detail);
	struct guests *g = arg;
	struct notice *n = k ? notice_new(arg, NOTICE_DOMAIN, name) : NULL;

	if (event == VIR_DOMAIN_EVENT_DEFINED || event == VIR_DOMAIN_EVENT_UNDEFINED ||
		event == VIR_DOMAIN_EVENT_STARTED)
		mac_cache_forget(g->macs, uuid);
	if (!n)
		return;
	n->event.what = k->what;
	n->event.state = k->state;
	n->event.how = k->how;
	n->event.destroyed =
		event == VIR_DOMAIN_EVENT_STOPPED && detail == VIR_DOMAIN_EVENT_STOPPED_DESTROYED;
	snprintf(n->event.uuid, sizeof n->event.uuid, "%s", uuid);
	guests_post(arg, &n->message, deliver_notice);
}

static void conn_network(void *arg, const char *name, bool started)
{
	struct notice *n = notice_new(arg, NOTICE_NETWORK, name);

	if (!n)
		return;
	n->started = started;
	guests_post(arg, &n->message, deliver_notice);
}

static void conn_paused(
	void *arg, const char *name, const char *uuid, const char *path, const char *reason)
{
	struct notice *n = notice_new(arg, NOTICE_PAUSED, name);

	if (!n)
		return;
	n->full = !strcmp(reason, "enospc");
	snprintf(n->path, sizeof n->path, "%s", path);
	snprintf(n->event.uuid, sizeof n->event.uuid, "%s", uuid);
	guests_post(arg, &n->message, deliver_notice);
}

void notices_hook(struct guests *g, struct conn_config *c)
{
	c->arg = g;
	c->up = conn_up;
	c->down = conn_down;
	c->domain = conn_domain;
	c->network = conn_network;
	c->paused = conn_paused;
}
