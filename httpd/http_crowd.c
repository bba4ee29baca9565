/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "httpd/http_crowd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An address: while it has connections, and some time longer. */
struct crowd_address {
	struct table_node node;
	struct ip ip;
	struct crowd_peer *peers;
	unsigned n;
	uint64_t bodies; /* bytes that its peers hold */
	enum crowd_kind kind;
	enum { NOT_ASKED, TO_ASK, ASKED } question;
	int64_t until;                     /* mono ms: `kind` is believed; 0: never told */
	struct crowd_address *prev, *next; /* without connections */
	struct crowd_address *ask_prev, *ask_next;
};

/* Lists */

static void list_add(struct crowd_list *l, struct crowd_peer *after, struct crowd_peer *p)
{
	p->prev = after;
	p->next = after ? after->next : l->oldest;
	*(p->next ? &p->next->prev : &l->newest) = p;
	*(after ? &after->next : &l->oldest) = p;
	l->n++;
}

static struct crowd_list *list_of(struct crowd *c, const struct crowd_peer *p)
{
	return &c->lists[p->state][p->kind];
}

static void list_remove(struct crowd_list *l, struct crowd_peer *p)
{
	*(p->prev ? &p->prev->next : &l->oldest) = p->next;
	*(p->next ? &p->next->prev : &l->newest) = p->prev;
	l->n--;
}

/* By `since`: nearly always the newest. */
static void enter(struct crowd *c, struct crowd_peer *p)
{
	struct crowd_list *l = list_of(c, p);
	struct crowd_peer *after = l->newest;

	while (after && after->since > p->since)
		after = after->prev;
	list_add(l, after, p);
	c->n[p->kind]++;
}

static void leave(struct crowd *c, struct crowd_peer *p)
{
	list_remove(list_of(c, p), p);
	c->n[p->kind]--;
}

/* Addresses */

static uint64_t hash_of(const struct ip *ip)
{
	return hash_bytes(ip->b, sizeof ip->b, ip->family);
}

static struct crowd_address *find(const struct crowd *c, const struct ip *ip)
{
	struct table_node *n = table_first(&c->addresses, hash_of(ip));

	while (n && !ip_eq(&table_entry(n, struct crowd_address, node)->ip, ip))
		n = table_next(n);
	return n ? table_entry(n, struct crowd_address, node) : NULL;
}

static void rest(struct crowd *c, struct crowd_address *a)
{
	a->prev = c->last[a->kind];
	a->next = NULL;
	*(a->prev ? &a->prev->next : &c->first[a->kind]) = a;
	c->last[a->kind] = a;
}

static void wake(struct crowd *c, struct crowd_address *a)
{
	*(a->prev ? &a->prev->next : &c->first[a->kind]) = a->next;
	*(a->next ? &a->next->prev : &c->last[a->kind]) = a->prev;
}

static void unask(struct crowd *c, struct crowd_address *a)
{
	if (a->question == TO_ASK) {
		*(a->ask_prev ? &a->ask_prev->ask_next : &c->ask) = a->ask_next;
		*(a->ask_next ? &a->ask_next->ask_prev : &c->ask_newest) = a->ask_prev;
	}
	a->question = NOT_ASKED;
}

static void forget(struct crowd *c, struct crowd_address *a)
{
	unask(c, a);
	wake(c, a);
	table_remove(&c->addresses, &a->node);
	free(a);
}

static void make_room(struct crowd *c)
{
	static const enum crowd_kind order[] = {CROWD_STRANGER, CROWD_UNKNOWN, CROWD_MACHINE};
	size_t i = 0;

	while (i < CROWD_KINDS && !c->first[order[i]])
		i++;
	if (c->addresses.count >= CROWD_ADDRESSES && i < CROWD_KINDS)
		forget(c, c->first[order[i]]);
}

static struct crowd_address *address_new(struct crowd *c, const struct ip *ip)
{
	struct crowd_address *a;

	make_room(c);
	a = calloc(1, sizeof *a);
	if (!a)
		return NULL;
	a->ip = *ip;
	a->kind = c->limits.trusting ? CROWD_MACHINE : CROWD_UNKNOWN;
	if (table_put(&c->addresses, &a->node, hash_of(ip)) < 0) {
		free(a);
		return NULL;
	}
	rest(c, a);
	return a;
}

static void want_answer(struct crowd *c, struct crowd_address *a, int64_t now)
{
	if (c->limits.trusting || a->question != NOT_ASKED || a->until > now)
		return;
	a->question = TO_ASK;
	a->ask_prev = c->ask_newest;
	a->ask_next = NULL;
	*(a->ask_prev ? &a->ask_prev->ask_next : &c->ask) = a;
	c->ask_newest = a;
}

void crowd_init(struct crowd *c, const struct crowd_limits *limits)
{
	*c = (struct crowd){.limits = *limits};
	table_init(&c->addresses);
}

void crowd_fini(struct crowd *c)
{
	for (int kind = 0; kind < CROWD_KINDS; kind++)
		while (c->first[kind])
			forget(c, c->first[kind]);
	table_fini(&c->addresses);
}

static void let_go(struct crowd *c, struct crowd_peer *p)
{
	c->bodies -= p->body;
	p->at->bodies -= p->body;
	p->body = 0;
}

/* Of its address it is gone too, before the connection has ended. */
static void go(struct crowd *c, struct crowd_peer *p)
{
	struct crowd_address *a = p->at;
	struct crowd_peer **at = &a->peers;

	leave(c, p);
	let_go(c, p);
	p->state = CROWD_GONE;
	while (*at != p)
		at = &(*at)->beside;
	*at = p->beside;
	a->n--;
	if (!a->peers)
		rest(c, a);
}

/* There is one: the newest. */
static struct crowd_peer *waits_longest_at(const struct crowd_address *a)
{
	struct crowd_peer *longest = NULL;

	for (struct crowd_peer *p = a->peers; p; p = p->beside)
		if (p->state == CROWD_WAITS && (!longest || p->since <= longest->since))
			longest = p;
	return longest;
}

static bool is_beside(const struct ip *a, const struct ip *b)
{
	return a->family == IP_V6 && ip_in_prefix6(a, b, 64);
}

/* Only those that are no strangers: the /64 of a link is everybody's there, and a stranger must not take the places of those
 * who came with a token. Looks at each of them: not for a listener of thousands. */
static struct crowd_peer *over_net(const struct crowd *c, struct crowd_peer *p)
{
	struct crowd_peer *longest = NULL;
	unsigned n = 0;

	if (!c->limits.per_net || p->kind != CROWD_MACHINE)
		return NULL;
	for (int state = CROWD_WAITS; state <= CROWD_SENDS; state++)
		for (struct crowd_peer *q = c->lists[state][CROWD_MACHINE].oldest; q; q = q->next) {
			if (!is_beside(&q->at->ip, &p->at->ip))
				continue;
			n++;
			if (!longest && state == CROWD_WAITS)
				longest = q;
		}
	return n <= c->limits.per_net ? NULL : longest ? longest : p;
}

static struct crowd_peer *over_address(const struct crowd *c, const struct crowd_address *a)
{
	return c->limits.per_address && a->n > c->limits.per_address ? waits_longest_at(a) : NULL;
}

int crowd_add(struct crowd *c, struct crowd_peer *p, const struct ip *ip, int64_t now,
	struct crowd_peer **ret_out)
{
	struct crowd_address *a = find(c, ip);

	*ret_out = NULL;
	if (!a)
		a = address_new(c, ip);
	if (!a)
		return -ENOMEM;
	if (!a->peers)
		wake(c, a);
	want_answer(c, a, now);
	p->at = a;
	p->beside = a->peers;
	a->peers = p;
	a->n++;
	p->kind = a->kind;
	p->state = CROWD_WAITS;
	p->since = now;
	enter(c, p);
	*ret_out = over_address(c, a);
	if (!*ret_out)
		*ret_out = over_net(c, p);
	if (*ret_out)
		go(c, *ret_out);
	return 0;
}

void crowd_remove(struct crowd *c, struct crowd_peer *p)
{
	if (p->state != CROWD_GONE)
		go(c, p);
}

void crowd_turn(struct crowd *c, struct crowd_peer *p, enum crowd_state to, int64_t now)
{
	if (p->state == CROWD_GONE)
		return;
	leave(c, p);
	p->state = to;
	p->served |= to == CROWD_WAITS;
	if (to == CROWD_WAITS)
		let_go(c, p);
	p->since = p->looked = now;
	enter(c, p);
	want_answer(c, p->at, now);
}

static bool has_room(const struct crowd *c, const struct crowd_peer *p, uint64_t more)
{
	const struct crowd_limits *l = &c->limits;
	uint64_t all = p->kind == CROWD_MACHINE ? l->bodies : l->bodies / 2;

	return !l->bodies ||
		(c->bodies + more <= all && p->at->bodies + more <= l->bodies_per_address);
}

bool crowd_hold(struct crowd *c, struct crowd_peer *p, uint64_t more)
{
	if (p->state == CROWD_GONE || !has_room(c, p, more))
		return false;
	c->bodies += more;
	p->at->bodies += more;
	p->body += more;
	return true;
}

const struct ip *crowd_ip(const struct crowd_peer *p)
{
	return &p->at->ip;
}

bool crowd_asks(const struct crowd *c)
{
	return c->ask;
}

bool crowd_ask(struct crowd *c, struct ip *ret)
{
	struct crowd_address *a = c->ask;

	if (!a)
		return false;
	*ret = a->ip;
	unask(c, a);
	a->question = ASKED;
	return true;
}

static void believe(struct crowd *c, struct crowd_address *a, enum crowd_kind kind, int64_t until)
{
	bool news = a->kind != kind;

	if (!a->peers)
		wake(c, a);
	a->kind = kind;
	a->until = until;
	if (!a->peers)
		rest(c, a);
	for (struct crowd_peer *p = news ? a->peers : NULL; p; p = p->beside) {
		leave(c, p);
		p->kind = kind;
		enter(c, p);
	}
}

void crowd_know(struct crowd *c, const struct ip *ip, bool machine, int64_t now)
{
	struct crowd_address *a = find(c, ip);

	if (!a)
		return;
	unask(c, a);
	if (a->kind != CROWD_MACHINE || a->until <= now) /* a token's word holds longer */
		believe(c, a, machine ? CROWD_MACHINE : CROWD_STRANGER,
			now + (machine ? CROWD_KNOWN_MS : CROWD_ASK_MS));
}

struct crowd_peer *crowd_vouch(struct crowd *c, struct crowd_peer *p, int64_t now)
{
	struct crowd_peer *out;
	bool news = p->kind != CROWD_MACHINE;

	if (p->state == CROWD_GONE || c->limits.trusting)
		return NULL;
	believe(c, p->at, CROWD_MACHINE, now + CROWD_VOUCHED_MS);
	out = news ? over_net(c, p) : NULL;
	if (out)
		go(c, out);
	return out;
}

/* Who goes */

static bool newcomers(const struct crowd_list *l, int64_t now)
{
	return l->n <= CROWD_NEWCOMERS &&
		(!l->oldest || now - l->oldest->since < CROWD_NEWCOMER_MS);
}

static struct crowd_peer *waits_longest(const struct crowd *c, enum crowd_kind kind, int64_t now)
{
	const struct crowd_list *l = &c->lists[CROWD_WAITS][kind];

	return newcomers(l, now) ? NULL : l->oldest;
}

/* Strangers have more than their share, and hardly one of them waits: they are sent to, slowly, or nearly all came just now. */
static struct crowd_peer *stranger_sent_to(const struct crowd *c, int64_t now)
{
	struct crowd_peer *p = c->lists[CROWD_SENDS][CROWD_STRANGER].oldest;
	bool far_over = c->n[CROWD_STRANGER] > c->limits.strangers + CROWD_NEWCOMERS;

	if (p && (far_over || now - p->since >= c->limits.request_ms[1]))
		return p;
	return far_over ? c->lists[CROWD_WAITS][CROWD_STRANGER].oldest : NULL;
}

static bool too_many_strangers(const struct crowd *c)
{
	return c->n[CROWD_STRANGER] > c->limits.strangers;
}

static bool too_many(const struct crowd *c)
{
	return c->n[CROWD_MACHINE] + c->n[CROWD_STRANGER] + c->n[CROWD_UNKNOWN] > c->limits.all;
}

static struct crowd_peer *for_room(const struct crowd *c, int64_t now)
{
	struct crowd_peer *p = NULL;

	if (too_many_strangers(c) || too_many(c))
		p = waits_longest(c, CROWD_STRANGER, now);
	if (!p && too_many_strangers(c))
		p = stranger_sent_to(c, now);
	if (!p && too_many(c))
		p = waits_longest(c, CROWD_UNKNOWN, now);
	if (!p && too_many(c))
		p = waits_longest(c, CROWD_MACHINE, now);
	return p;
}

static struct crowd_peer *too_slow(const struct crowd *c, int64_t now)
{
	for (int kind = 0; kind < CROWD_KINDS; kind++) {
		struct crowd_peer *p = c->lists[CROWD_WAITS][kind].oldest;

		if (p && now - p->since >= c->limits.request_ms[kind != CROWD_MACHINE])
			return p;
	}
	return NULL;
}

struct crowd_peer *crowd_put_out(struct crowd *c, int64_t now, enum crowd_why *ret)
{
	struct crowd_peer *p = too_slow(c, now);

	*ret = !p ? CROWD_ROOM : p->served ? CROWD_IDLE : CROWD_SLOW;
	if (!p)
		p = for_room(c, now);
	if (p)
		go(c, p);
	return p;
}

static bool is_due(const struct crowd *c, const struct crowd_peer *p, int64_t now)
{
	return now - p->looked >= c->limits.takes_ms[p->kind != CROWD_MACHINE];
}

struct crowd_peer *crowd_sent_to(const struct crowd *c, const struct crowd_peer *after, int64_t now)
{
	unsigned kind = after ? after->kind : 0;
	struct crowd_peer *p = after ? after->next : c->lists[CROWD_SENDS][0].oldest;

	for (;; p = p->next) {
		while (!p && kind + 1 < CROWD_KINDS)
			p = c->lists[CROWD_SENDS][++kind].oldest;
		if (!p || is_due(c, p, now))
			return p;
	}
}

bool crowd_took(struct crowd *c, struct crowd_peer *p, uint64_t taken, int64_t now)
{
	uint64_t before = p->taken;

	p->taken = taken;
	p->looked = now;
	if (taken - before >= c->limits.takes)
		return false;
	go(c, p);
	return true;
}

int64_t crowd_due_in(const struct crowd *c, int64_t now)
{
	int64_t least = too_many_strangers(c) || too_many(c) ? CROWD_NEWCOMER_MS : INT64_MAX;

	for (int kind = 0; kind < CROWD_KINDS; kind++) {
		const struct crowd_peer *p = c->lists[CROWD_WAITS][kind].oldest;
		int64_t ms = p ? p->since + c->limits.request_ms[kind != CROWD_MACHINE] - now
			       : INT64_MAX;

		if (ms < least)
			least = ms;
	}
	return least > 0 ? least : 0;
}

bool crowd_sends(const struct crowd *c)
{
	return c->lists[CROWD_SENDS][CROWD_MACHINE].n || c->lists[CROWD_SENDS][CROWD_STRANGER].n ||
		c->lists[CROWD_SENDS][CROWD_UNKNOWN].n;
}
