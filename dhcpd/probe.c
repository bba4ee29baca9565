/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct probe {
	struct table_node by_ip;
	struct probe *prev, *next;
	struct ip ip;
	int64_t at; /* when it was asked for */
	struct probe_message *message;
	bool declined;
};

void probes_init(struct probes *p, unsigned wait_ms)
{
	*p = (struct probes){.wait_ms = wait_ms};
	table_init(&p->by_ip);
}

static uint64_t hash_of(const struct ip *ip)
{
	return hash_bytes(ip->b, sizeof(ip->b), 0);
}

static struct probe *find(const struct probes *p, const struct ip *ip)
{
	struct table_node *n;

	for (n = table_first(&p->by_ip, hash_of(ip)); n; n = table_next(n)) {
		struct probe *e = table_entry(n, struct probe, by_ip);

		if (ip_eq(&e->ip, ip))
			return e;
	}
	return NULL;
}

static bool is_running(const struct probes *p, const struct probe *e, int64_t now)
{
	return now < e->at + p->wait_ms || e->message;
}

static void append(struct probes *p, struct probe *e)
{
	e->prev = p->last;
	*(p->last ? &p->last->next : &p->first) = e;
	p->last = e;
	if (!p->running)
		p->running = e;
	if (!p->unsent)
		p->unsent = e;
}

static struct probe_message *take_message(struct probes *p, struct probe *e)
{
	struct probe_message *m = e->message;

	e->message = NULL;
	p->waiting -= m != NULL;
	return m;
}

static struct probe_message *forget(struct probes *p, struct probe *e)
{
	struct probe_message *m = take_message(p, e);

	if (p->running == e)
		p->running = e->next;
	if (p->unsent == e)
		p->unsent = e->next;
	*(e->prev ? &e->prev->next : &p->first) = e->next;
	*(e->next ? &e->next->prev : &p->last) = e->prev;
	table_remove(&p->by_ip, &e->by_ip);
	free(e);
	return m;
}

void probes_fini(struct probes *p)
{
	while (p->first)
		free(forget(p, p->first));
	table_fini(&p->by_ip);
}

enum probe_state probe_state(const struct probes *p, const struct ip *ip, int64_t now)
{
	const struct probe *e = find(p, ip);

	if (!e)
		return PROBE_UNKNOWN;
	if (is_running(p, e, now))
		return PROBE_RUNNING;
	return now < e->at + PROBE_FRESH_MS ? PROBE_FREE : PROBE_UNKNOWN;
}

/* Those that say nothing any more, and one when there are too many. */
static int make_room(struct probes *p, int64_t now)
{
	while (p->first && p->first != p->running && now >= p->first->at + PROBE_FRESH_MS)
		forget(p, p->first);
	if (p->by_ip.count < PROBE_MOST)
		return 0;
	if (p->first == p->running)
		return -ENOBUFS;
	forget(p, p->first);
	return 0;
}

int probe_begin(struct probes *p, const struct ip *ip, int64_t now)
{
	struct probe *e;
	int rc;

	if (probe_state(p, ip, now) != PROBE_UNKNOWN)
		return 0;
	rc = make_room(p, now);
	if (rc)
		return rc;
	/* an old one, whose end nobody has looked at yet */
	e = find(p, ip);
	if (e)
		free(forget(p, e));
	e = malloc(sizeof(*e));
	if (!e)
		return -ENOMEM;
	*e = (struct probe){.ip = *ip, .at = now};
	if (table_put(&p->by_ip, &e->by_ip, hash_of(ip)) < 0) {
		free(e);
		return -ENOMEM;
	}
	append(p, e);
	return 0;
}

void probe_given(struct probes *p, const struct ip *ip, int64_t now)
{
	struct probe *e = find(p, ip);

	if (e && !is_running(p, e, now))
		free(forget(p, e));
}

int probe_begin_declined(struct probes *p, const struct ip *ip, int64_t now)
{
	struct probe *e = find(p, ip);
	int rc;

	if (e && e->declined && now < e->at + PROBE_AGAIN_MS)
		return 0;
	probe_given(p, ip, now);
	rc = probe_begin(p, ip, now);
	e = find(p, ip);
	if (e)
		e->declined = true;
	return rc;
}

bool probe_is_declined(const struct probes *p, const struct ip *ip)
{
	const struct probe *e = find(p, ip);

	return e && e->declined;
}

int probe_wait(struct probes *p, const struct ip *ip, const void *bytes, size_t len)
{
	struct probe *e = find(p, ip);

	if (!e || e->message)
		return -EALREADY;
	if (p->waiting == PROBE_WAITING_MOST)
		return -ENOBUFS;
	e->message = malloc(sizeof(*e->message) + len);
	if (!e->message)
		return -ENOMEM;
	e->message->len = len;
	memcpy(e->message->bytes, bytes, len);
	p->waiting++;
	return 0;
}

size_t probes_unsent(struct probes *p, struct ip *ret, size_t most)
{
	size_t n = 0;

	for (; p->unsent && n < most; p->unsent = p->unsent->next)
		ret[n++] = p->unsent->ip;
	return n;
}

struct probe_message *probe_answered(struct probes *p, const struct ip *ip)
{
	struct probe *e = find(p, ip);

	return e ? forget(p, e) : NULL;
}

bool probes_next_over(struct probes *p, int64_t now, struct probe_message **ret)
{
	struct probe *e = p->running;

	if (!e || now < e->at + p->wait_ms)
		return false;
	p->running = e->next;
	*ret = take_message(p, e);
	return true;
}

bool probes_deadline(const struct probes *p, int64_t *ret)
{
	if (p->running)
		*ret = p->running->at + p->wait_ms;
	return p->running;
}
