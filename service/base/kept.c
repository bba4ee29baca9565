/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/base/kept.h"
#include "service/base/kept_read.h"

#include "core/clock.h"
#include "core/log.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER = PATH_MAX + 16 };

static void folder_of(const struct keeping *g, char buf[FOLDER])
{
	snprintf(buf, FOLDER, "%s/%.12s", g->base->config.state, g->kind->folder);
}

/* Tasks */

/* Renamed, it keeps its key until those that are under way are done: they use one file, one after another. */
static void choose_key(struct kept *k)
{
	if (!k->tasks)
		memcpy(k->key, k->name, sizeof k->key);
}

int kept_task(struct kept *k, struct task *t)
{
	char key[QUEUE_KEY];
	int rc;

	choose_key(k);
	snprintf(key, sizeof key, "%s %s", k->keeping->kind->folder, k->key);
	rc = worker_do(k->keeping->base->worker, t, key);
	if (!rc)
		k->tasks++;
	return rc;
}

void kept_task_done(struct kept *k)
{
	if (--k->tasks || !k->ended)
		return;
	free(k->waiting);
	k->keeping->kind->over(k);
}

/* Writing */

struct writing {
	struct task task; /* first */
	struct kept *kept;
	uint8_t *bytes;
	size_t n;
};

static int write_run(struct task *t)
{
	struct writing *w = (struct writing *)t;

	return kept_file_append(&w->kept->file, w->bytes, w->n);
}

static void written(struct kept *k, int rc, size_t n)
{
	uint64_t lost;

	k->writing = false;
	if (rc) {
		if (!k->failing && rc != -ECANCELED)
			log_warn("%s: its %s cannot be recorded: %s", k->name,
				k->keeping->kind->called, strerror(-rc));
		k->lost += n + k->n_waiting;
		k->n_waiting = 0;
	}
	k->failing = rc;
	if (!rc)
		kept_wake(k);
	if (!rc && k->lost) {
		lost = k->lost;
		k->lost = 0;
		k->keeping->kind->missing(k, lost);
	}
	kept_write(k);
}

static void write_done(struct task *t)
{
	struct writing *w = (struct writing *)t;
	struct kept *k = w->kept;

	if (!k->ended)
		written(k, t->rc, w->n);
	free(w->bytes);
	free(w);
	kept_task_done(k);
}

static void gathered(struct loop_timer *t)
{
	kept_write(t->arg);
}

void kept_write(struct kept *k)
{
	struct base *base = k->keeping->base;
	struct writing *w;
	int64_t early = k->written_at + k->keeping->kind->gather_ms - clock_mono_ms();

	if (k->writing || !k->n_waiting || base->stopping)
		return;
	if (early > 0 && (k->gathered.slot || !loop_timer_set(base->loop, &k->gathered, early)))
		return;
	w = calloc(1, sizeof *w);
	if (!w)
		return;
	*w = (struct writing){.task = {.run = write_run, .done = write_done},
		.kept = k,
		.bytes = k->waiting,
		.n = k->n_waiting};
	if (kept_task(k, &w->task)) { /* the worker is full: what comes next tries again */
		free(w);
		return;
	}
	k->writing = true;
	k->written_at = clock_mono_ms();
	k->waiting = NULL;
	k->n_waiting = k->room = 0;
}

/* While something is missing nothing is taken that would stand before the word on it. */
void kept_add(struct kept *k, const void *bytes, size_t n)
{
	size_t room = k->room ? k->room : 1024;
	uint8_t *grown;

	while (room < k->n_waiting + n)
		room *= 2;
	if ((k->writing && k->lost) || room > KEPT_WAITING)
		grown = NULL;
	else
		grown = room == k->room ? k->waiting : realloc(k->waiting, room);
	if (!grown) {
		k->lost += n;
		return;
	}
	memcpy(grown + k->n_waiting, bytes, n);
	k->waiting = grown;
	k->room = room;
	k->n_waiting += n;
}

/* Which there are */

static uint64_t hash_of(const char *name)
{
	return hash_bytes(name, strlen(name), 0);
}

struct kept *kept_find(const struct keeping *g, const char *name)
{
	struct table_node *n;

	for (n = table_first(&g->all, hash_of(name)); n; n = table_next(n))
		if (!strcmp(table_entry(n, struct kept, node)->name, name))
			return table_entry(n, struct kept, node);
	return NULL;
}

struct kept *kept_next(const struct keeping *g, size_t *slot, struct kept *k)
{
	struct table_node *n = table_walk(&g->all, slot, k ? &k->node : NULL);

	return n ? table_entry(n, struct kept, node) : NULL;
}

int kept_init(struct keeping *g, struct kept *k, const char *name)
{
	char folder[FOLDER];
	int rc;

	k->keeping = g;
	snprintf(k->name, sizeof k->name, "%s", name);
	loop_timer_init(&k->gathered, gathered, k);
	folder_of(g, folder);
	rc = kept_file_init(&k->file, folder, k->name, g->kind->what);
	return rc ? rc : table_put(&g->all, &k->node, hash_of(k->name));
}

/* Renaming. Who uses the old name next has the same key there, and so finds the files gone. */

struct move {
	struct task task; /* first */
	struct kept *kept;
	struct kept_file to;
};

static int move_run(struct task *t)
{
	struct move *v = (struct move *)t;

	return kept_file_move(&v->kept->file, v->to.path);
}

static void move_done(struct task *t)
{
	struct kept *k = ((struct move *)t)->kept;

	if (t->rc == -ECANCELED) /* the service ends: nobody else uses them any more */
		t->rc = move_run(t);
	if (t->rc)
		log_warn(
			"%s: the record of its %s does not have all of what was recorded under its "
			"old name: %s",
			k->name, k->keeping->kind->called, strerror(-t->rc));
	free(t);
	kept_task_done(k);
}

static int move_files(struct kept *k, const char *name)
{
	struct move *v = calloc(1, sizeof *v);
	char folder[FOLDER];
	int rc;

	if (!v)
		return -ENOMEM;
	v->task = (struct task){.run = move_run, .done = move_done};
	v->kept = k;
	folder_of(k->keeping, folder);
	rc = kept_file_init(&v->to, folder, name, k->keeping->kind->what);
	if (!rc)
		rc = kept_task(k, &v->task);
	if (rc)
		free(v);
	return rc;
}

int kept_rename(struct kept *k, const char *name)
{
	int rc = move_files(k, name);

	if (rc) {
		log_warn("%s: the record of its %s stays under its old name, %s: %s", name,
			k->keeping->kind->called, k->name, strerror(-rc));
		return rc;
	}
	table_remove(&k->keeping->all, &k->node);
	snprintf(k->name, sizeof k->name, "%s", name);
	return table_put(&k->keeping->all, &k->node, hash_of(k->name));
}

/* Ending: the name may be used again at once. */

/* One task more is counted: it outlives those whom it answers. */
static void leave(struct kept *k)
{
	loop_timer_clear(k->keeping->base->loop, &k->gathered);
	table_remove(&k->keeping->all, &k->node);
	k->ended = true;
	choose_key(k);
	k->tasks++;
	kept_wake(k);
}

void kept_end(struct kept *k)
{
	leave(k);
	kept_task_done(k);
}

void kept_end_written(struct kept *k)
{
	if (k->n_waiting) /* nobody else writes any more */
		(void)kept_file_append(&k->file, k->waiting, k->n_waiting);
	kept_end(k);
}

struct removal {
	struct task task; /* first */
	struct kept *kept;
};

static int remove_run(struct task *t)
{
	return kept_file_remove(&((struct removal *)t)->kept->file);
}

static void remove_done(struct task *t)
{
	struct removal *d = (struct removal *)t;
	struct kept *k = d->kept;

	if (t->rc && t->rc != -ECANCELED)
		log_warn("%s: the record of its %s could not be removed", k->name,
			k->keeping->kind->called);
	free(d);
	kept_task_done(k);
}

void kept_forget(struct kept *k)
{
	struct removal *d = calloc(1, sizeof *d);

	leave(k);
	if (d)
		*d = (struct removal){{.run = remove_run, .done = remove_done}, k};
	if (!d || kept_task(k, &d->task)) {
		log_warn("%s: the record of its %s stays until the next start", k->name,
			k->keeping->kind->called);
		free(d);
	}
	kept_task_done(k);
}

/* Of machines that are gone: we were killed before their files were. */
static void sweep(const struct keeping *g, DIR *d, const char *folder)
{
	char name[NAME_MAX + 1], path[FOLDER + NAME_MAX + 2];
	const struct dirent *e;

	while ((e = readdir(d))) {
		const char *end = strstr(e->d_name, ".log");

		if (!end)
			continue;
		snprintf(name, sizeof name, "%.*s", (int)(end - e->d_name), e->d_name);
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		if (!machines_by_name(g->base->machines, name))
			unlink(path);
	}
}

int keeping_begin(struct keeping *g, struct base *base, const struct kept_kind *kind)
{
	char folder[FOLDER];
	DIR *d;

	*g = (struct keeping){.base = base, .kind = kind};
	table_init(&g->all);
	folder_of(g, folder);
	if (mkdir(folder, 0700) && errno != EEXIST)
		return -errno;
	d = opendir(folder);
	if (!d)
		return -errno;
	sweep(g, d, folder);
	closedir(d);
	return 0;
}

void keeping_fini(struct keeping *g)
{
	table_fini(&g->all);
}
