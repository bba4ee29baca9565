/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose addresses are machines': asked of the main thread by the pump's, which must not touch what the main thread owns,
 * some at a time. And what the main thread is told of connections that were dropped.
 */
#include "httpd/http_exchange.h"

#include "core/clock.h"
#include "core/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ASKED_AT_A_TIME = 64 };

/* A question on its way to the main thread, and its answer on the way back. */
struct http_told {
	struct message m;
	struct http_told *next;
	struct httpd *h;
	uint64_t serial; /* the listener's, which may be gone when this arrives */
	size_t n;
	struct ip ip[ASKED_AT_A_TIME];
	bool machine[ASKED_AT_A_TIME];
};

static struct http_listener *find(const struct httpd *h, uint64_t serial)
{
	for (size_t i = 0; i < h->n_listeners && !h->stopped; i++)
		if (h->listeners[i]->serial == serial)
			return h->listeners[i];
	return NULL;
}

static void answer(struct http_listener *l, struct http_told *t)
{
	const struct httpd_config *c = &l->h->c;

	for (size_t i = 0; i < t->n; i++)
		t->machine[i] = c->knows(c->arg, l->segment, &t->ip[i]);
	t->next = atomic_load(&l->told);
	while (!atomic_compare_exchange_weak(&l->told, &t->next, t))
		;
	http_pump_wake(&l->pump);
}

static void arrive(struct message *m)
{
	struct http_told *t = (struct http_told *)m;
	struct http_listener *l = find(t->h, t->serial);
	struct httpd *h = t->h;

	if (l)
		answer(l, t);
	else
		free(t);
	httpd_unref(h);
}

static bool is_trusted(const struct http_listener *l, const struct ip *id)
{
	uid_t uid = http_pump_user(id);

	return l->local && (uid == 0 || uid == geteuid());
}

/* On the Unix socket root and we ourselves are no strangers; by TLS all are, until they come with a token (http_vouch()). */
static void ask_nobody(struct http_listener *l)
{
	struct ip id;

	while (crowd_ask(&l->pump.crowd, &id))
		crowd_know(&l->pump.crowd, &id, is_trusted(l, &id), clock_mono_ms());
}

/* Out of memory: they stay unknown. */
void http_known_ask(struct http_listener *l)
{
	struct http_told *t;

	if (l->serves & HTTP_SERVES_API) {
		ask_nobody(l);
		return;
	}
	while (crowd_asks(&l->pump.crowd)) {
		t = calloc(1, sizeof *t);
		if (!t)
			return;
		*t = (struct http_told){.m.deliver = arrive, .h = l->h, .serial = l->serial};
		while (t->n < ASKED_AT_A_TIME && crowd_ask(&l->pump.crowd, &t->ip[t->n]))
			t->n++;
		httpd_ref(l->h);
		mailbox_post(l->h->c.home, &t->m);
	}
}

void http_known_take(struct http_listener *l)
{
	struct http_told *t = atomic_exchange(&l->told, NULL), *next;
	int64_t now = clock_mono_ms();

	for (; t; t = next) {
		next = t->next;
		for (size_t i = 0; i < t->n; i++)
			crowd_know(&l->pump.crowd, &t->ip[i], t->machine[i], now);
		free(t);
	}
}

void http_known_fini(struct http_listener *l)
{
	struct http_told *t = atomic_exchange(&l->told, NULL), *next;

	for (; t; t = next) {
		next = t->next;
		free(t);
	}
}

/* Dropped connections */

struct dropped {
	struct message m;
	struct httpd *h;
	struct http_dropped d;
};

static void deliver_dropped(struct message *m)
{
	struct dropped *d = (struct dropped *)m;
	struct httpd *h = d->h;

	if (!h->stopped)
		h->c.dropped(h->c.arg, &d->d);
	free(d);
	httpd_unref(h);
}

static void say_dropped(const struct http_listener *l, const struct http_dropped *d)
{
	char who[IP_TEXT];

	if (l->local)
		snprintf(who, sizeof who, "user %u", http_pump_user(&l->pump.put_out.last));
	else
		ip_format(&d->last, who);
	if (d->requests)
		log_warn("http: %u incomplete request%s dropped, the last from %s", d->requests,
			d->requests == 1 ? "" : "s", who);
	if (d->answers)
		log_warn("http: %u answer%s broken off that %s not taken, the last from %s",
			d->answers, d->answers == 1 ? "" : "s", d->answers == 1 ? "was" : "were",
			who);
}

void http_known_look(struct http_listener *l)
{
	const struct http_put_out *out = &l->pump.put_out;
	int64_t now = clock_mono_ms();
	struct http_dropped d = {.segment = l->segment,
		.requests = out->n[CROWD_ROOM] + out->n[CROWD_SLOW],
		.answers = out->n[CROWD_STUCK]};
	struct dropped *to;

	if (!l->pump.tell || (l->dropped_told && now - l->dropped_told < HTTP_DROPPED_MS))
		return;
	if (!l->local)
		d.last = out->last;
	say_dropped(l, &d);
	l->pump.put_out = (struct http_put_out){0};
	l->pump.tell = false;
	l->dropped_told = now;
	to = l->h->c.dropped ? malloc(sizeof *to) : NULL;
	if (!to)
		return;
	*to = (struct dropped){.m.deliver = deliver_dropped, .h = l->h, .d = d};
	httpd_ref(l->h);
	mailbox_post(l->h->c.home, &to->m);
}
