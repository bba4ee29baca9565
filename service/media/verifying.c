/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/media/verifying.h"

#include "kickstart/media/media_file.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/sha256.h"
#include "service/media/imports.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 1 << 20 }; /* bytes read at a time */

struct verifying {
	struct task task;
	struct verifying *next;
	struct imports *imports;
	struct medium medium;
	atomic_uint_fast64_t done; /* bytes */
	atomic_bool drop;
	bool failed; /* `why` says more; no task any more */
	char sum[SHA256_HEX];
	char why[512];
};

/* One that was dropped is nobody's any more, until its task has noticed. */
static bool is_named(const struct verifying *v, const char *name)
{
	return !strcmp(v->medium.name, name) && !atomic_load(&v->drop);
}

static struct verifying **find(struct imports *imports, const char *name)
{
	struct verifying **at = &imports->verifying;

	while (*at && !is_named(*at, name))
		at = &(*at)->next;
	return at;
}

/* Or has another its name by now? */
static bool is_of(const struct verifying *v, const struct medium *m)
{
	return !strcmp(v->medium.path, m->path) && !strcmp(v->medium.id, m->id) &&
		v->medium.size == m->size;
}

static unsigned under_way(const struct imports *imports)
{
	unsigned n = 0;

	for (const struct verifying *v = imports->verifying; v; v = v->next)
		n += !v->failed;
	return n;
}

static void forget(struct verifying **at)
{
	struct verifying *v = *at;

	*at = v->next;
	free(v);
}

/* On the worker's threads */

static int sum_up(struct verifying *v, int fd, char *piece)
{
	struct sha256 sum;
	ssize_t n;

	sha256_start(&sum);
	while ((n = read(fd, piece, PIECE)) > 0) {
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

/* Machines compare a disk's image with the sum that it had when it was imported: another one is a fault of the file. */
static int judge(struct verifying *v)
{
	const struct medium *m = &v->medium;

	if (!m->disk || !*m->sum || !strcmp(v->sum, m->sum))
		return 0;
	snprintf(v->why, sizeof v->why,
		"%.150s: its SHA-256 is %s, and was %s when it was imported: run 'usher media "
		"remove %s', and import it again",
		m->path, v->sum, m->sum, m->name);
	return -EBADMSG;
}

static int verify(struct task *t)
{
	struct verifying *v = (struct verifying *)t;
	int fd, rc = medium_look(&v->medium, v->imports->base->config.user, v->why, sizeof v->why);
	char *piece;

	if (rc)
		return rc;
	fd = media_file_root(v->medium.path, O_RDONLY | O_CLOEXEC, true);
	piece = malloc(PIECE);
	rc = fd < 0 ? fd : piece ? sum_up(v, fd, piece) : -ENOMEM;
	if (rc)
		snprintf(v->why, sizeof v->why, "%.300s: %s", v->medium.path, strerror(-rc));
	else
		rc = judge(v);
	free(piece);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Home again */

/* The sum is of what was imported then: another by now keeps its own. */
static void store_sum(struct imports *imports, const struct verifying *v)
{
	const struct medium *m = imported_find(&imports->content->imported, v->medium.name);
	struct medium summed;

	if (!m || !is_of(v, m))
		return;
	summed = *m;
	memcpy(summed.sum, v->sum, sizeof summed.sum);
	summed.verified_ms = clock_wall_ms();
	if (imported_put(&imports->content->imported, &summed) ||
		store_commit(imports->base->store, NULL, NULL))
		log_error("medium '%s': its sum could not be stored", summed.name);
}

static void verified(struct task *t)
{
	struct verifying *v = (struct verifying *)t, **at = &v->imports->verifying;

	while (*at != v)
		at = &(*at)->next;
	if (t->rc && t->rc != -ECANCELED && !atomic_load(&v->drop)) {
		log_warn("medium '%s' cannot be verified: %s", v->medium.name, v->why);
		v->failed = true;
		return;
	}
	if (!t->rc)
		store_sum(v->imports, v);
	forget(at);
}

int verifying_start(struct imports *imports, const struct medium *m)
{
	struct verifying *v, **at = find(imports, m->name);

	if (!m->image)
		return -EMEDIUMTYPE;
	if (*at && !(*at)->failed && is_of(*at, m))
		return 0;
	if (under_way(imports) >= VERIFY_MOST)
		return -EBUSY;
	verifying_drop(imports, m->name);
	v = calloc(1, sizeof *v);
	if (!v)
		return -ENOMEM;
	v->task = (struct task){.run = verify, .done = verified};
	v->imports = imports;
	v->medium = *m;
	if (worker_do(imports->base->worker, &v->task, "")) {
		free(v);
		return -EAGAIN;
	}
	v->next = imports->verifying;
	imports->verifying = v;
	if (!m->disk) /* told again when it is known again; a disk's is what machines are given meanwhile */
		imported_doubt(&imports->content->imported, m->name);
	return 0;
}

void verifying_drop(struct imports *imports, const char *name)
{
	struct verifying **at = find(imports, name);

	if (*at && (*at)->failed)
		forget(at);
	else if (*at)
		atomic_store(&(*at)->drop, true);
}

json_t *verifying_json(const struct imports *imports, const char *name)
{
	const struct verifying *v = imports->verifying;
	json_t *j;

	while (v && !is_named(v, name))
		v = v->next;
	if (!v)
		return NULL;
	j = json_pack("{s:I, s:I}", "done", (json_int_t)atomic_load(&v->done), "total",
		(json_int_t)v->medium.size);
	if (j && v->failed)
		json_object_set_new(j, "failed", json_string(v->why));
	return j;
}

void verifying_forget(struct imports *imports)
{
	while (imports->verifying)
		forget(&imports->verifying);
}
