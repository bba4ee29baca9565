/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/timeline.h"

#include "core/behalf.h"
#include "core/clock.h"
#include "core/plain.h"
#include "machine/event_log.h"
#include "machine/life.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 64 }; /* bytes of a machine's name or a kind, with NUL */

static const int64_t day_ms = 24 * 3600 * 1000;

struct listener {
	void (*added)(void *arg, const struct timeline_event *e);
	void *arg;
};

enum log { LOG_MACHINES, LOG_PEERS, LOG_OTHERS, LOGS };

struct timeline {
	struct store *store;
	struct event_log logs[LOGS];
	uint64_t newest;   /* its number, 0: there is none */
	int64_t newest_at; /* of those loaded */
	uint64_t skipped;  /* numbers that are not given after it: TIMELINE_GAP at the start */
	struct listener listeners[TIMELINE_LISTENERS];
	size_t n_listeners;
};

/* What only a machine's user, its attempt's own course, or the host causes: life.h's states, and these. */
static bool is_own(const char *kind)
{
	static const char *const kinds[] = {"created", "deleted", "delete", "changed", "power",
		"paused", "network", "template", "fetch", "hook"};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(kinds[i], kind))
			return true;
	return life_state_parse(kind) >= 0;
}

static enum log log_of(const struct timeline_event *e)
{
	return !*e->machine ? LOG_OTHERS : is_own(e->kind) ? LOG_MACHINES : LOG_PEERS;
}

static int event_fill(struct timeline_event *e, const char *machine, const char *kind,
	const char *text, const char *by)
{
	char m[WORD_MAX], k[WORD_MAX], x[TIMELINE_TEXT + 1], b[BEHALF_NAME];
	char *block;

	plain_line(machine, m, sizeof m);
	plain_line(kind, k, sizeof k);
	plain_line(text, x, sizeof x);
	plain_line(by, b, sizeof b);
	block = malloc(strlen(m) + strlen(k) + strlen(x) + strlen(b) + 4);
	if (!block)
		return -ENOMEM;
	e->machine = block;
	e->kind = stpcpy(e->machine, m) + 1;
	e->text = stpcpy(e->kind, k) + 1;
	e->by = stpcpy(e->text, x) + 1;
	strcpy(e->by, b);
	return 0;
}

/* Takes the event's strings, whatever comes of it. */
static int push(struct timeline *t, const struct timeline_event *e)
{
	int rc = event_log_push(&t->logs[log_of(e)], e);

	if (!rc) {
		t->newest = e->seq;
		t->skipped = 0;
	}
	return rc;
}

static int load_row(void *arg, const struct store_event *stored)
{
	struct timeline *t = arg;
	struct timeline_event e = {.seq = stored->seq, .at = stored->at, .percent = -1};
	int rc = event_fill(&e, stored->machine, stored->kind, stored->text, stored->by);

	if (!rc)
		rc = push(t, &e);
	if (!rc)
		t->newest_at = stored->at;
	return rc;
}

/* The newest stays whatever its age: it keeps the numbers from starting again. */
static void drop_older(struct timeline *t, int64_t than)
{
	const struct timeline_event *e;

	for (int i = 0; i < LOGS; i++)
		while ((e = event_log_oldest(&t->logs[i])) && e->at < than && e->seq != t->newest)
			event_log_drop(&t->logs[i]);
}

static int load(struct timeline *t)
{
	int rc = store_load_events(
		t->store, TIMELINE_MAX + TIMELINE_PEERS_MAX + TIMELINE_OTHERS_MAX, load_row, t);

	if (rc < 0 || !t->newest)
		return rc;
	/* by the newest, not by a host's clock that may be wrong as it starts */
	drop_older(t, t->newest_at - TIMELINE_DAYS * day_ms);
	t->skipped = TIMELINE_GAP;
	return 0;
}

/* event_log.left */
static void forget(void *arg, uint64_t seq)
{
	struct timeline *t = arg;

	if (t->store)
		(void)store_forget_event(t->store, seq);
}

static int make_logs(struct timeline *t)
{
	static const size_t limits[LOGS][2] = {
		[LOG_MACHINES] = {TIMELINE_MAX, TIMELINE_EACH_MAX},
		[LOG_PEERS] = {TIMELINE_PEERS_MAX, TIMELINE_EACH_MAX},
		[LOG_OTHERS] = {TIMELINE_OTHERS_MAX, TIMELINE_OTHERS_MAX},
	};
	int rc = 0;

	for (int i = 0; i < LOGS && !rc; i++)
		rc = event_log_init(&t->logs[i], limits[i][0], limits[i][1], forget, t);
	return rc;
}

int timeline_new(struct store *store, struct timeline **ret)
{
	struct timeline *t = calloc(1, sizeof *t);
	int rc;

	if (!t)
		return -ENOMEM;
	t->store = store;
	rc = make_logs(t);
	if (!rc && store)
		rc = load(t);
	if (rc < 0)
		timeline_free(t);
	else
		*ret = t;
	return rc;
}

void timeline_free(struct timeline *t)
{
	if (!t)
		return;
	for (int i = 0; i < LOGS; i++)
		event_log_fini(&t->logs[i]);
	free(t);
}

/* An event that cannot be stored is shown all the same; the store's owner hears of its trouble by
 * itself. */
static void put(struct timeline *t, const struct timeline_event *e)
{
	if (!t->store)
		return;
	store_append_event(t->store,
		&(struct store_event){e->seq, e->at, e->machine, e->kind, e->text, e->by});
}

uint64_t timeline_add_percent(
	struct timeline *t, const char *machine, const char *kind, int percent, const char *text)
{
	struct timeline_event e = {
		.seq = t->newest + t->skipped + 1, .at = clock_wall_ms(), .percent = percent};

	if (event_fill(&e, machine ? machine : "", kind, text, behalf_name(behalf_now())) < 0 ||
		push(t, &e) < 0)
		return 0;
	put(t, &e);
	for (size_t i = 0; i < t->n_listeners; i++)
		t->listeners[i].added(t->listeners[i].arg, &e);
	return e.seq;
}

uint64_t timeline_add(
	struct timeline *t, const char *machine, const char *kind, const char *fmt, ...)
{
	char text[TIMELINE_TEXT + 2]; /* one byte more than is kept shows that it was cut */
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return timeline_add_percent(t, machine, kind, -1, text);
}

const struct timeline_event *timeline_after(
	const struct timeline *t, uint64_t after, const char *machine)
{
	const struct timeline_event *first = NULL, *e;

	for (int i = 0; i < LOGS; i++) {
		e = event_log_after(&t->logs[i], after, machine);
		if (e && (!first || e->seq < first->seq))
			first = e;
	}
	return first;
}

/* Of this kind, from `e` on back; NULL: of any. */
static const struct timeline_event *of_kind(const struct timeline_event *e, const char *kind)
{
	while (e && kind && strcmp(e->kind, kind) != 0)
		e = event_log_before(e);
	return e;
}

const struct timeline_event *timeline_last(
	const struct timeline *t, const char *machine, const char *kind)
{
	const struct timeline_event *last = NULL, *e;

	for (int i = 0; i < LOGS; i++) {
		e = of_kind(event_log_last(&t->logs[i], machine), kind);
		if (e && (!last || e->seq > last->seq))
			last = e;
	}
	return last;
}

int64_t timeline_age(const struct timeline_event *e)
{
	int64_t age = clock_wall_ms() - e->at;

	return age >= 0 ? age : INT64_MAX;
}

/* Of this machine and kind, not older than that; no more are counted than may be. */
static unsigned count_recent(
	const struct timeline *t, const char *machine, const char *kind, int64_t ms)
{
	const struct timeline_event *e = timeline_last(t, machine, kind);
	unsigned n = 0;

	for (; e && timeline_age(e) <= ms && n < TIMELINE_PEER_MAX;
		e = of_kind(event_log_before(e), kind))
		n++;
	return n;
}

/* Since then, or, when then is to come, lately. */
static bool is_since(const struct timeline_event *e, int64_t since)
{
	int64_t age = timeline_age(e), ago = clock_wall_ms() - since;

	return age <= (ago >= 0 ? ago : TIMELINE_PEER_MS);
}

uint64_t timeline_add_peers(struct timeline *t, const char *machine, const char *kind,
	int64_t since, int percent, const char *text)
{
	const struct timeline_event *last = timeline_last(t, machine, kind);
	char line[TIMELINE_TEXT]; /* what is said in the end fits behind it */
	unsigned n;

	plain_line(text, line, sizeof line - 64);
	if (last && is_since(last, since) && !strcmp(last->text, line))
		return 0;
	n = count_recent(t, machine, kind, TIMELINE_PEER_MS);
	if (n >= TIMELINE_PEER_MAX)
		return 0;
	if (n == TIMELINE_PEER_MAX - 1)
		strcat(line, " (too many of these: more are left out)");
	return timeline_add_percent(t, machine, kind, percent, line);
}

uint64_t timeline_newest(const struct timeline *t)
{
	return t->newest;
}

int timeline_listen(
	struct timeline *t, void (*added)(void *arg, const struct timeline_event *e), void *arg)
{
	if (t->n_listeners == TIMELINE_LISTENERS)
		return -ENOSPC;
	t->listeners[t->n_listeners++] = (struct listener){added, arg};
	return 0;
}

void timeline_unlisten(
	struct timeline *t, void (*added)(void *, const struct timeline_event *), void *arg)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->n_listeners; i++)
		if (t->listeners[i].added != added || t->listeners[i].arg != arg)
			t->listeners[kept++] = t->listeners[i];
	t->n_listeners = kept;
}
