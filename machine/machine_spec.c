/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/machine_spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum type { NUMBER, TEXT, FLAG };

struct member {
	const char *key;
	enum type type;
	size_t at;
	bool hidden; /* from the API */
};

/* clang-format off */
#define MEMBER(name, kind) {.key = #name, .type = kind, .at = offsetof(struct machine_spec, name)}
#define HIDDEN(name, kind) {.key = #name, .type = kind, .at = offsetof(struct machine_spec, name), .hidden = true}
/* clang-format on */

static const struct member members[] = {
	MEMBER(memory, NUMBER),
	MEMBER(disk, NUMBER),
	MEMBER(vcpus, NUMBER),
	HIDDEN(filters, NUMBER),
	MEMBER(pool, TEXT),
	MEMBER(volume, TEXT),
	HIDDEN(made_as, TEXT),
	MEMBER(cpu, TEXT),
	MEMBER(firmware, TEXT),
	MEMBER(graphics, TEXT),
	MEMBER(os_variant, TEXT),
	MEMBER(description, TEXT),
	MEMBER(connect, TEXT),
	MEMBER(domain, TEXT),
	MEMBER(template, TEXT),
	MEMBER(linked, FLAG),
	MEMBER(autostart, FLAG),
	HIDDEN(replace, FLAG),
	MEMBER(keep_disks, FLAG),
};
enum { MEMBERS = sizeof members / sizeof *members };

static void *place(const struct machine_spec *s, const struct member *m)
{
	return (char *)s + m->at;
}

void machine_spec_fini(struct machine_spec *s)
{
	for (size_t i = 0; i < MEMBERS; i++)
		if (members[i].type == TEXT)
			free(*(char **)place(s, &members[i]));
	for (size_t i = 0; i < s->n_disks; i++) {
		free(s->disks[i].pool);
		free(s->disks[i].volume);
	}
	free(s->disks);
	*s = (struct machine_spec){0};
}

int machine_spec_set(char **to, const char *text)
{
	char *copy = text && *text ? strdup(text) : NULL;

	if (text && *text && !copy)
		return -ENOMEM;
	free(*to);
	*to = copy;
	return 0;
}

int machine_spec_add_disk(
	struct machine_spec *s, uint64_t size, const char *pool, const char *volume)
{
	struct machine_disk *grown = reallocarray(s->disks, s->n_disks + 1, sizeof *grown);
	struct machine_disk *d;

	if (!grown)
		return -ENOMEM;
	s->disks = grown;
	d = &grown[s->n_disks++];
	*d = (struct machine_disk){.size = size};
	return machine_spec_set(&d->pool, pool) || machine_spec_set(&d->volume, volume) ? -ENOMEM
											: 0;
}

/* JSON out */

static json_t *value_of(const struct machine_spec *s, const struct member *m)
{
	const void *at = place(s, m);

	switch (m->type) {
	case NUMBER:
		return json_integer((json_int_t) * (const uint64_t *)at);
	case TEXT:
		return json_string(*(char *const *)at);
	default:
		return json_boolean(*(const bool *)at);
	}
}

/* A clone says either of "linked". */
static bool is_said(const struct machine_spec *s, const struct member *m)
{
	const void *at = place(s, m);

	switch (m->type) {
	case NUMBER:
		return *(const uint64_t *)at;
	case TEXT:
		return *(char *const *)at;
	default:
		return *(const bool *)at || (at == (const void *)&s->linked && s->template);
	}
}

static json_t *disk_json(const struct machine_disk *d)
{
	return json_pack("{s:I, s:s*, s:s*}", "size", (json_int_t)d->size, "pool", d->pool,
		"volume", d->volume);
}

static int put_disks(json_t *to, const struct machine_spec *s)
{
	json_t *all = json_array();
	int rc = all ? 0 : -1;

	for (size_t i = 0; i < s->n_disks && !rc; i++)
		rc = json_array_append_new(all, disk_json(&s->disks[i]));
	return rc || !s->n_disks ? (json_decref(all), rc) : json_object_set_new(to, "disks", all);
}

static json_t *spec_json(const struct machine_spec *s, bool all)
{
	json_t *j = json_object();
	int rc = j ? 0 : -1;

	for (size_t i = 0; i < MEMBERS && !rc; i++)
		if (is_said(s, &members[i]) && (all || !members[i].hidden))
			rc = json_object_set_new(j, members[i].key, value_of(s, &members[i]));
	if (!rc)
		rc = put_disks(j, s);
	if (!rc)
		return j;
	json_decref(j);
	return NULL;
}

json_t *machine_spec_store(const struct machine_spec *s)
{
	return spec_json(s, true);
}

json_t *machine_spec_json(const struct machine_spec *s)
{
	json_t *j = spec_json(s, false);

	if (j && s->memory &&
		json_object_set_new(j, "memory", json_integer((json_int_t)(s->memory << 20)))) {
		json_decref(j);
		return NULL;
	}
	return j;
}

/* JSON in */

static int take(struct machine_spec *s, const struct member *m, const json_t *v)
{
	void *at = place(s, m);

	switch (m->type) {
	case NUMBER:
		if (!json_is_integer(v) || json_integer_value(v) < 0)
			return -EINVAL;
		*(uint64_t *)at = (uint64_t)json_integer_value(v);
		return 0;
	case TEXT:
		return json_is_string(v) ? machine_spec_set(at, json_string_value(v)) : -EINVAL;
	default:
		if (!json_is_boolean(v))
			return -EINVAL;
		*(bool *)at = json_is_true(v);
		return 0;
	}
}

static int parse_disk(struct machine_spec *s, const json_t *disk)
{
	const json_t *size = json_object_get(disk, "size");

	if (!json_is_integer(size) || json_integer_value(size) < 0)
		return -EINVAL;
	return machine_spec_add_disk(s, (uint64_t)json_integer_value(size),
		json_string_value(json_object_get(disk, "pool")),
		json_string_value(json_object_get(disk, "volume")));
}

static int parse_disks(struct machine_spec *s, const json_t *disks)
{
	json_t *disk;
	size_t i;
	int rc = disks && !json_is_array(disks) ? -EINVAL : 0;

	json_array_foreach(disks, i, disk)
	{
		if (!rc)
			rc = parse_disk(s, disk);
	}
	return rc;
}

int machine_spec_parse(const json_t *object, struct machine_spec *s, const char **ret_key)
{
	int rc = 0;

	for (size_t i = 0; i < MEMBERS && !rc; i++) {
		const json_t *v = json_object_get(object, members[i].key);

		*ret_key = members[i].key;
		rc = v ? take(s, &members[i], v) : 0;
	}
	if (!rc) {
		*ret_key = "disks";
		rc = parse_disks(s, json_object_get(object, "disks"));
	}
	return rc == -EINVAL ? -EPROTO : rc;
}

int machine_spec_change(struct machine_spec *s, const char *key, const json_t *value)
{
	for (size_t i = 0; i < MEMBERS; i++) {
		const struct member *m = &members[i];
		json_t *now;
		bool same;

		if (strcmp(m->key, key))
			continue;
		now = value_of(s, m); /* NULL: a text that is not said */
		same = now ? json_equal(now, value) : !json_string_length(value);
		json_decref(now);
		return same ? 1 : take(s, m, value);
	}
	return -ENOENT;
}
