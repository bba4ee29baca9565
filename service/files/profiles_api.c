/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /api/v1/profiles: what can be installed, and what it lacks. The worker reads it, and looks. */
#include "service/files/profiles_api.h"
#include "service/files/content.h"
#include "service/files/served_profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROFILES_LOOKED_AT = 1000 }; /* in one answer */

struct review {
	struct task task; /* first */
	struct content *content;
	struct http_request *request;
	char *name;                /* NULL: all of them */
	json_t *json;              /* array, a profile each, in this order: */
	struct profile **profiles; /* NULL: it cannot be read */
	size_t count;
};

static void review_free(struct review *l)
{
	for (size_t i = 0; i < l->count; i++)
		profile_free(l->profiles[i]);
	free(l->profiles);
	json_decref(l->json);
	free(l->name);
	free(l);
}

static void refuse(struct review *l, int rc)
{
	http_respond_error(l->request, rc == -ENOMEM ? 500 : 503, "%s", served_profile_refused(rc));
	review_free(l);
}

/* Numbers of which 0 is none; memory is in bytes, as all else. */
static void shown_guest(json_t *guest)
{
	static const char *const keys[][2] = {{"memory_mib", "memory"},
		{"requires_memory_mib", "requires_memory"}, {"vcpus", "vcpus"}, {"disk", "disk"},
		{"requires_disk", "requires_disk"}};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		json_int_t n = json_integer_value(json_object_get(guest, keys[i][0]));

		json_object_del(guest, keys[i][0]);
		json_object_set_new(
			guest, keys[i][1], n ? json_integer(i < 2 ? n << 20 : n) : json_null());
	}
	json_object_set_new(guest, "domain", json_boolean(json_object_get(guest, "domain")));
}

/* A template's text, without the line where it stands. */
static json_t *shown_template(const json_t *template)
{
	json_t *text = json_object_get(template, "text");

	return text ? json_incref(text) : json_null();
}

static json_t *shown_file(const json_t *file)
{
	return json_pack("{s:o, s:O?}", "path", shown_template(file), "sha256",
		json_object_get(file, "sha256"));
}

static void shown_boot(json_t *boot)
{
	json_t *initrds = json_array(), *one;
	size_t i;

	json_array_foreach(json_object_get(boot, "initrd"), i, one)
		json_array_append_new(initrds, shown_file(one));
	json_object_set_new(boot, "initrd", initrds);
	json_object_set_new(boot, "kernel", shown_file(json_object_get(boot, "kernel")));
	json_object_set_new(boot, "cmdline", shown_template(json_object_get(boot, "cmdline")));
}

static void null_where_missing(json_t *object, const char *const *keys)
{
	for (; *keys; keys++)
		if (!json_object_get(object, *keys))
			json_object_set_new(object, *keys, json_null());
}

/* With what is known of it when it is imported. */
static json_t *shown_image(json_t *image)
{
	if (!image)
		return json_null();
	json_incref(image);
	json_object_update(image, json_object_get(image, "facts"));
	json_object_del(image, "facts");
	json_object_del(image, "line");
	null_where_missing(
		image, (const char *const[]){"from", "size", "packed_size", "sha256", NULL});
	return image;
}

/* A secret's default is none of the reader's business. */
static json_t *profile_shown(const struct profile *p)
{
	json_t *j = profile_to_json(p), *s, *media;
	size_t i;

	json_array_foreach(json_object_get(j, "settings"), i,
		s) if (json_is_true(json_object_get(s, "secret")) &&
		json_string_length(json_object_get(s, "default")))
		json_object_set_new(s, "default", json_string("(secret)"));
	json_array_foreach(json_object_get(j, "settings"), i, s)
	{
		null_where_missing(s, (const char *const[]){"values", "min", "max", "hash", NULL});
		json_object_set_new(
			s, "unsigned", json_boolean(json_is_true(json_object_get(s, "unsigned"))));
		json_object_set_new(
			s, "mirror", json_boolean(json_is_true(json_object_get(s, "mirror"))));
	}
	media = json_object_get(j, "media");
	if (json_is_object(json_object_get(media, "url")))
		json_object_set_new(media, "url", shown_template(json_object_get(media, "url")));
	null_where_missing(
		media, (const char *const[]){"path", "url", "package", "fix", "files", NULL});
	json_object_set_new(j, "image", shown_image(json_object_get(j, "image")));
	shown_boot(json_object_get(j, "boot"));
	shown_guest(json_object_get(j, "guest"));
	json_object_set_new(j, "missing", json_null());
	json_object_set_new(j, "error", json_null());
	return j;
}

/* `p`: NULL when it cannot be read, for the reason `why`. New reference. */
static json_t *review_one(
	struct content *content, const char *name, const struct profile *p, const char *why)
{
	char missing[1024];
	json_t *j;

	if (!p)
		return json_pack("{s:s, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:s}", "name", name,
			"title", "file", "media", "image", "boot", "settings", "guest", "missing",
			"error", why);
	j = profile_shown(p);
	if (files_check(&content->files, p, NULL, missing, sizeof missing))
		json_object_set_new(j, "missing", json_string(missing));
	return j;
}

static int review_names(struct review *l, char *const *names)
{
	char why[512];
	size_t n = 0;

	while (names[n] && n < PROFILES_LOOKED_AT)
		n++;
	l->json = json_array();
	l->profiles = calloc(n + 1, sizeof *l->profiles);
	if (!l->json || !l->profiles)
		return -ENOMEM;
	for (; l->count < n; l->count++) {
		struct profile *p = NULL;

		if (worker_stopping(l->task.worker))
			return -ECANCELED;
		(void)served_profile_read(l->content, names[l->count], &p, why, sizeof why);
		json_array_append_new(l->json, review_one(l->content, names[l->count], p, why));
		l->profiles[l->count] = p;
	}
	return 0;
}

static int review_run(struct task *t)
{
	struct review *l = (struct review *)t;
	char *one[] = {l->name, NULL}, **all;
	int rc;

	if (l->name)
		return review_names(l, one);
	rc = profiles_names(&l->content->profiles, &all);
	if (rc)
		return rc;
	rc = review_names(l, all);
	profiles_names_free(all);
	return rc;
}

static void review_answer(struct review *l)
{
	json_t *first = json_array_get(l->json, 0);

	if (!l->name)
		http_respond_json(l->request, 200, json_pack("{s:O}", "profiles", l->json));
	else if (l->profiles[0])
		http_respond_json(l->request, 200, json_incref(first));
	else
		http_respond_error(
			l->request, 404, "%s", json_string_value(json_object_get(first, "error")));
}

static void review_done(struct task *t)
{
	struct review *l = (struct review *)t;

	if (t->rc) {
		refuse(l, t->rc);
		return;
	}
	for (size_t i = 0; i < l->count; i++)
		if (l->profiles[i])
			served_profile_serve(l->content, l->profiles[i]);
	review_answer(l);
	review_free(l);
}

void profiles_handle(struct content *content, struct http_request *r, const char *name)
{
	struct review *l = calloc(1, sizeof *l);
	int rc = -ENOMEM;

	if (!l) {
		http_respond_error(r, 500, "out of memory");
		return;
	}
	*l = (struct review){.task = {.run = review_run, .done = review_done},
		.content = content,
		.request = r,
		.name = name ? strdup(name) : NULL};
	if (l->name || !name)
		rc = worker_do(content->base->worker, &l->task, "");
	if (rc)
		refuse(l, rc);
}
