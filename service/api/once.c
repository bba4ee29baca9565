/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/api/once.h"

#include "core/sha256.h"
#include "core/wipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct once_entry {
	struct table_node by_key;
	struct once *home; /* NULL: it is no longer among those */
	struct once_entry *newer, *older;
	char *name;           /* asker and key */
	char sum[SHA256_HEX]; /* of the request */
	int64_t at;           /* mono ms */
	bool made;            /* only 201 is kept */
	unsigned status;      /* 0: it is under way */
	char *text;           /* its answer, for wipe_free(); NULL: it was too long */
	size_t len;
	struct http_request *waiters[ONCE_WAITERS_MAX];
	size_t n_waiters;
};

void once_init(struct once *o)
{
	*o = (struct once){0};
	table_init(&o->by_key);
}

static uint64_t hash_of(const char *name)
{
	return hash_bytes(name, strlen(name), 0);
}

static void entry_free(struct once_entry *e)
{
	free(e->name);
	wipe_free(e->text);
	free(e);
}

/* Out of the table; who frees it is another matter. */
static void take_out(struct once_entry *e)
{
	struct once *o = e->home;

	table_remove(&o->by_key, &e->by_key);
	*(e->newer ? &e->newer->older : &o->newest) = e->older;
	*(e->older ? &e->older->newer : &o->oldest) = e->newer;
	o->count--;
	o->bytes -= e->len;
	e->home = NULL;
}

void once_fini(struct once *o)
{
	while (o->oldest) {
		struct once_entry *e = o->oldest;

		take_out(e);
		if (e->status)
			entry_free(e);
	}
	table_fini(&o->by_key);
}

static struct once_entry *find(const struct once *o, const char *name)
{
	for (struct table_node *n = table_first(&o->by_key, hash_of(name)); n; n = table_next(n)) {
		struct once_entry *e = table_entry(n, struct once_entry, by_key);

		if (!strcmp(e->name, name))
			return e;
	}
	return NULL;
}

static struct once_entry *oldest_answered(const struct once *o)
{
	struct once_entry *e = o->oldest;

	while (e && !e->status)
		e = e->newer;
	return e;
}

static void drop(struct once_entry *e)
{
	take_out(e);
	entry_free(e);
}

/* Those that are too old go, and as many as there must be room for. False: all of them are under way. */
static bool make_room(struct once *o, size_t count, size_t bytes, int64_t now)
{
	struct once_entry *e;

	while ((e = oldest_answered(o)) &&
		(e->at + ONCE_MS <= now || o->count + count > ONCE_COUNT_MAX ||
			o->bytes + bytes > ONCE_BYTES_MAX))
		drop(e);
	return o->count + count <= ONCE_COUNT_MAX;
}

static void sum_of(const struct http_request *r, char ret[SHA256_HEX])
{
	struct sha256 s;

	sha256_start(&s);
	sha256_add(&s, http_method_name(r->method), strlen(http_method_name(r->method)) + 1);
	sha256_add(&s, r->target, strlen(r->target) + 1);
	sha256_add(&s, r->body, r->body_len);
	sha256_hex(&s, ret);
}

static void send(struct http_request *r, unsigned status, const char *text, size_t len)
{
	if (text)
		http_respond(r, status, "application/json", text, len);
	else
		http_respond_error(r, 409,
			"this request was carried out (%u), and its answer was too long to be kept",
			status);
}

static void keep(struct once_entry *e, unsigned status, const char *text, size_t len)
{
	struct once *o = e->home;

	e->status = status;
	if (len > ONCE_ANSWER_MAX || !(e->text = malloc(len + 1)))
		return;
	memcpy(e->text, text, len);
	e->text[len] = '\0';
	e->len = len;
	o->bytes += len;
}

static void told(void *arg, unsigned status, const char *text, size_t len)
{
	struct once_entry *e = arg;
	bool done = status == 201 || (status == 200 && !e->made);

	for (size_t i = 0; i < e->n_waiters; i++)
		send(e->waiters[i], status, text, len);
	e->n_waiters = 0;
	if (e->home && done) {
		if (len <= ONCE_ANSWER_MAX)
			(void)make_room(e->home, 0, len, e->at);
		keep(e, status, text, len);
		return;
	}
	if (e->home)
		take_out(e);
	entry_free(e);
}

static struct once_entry *entry_new(struct once *o, const char *name, const char *sum, int64_t now)
{
	struct once_entry *e = calloc(1, sizeof *e);

	if (!e)
		return NULL;
	e->name = strdup(name);
	snprintf(e->sum, sizeof e->sum, "%s", sum);
	e->at = now;
	if (!e->name || table_put(&o->by_key, &e->by_key, hash_of(name))) {
		entry_free(e);
		return NULL;
	}
	e->home = o;
	e->older = o->newest;
	*(o->newest ? &o->newest->newer : &o->oldest) = e;
	o->newest = e;
	o->count++;
	return e;
}

/* Another request than the first of this key, or the same. */
static void again(struct once_entry *e, struct http_request *r, const char *sum)
{
	if (strcmp(e->sum, sum)) {
		http_respond_error(r, 422,
			"another request came with this key within the last 24 hours: take a new key");
	} else if (e->status) {
		send(r, e->status, e->text, e->len);
	} else if (e->n_waiters == ONCE_WAITERS_MAX) {
		http_respond_error(r, 503, "this request is under way, and too many wait for it");
	} else {
		e->waiters[e->n_waiters++] = r;
		http_hold(r, HTTP_HOLD_MS);
	}
}

bool once_begin(struct once *o, struct http_request *r, const char *asker, const char *key,
	bool made, int64_t now)
{
	char name[ONCE_KEY_MAX + 128], sum[SHA256_HEX];
	struct once_entry *e;

	snprintf(name, sizeof name, "%.100s %s", asker, key);
	e = find(o, name);
	if (e && e->status && e->at + ONCE_MS <= now) {
		drop(e);
		e = NULL;
	}
	sum_of(r, sum);
	if (e) {
		again(e, r, sum);
		return false;
	}
	e = make_room(o, 1, 0, now) ? entry_new(o, name, sum, now) : NULL;
	if (!e) {
		http_respond_error(r, 503, "too many requests with keys are under way");
		return false;
	}
	e->made = made;
	http_on_answer(r, told, e);
	return true;
}
