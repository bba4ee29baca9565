/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/registry.h"
#include "core/draw.h"
#include "core/wipe.h"
#include "machine/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ORDER_FIRST = 16,
};

int machines_new(struct store *store, struct timeline *timeline, const struct segments *segments,
	struct machines **ret)
{
	struct machines *ms = calloc(1, sizeof *ms);

	if (!ms)
		return -ENOMEM;
	ms->store = store;
	ms->timeline = timeline;
	ms->segments = segments;
	draw_bytes(ms->salt, sizeof ms->salt);
	table_init(&ms->names);
	table_init(&ms->keys);
	census_init(&ms->census);
	*ret = ms;
	return 0;
}

void machines_use_key(struct machines *ms, const struct encrypt_key *key)
{
	ms->key = key;
}

void machines_free(struct machines *ms)
{
	if (!ms)
		return;
	for (size_t i = 0; i < ms->count; i++)
		machine_free(ms->order[i]);
	free(ms->order);
	free(ms->due);
	free(ms->watched);
	free(ms->usual);
	table_fini(&ms->names);
	table_fini(&ms->keys);
	census_fini(&ms->census);
	free(ms);
}

struct machine *machine_new(void)
{
	struct machine *m = calloc(1, sizeof *m);

	if (!m)
		return NULL;
	m->settings = json_object();
	m->ssh_keys = json_array();
	m->percent = -1;
	if (m->settings && m->ssh_keys)
		return m;
	machine_free(m);
	return NULL;
}

void machine_free(struct machine *m)
{
	if (!m)
		return;
	json_decref(m->settings);
	json_decref(m->ssh_keys);
	machine_spec_fini(&m->spec);
	json_decref(m->attempt.snapshot);
	json_decref(m->attempt.cause);
	json_decref(m->cause_before);
	if (m->facts)
		facts_fini(m->facts);
	free(m->facts);
	free(m->first_boot);
	json_decref(m->labels);
	free(m->note);
	wipe_free(m->power_password);
	free(m->power_locked);
	json_decref(m->host_keys);
	free(m->keys);
	free(m);
}

/* The place in `order` of the first machine whose name is not before this one. */
static size_t name_place(const struct machines *ms, const char *name)
{
	size_t lo = 0, hi = ms->count;

	if (hi && machine_name_compare(ms->order[hi - 1]->name, name) < 0)
		return hi;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (machine_name_compare(ms->order[mid]->name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int make_room(struct machines *ms)
{
	size_t cap = ms->cap ? ms->cap * 2 : ORDER_FIRST;
	struct machine **order, **due, **watched;

	if (ms->count < ms->cap)
		return 0;
	order = reallocarray(ms->order, cap, sizeof *order);
	if (!order)
		return -ENOMEM;
	ms->order = order;
	due = reallocarray(ms->due, cap, sizeof *due);
	if (!due)
		return -ENOMEM;
	ms->due = due;
	watched = reallocarray(ms->watched, cap, sizeof *watched);
	if (!watched)
		return -ENOMEM;
	ms->watched = watched;
	ms->cap = cap;
	return 0;
}

static void order_insert(struct machines *ms, struct machine *m, size_t place)
{
	memmove(&ms->order[place + 1], &ms->order[place], (ms->count - place) * sizeof *ms->order);
	ms->order[place] = m;
	ms->count++;
}

static uint64_t hash_name(const char *name)
{
	return hash_bytes(name, strlen(name), 0);
}

/* At `place` of the order, which the caller knows or puts right. */
static int add_at(struct machines *ms, struct machine *m, size_t place)
{
	int rc;

	if (ms->count == MACHINES_MAX)
		return -ENOSPC;
	if (machines_by_name(ms, m->name))
		return -EEXIST;
	rc = make_room(ms);
	if (rc < 0)
		return rc;
	rc = machine_keys_update(ms, m);
	if (rc < 0)
		return rc;
	rc = table_put(&ms->names, &m->by_name, hash_name(m->name));
	if (rc < 0) {
		machine_keys_drop(ms, m);
		return rc;
	}
	order_insert(ms, m, place);
	m->home = ms;
	machine_due_update(ms, m);
	machine_watch_update(ms, m);
	machine_count(ms, m);
	return 0;
}

int machines_add(struct machines *ms, struct machine *m)
{
	return add_at(ms, m, name_place(ms, m->name));
}

void machines_remove(struct machines *ms, struct machine *m)
{
	size_t place = name_place(ms, m->name);

	if (ms->store)
		store_delete(ms->store, STORE_MACHINE, m->name, strlen(m->name));
	machine_due_remove(ms, m);
	machine_watch_drop(ms, m);
	machine_uncount(ms, m);
	ms->count--;
	memmove(&ms->order[place], &ms->order[place + 1], (ms->count - place) * sizeof *ms->order);
	table_remove(&ms->names, &m->by_name);
	machine_keys_drop(ms, m);
	machine_free(m);
}

int machines_update(struct machines *ms, struct machine *m)
{
	int rc = machine_keys_update(ms, m);

	if (rc < 0)
		return rc;
	machine_due_update(ms, m);
	machine_watch_update(ms, m);
	machine_count(ms, m);
	return 0;
}

int machines_save(struct machines *ms, struct machine *m)
{
	json_t *j;
	char *text = NULL;
	int rc = machines_update(ms, m);

	if (rc || !ms->store)
		return rc;
	j = machine_store(m, ms->key);
	if (j)
		text = json_dumps(j, JSON_COMPACT);
	rc = text
		? store_put(ms->store, STORE_MACHINE, m->name, strlen(m->name), text, strlen(text))
		: ms->key ? -ENOMEM
			  : -ENOKEY;
	if (!rc)
		m->in_clear = false;
	free(text);
	json_decref(j);
	return rc;
}

int machines_encrypt(struct machines *ms)
{
	int n = 0, rc = 0;

	for (size_t i = 0; i < ms->count && !rc; i++)
		if (ms->order[i]->in_clear) {
			rc = machines_save(ms, ms->order[i]);
			n++;
		}
	return rc ? rc : n;
}

/* `name` has room for it, and is free. */
static void set_name(struct machines *ms, struct machine *m, const char *name)
{
	size_t place = name_place(ms, m->name);

	ms->count--;
	memmove(&ms->order[place], &ms->order[place + 1], (ms->count - place) * sizeof *ms->order);
	table_remove(&ms->names, &m->by_name);
	snprintf(m->name, sizeof m->name, "%s", name);
	/* there is room: one was just taken out */
	(void)table_put(&ms->names, &m->by_name, hash_name(m->name));
	order_insert(ms, m, name_place(ms, m->name));
}

int machines_rename(struct machines *ms, struct machine *m, const char *name)
{
	char old[MACHINE_NAME];
	int rc;

	if (machine_name_error(name))
		return -EINVAL;
	if (machines_by_name(ms, name))
		return -EEXIST;
	snprintf(old, sizeof old, "%s", m->name);
	set_name(ms, m, name);
	rc = machines_save(ms, m);
	if (rc)
		set_name(ms, m, old);
	else if (ms->store)
		store_delete(ms->store, STORE_MACHINE, old, strlen(old));
	return rc;
}

struct loading {
	struct machines *ms;
	char *why;
	size_t why_size;
};

static int load_row(void *arg, const void *key, size_t key_len, const void *value, size_t len)
{
	struct loading *l = arg;
	struct machine *m = NULL;
	char what[160] = "it is not JSON";
	json_t *j = json_loadb(value, len, JSON_REJECT_DUPLICATES, NULL);
	int rc = j ? machine_parse(j, l->ms->key, &m, what, sizeof what) : -EPROTO;

	json_decref(j);
	if (rc == 0 && (strlen(m->name) != key_len || memcmp(m->name, key, key_len) != 0)) {
		snprintf(what, sizeof what, "it has another name, %s", m->name);
		rc = -EPROTO;
	}
	if (rc == 0)
		rc = add_at(l->ms, m, l->ms->count);
	if (rc == -EEXIST) {
		snprintf(what, sizeof what, "another machine has its MAC or address");
		rc = -EPROTO;
	}
	if (rc < 0)
		machine_free(m);
	if (rc == -EPROTO)
		snprintf(l->why, l->why_size,
			"the stored record of machine %.*s cannot be read: %s", (int)key_len,
			(const char *)key, what);
	else if (rc == -ENOKEY)
		snprintf(l->why, l->why_size,
			"machine %.*s has encrypted secrets, and there is no key", (int)key_len,
			(const char *)key);
	else if (rc < 0)
		snprintf(l->why, l->why_size, "machines cannot be loaded: %s", strerror(-rc));
	return rc;
}

static int by_name(const void *a, const void *b)
{
	const struct machine *const *x = a, *const *y = b;

	return machine_name_compare((*x)->name, (*y)->name);
}

int machines_load(struct machines *ms, char *why, size_t why_size)
{
	struct loading l = {ms, why, why_size};
	int rc = ms->store ? store_load(ms->store, STORE_MACHINE, load_row, &l) : 0;

	if (ms->count)
		qsort(ms->order, ms->count, sizeof *ms->order, by_name);
	return rc;
}

/* Look-ups. */

struct machine *machines_by_name(const struct machines *ms, const char *name)
{
	for (struct table_node *n = table_first(&ms->names, hash_name(name)); n;
		n = table_next(n)) {
		struct machine *m = table_entry(n, struct machine, by_name);

		if (strcmp(m->name, name) == 0)
			return m;
	}
	return NULL;
}

struct machine *machines_by_uuid(const struct machines *ms, const char *uuid)
{
	for (size_t i = 0; i < ms->count; i++)
		if (!strcmp(ms->order[i]->uuid, uuid))
			return ms->order[i];
	return NULL;
}

static size_t place_after(const struct machines *ms, const char *name)
{
	size_t place = name_place(ms, name);

	return place < ms->count && !strcmp(ms->order[place]->name, name) ? place + 1 : place;
}

struct machine *machines_after(const struct machines *ms, const char *name)
{
	size_t place = place_after(ms, name);

	return place < ms->count ? ms->order[place] : NULL;
}

struct machine *machines_from(const struct machines *ms, const char *name)
{
	size_t place = name_place(ms, name);

	return place < ms->count ? ms->order[place] : NULL;
}

/* A walk finds each where it met it, unless machines came or went meanwhile. */
static bool is_where_met(const struct machines *ms, const struct machine *m)
{
	return m->walked < ms->count && ms->order[m->walked] == m;
}

struct machine *machines_next(const struct machines *ms, const struct machine *prev)
{
	size_t place = !prev             ? 0
		: is_where_met(ms, prev) ? prev->walked + 1
					 : place_after(ms, prev->name);

	if (place >= ms->count)
		return NULL;
	ms->order[place]->walked = place;
	return ms->order[place];
}

size_t machines_count(const struct machines *ms)
{
	return ms->count;
}

void machines_on_action(struct machines *ms, machine_act act, void *arg)
{
	ms->act = act;
	ms->act_arg = arg;
}

void machine_ask(struct machine *m, unsigned actions)
{
	if (m->home->act)
		m->home->act(m->home->act_arg, m, actions);
}

struct machine *machines_same(struct machines *ms, const char *name, const char *uuid)
{
	struct machine *m = machines_by_name(ms, name);

	return m && !strcmp(m->uuid, uuid) ? m : machines_by_uuid(ms, uuid);
}
