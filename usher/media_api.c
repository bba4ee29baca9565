/*
 * /api/v1/media: importing, listing, verifying, removing. What looks at a disk is done by the worker, on copies.
 *
 *   media          GET: all; POST: import (the path is looked at, then the record is put)
 *   media/NAME     GET, DELETE
 *   media/NAME/verify  POST: begins to sum up an image; GET of the medium tells how far it is
 */
#include "usher/ready.h"
#include "usher/service.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	VERIFY_PIECE = 1 << 20, /* bytes read at a time */
	VERIFY_MOST = 2,        /* at once: other tasks want their threads too */
};

/* A sum under way: the media of service.verifying, until its task has come home. */
struct verifying {
	struct task task;
	struct verifying *next;
	struct service *service;
	struct medium medium;
	atomic_uint_fast64_t done; /* bytes */
	atomic_bool drop;
	char sum[SHA256_HEX];
	char why[512];
};

static struct verifying *verifying_find(const struct service *s, const char *name)
{
	struct verifying *v = s->verifying;

	while (v && strcmp(v->medium.name, name))
		v = v->next;
	return v;
}

/* Who uses it */

static const char *medium_of(const struct machine *m)
{
	const json_t *p = json_object_get(m->attempt.snapshot, "profile");

	return json_string_value(json_object_get(json_object_get(p, "media"), "name"));
}

/* The machines that are being installed from it. */
static json_t *machines_of(struct service *s, const char *name)
{
	json_t *all = json_array();

	for (struct machine *m = machines_next(s->machines, NULL); m;
		m = machines_next(s->machines, m)) {
		const char *medium = medium_of(m);

		if (life_netboots(m->state) && medium && !strcmp(medium, name))
			json_array_append_new(all, json_string(m->name));
	}
	return all;
}

/* 409 and a line, when machines are being installed from it. */
static bool refused_in_use(struct service *s, struct http_request *r, const char *name)
{
	json_t *all = machines_of(s, name);
	size_t n = json_array_size(all);

	if (n)
		http_respond_error(r, 409,
			"medium '%s' is in use: %s%s is being installed from it; wait, 'usher "
			"disarm' "
			"it, or --force",
			name, json_string_value(json_array_get(all, 0)),
			n > 1 ? " (and others)" : "");
	json_decref(all);
	return n;
}

/* Telling */

struct seen {
	struct medium medium;
	const char *source;
	int rc;
	char why[512];
	json_t *profiles;
};

struct survey {
	struct task task;
	struct service *service;
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
		const char *user = v->service->config.user;
		const struct medium as_told = e->medium;

		if (as_told.imported_ms) {
			e->rc = medium_look(&as_told, user, e->why, sizeof e->why);
			continue;
		}
		e->rc = medium_inspect(as_told.path, user, &e->medium, e->why, sizeof e->why);
		memcpy(e->medium.name, as_told.name, sizeof as_told.name);
	}
	return 0;
}

static json_t *seen_json(struct service *s, const struct seen *e)
{
	const struct medium *now = imported_find(&s->imported, e->medium.name);
	struct medium m = e->medium;
	json_t *j;
	struct verifying *v = verifying_find(s, e->medium.name);

	/* a sum may have come while the disk was looked at */
	if (now && !strcmp(now->path, m.path) && !strcmp(now->id, m.id)) {
		memcpy(m.sum, now->sum, sizeof m.sum);
		m.verified_ms = now->verified_ms;
	}
	j = medium_to_json(&m);
	if (!j)
		return NULL;
	json_object_set_new(j, "source", json_string(e->source));
	json_object_set_new(j, "state", json_string(medium_state(e->rc)));
	if (*e->why)
		json_object_set_new(j, "problem", json_string(e->why));
	json_object_set(j, "profiles", e->profiles);
	json_object_set_new(j, "machines", machines_of(s, e->medium.name));
	if (v)
		json_object_set_new(j, "verifying",
			json_pack("{s:I, s:I}", "done", (json_int_t)atomic_load(&v->done), "total",
				(json_int_t)v->medium.size));
	return j;
}

static void looked(struct task *t)
{
	struct survey *v = (struct survey *)t;
	json_t *all = json_array();

	for (size_t i = 0; !t->rc && i < v->count; i++)
		json_array_append_new(all, seen_json(v->service, &v->seen[i]));
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
	return 0;
}

/* In the order in which a name is looked up. */
static struct survey *survey_new(struct service *s, struct http_request *r)
{
	struct survey *v = calloc(1, sizeof *v + MEDIA_MAX * sizeof v->seen[0]);

	if (!v)
		return NULL;
	*v = (struct survey){
		.task = {.run = look, .done = looked}, .service = s, .request = r, .status = 200};
	for (size_t i = 0; i < s->config.n_media; i++)
		seen_add(v, s->config.media[i].name, s->config.media[i].path, "configuration");
	for (size_t i = 0; i < s->imported.count; i++) {
		const struct medium *m = s->imported.all[i];
		size_t before = v->count;

		seen_add(v, m->name, m->path, "imported");
		if (v->count > before)
			v->seen[before].medium = *m;
	}
	profiles_list(&s->profiles, add_profile, v);
	return v;
}

static void survey_start(struct survey *v)
{
	struct http_request *r = v->request;

	http_hold(r, HTTP_HOLD_MS);
	if (worker_do(v->service->worker, &v->task, "")) {
		survey_free(v);
		http_respond_error(r, 503, "too much is asked for at once: try again");
	}
}

static void tell_all(struct service *s, struct http_request *r)
{
	struct survey *v = survey_new(s, r);

	if (v)
		survey_start(v);
	else
		http_respond_error(r, 500, "out of memory");
}

static void tell_one(struct service *s, struct http_request *r, const char *name, unsigned status)
{
	struct survey *v = survey_new(s, r);
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

/* Importing */

struct importing {
	struct task task;
	struct service *service;
	struct http_request *request;
	char path[PATH_MAX], name[PROFILE_NAME];
	bool replace, copied, force;
	struct medium medium;
	char why[1024];
};

static int inspect(struct task *t)
{
	struct importing *i = (struct importing *)t;

	return medium_inspect(i->path, i->service->config.user, &i->medium, i->why, sizeof i->why);
}

/* As was asked, as the profile for it is called, or as its file. */
static int choose_name(struct importing *i, char *why, size_t size)
{
	char *name = i->medium.name;
	const char *base = strrchr(i->path, '/');
	size_t n;

	if (*i->name)
		snprintf(name, PROFILE_NAME, "%s", i->name);
	else if (*i->medium.what.name)
		snprintf(name, PROFILE_NAME, "%s", i->medium.what.name);
	else
		recognise_name(base ? base + 1 : i->path, name);
	n = strlen(name);
	if (!*i->name && n > 4 && !strcmp(name + n - 4, ".iso"))
		name[n - 4] = '\0';
	if (*name)
		return 0;
	snprintf(why, size, "no name can be made of '%.200s': give one with --name", i->path);
	return -EINVAL;
}

/* May it take this name? False: answered. */
static bool may_import(struct importing *i)
{
	struct service *s = i->service;
	const struct medium *there = imported_find(&s->imported, i->medium.name);

	if (!strcmp(i->medium.name, FETCH_MEDIUM)) {
		http_respond_error(i->request, 409,
			"'%s' is the name of the folder of fetched files: --name another",
			FETCH_MEDIUM);
		return false;
	}
	for (size_t k = 0; k < s->config.n_media; k++) {
		if (strcmp(s->config.media[k].name, i->medium.name))
			continue;
		http_respond_error(i->request, 409,
			"usher.xml has a <media name='%s'>, which would go before this one: take "
			"it out, "
			"or --name another",
			i->medium.name);
		return false;
	}
	if (!there ||
		(!strcmp(there->path, i->path) && !strcmp(there->id, i->medium.id) &&
			there->size == i->medium.size))
		return true;
	if (!i->replace) {
		http_respond_error(i->request, 409,
			"medium '%s' is %s already: --replace, or --name another", there->name,
			there->path);
		return false;
	}
	return i->force || !refused_in_use(s, i->request, there->name);
}

/* Our copy of a medium that nobody has any more. */
static void unlink_copy(const struct service *s, const struct medium *m)
{
	size_t n = strlen(s->config.state);

	if (m->copied && !strncmp(m->path, s->config.state, n) && m->path[n] == '/' &&
		!strstr(m->path, "/..") && unlink(m->path) && errno != ENOENT)
		log_warn("%s cannot be deleted: %s", m->path, strerror(errno));
}

static void refresh(struct service *s)
{
	int rc = files_refresh(&s->files, &s->config, &s->imported, &s->profiles);

	if (rc)
		log_error("media: %s", strerror(-rc));
}

struct told {
	struct service *service;
	struct http_request *request;
	struct medium old; /* to be deleted once that is on disk; path "": none */
	char name[PROFILE_NAME];
	json_t *said; /* NULL: what is known of `name` */
};

static void told_done(void *arg, int rc)
{
	struct told *t = arg;

	if (!rc && *t->old.path)
		unlink_copy(t->service, &t->old);
	if (rc)
		http_respond_error(t->request, 503, "cannot write to the store: %s", strerror(-rc));
	else if (t->said)
		http_respond_json(t->request, 200, json_incref(t->said));
	else
		tell_one(t->service, t->request, t->name, 201);
	json_decref(t->said);
	free(t);
}

/* Once what was put is on disk: the answer. */
static void tell_committed(struct service *s, struct http_request *r, const char *name,
	const struct medium *old, json_t *said)
{
	struct told *t = calloc(1, sizeof *t);

	if (t) {
		*t = (struct told){.service = s, .request = r, .said = said};
		if (old)
			t->old = *old;
		snprintf(t->name, sizeof t->name, "%s", name);
		if (!store_commit(s->store, told_done, t))
			return;
	}
	free(t);
	json_decref(said);
	http_respond_error(r, 503, "out of memory");
}

static void import_record(struct importing *i)
{
	struct service *s = i->service;
	struct medium *there = imported_find(&s->imported, i->medium.name), old = {0};
	int rc;

	if (there && strcmp(there->path, i->path))
		old = *there;
	if (there && !strcmp(there->id, i->medium.id) && there->size == i->medium.size) {
		memcpy(i->medium.sum, there->sum, sizeof i->medium.sum);
		i->medium.verified_ms = there->verified_ms;
	}
	i->medium.imported_ms = clock_wall_ms();
	i->medium.copied = i->copied;
	rc = imported_put(&s->imported, &i->medium);
	if (rc) {
		http_respond_error(i->request, rc == -ENOSPC ? 507 : 422,
			"%s cannot be imported: %s", i->path,
			rc == -ENOSPC
				? "there are as many media as can be; 'usher media remove' one"
				: strerror(-rc));
		return;
	}
	log_info("medium '%s' imported: %s", i->medium.name, i->path);
	refresh(s);
	tell_committed(s, i->request, i->medium.name, &old, NULL);
}

static void inspected(struct task *t)
{
	struct importing *i = (struct importing *)t;

	if (t->rc)
		http_respond_error(i->request, t->rc == -ECANCELED ? 503 : 422, "%s",
			*i->why ? i->why : "the service is stopping");
	else if (choose_name(i, i->why, sizeof i->why))
		http_respond_error(i->request, 422, "%s", i->why);
	else if (may_import(i))
		import_record(i);
	free(i);
}

static bool take_text(json_t *body, const char *key, char *ret, size_t size)
{
	const char *s = json_string_value(json_object_get(body, key));

	return snprintf(ret, size, "%s", s ? s : "") < (int)size;
}

static void import_start(struct service *s, struct http_request *r, json_t *body)
{
	struct importing *i = calloc(1, sizeof *i);
	char name[RECOGNISE_NAME];

	if (!i) {
		http_respond_error(r, 500, "out of memory");
		return;
	}
	*i = (struct importing){
		.task = {.run = inspect, .done = inspected}, .service = s, .request = r};
	i->replace = json_is_true(json_object_get(body, "replace"));
	i->copied = json_is_true(json_object_get(body, "copied"));
	i->force = json_is_true(json_object_get(body, "force"));
	if (!take_text(body, "path", i->path, sizeof i->path) || *i->path != '/') {
		http_respond_error(r, 422, "path must be an absolute path");
	} else if (!take_text(body, "name", i->name, sizeof i->name) ||
		(recognise_name(i->name, name), strcmp(name, i->name))) {
		http_respond_error(r, 422,
			"a medium's name has small letters, digits, '.', '_' and '-', at most %d",
			RECOGNISE_NAME - 1);
	} else {
		http_hold(r, HTTP_HOLD_MS);
		if (!worker_do(s->worker, &i->task, ""))
			return;
		http_respond_error(r, 503, "too much is asked for at once: try again");
	}
	free(i);
}

static void import_handle(struct service *s, struct http_request *r)
{
	json_t *body = json_loadb(r->body, r->body_len, 0, NULL);

	if (json_is_object(body))
		import_start(s, r, body);
	else
		http_respond_error(r, 400, "the request is not a JSON object");
	json_decref(body);
}

/* Removing */

static void remove_one(struct service *s, struct http_request *r, const struct medium *m)
{
	struct verifying *v = verifying_find(s, m->name);
	struct medium old = *m;
	int rc;

	if (!http_arg(r, "force") && refused_in_use(s, r, m->name))
		return;
	if (v)
		atomic_store(&v->drop, true);
	rc = imported_remove(&s->imported, old.name);
	if (rc) {
		http_respond_error(r, 500, "%s: %s", old.name, strerror(-rc));
		return;
	}
	log_info("medium '%s' removed", old.name);
	refresh(s);
	tell_committed(s, r, old.name, &old, json_pack("{s:s}", "removed", old.name));
}

/* Verifying */

static int sum_up(struct verifying *v, int fd, char *piece)
{
	struct sha256 sum;
	ssize_t n;

	sha256_start(&sum);
	while ((n = read(fd, piece, VERIFY_PIECE)) > 0) {
		if (atomic_load(&v->drop) || worker_stopping(v->task.worker))
			return -ECANCELED;
		sha256_add(&sum, piece, (size_t)n);
		atomic_fetch_add(&v->done, (uint_fast64_t)n);
	}
	if (n < 0)
		return -errno;
	sha256_hex(&sum, v->sum);
	return 0;
}

static int verify(struct task *t)
{
	struct verifying *v = (struct verifying *)t;
	int fd, rc = medium_look(&v->medium, v->service->config.user, v->why, sizeof v->why);
	char *piece;

	if (rc)
		return rc;
	fd = open(v->medium.path, O_RDONLY | O_CLOEXEC);
	piece = malloc(VERIFY_PIECE);
	rc = fd < 0 ? -errno : piece ? sum_up(v, fd, piece) : -ENOMEM;
	if (rc)
		snprintf(v->why, sizeof v->why, "%.300s: %s", v->medium.path, strerror(-rc));
	free(piece);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* The sum is of what was imported then: another by now keeps its own. */
static void verified(struct task *t)
{
	struct verifying *v = (struct verifying *)t, **at = &v->service->verifying;
	struct service *s = v->service;
	struct medium *m = imported_find(&s->imported, v->medium.name);

	while (*at != v)
		at = &(*at)->next;
	*at = v->next;
	if (t->rc && t->rc != -ECANCELED)
		log_warn("medium '%s' cannot be verified: %s", v->medium.name, v->why);
	if (!t->rc && m && !strcmp(m->path, v->medium.path) && !strcmp(m->id, v->medium.id)) {
		memcpy(m->sum, v->sum, sizeof m->sum);
		m->verified_ms = clock_wall_ms();
		if (imported_put(&s->imported, m) || store_commit(s->store, NULL, NULL))
			log_error("medium '%s': its sum could not be stored", m->name);
	}
	free(v);
}

static void verify_one(struct service *s, struct http_request *r, struct medium *m)
{
	struct verifying *v = verifying_find(s, m->name);
	unsigned under_way = 0;

	for (struct verifying *o = s->verifying; o; o = o->next)
		under_way++;
	if (!m->image) {
		http_respond_error(r, 422, "%s is a folder, which has no checksum", m->path);
		return;
	}
	if (!v && under_way >= VERIFY_MOST) {
		http_respond_error(
			r, 409, "%u media are being verified: wait for one to end", under_way);
		return;
	}
	if (!v) {
		v = calloc(1, sizeof *v);
		if (!v) {
			http_respond_error(r, 500, "out of memory");
			return;
		}
		v->task = (struct task){.run = verify, .done = verified};
		v->service = s;
		v->medium = *m;
		if (worker_do(s->worker, &v->task, "")) {
			free(v);
			http_respond_error(r, 503, "too much is asked for at once: try again");
			return;
		}
		v->next = s->verifying;
		s->verifying = v;
		*m->sum = '\0'; /* told again when it is known again */
	}
	tell_one(s, r, m->name, 202);
}

/* Below /media/NAME; `rest` is "" or "/…". */
static void one_handle(
	struct service *s, struct http_request *r, const char *name, const char *rest)
{
	bool get = r->method == HTTP_GET || r->method == HTTP_HEAD;
	struct medium *m = imported_find(&s->imported, name);

	if (!*rest && get)
		tell_one(s, r, name, 200);
	else if (!m && (!*rest || !strcmp(rest, "/verify")))
		http_respond_error(r, 404,
			"no medium '%s' was imported; 'usher media' shows those there are", name);
	else if (!*rest && r->method == HTTP_DELETE)
		remove_one(s, r, m);
	else if (!strcmp(rest, "/verify") && r->method == HTTP_POST)
		verify_one(s, r, m);
	else
		http_respond_error(r, 404, "%s %s: there is no such call",
			http_method_name(r->method), r->path);
}

void media_handle(struct service *s, struct http_request *r, const char *rest)
{
	bool get = r->method == HTTP_GET || r->method == HTTP_HEAD;
	const char *slash;
	char name[256];

	if (!*rest && get) {
		tell_all(s, r);
	} else if (!*rest && r->method == HTTP_POST) {
		import_handle(s, r);
	} else if (*rest == '/') {
		slash = strchrnul(rest + 1, '/');
		snprintf(name, sizeof name, "%.*s", (int)(slash - rest - 1), rest + 1);
		one_handle(s, r, name, slash);
	} else {
		http_respond_error(r, 404, "%s %s: there is no such call",
			http_method_name(r->method), r->path);
	}
}
