/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/media/disc_shelf.h"

#include "core/clock.h"
#include "kickstart/media/disc.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/stat.h>

struct shelved {
	struct stat st;
	struct disc_tree *tree; /* NULL: a free place, or one of these: */
	bool reading;           /* somebody is at it: others wait for `changed` */
	int error;              /* it could not be read, and nobody tries before: */
	int64_t again;          /* mono ms */
	uint64_t used;
};

/* Held for a look, never while an image is read. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct shelved shelf[DISC_SHELF_MAX];
static uint64_t uses;

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
		a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The image's place, or else the one that was not used for longest; NULL: all are being read. */
static struct shelved *place_of(const struct stat *st)
{
	struct shelved *oldest = NULL;

	for (size_t i = 0; i < DISC_SHELF_MAX; i++) {
		struct shelved *s = &shelf[i];

		if ((s->tree || s->reading || s->error) && same(&s->st, st))
			return s;
		if (!s->reading && (!oldest || s->used < oldest->used))
			oldest = s;
	}
	return oldest;
}

static void read_into(struct shelved *s, int fd, const struct stat *st)
{
	struct disc_tree *tree = NULL;
	int rc;

	disc_tree_free(s->tree);
	*s = (struct shelved){.st = *st, .reading = true, .used = ++uses};
	pthread_mutex_unlock(&lock);
	rc = disc_read(fd, &tree, NULL, 0);
	pthread_mutex_lock(&lock);
	s->tree = tree;
	s->error = rc == -EINVAL ? -EMEDIUMTYPE : rc;
	s->again = clock_mono_ms() + DISC_SHELF_AGAIN_MS;
	s->reading = false;
	pthread_cond_broadcast(&changed);
}

/* The tree lives as long as the lock is held. */
static int tree_of(int fd, const struct stat *st, const struct disc_tree **ret)
{
	struct shelved *s;

	while (!(s = place_of(st)) || (s->reading && same(&s->st, st)))
		pthread_cond_wait(&changed, &lock);
	if (!same(&s->st, st) || (!s->tree && (!s->error || clock_mono_ms() >= s->again)))
		read_into(s, fd, st);
	s->used = ++uses;
	*ret = s->tree;
	return s->error;
}

/* More than one extent: a file of 4 GiB and more, its extents one after the other. */
static int span_of(const struct disc_file *f, const struct stat *st, struct disc_span *ret)
{
	uint64_t end = f->n_extents ? f->extents[0].offset : 0;

	if (f->kind != DISC_FILE)
		return -EISDIR;
	*ret = (struct disc_span){.offset = end,
		.size = f->size,
		.mtime = f->mtime > st->st_mtime ? f->mtime : st->st_mtime};
	for (size_t i = 0; i < f->n_extents; i++) {
		if (f->extents[i].offset != end)
			return -EOPNOTSUPP;
		end += f->extents[i].size;
	}
	return end > (uint64_t)st->st_size ? -EIO : 0;
}

int disc_shelf_find(int fd, const char *path, struct disc_span *ret)
{
	const struct disc_tree *t;
	struct disc_file f;
	struct stat st;
	int rc;

	if (fstat(fd, &st) < 0)
		return -errno;
	pthread_mutex_lock(&lock);
	rc = tree_of(fd, &st, &t);
	if (rc == 0)
		rc = disc_tree_find(t, path, &f);
	if (rc == 0)
		rc = span_of(&f, &st, ret);
	pthread_mutex_unlock(&lock);
	return rc;
}
