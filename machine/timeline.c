#include "machine/timeline.h"

#include "core/clock.h"
#include "core/table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PRUNE_EVERY = 500, /* events between two orders to the store to forget */
	WORD_MAX = 64,     /* bytes of a machine's name or a kind, with NUL */
};

static const int64_t day_ms = 24 * 3600 * 1000;

struct listener {
	void (*added)(void *arg, const struct timeline_event *e);
	void *arg;
};

/* Its strings are one block, at .machine. */
struct slot {
	struct timeline_event event;
	struct table_node node; /* in `last`, while it is its machine's newest */
	uint64_t prev;          /* number of the machine's event before it, or 0 */
};

struct timeline {
	struct store *store;
	struct slot *ring; /* TIMELINE_MAX */
	struct table last; /* the newest event of each machine, by name */
	size_t first, count;
	uint64_t newest;
	unsigned unpruned; /* events that left the ring since the store was told */
	struct listener listeners[TIMELINE_LISTENERS];
	size_t n_listeners;
};

static struct slot *slot(const struct timeline *t, size_t i)
{
	return &t->ring[(t->first + i) % TIMELINE_MAX];
}

static struct timeline_event *at(const struct timeline *t, size_t i)
{
	return &slot(t, i)->event;
}

static uint64_t hash_name(const char *machine)
{
	return hash_bytes(machine, strlen(machine), 0);
}

static struct slot *last_of(const struct timeline *t, const char *machine)
{
	struct table_node *n = table_first(&t->last, hash_name(machine));

	while (n && strcmp(table_entry(n, struct slot, node)->event.machine, machine))
		n = table_next(n);
	return n ? table_entry(n, struct slot, node) : NULL;
}

/* Bytes of the UTF-8 character at `s` (RFC 3629), or 0 when it is none. Only C1 controls are left
 * out: jansson takes the rest, and a terminal takes no orders from it. */
static size_t utf8_len(const unsigned char *s)
{
	unsigned char lo = 0x80, hi = 0xbf;
	size_t n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	if (s[0] == 0xc2 || s[0] == 0xe0)
		lo = 0xa0;
	if (s[0] == 0xed)
		hi = 0x9f;
	if (s[0] == 0xf0)
		lo = 0x90;
	if (s[0] == 0xf4)
		hi = 0x8f;
	if (s[1] < lo || s[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static void make_line(char *text)
{
	unsigned char *s = (unsigned char *)text;

	while (*s) {
		size_t n = *s < 0x80 ? 1 : utf8_len(s);

		if (*s < ' ' || *s == 0x7f)
			*s = ' ';
		if (n == 0)
			*s = '?';
		s += n ? n : 1;
	}
}

/* Takes an incomplete character off the end of a text that was cut. */
static void trim_cut(char *text)
{
	size_t len = strlen(text);
	size_t back = 0;

	while (back < 3 && back < len && (text[len - 1 - back] & 0xc0) == 0x80)
		back++;
	if (back < len && (unsigned char)text[len - 1 - back] >= 0xc0 &&
		!utf8_len((unsigned char *)text + len - 1 - back))
		text[len - 1 - back] = '\0';
}

const char *timeline_line(const char *text, char *buf, size_t size)
{
	size_t n = strnlen(text, size - 1);

	memcpy(buf, text, n);
	buf[n] = '\0';
	if (text[n])
		trim_cut(buf);
	make_line(buf);
	return buf;
}

static int event_fill(
	struct timeline_event *e, const char *machine, const char *kind, const char *text)
{
	size_t m = strnlen(machine, WORD_MAX - 1) + 1, k = strnlen(kind, WORD_MAX - 1) + 1;
	size_t x = strnlen(text, TIMELINE_TEXT) + 1;
	char *block = malloc(m + k + x);

	if (!block)
		return -ENOMEM;
	e->machine = block;
	e->kind = block + m;
	e->text = block + m + k;
	timeline_line(machine, e->machine, m);
	timeline_line(kind, e->kind, k);
	timeline_line(text, e->text, x);
	return 0;
}

static void drop_first(struct timeline *t)
{
	struct slot *s = slot(t, 0);

	if (last_of(t, s->event.machine) == s)
		table_remove(&t->last, &s->node);
	free(s->event.machine);
	t->first = (t->first + 1) % TIMELINE_MAX;
	t->count--;
}

/* Into the ring, the oldest makes room. Takes the event's strings, whatever comes of it. */
static int push(struct timeline *t, const struct timeline_event *e)
{
	struct slot *before, *s;

	if (t->count == TIMELINE_MAX) {
		drop_first(t);
		t->unpruned++;
	}
	before = last_of(t, e->machine);
	s = slot(t, t->count);
	*s = (struct slot){.event = *e, .prev = before ? before->event.seq : 0};
	if (table_put(&t->last, &s->node, hash_name(e->machine)) < 0) {
		free(e->machine);
		return -ENOMEM;
	}
	if (before)
		table_remove(&t->last, &before->node);
	t->count++;
	t->newest = e->seq;
	return 0;
}

static int load_row(void *arg, uint64_t seq, int64_t wall_ms, const char *machine, const char *kind,
	const char *text)
{
	struct timeline *t = arg;
	struct timeline_event e = {.seq = seq, .at = wall_ms};
	int rc = event_fill(&e, machine, kind, text);

	return rc < 0 ? rc : push(t, &e);
}

/* The newest stays whatever its age: it keeps the numbers from starting again. */
static void drop_older(struct timeline *t, int64_t than)
{
	while (t->count > 1 && at(t, 0)->at < than)
		drop_first(t);
}

static int load(struct timeline *t)
{
	int rc = store_load_events(t->store, TIMELINE_MAX, load_row, t);

	if (rc < 0 || !t->count)
		return rc;
	drop_older(t, clock_wall_ms() - TIMELINE_DAYS * day_ms);
	t->newest += TIMELINE_GAP;
	t->unpruned = 0;
	return store_prune_events(t->store, at(t, 0)->seq);
}

int timeline_new(struct store *store, struct timeline **ret)
{
	struct timeline *t = calloc(1, sizeof *t);
	int rc = 0;

	if (!t)
		return -ENOMEM;
	t->store = store;
	table_init(&t->last);
	t->ring = calloc(TIMELINE_MAX, sizeof *t->ring);
	if (!t->ring)
		rc = -ENOMEM;
	else if (store)
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
	while (t->count)
		drop_first(t);
	table_fini(&t->last);
	free(t->ring);
	free(t);
}

/* An event that cannot be stored is shown all the same; the store's owner hears of its trouble by
 * itself. */
static void put(struct timeline *t, const struct timeline_event *e)
{
	if (!t->store)
		return;
	store_append_event(t->store, e->seq, e->at, e->machine, e->kind, e->text);
	if (t->unpruned >= PRUNE_EVERY && store_prune_events(t->store, at(t, 0)->seq) == 0)
		t->unpruned = 0;
}

uint64_t timeline_add(
	struct timeline *t, const char *machine, const char *kind, const char *fmt, ...)
{
	struct timeline_event e = {.seq = t->newest + 1, .at = clock_wall_ms()};
	char text[TIMELINE_TEXT + 2]; /* one byte more than is kept shows that it was cut */
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (event_fill(&e, machine ? machine : "", kind, text) < 0 || push(t, &e) < 0)
		return 0;
	put(t, &e);
	for (size_t i = 0; i < t->n_listeners; i++)
		t->listeners[i].added(t->listeners[i].arg, &e);
	return e.seq;
}

/* The place in the ring of the first event with a number above `after`. */
static size_t place_after(const struct timeline *t, uint64_t after)
{
	size_t lo = 0, hi = t->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (at(t, mid)->seq > after)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

const struct timeline_event *timeline_after(
	const struct timeline *t, uint64_t after, const char *machine)
{
	for (size_t i = place_after(t, after); i < t->count; i++)
		if (!machine || strcmp(at(t, i)->machine, machine) == 0)
			return at(t, i);
	return NULL;
}

static const struct slot *before(const struct timeline *t, const struct slot *s)
{
	size_t i = s->prev ? place_after(t, s->prev - 1) : t->count;

	return i < t->count && at(t, i)->seq == s->prev ? slot(t, i) : NULL;
}

const struct timeline_event *timeline_last(
	const struct timeline *t, const char *machine, const char *kind)
{
	const struct slot *s = last_of(t, machine);

	while (s && kind && strcmp(s->event.kind, kind) != 0)
		s = before(t, s);
	return s ? &s->event : NULL;
}

/* Of this machine and kind, not older than `from`; no more are counted than may be. */
static unsigned count_since(
	const struct timeline *t, const char *machine, const char *kind, int64_t from)
{
	unsigned n = 0;

	for (const struct slot *s = last_of(t, machine);
		s && s->event.at >= from && n < TIMELINE_PEER_MAX; s = before(t, s))
		n += !strcmp(s->event.kind, kind);
	return n;
}

uint64_t timeline_add_peers(
	struct timeline *t, const char *machine, const char *kind, int64_t since, const char *text)
{
	const struct timeline_event *last = timeline_last(t, machine, kind);
	char line[TIMELINE_TEXT - 64]; /* what is said in the end fits behind it */
	unsigned n;

	timeline_line(text, line, sizeof line);
	if (last && last->at >= since && !strcmp(last->text, line))
		return 0;
	n = count_since(t, machine, kind, clock_wall_ms() - TIMELINE_PEER_MS);
	if (n >= TIMELINE_PEER_MAX)
		return 0;
	return timeline_add(t, machine, kind, "%s%s", line,
		n == TIMELINE_PEER_MAX - 1 ? " (too many of these: more are left out)" : "");
}

uint64_t timeline_newest(const struct timeline *t)
{
	return t->count ? at(t, t->count - 1)->seq : 0;
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
