/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /api/v1/media: importing, listing, verifying, removing. What looks at a disk is done by the worker, on copies.
 *
 *   media          GET: all; POST: import (the path is looked at, then the record is put)
 *   media/NAME     GET, DELETE
 *   media/NAME/verify  POST: begins to sum up an image; GET of the medium tells how far it is
 */
#include "service/media/media_api.h"
#include "service/media/media_survey.h"
#include "service/media/copying.h"
#include "service/media/imports.h"
#include "service/media/verifying.h"

#include "kickstart/media/image_file.h"
#include "kickstart/media/media_file.h"

#include "core/clock.h"
#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 409 and a line, when machines are being installed from it. */
static bool refused_in_use(struct imports *imports, struct http_request *r, const char *name)
{
	json_t *all = media_machines(imports, name);
	size_t n = json_array_size(all);

	if (n)
		http_respond_error(r, 409,
			"medium '%s' is in use: %s%s is being installed from it; "
			"wait, 'usher disarm' it, or --force",
			name, json_string_value(json_array_get(all, 0)),
			n > 1 ? " (and others)" : "");
	json_decref(all);
	return n;
}

/* Importing */

struct importing {
	struct task task;
	struct imports *imports;
	struct http_request *request;
	char path[PATH_MAX], name[PROFILE_NAME];
	char part[PATH_MAX]; /* where the bytes of a copy are, until it has its name; "": none */
	bool replace, copied, force;
	struct medium medium;
	char why[1024];
};

/* The place that is meant, without symbolic links: that one is judged, looked at, and served. Where we may not look it is
 * medium_inspect() that says so. */
static int find_place(struct importing *i)
{
	char real[PATH_MAX];
	struct stat st;

	if (!realpath(i->path, real))
		return 0;
	snprintf(i->path, sizeof i->path, "%s", real);
	return files_servable(&i->imports->base->config, i->path,
		!stat(i->path, &st) && S_ISREG(st.st_mode), i->why, sizeof i->why);
}

static int refuse_unknown(struct importing *i)
{
	if (*i->medium.what.by || *i->medium.what.kernel || i->medium.disk || i->force)
		return 0;
	snprintf(i->why, sizeof i->why,
		"%.300s is not recognised as an installation medium, and everyone on the segments "
		"could read all of it; --force imports it anyway",
		i->path);
	return -EMEDIUMTYPE;
}

/* A copy gets its name when all of it is on disk. */
static int settle_copy(struct importing *i)
{
	int fd, rc;

	if (!*i->part)
		return 0;
	fd = open(i->part, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	rc = fd < 0 || fsync(fd) ||
			renameat2(AT_FDCWD, i->part, AT_FDCWD, i->path, RENAME_NOREPLACE)
		? -errno
		: 0;
	if (fd >= 0)
		close(fd);
	if (rc) {
		snprintf(i->why, sizeof i->why, "%.500s: %s", i->path, strerror(-rc));
		unlink(i->part);
		i->copied = false;
	}
	return rc;
}

static bool stopping(void *arg)
{
	const struct task *t = arg;

	return worker_stopping(t->worker);
}

/* Machines compare what they read with the sum, so there is no disk's image without one. */
static int sum_up_disk(struct importing *i)
{
	int fd, rc;

	if (!i->medium.disk)
		return 0;
	fd = media_file_root(i->path, O_RDONLY | O_CLOEXEC, true);
	rc = fd < 0 ? fd : image_file_sum(fd, stopping, &i->task, i->medium.sum);
	if (fd >= 0)
		close(fd);
	if (rc)
		snprintf(i->why, sizeof i->why, "%.500s: %s", i->path, strerror(-rc));
	i->medium.verified_ms = clock_wall_ms();
	return rc;
}

static int inspect(struct task *t)
{
	struct importing *i = (struct importing *)t;
	int rc = settle_copy(i);

	if (!rc)
		rc = find_place(i);
	if (!rc)
		rc = medium_inspect(i->path, true, i->imports->base->config.user, &i->medium,
			i->why, sizeof i->why);
	if (!rc)
		rc = refuse_unknown(i);
	return rc ? rc : sum_up_disk(i);
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
	struct imports *imports = i->imports;
	const struct medium *there = imported_find(&imports->content->imported, i->medium.name);

	if (!strcmp(i->medium.name, FETCH_MEDIUM)) {
		http_respond_error(i->request, 409,
			"'%s' is reserved for the folder of fetched files: choose another --name",
			FETCH_MEDIUM);
		return false;
	}
	for (size_t k = 0; k < imports->base->config.n_media; k++) {
		if (strcmp(imports->base->config.media[k].name, i->medium.name))
			continue;
		http_respond_error(i->request, 409,
			"usher.xml has a <media name='%s'>, which takes precedence: remove it "
			"there, or choose another --name",
			i->medium.name);
		return false;
	}
	if (!there ||
		(!strcmp(there->path, i->path) && !strcmp(there->id, i->medium.id) &&
			there->size == i->medium.size))
		return true;
	if (!i->replace) {
		http_respond_error(i->request, 409,
			"medium '%s' already exists as %s: use --replace, or choose another --name",
			there->name, there->path);
		return false;
	}
	return i->force || !refused_in_use(imports, i->request, there->name);
}

static bool is_our_copy(const struct imports *imports, const struct medium *m)
{
	size_t n = strlen(imports->base->config.state);

	return m->copied && !strncmp(m->path, imports->base->config.state, n) &&
		m->path[n] == '/' && !strstr(m->path, "/..");
}

static void refresh(struct imports *imports)
{
	int rc = files_refresh(&imports->content->files, &imports->base->config,
		&imports->content->imported, &imports->content->profiles);

	if (rc)
		log_error("media: %s", strerror(-rc));
}

struct told {
	struct task task; /* first: deletes the old one's copy */
	struct imports *imports;
	struct http_request *request;
	struct medium old; /* its copy is to be deleted once that is on disk; path "": none */
	char name[PROFILE_NAME];
	json_t *said; /* NULL: what is known of `name` */
};

static void tell(struct told *t, int rc)
{
	if (rc)
		http_respond_error(t->request, 503, "cannot write to the store: %s", strerror(-rc));
	else if (t->said)
		http_respond_json(t->request, 200, json_incref(t->said));
	else
		media_tell_one(t->imports, t->request, t->name, 201);
	json_decref(t->said);
	free(t);
}

static int unlink_copy(struct task *task)
{
	const struct told *t = (const struct told *)task;

	return unlink(t->old.path) && errno != ENOENT ? -errno : 0;
}

static void copy_unlinked(struct task *task)
{
	struct told *t = (struct told *)task;

	if (task->rc == -ECANCELED) /* the service ends: there is time */
		task->rc = unlink_copy(task);
	if (task->rc)
		log_warn("%s cannot be deleted: %s", t->old.path, strerror(-task->rc));
	tell(t, 0);
}

/* Gigabytes take their time. The answer waits for it: who has it finds no file any more. */
static void told_done(void *arg, int rc)
{
	struct told *t = arg;

	if (rc || !*t->old.path || !is_our_copy(t->imports, &t->old)) {
		tell(t, rc);
		return;
	}
	t->task = (struct task){.run = unlink_copy, .done = copy_unlinked};
	http_hold(t->request, HTTP_HOLD_MS);
	if (!worker_do(t->imports->base->worker, &t->task, ""))
		return;
	t->task.rc = unlink_copy(&t->task);
	copy_unlinked(&t->task);
}

/* Once what was put is on disk: the answer. */
static void tell_committed(struct imports *imports, struct http_request *r, const char *name,
	const struct medium *old, json_t *said)
{
	struct told *t = calloc(1, sizeof *t);

	if (t) {
		*t = (struct told){.imports = imports, .request = r, .said = said};
		if (old)
			t->old = *old;
		snprintf(t->name, sizeof t->name, "%s", name);
		if (!store_commit(imports->base->store, told_done, t))
			return;
	}
	free(t);
	json_decref(said);
	http_respond_error(r, 503, "out of memory");
}

/* A copy that is not imported is not kept. */
static void forget_copy(const struct importing *i)
{
	if (*i->part && i->copied)
		copying_discard(i->imports, i->path);
}

static void import_record(struct importing *i)
{
	struct imports *imports = i->imports;
	const struct medium *there = imported_find(&imports->content->imported, i->medium.name);
	struct medium old = {0};
	int rc;

	if (there && strcmp(there->path, i->path))
		old = *there;
	if (there && !i->medium.disk && !strcmp(there->id, i->medium.id) &&
		there->size == i->medium.size) {
		memcpy(i->medium.sum, there->sum, sizeof i->medium.sum);
		i->medium.verified_ms = there->verified_ms;
	}
	i->medium.imported_ms = clock_wall_ms();
	i->medium.copied = i->copied;
	rc = imported_put(&imports->content->imported, &i->medium);
	if (rc) {
		forget_copy(i);
		http_respond_error(i->request, rc == -ENOSPC ? 507 : 422,
			"%s cannot be imported: %s", i->path,
			rc == -ENOSPC ? "the maximum number of media is reached; run 'usher media "
					"remove' first"
				      : strerror(-rc));
		return;
	}
	log_info("medium '%s' imported: %s", i->medium.name, i->path);
	refresh(imports);
	tell_committed(imports, i->request, i->medium.name, &old, NULL);
}

static void inspected(struct task *t)
{
	struct importing *i = (struct importing *)t;

	if (t->rc) {
		forget_copy(i);
		http_respond_error(i->request, t->rc == -ECANCELED ? 503 : 422, "%s",
			*i->why ? i->why : "the service is stopping");
	} else if (choose_name(i, i->why, sizeof i->why)) {
		forget_copy(i);
		http_respond_error(i->request, 422, "%s", i->why);
	} else if (may_import(i)) {
		import_record(i);
	} else {
		forget_copy(i);
	}
	free(i);
}

static bool take_text(json_t *body, const char *key, char *ret, size_t size)
{
	const char *s = json_string_value(json_object_get(body, key));

	return snprintf(ret, size, "%s", s ? s : "") < (int)size;
}

static void import_start(struct imports *imports, struct http_request *r, json_t *body)
{
	struct importing *i = calloc(1, sizeof *i);
	char name[RECOGNISE_NAME];
	const char *copy;

	if (!i) {
		http_respond_error(r, 500, "out of memory");
		return;
	}
	*i = (struct importing){
		.task = {.run = inspect, .done = inspected}, .imports = imports, .request = r};
	i->replace = json_is_true(json_object_get(body, "replace"));
	i->force = json_is_true(json_object_get(body, "force"));
	copy = json_string_value(json_object_get(body, "copy"));
	if (!copy && (!take_text(body, "path", i->path, sizeof i->path) || *i->path != '/')) {
		http_respond_error(r, 422, "path must be an absolute path");
	} else if (!take_text(body, "name", i->name, sizeof i->name) ||
		(recognise_name(i->name, name), strcmp(name, i->name))) {
		http_respond_error(r, 422,
			"a medium's name has small letters, digits, '.', '_' and '-', at most %d",
			RECOGNISE_NAME - 1);
	} else if (copy && copying_take(imports, copy, i->part, i->path, i->why, sizeof i->why)) {
		http_respond_error(r, 409, "%s", i->why);
	} else {
		i->copied = copy;
		http_hold(r, HTTP_HOLD_MS);
		if (!worker_do(imports->base->worker, &i->task, ""))
			return;
		unlink(i->part);
		http_respond_error(r, 503, "too many requests at once: try again");
	}
	free(i);
}

static void import_handle(struct imports *imports, struct http_request *r)
{
	json_t *body = json_loadb(r->body, r->body_len, 0, NULL);

	if (json_is_object(body))
		import_start(imports, r, body);
	else
		http_respond_error(r, 400, "the request is not a JSON object");
	json_decref(body);
}

/* Removing */

static void remove_one(struct imports *imports, struct http_request *r, const struct medium *m)
{
	struct medium old = *m;
	int rc;

	if (!http_arg(r, "force") && refused_in_use(imports, r, m->name))
		return;
	verifying_drop(imports, old.name);
	rc = imported_remove(&imports->content->imported, old.name);
	if (rc) {
		http_respond_error(r, 500, "%s: %s", old.name, strerror(-rc));
		return;
	}
	log_info("medium '%s' removed", old.name);
	refresh(imports);
	tell_committed(imports, r, old.name, &old, json_pack("{s:s}", "removed", old.name));
}

/* Verifying */

static void verify_one(struct imports *imports, struct http_request *r, const struct medium *m)
{
	switch (verifying_start(imports, m)) {
	case 0:
		media_tell_one(imports, r, m->name, 202);
		break;
	case -EMEDIUMTYPE:
		http_respond_error(r, 422, "%s is a folder, which has no checksum", m->path);
		break;
	case -EBUSY:
		http_respond_error(
			r, 409, "%d media are being verified: wait for one to end", VERIFY_MOST);
		break;
	default:
		http_respond_error(r, 503, "too many requests at once: try again");
	}
}

/* Below /media/NAME; `rest` is "" or "/…". */
static void one_handle(
	struct imports *imports, struct http_request *r, const char *name, const char *rest)
{
	bool get = r->method == HTTP_GET || r->method == HTTP_HEAD;
	const struct medium *m = imported_find(&imports->content->imported, name);

	if (!*rest && get)
		media_tell_one(imports, r, name, 200);
	else if (!m && (!*rest || !strcmp(rest, "/verify")))
		http_respond_error(r, 404,
			"no medium '%s' was imported; 'usher media' shows those there are", name);
	else if (!*rest && r->method == HTTP_DELETE)
		remove_one(imports, r, m);
	else if (!strcmp(rest, "/verify") && r->method == HTTP_POST)
		verify_one(imports, r, m);
	else
		http_respond_error(r, 404, "%s %s: there is no such call",
			http_method_name(r->method), r->path);
}

void media_handle(struct imports *imports, struct http_request *r, const char *rest)
{
	bool get = r->method == HTTP_GET || r->method == HTTP_HEAD;
	const char *slash;
	char name[256];

	if (!*rest && get) {
		media_tell_all(imports, r);
	} else if (!*rest && r->method == HTTP_POST) {
		import_handle(imports, r);
	} else if (*rest == '/') {
		slash = strchrnul(rest + 1, '/');
		snprintf(name, sizeof name, "%.*s", (int)(slash - rest - 1), rest + 1);
		one_handle(imports, r, name, slash);
	} else {
		http_respond_error(r, 404, "%s %s: there is no such call",
			http_method_name(r->method), r->path);
	}
}
