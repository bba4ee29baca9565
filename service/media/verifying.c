#include "service/media/verifying.h"

#include "kickstart/media/media_file.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/sha256.h"
#include "service/service.h"

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
	struct service *service;
	struct medium medium;
	atomic_uint_fast64_t done; /* bytes */
	atomic_bool drop;
	bool failed; /* `why` says more; no task any more */
	char sum[SHA256_HEX];
	char why[512];
};

static struct verifying **find(struct service *s, const char *name)
{
	struct verifying **at = &s->verifying;

	while (*at && strcmp((*at)->medium.name, name))
		at = &(*at)->next;
	return at;
}

static unsigned under_way(const struct service *s)
{
	unsigned n = 0;

	for (const struct verifying *v = s->verifying; v; v = v->next)
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

static int verify(struct task *t)
{
	struct verifying *v = (struct verifying *)t;
	int fd, rc = medium_look(&v->medium, v->service->config.user, v->why, sizeof v->why);
	char *piece;

	if (rc)
		return rc;
	fd = media_file_root(v->medium.path, O_RDONLY | O_CLOEXEC, true);
	piece = malloc(PIECE);
	rc = fd < 0 ? -errno : piece ? sum_up(v, fd, piece) : -ENOMEM;
	if (rc)
		snprintf(v->why, sizeof v->why, "%.300s: %s", v->medium.path, strerror(-rc));
	free(piece);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Home again */

/* The sum is of what was imported then: another by now keeps its own. */
static void store_sum(struct service *s, const struct verifying *v)
{
	struct medium *m = imported_find(&s->imported, v->medium.name);

	if (!m || strcmp(m->path, v->medium.path) || strcmp(m->id, v->medium.id))
		return;
	memcpy(m->sum, v->sum, sizeof m->sum);
	m->verified_ms = clock_wall_ms();
	if (imported_put(&s->imported, m) || store_commit(s->store, NULL, NULL))
		log_error("medium '%s': its sum could not be stored", m->name);
}

static void verified(struct task *t)
{
	struct verifying *v = (struct verifying *)t, **at = &v->service->verifying;

	while (*at != v)
		at = &(*at)->next;
	if (t->rc && t->rc != -ECANCELED && !atomic_load(&v->drop)) {
		log_warn("medium '%s' cannot be verified: %s", v->medium.name, v->why);
		v->failed = true;
		return;
	}
	if (!t->rc)
		store_sum(v->service, v);
	forget(at);
}

int verifying_start(struct service *s, struct medium *m)
{
	struct verifying *v, **at = find(s, m->name);

	if (!m->image)
		return -EMEDIUMTYPE;
	if (*at && !(*at)->failed)
		return 0;
	if (under_way(s) >= VERIFY_MOST)
		return -EBUSY;
	if (*at)
		forget(at);
	v = calloc(1, sizeof *v);
	if (!v)
		return -ENOMEM;
	v->task = (struct task){.run = verify, .done = verified};
	v->service = s;
	v->medium = *m;
	if (worker_do(s->worker, &v->task, "")) {
		free(v);
		return -EAGAIN;
	}
	v->next = s->verifying;
	s->verifying = v;
	*m->sum = '\0'; /* told again when it is known again */
	return 0;
}

void verifying_drop(struct service *s, const char *name)
{
	struct verifying **at = find(s, name);

	if (*at && (*at)->failed)
		forget(at);
	else if (*at)
		atomic_store(&(*at)->drop, true);
}

json_t *verifying_json(const struct service *s, const char *name)
{
	const struct verifying *v = s->verifying;
	json_t *j;

	while (v && strcmp(v->medium.name, name))
		v = v->next;
	if (!v)
		return NULL;
	j = json_pack("{s:I, s:I}", "done", (json_int_t)atomic_load(&v->done), "total",
		(json_int_t)v->medium.size);
	if (j && v->failed)
		json_object_set_new(j, "failed", json_string(v->why));
	return j;
}

void verifying_forget(struct service *s)
{
	while (s->verifying)
		forget(&s->verifying);
}
