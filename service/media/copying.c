/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/media/copying.h"

#include "service/media/imports.h"

#include "core/draw.h"
#include "core/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ID = 33 };

static const char part_tail[] = ".part";

struct copying {
	struct copying *next;
	struct imports *imports;
	char id[ID];
	char path[PATH_MAX], part[PATH_MAX];
	int fd;
	uint64_t size, at; /* bytes: in all, and written */
	bool busy;         /* a worker has it: it is being opened, or a piece is being written */
	struct loop_timer idle;
};

/* What a worker does for a request. */
struct step {
	struct task task;
	struct copying *copying;
	struct http_request *request;
	char why[PATH_MAX + 64];
};

struct removal {
	struct task task;
	char path[PATH_MAX];
};

static struct copying **find(struct imports *imports, const char *id)
{
	struct copying **at = &imports->copyings;

	while (*at && strcmp((*at)->id, id))
		at = &(*at)->next;
	return at;
}

/* Forgets it; its bytes stay where they are. */
static void forget(struct copying **at)
{
	struct copying *c = *at;

	*at = c->next;
	loop_timer_clear(c->imports->base->loop, &c->idle);
	if (c->fd >= 0)
		close(c->fd);
	free(c);
}

static int remove_file(struct task *t)
{
	return unlink(((struct removal *)t)->path) ? -errno : 0;
}

static void file_removed(struct task *t)
{
	free(t);
}

/* Without a worker, at the end, there is time. */
void copying_discard(struct imports *imports, const char *path)
{
	struct removal *r = calloc(1, sizeof *r);

	if (r) {
		r->task = (struct task){.run = remove_file, .done = file_removed};
		snprintf(r->path, sizeof r->path, "%s", path);
	}
	if (!r || worker_do(imports->base->worker, &r->task, "")) {
		free(r);
		unlink(path);
	}
}

static void drop(struct copying **at)
{
	copying_discard((*at)->imports, (*at)->part);
	forget(at);
}

static void on_idle(struct loop_timer *t)
{
	struct copying *c = t->arg;

	log_info("copy %s dropped: no data received for %d s", c->path, COPY_IDLE_MS / 1000);
	drop(find(c->imports, c->id));
}

/* Beginning */

static int name_files(struct copying *c, const char *name, char *why, size_t size)
{
	const char *state = c->imports->base->config.state;
	size_t n = strlen(name);

	if (!n || *name == '.' || strchr(name, '/') || n > 200) {
		snprintf(why, size,
			"the name of a copy must be a file name of at most 200 bytes, not '%.64s'",
			name);
		return -EINVAL;
	}
	if (snprintf(c->path, sizeof c->path, "%s/media/%s", state, name) >= PATH_MAX ||
		snprintf(c->part, sizeof c->part, "%s/media/.%s%s", state, c->id, part_tail) >=
			PATH_MAX) {
		snprintf(why, size, "the path of the state folder is too long");
		return -ENAMETOOLONG;
	}
	return 0;
}

/* Room is taken at once, where the file system can, or a full disk is told after minutes. */
static int open_part(struct copying *c, char *why, size_t size)
{
	char folder[PATH_MAX];
	int rc = 0;

	if (!access(c->path, F_OK)) {
		snprintf(why, size, "%s already exists: import it, or run 'usher media remove'",
			c->path);
		return -EEXIST;
	}
	snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(c->part, '/') - c->part), c->part);
	if (mkdir(folder, 0700) && errno != EEXIST)
		rc = -errno;
	if (!rc)
		c->fd = open(c->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (!rc && c->fd < 0)
		rc = -errno;
	if (!rc && fallocate(c->fd, 0, 0, (off_t)c->size) && errno == ENOSPC)
		rc = -ENOSPC;
	if (rc)
		snprintf(why, size, "%s: %s", folder, strerror(-rc));
	if (rc && c->fd >= 0)
		unlink(c->part);
	return rc;
}

static int open_step(struct task *t)
{
	struct step *p = (struct step *)t;

	return open_part(p->copying, p->why, sizeof p->why);
}

static void part_opened(struct task *t)
{
	struct step *p = (struct step *)t;
	struct copying *c = p->copying;

	c->busy = false;
	if (t->rc) {
		http_respond_error(p->request, 422, "%s", *p->why ? p->why : strerror(-t->rc));
		forget(find(c->imports, c->id));
	} else {
		loop_timer_set(c->imports->base->loop, &c->idle, COPY_IDLE_MS);
		http_respond_json(p->request, 201,
			json_pack("{s:s, s:i}", "id", c->id, "piece", HTTP_BODY_MAX));
	}
	free(p);
}

/* 0, or it is still the caller's to answer. */
static int do_step(struct copying *c, struct http_request *r, int (*run)(struct task *),
	void (*done)(struct task *))
{
	struct step *p = calloc(1, sizeof *p);

	if (!p)
		return -ENOMEM;
	*p = (struct step){.task = {.run = run, .done = done}, .copying = c, .request = r};
	http_hold(r, HTTP_HOLD_MS);
	c->busy = true;
	loop_timer_clear(c->imports->base->loop, &c->idle);
	if (!worker_do(c->imports->base->worker, &p->task, ""))
		return 0;
	c->busy = false;
	free(p);
	return -EBUSY;
}

static const char too_much[] = "too many requests at once: try again";

static struct copying *copying_new(
	struct imports *imports, const char *name, uint64_t size, char *why, size_t why_size)
{
	struct copying *c = calloc(1, sizeof *c);

	snprintf(why, why_size, "out of memory");
	if (!c)
		return NULL;
	c->imports = imports;
	c->size = size;
	c->fd = -1;
	loop_timer_init(&c->idle, on_idle, c);
	draw_hex(c->id, sizeof c->id);
	if (name_files(c, name, why, why_size)) {
		free(c);
		return NULL;
	}
	c->next = imports->copyings;
	imports->copyings = c;
	return c;
}

static void begin(struct imports *imports, struct http_request *r)
{
	json_t *body = json_loadb(r->body, r->body_len, 0, NULL);
	const char *name = json_string_value(json_object_get(body, "name"));
	json_int_t size = json_integer_value(json_object_get(body, "size"));
	struct copying *c;
	char why[1024];
	size_t n = 0;

	for (c = imports->copyings; c; c = c->next)
		n++;
	if (!name || size < 1)
		http_respond_error(r, 422, "a copy takes a name and a size of at least one byte");
	else if (n >= COPY_MOST)
		http_respond_error(
			r, 503, "%d images are being copied: wait for one to end", COPY_MOST);
	else if (!(c = copying_new(imports, name, (uint64_t)size, why, sizeof why)))
		http_respond_error(r, 422, "%s", why);
	else if (do_step(c, r, open_step, part_opened)) {
		forget(find(imports, c->id));
		http_respond_error(r, 503, too_much);
	}
	json_decref(body);
}

/* Pieces */

static int write_piece(struct task *t)
{
	const struct step *p = (struct step *)t;
	size_t done = 0;

	while (done < p->request->body_len) {
		ssize_t n = pwrite(p->copying->fd, p->request->body + done,
			p->request->body_len - done, (off_t)(p->copying->at + done));

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static void piece_written(struct task *t)
{
	struct step *p = (struct step *)t;
	struct copying *c = p->copying;

	c->busy = false;
	if (!t->rc)
		c->at += p->request->body_len;
	if (t->rc) {
		http_respond_error(p->request, t->rc == -ENOSPC ? 507 : 503, "%s: %s", c->path,
			strerror(-t->rc));
		drop(find(c->imports, c->id));
	} else {
		loop_timer_set(c->imports->base->loop, &c->idle, COPY_IDLE_MS);
		http_respond_json(p->request, 200, json_pack("{s:I}", "at", (json_int_t)c->at));
	}
	free(p);
}

static void take_piece(struct imports *imports, struct http_request *r, struct copying *c)
{
	const char *at = http_arg(r, "at");

	if (!at || strtoull(at, NULL, 10) != c->at || c->busy || r->body_len > c->size - c->at) {
		http_respond_error(r, 409, "%s: %" PRIu64 " of %" PRIu64 " bytes received%s",
			c->path, c->at, c->size, c->busy ? ", and a piece is being written" : "");
		return;
	}
	if (!do_step(c, r, write_piece, piece_written))
		return;
	loop_timer_set(imports->base->loop, &c->idle, COPY_IDLE_MS);
	http_respond_error(r, 503, too_much);
}

void copying_handle(struct imports *imports, struct http_request *r, const char *rest)
{
	struct copying **at = *rest == '/' ? find(imports, rest + 1) : NULL;

	if (!*rest && r->method == HTTP_POST) {
		begin(imports, r);
	} else if (!at || !*at) {
		http_respond_error(r, 404, "no such copy in progress");
	} else if (r->method == HTTP_PUT) {
		take_piece(imports, r, *at);
	} else if (r->method == HTTP_DELETE && !(*at)->busy) {
		drop(at);
		http_respond_json(r, 200, json_pack("{s:b}", "dropped", true));
	} else {
		http_respond_error(
			r, 409, "%s: only PUT is allowed, and DELETE between two pieces", r->path);
	}
}

/* The end */

int copying_take(struct imports *imports, const char *id, char ret_part[PATH_MAX],
	char ret_path[PATH_MAX], char *why, size_t why_size)
{
	struct copying **at = find(imports, id);

	if (!*at) {
		snprintf(why, why_size, "no such copy in progress");
		return -ENOENT;
	}
	if ((*at)->busy || (*at)->at < (*at)->size) {
		snprintf(why, why_size, "%s: %" PRIu64 " of %" PRIu64 " bytes received",
			(*at)->path, (*at)->at, (*at)->size);
		return (*at)->busy ? -EBUSY : -ENODATA;
	}
	memcpy(ret_part, (*at)->part, PATH_MAX);
	memcpy(ret_path, (*at)->path, PATH_MAX);
	forget(at);
	return 0;
}

static bool is_part(const char *name)
{
	size_t n = strlen(name);

	return *name == '.' && n > strlen(part_tail) &&
		!strcmp(name + n - strlen(part_tail), part_tail);
}

void copying_begin(struct imports *imports)
{
	char folder[PATH_MAX];
	struct dirent *e;
	DIR *d;

	if (snprintf(folder, sizeof folder, "%s/media", imports->base->config.state) >= PATH_MAX)
		return;
	d = opendir(folder);
	while (d && (e = readdir(d)))
		if (is_part(e->d_name))
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
}

void copying_drop_all(struct imports *imports)
{
	while (imports->copyings)
		drop(&imports->copyings);
}
