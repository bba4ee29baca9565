#include "kickstart/disc_shelf.h"

#include "kickstart/disc.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/stat.h>

struct shelved {
	struct stat st;
	struct disc_tree *tree; /* NULL: a free place */
	uint64_t used;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct shelved shelf[DISC_SHELF_MAX];
static uint64_t uses;

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
		a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The image's place, or else the one that was not used for longest. */
static struct shelved *place_of(const struct stat *st)
{
	struct shelved *oldest = &shelf[0];

	for (size_t i = 0; i < DISC_SHELF_MAX; i++) {
		if (shelf[i].tree && same(&shelf[i].st, st))
			return &shelf[i];
		if (shelf[i].used < oldest->used)
			oldest = &shelf[i];
	}
	return oldest;
}

static int tree_of(int fd, const struct stat *st, const struct disc_tree **ret)
{
	struct shelved *s = place_of(st);
	struct disc_tree *fresh;
	int rc;

	if (!s->tree || !same(&s->st, st)) {
		rc = disc_read(fd, &fresh, NULL, 0);
		if (rc < 0)
			return rc == -EINVAL ? -EMEDIUMTYPE : rc;
		disc_tree_free(s->tree);
		*s = (struct shelved){.st = *st, .tree = fresh};
	}
	s->used = ++uses;
	*ret = s->tree;
	return 0;
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
