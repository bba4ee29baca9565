/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clones: guests whose disk is made of a template's. They are made as others are (create.c), but for what the request may
 * leave out, which is as the template's, and the install: there is none. The system in it takes its name and the URL of
 * its first boot's report from SMBIOS strings (kickstart/partials/usher-agent.sh).
 */
#include "service/operations/judge.h"
#include "core/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct machine *template_of(const struct operations *ops, const json_t *spec)
{
	const char *name = json_string_value(json_object_get(spec, "template"));

	return name ? machines_by_name(ops->base->machines, name) : NULL;
}

/* The networks of the template; the clone's addresses and MACs are its own. */
static void fill_nics(json_t *body, const struct machine *t)
{
	json_t *nics;

	if (json_object_get(body, "nics") || json_object_get(body, "segment"))
		return;
	if (t->n_nics == 1) {
		json_object_set_new(body, "segment", json_string(t->nics[0].segment));
		return;
	}
	nics = json_array();
	for (size_t i = 0; i < t->n_nics; i++)
		json_array_append_new(nics, json_pack("{s:s}", "segment", t->nics[i].segment));
	for (size_t i = 0; i < 2; i++) {
		static const char *const own[] = {"address", "mac"};
		json_t *v = json_object_get(body, own[i]);

		if (v)
			json_object_set(json_array_get(nics, 0), own[i], v);
		json_object_del(body, own[i]);
	}
	json_object_set_new(body, "nics", nics);
}

bool clone_is(json_t *body)
{
	return json_object_get(body, "template");
}

void clone_fill(const struct operations *ops, json_t *body)
{
	static const char *const as_said[] = {"memory", "vcpus", "cpu", "firmware", "graphics",
		"os_variant", "domain", "connect"};
	const struct machine *t = template_of(ops, body);
	json_t *spec = t ? machine_spec_json(&t->spec) : NULL;

	json_object_set_new(body, "kind", json_string("guest"));
	if (!spec)
		return;
	for (size_t i = 0; i < sizeof as_said / sizeof *as_said; i++) {
		json_t *v = json_object_get(spec, as_said[i]);

		if (v && !json_object_get(body, as_said[i]))
			json_object_set(body, as_said[i], v);
	}
	/* where its disk is, and as large */
	json_object_set(body, "pool", json_object_get(spec, "pool"));
	json_object_set(body, "disk", json_object_get(spec, "disk"));
	json_decref(spec);
	fill_nics(body, t);
}

/* A lab's defaults may say settings and keys for others: a clone has its template's. */
static int refuse_keys(json_t *body, char *why, size_t size)
{
	static const char *const keys[] = {"profile", "disks"};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		if (!json_object_get(body, keys[i]))
			continue;
		snprintf(why, size, "%s: a clone takes this from its template: leave it out",
			keys[i]);
		return -EINVAL;
	}
	return 0;
}

/* Its secrets are its own in the store: in another's record they could never be read again. */
static bool unreadable(const struct machine *t, char *why, size_t size)
{
	json_t *names = machine_unreadable(t);
	bool some = json_array_size(names) > 0;

	if (some)
		snprintf(why, size,
			"secret settings of the template %.80s cannot be read ('usher show %.80s' "
			"says which)",
			t->name, t->name);
	json_decref(names);
	return some;
}

int clone_judge(struct creation *c, json_t *body, char *why, size_t size)
{
	const char *name = json_text(body, "template");
	const struct machine *t = machines_by_name(c->ops->base->machines, name);
	struct machine *m = c->machine;
	json_t *linked = json_object_get(body, "linked");
	int rc = refuse_keys(body, why, size);

	if (rc)
		return rc;
	if (!t || !t->template || t->deleting) {
		snprintf(why, size,
			t ? "%.80s is not a template: run 'usher template %.80s' to make it one"
			  : "no template '%.80s'; 'usher list' shows the machines there are",
			name, name);
		return t ? -EBUSY : -ENOENT;
	}
	if (linked && !json_is_boolean(linked)) {
		snprintf(why, size, "linked is true or false");
		return -EINVAL;
	}
	if (unreadable(t, why, size))
		return -EBUSY;
	c->snapshot = json_deep_copy(t->attempt.snapshot);
	rc = profile_from_snapshot(t->attempt.snapshot, &c->profile, NULL, why, size);
	if (rc)
		return rc;
	json_decref(m->settings);
	json_decref(m->ssh_keys);
	m->settings = json_deep_copy(t->settings);
	m->ssh_keys = json_deep_copy(t->ssh_keys);
	snprintf(m->profile, sizeof m->profile, "%s", t->profile);
	m->spec.linked = !json_is_false(linked);
	return machine_spec_set(&m->spec.template, name);
}

int clone_begin(struct creation *c)
{
	struct machine *m = c->machine;
	json_t *snapshot = c->snapshot;
	char detail[128];

	c->snapshot = NULL;
	snprintf(detail, sizeof detail, "a clone of %s, %s", m->spec.template,
		m->spec.linked ? "linked" : "copied");
	return machine_clone(m, snapshot, (int64_t)c->profile->timeout_s * 1000, detail);
}
