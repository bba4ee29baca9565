/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/event_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A machine's events, and how many. Goes with the last of them. */
struct owner {
	struct table_node node;
	struct event_log_entry *oldest, *newest;
	size_t count;
};

struct event_log_entry {
	struct timeline_event event; /* first: it is cast back */
	struct owner *owner;
	struct event_log_entry *older, *newer; /* of its machine */
	size_t place;                          /* index in `places` */
};

struct event_log_place {
	uint64_t seq;
	struct event_log_entry *entry; /* NULL: a hole */
};

/* With room for holes, so that closing them is rare. */
static size_t room(const struct event_log *l)
{
	return l->most + l->most / 4 + 1;
}

static struct event_log_place *place(const struct event_log *l, size_t i)
{
	return &l->places[(l->first + i) % room(l)];
}

int event_log_init(struct event_log *l, size_t most, size_t each,
	void (*left)(void *arg, uint64_t seq), void *arg)
{
	*l = (struct event_log){.most = most, .each = each, .left = left, .arg = arg};
	table_init(&l->owners);
	l->places = calloc(room(l), sizeof *l->places);
	return l->places ? 0 : -ENOMEM;
}

static uint64_t hash_name(const char *machine)
{
	return hash_bytes(machine, strlen(machine), 0);
}

static struct owner *owner_of(const struct event_log *l, const char *machine)
{
	struct table_node *n = table_first(&l->owners, hash_name(machine));

	while (n && strcmp(table_entry(n, struct owner, node)->newest->event.machine, machine))
		n = table_next(n);
	return n ? table_entry(n, struct owner, node) : NULL;
}

static void skip_holes(struct event_log *l)
{
	while (l->n && !place(l, 0)->entry) {
		l->first = (l->first + 1) % room(l);
		l->n--;
	}
}

/* Each entry knows its place again. */
static void close_holes(struct event_log *l)
{
	size_t to = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct event_log_place p = *place(l, i);

		if (!p.entry)
			continue;
		p.entry->place = (l->first + to) % room(l);
		*place(l, to++) = p;
	}
	l->n = to;
}

/* A machine's oldest leaves. */
static void drop_oldest_of(struct event_log *l, struct owner *o)
{
	struct event_log_entry *e = o->oldest;
	uint64_t seq = e->event.seq;

	l->places[e->place].entry = NULL;
	o->oldest = e->newer;
	if (o->oldest)
		o->oldest->older = NULL;
	if (--o->count == 0) {
		table_remove(&l->owners, &o->node);
		free(o);
	}
	free(e->event.machine);
	free(e);
	l->count--;
	skip_holes(l);
	if (l->left)
		l->left(l->arg, seq);
}

void event_log_drop(struct event_log *l)
{
	drop_oldest_of(l, place(l, 0)->entry->owner);
}

void event_log_fini(struct event_log *l)
{
	l->left = NULL;
	while (l->count)
		event_log_drop(l);
	table_fini(&l->owners);
	free(l->places);
	*l = (struct event_log){0};
}

static struct owner *owner_new(struct event_log *l, struct event_log_entry *e)
{
	struct owner *o = calloc(1, sizeof *o);

	if (!o)
		return NULL;
	o->oldest = o->newest = e; /* its name is the event's */
	if (table_put(&l->owners, &o->node, hash_name(e->event.machine)) < 0) {
		free(o);
		return NULL;
	}
	return o;
}

static void make_room(struct event_log *l, struct owner *o)
{
	if (o && o->count >= l->each)
		drop_oldest_of(l, o);
	else if (l->count >= l->most)
		event_log_drop(l);
	if (l->n == room(l))
		close_holes(l);
}

static int refuse(struct event_log_entry *e, const struct timeline_event *from)
{
	free(from->machine);
	free(e);
	return -ENOMEM;
}

int event_log_push(struct event_log *l, const struct timeline_event *from)
{
	struct event_log_entry *e = calloc(1, sizeof *e);
	struct owner *o;

	if (!e)
		return refuse(e, from);
	make_room(l, owner_of(l, from->machine));
	e->event = *from;
	o = owner_of(l, from->machine); /* it may have gone with its only one */
	if (o) {
		e->older = o->newest;
		o->newest->newer = e;
		o->newest = e;
	} else {
		o = owner_new(l, e);
	}
	if (!o)
		return refuse(e, from);
	o->count++;
	e->owner = o;
	e->place = (l->first + l->n) % room(l);
	l->places[e->place] = (struct event_log_place){e->event.seq, e};
	l->n++;
	l->count++;
	return 0;
}

const struct timeline_event *event_log_oldest(const struct event_log *l)
{
	return l->count ? &place(l, 0)->entry->event : NULL;
}

/* The first place, hole or not, with a number above `after`. */
static size_t place_after(const struct event_log *l, uint64_t after)
{
	size_t lo = 0, hi = l->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (place(l, mid)->seq > after)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static const struct timeline_event *after_of(
	const struct event_log *l, uint64_t after, const char *machine)
{
	const struct owner *o = owner_of(l, machine);
	const struct event_log_entry *e = o ? o->newest : NULL, *found = NULL;

	for (; e && e->event.seq > after; e = e->older)
		found = e;
	return found ? &found->event : NULL;
}

const struct timeline_event *event_log_after(
	const struct event_log *l, uint64_t after, const char *machine)
{
	if (machine)
		return after_of(l, after, machine);
	for (size_t i = place_after(l, after); i < l->n; i++)
		if (place(l, i)->entry)
			return &place(l, i)->entry->event;
	return NULL;
}

const struct timeline_event *event_log_last(const struct event_log *l, const char *machine)
{
	const struct owner *o = owner_of(l, machine);

	return o ? &o->newest->event : NULL;
}

const struct timeline_event *event_log_before(const struct timeline_event *e)
{
	const struct event_log_entry *older = ((const struct event_log_entry *)e)->older;

	return older ? &older->event : NULL;
}
