/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the API tells of media: each is looked at by the worker, on a copy, and told with who uses it. */
#include "service/media/media_survey.h"
#include "service/media/imports.h"
#include "service/media/verifying.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Is this the machine's medium, or the image that it writes? */
static bool has_medium(const struct machine *m, const char *name)
{
	const json_t *p = json_object_get(m->attempt.snapshot, "profile");
	const char *media = json_string_value(json_object_get(json_object_get(p, "media"), "name"));
	const char *image = json_string_value(json_object_get(json_object_get(p, "image"), "name"));

	return (media && !strcmp(media, name)) || (image && !strcmp(image, name));
}

json_t *media_machines(struct imports *imports, const char *name)
{
	json_t *all = json_array();

	for (struct machine *m = machines_next(imports->base->machines, NULL); m;
		m = machines_next(imports->base->machines, m)) {
		if (life_netboots(m->state) && has_medium(m, name))
			json_array_append_new(all, json_string(m->name));
	}
	return all;
}

struct seen {
	struct medium medium;
	const char *source;
	int rc;
	char why[512];
	json_t *profiles;
};

struct survey {
	struct task task;
	struct imports *imports;
	struct http_request *request;
	bool one;
	unsigned status;
	size_t count;
	struct seen seen[];
};

static void survey_free(struct survey *v)
{
	for (size_t i = 0; i < v->count; i++)
		json_decref(v->seen[i].profiles);
	free(v);
}

/* What was imported is compared, what only has a name is looked at. */
static int look(struct task *t)
{
	struct survey *v = (struct survey *)t;

	for (size_t i = 0; i < v->count && !worker_stopping(t->worker); i++) {
		struct seen *e = &v->seen[i];
		const char *user = v->imports->base->config.user;
		const struct medium as_told = e->medium;

		if (as_told.imported_ms) {
			e->rc = medium_look(&as_told, user, e->why, sizeof e->why);
			continue;
		}
		e->rc = medium_inspect(
			as_told.path, false, user, &e->medium, e->why, sizeof e->why);
		memcpy(e->medium.name, as_told.name, sizeof as_told.name);
	}
	return 0;
}

static json_t *segment_names(struct imports *imports)
{
	json_t *names = json_array();

	for (size_t i = 0; i < imports->base->segments.count; i++)
		json_array_append_new(names, json_string(imports->base->segments.all[i]->name));
	return names;
}

/* As all of the API has it, and not as the store does. */
static void even(json_t *j, const struct medium *m)
{
	static const char *const texts[] = {
		"sha256", "title", "distribution", "version", "arch", "recognised_by"};

	json_object_del(j, "id");
	json_object_del(j, "imported_ms");
	json_object_del(j, "verified_ms");
	if (!m->image)
		json_object_set_new(j, "size", json_null());
	if (!m->disk)
		json_object_set_new(j, "disk_size", json_null());
	json_object_set_new(j, "imported", machine_time_json(m->imported_ms));
	json_object_set_new(j, "verified", machine_time_json(m->verified_ms));
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (!json_string_length(json_object_get(j, texts[i])))
			json_object_set_new(j, texts[i], json_null());
}

static json_t *seen_json(struct imports *imports, const struct seen *e)
{
	const struct medium *now = imported_find(&imports->content->imported, e->medium.name);
	struct medium m = e->medium;
	json_t *j, *verifying = verifying_json(imports, e->medium.name);

	/* a sum may have come while the disk was looked at */
	if (now && !strcmp(now->path, m.path) && !strcmp(now->id, m.id)) {
		memcpy(m.sum, now->sum, sizeof m.sum);
		m.verified_ms = now->verified_ms;
	}
	j = medium_to_json(&m);
	if (!j) {
		json_decref(verifying);
		return NULL;
	}
	even(j, &m);
	json_object_set_new(j, "source", json_string(e->source));
	json_object_set_new(j, "state", json_string(medium_state(e->rc)));
	json_object_set_new(j, "problem", *e->why ? json_string(e->why) : json_null());
	json_object_set(j, "profiles", e->profiles);
	json_object_set_new(j, "served_to", segment_names(imports));
	json_object_set_new(j, "machines", media_machines(imports, e->medium.name));
	json_object_set_new(j, "verifying", verifying ? verifying : json_null());
	return j;
}

static void looked(struct task *t)
{
	struct survey *v = (struct survey *)t;
	json_t *all = json_array();

	for (size_t i = 0; !t->rc && i < v->count; i++)
		json_array_append_new(all, seen_json(v->imports, &v->seen[i]));
	if (t->rc)
		http_respond_error(v->request, 503, "the service is stopping");
	else if (v->one)
		http_respond_json(v->request, v->status, json_incref(json_array_get(all, 0)));
	else
		http_respond_json(v->request, v->status, json_pack("{s:O}", "media", all));
	json_decref(all);
	survey_free(v);
}

static struct seen *seen_find(struct survey *v, const char *name)
{
	for (size_t i = 0; i < v->count; i++)
		if (!strcmp(v->seen[i].medium.name, name))
			return &v->seen[i];
	return NULL;
}

static void seen_add(struct survey *v, const char *name, const char *path, const char *source)
{
	struct seen *e;

	if (v->count == MEDIA_MAX || !*path || seen_find(v, name))
		return;
	e = &v->seen[v->count++];
	e->source = source;
	e->profiles = json_array();
	snprintf(e->medium.name, sizeof e->medium.name, "%s", name);
	snprintf(e->medium.path, sizeof e->medium.path, "%s", path);
}

static int add_profile(void *arg, const char *name, const struct profile *p, const char *why)
{
	struct survey *v = arg;
	struct seen *e;

	(void)why;
	if (p && p->media.path)
		seen_add(v, p->media.name, p->media.path, "profile");
	e = p ? seen_find(v, p->media.name) : NULL;
	if (e)
		json_array_append_new(e->profiles, json_string(name));
	e = p && *p->image.name ? seen_find(v, p->image.name) : NULL;
	if (e)
		json_array_append_new(e->profiles, json_string(name));
	return 0;
}

/* In the order in which a name is looked up. */
static struct survey *survey_new(struct imports *imports, struct http_request *r)
{
	struct survey *v = calloc(1, sizeof *v + MEDIA_MAX * sizeof v->seen[0]);

	if (!v)
		return NULL;
	*v = (struct survey){.task = {.run = look, .done = looked},
		.imports = imports,
		.request = r,
		.status = 200};
	for (size_t i = 0; i < imports->base->config.n_media; i++)
		seen_add(v, imports->base->config.media[i].name,
			imports->base->config.media[i].path, "configuration");
	for (size_t i = 0; i < imports->content->imported.count; i++) {
		const struct medium *m = imports->content->imported.all[i];
		size_t before = v->count;

		seen_add(v, m->name, m->path, "imported");
		if (v->count > before)
			v->seen[before].medium = *m;
	}
	profiles_list(&imports->content->profiles, add_profile, v);
	return v;
}

static void survey_start(struct survey *v)
{
	struct http_request *r = v->request;

	http_hold(r, HTTP_HOLD_MS);
	if (worker_do(v->imports->base->worker, &v->task, "")) {
		survey_free(v);
		http_respond_error(r, 503, "too many requests at once: try again");
	}
}

void media_tell_all(struct imports *imports, struct http_request *r)
{
	struct survey *v = survey_new(imports, r);

	if (v)
		survey_start(v);
	else
		http_respond_error(r, 500, "out of memory");
}

void media_tell_one(
	struct imports *imports, struct http_request *r, const char *name, unsigned status)
{
	struct survey *v = survey_new(imports, r);
	struct seen *e = v ? seen_find(v, name) : NULL, kept;

	if (!e) {
		http_respond_error(r, v ? 404 : 500,
			"no medium '%s'; 'usher media' shows those there are", name);
		if (v)
			survey_free(v);
		return;
	}
	kept = *e;
	e->profiles = NULL;
	for (size_t i = 0; i < v->count; i++)
		json_decref(v->seen[i].profiles);
	v->seen[0] = kept;
	v->count = 1;
	v->one = true;
	v->status = status;
	survey_start(v);
}
