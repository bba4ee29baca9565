/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/runs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t hash_of(const char *name)
{
	return hash_bytes(name, strlen(name), 0);
}

static struct run *find(const struct runs *rs, const char *name)
{
	struct table_node *n;

	for (n = table_first(&rs->table, hash_of(name)); n; n = table_next(n))
		if (!strcmp(table_entry(n, struct run, node)->name, name))
			return table_entry(n, struct run, node);
	return NULL;
}

static struct run_event *take_held(struct run *r)
{
	struct run_event *list = r->held;

	r->held = NULL;
	r->held_tail = &r->held;
	return list;
}

static void drop_held(struct run *r)
{
	struct run_event *e, *next;

	for (e = take_held(r); e; e = next) {
		next = e->next;
		free(e);
	}
}

/* Forgets a domain with nothing under way. */
static void settle(struct runs *rs, struct run *r)
{
	if (r->jobs || r->to_come.starts || r->to_come.stops || r->to_come.undefines)
		return;
	table_remove(&rs->table, &r->node);
	drop_held(r);
	free(r);
}

void runs_init(struct runs *rs)
{
	*rs = (struct runs){0};
	table_init(&rs->table);
}

void runs_fini(struct runs *rs)
{
	struct table_node *n, *next;
	size_t slot = 0;

	for (n = table_walk(&rs->table, &slot, NULL); n; n = next) {
		next = table_walk(&rs->table, &slot, n);
		drop_held(table_entry(n, struct run, node));
		free(table_entry(n, struct run, node));
	}
	table_fini(&rs->table);
}

static struct run *add(struct runs *rs, const char *name)
{
	struct run *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	snprintf(r->name, sizeof r->name, "%s", name);
	r->held_tail = &r->held;
	if (table_put(&rs->table, &r->node, hash_of(r->name))) {
		free(r);
		return NULL;
	}
	return r;
}

static void count_up(struct run_count *c, const struct run_deeds *d)
{
	c->starts += d->start;
	c->stops += d->stop;
	c->undefines += d->undefine;
}

static void less(unsigned *n, bool yes)
{
	if (yes && *n)
		--*n;
}

static void count_down(struct run_count *c, const struct run_deeds *d)
{
	less(&c->starts, d->start);
	less(&c->stops, d->stop);
	less(&c->undefines, d->undefine);
}

int runs_begin(struct runs *rs, const char *name, const struct run_deeds *may)
{
	struct run *r = find(rs, name);

	if (!r && !(r = add(rs, name)))
		return -ENOMEM;
	r->jobs++;
	count_up(&r->pending, may);
	count_up(&r->to_come, may);
	return 0;
}

struct run_event *runs_end(struct runs *rs, const char *name, unsigned connection,
	const struct run_deeds *may, const struct run_deeds *did)
{
	struct run *r = find(rs, name);
	bool here = connection == rs->connection;
	struct run_event *list;

	if (!r)
		return NULL;
	count_down(&r->pending, may);
	/* What it did not do, or did where nobody tells us any more, is not to come. */
	count_down(&r->to_come,
		&(struct run_deeds){.start = may->start && !(here && did->start),
			.stop = may->stop && !(here && did->stop),
			.undefine = may->undefine && !(here && did->undefine)});
	list = --r->jobs ? NULL : take_held(r);
	settle(rs, r);
	return list;
}

static bool is_stop(const struct run_event *e)
{
	return e->what == GUEST_STOPPED_SELF || e->what == GUEST_KILLED;
}

/* Is it ours, or of a run that is over? Counts down what was to come. */
static bool is_ours(struct run *r, const struct run_event *e)
{
	struct run_count *c = &r->to_come;
	bool ours = false;

	if (e->what == GUEST_STARTED) {
		ours = c->starts;
		less(&c->starts, true);
	} else if (e->what == GUEST_UNDEFINED) {
		ours = c->undefines;
		less(&c->undefines, true);
	} else if (is_stop(e)) {
		ours = c->stops || c->starts;
		less(&c->stops, e->destroyed);
	}
	return ours;
}

static enum run_verdict hold(struct run *r, const struct run_event *e)
{
	struct run_event *copy = malloc(sizeof *copy);

	if (!copy)
		return RUN_TELL; /* too early is better than never */
	*copy = *e;
	copy->next = NULL;
	*r->held_tail = copy;
	r->held_tail = &copy->next;
	return RUN_HOLD;
}

enum run_verdict runs_event(struct runs *rs, const char *name, struct run_event *e)
{
	struct run *r = find(rs, name);
	enum run_verdict v;

	if (!r)
		return RUN_TELL;
	e->ours = is_ours(r, e);
	v = e->ours && e->what != GUEST_STARTED ? RUN_DROP : r->jobs ? hold(r, e) : RUN_TELL;
	settle(rs, r);
	return v;
}

void runs_reconnected(struct runs *rs, unsigned connection)
{
	struct table_node *n, *next;
	size_t slot = 0;

	rs->connection = connection;
	for (n = table_walk(&rs->table, &slot, NULL); n; n = next) {
		struct run *r = table_entry(n, struct run, node);

		next = table_walk(&rs->table, &slot, n);
		r->to_come = r->pending;
		drop_held(r);
		settle(rs, r);
	}
}
