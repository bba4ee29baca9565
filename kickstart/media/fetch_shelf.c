/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/media/fetch_shelf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
	RECORD_MAX = 8 << 10, /* bytes of a record: its texts have limits */
	BOOK_NAME = FETCH_KEY + 16,
	PATH_IN_CACHE = FETCH_KEY + FETCH_FILE + 2,
};

static int open_folder(const char *state, const char *name)
{
	int fd, at = open(state, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (at < 0)
		return -errno;
	fd = mkdirat(at, name, 0750) && errno != EEXIST
		? -1
		: openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	close(at);
	return fd;
}

int fetch_shelf_init(struct fetch_shelf *s, const char *state)
{
	*s = (struct fetch_shelf){-1, -1};
	s->cache = open_folder(state, "cache");
	if (s->cache < 0)
		return s->cache;
	s->books = open_folder(state, "fetch");
	return s->books < 0 ? s->books : 0;
}

void fetch_shelf_fini(struct fetch_shelf *s)
{
	if (s->cache >= 0)
		close(s->cache);
	if (s->books >= 0)
		close(s->books);
	*s = (struct fetch_shelf){-1, -1};
}

static const char *book(char buf[BOOK_NAME], const char *key, const char *suffix)
{
	snprintf(buf, BOOK_NAME, "%s%s", key, suffix);
	return buf;
}

static const char *path_of(char buf[PATH_IN_CACHE], const struct fetch_name *name)
{
	snprintf(buf, PATH_IN_CACHE, "%s/%s", name->key, name->file);
	return buf;
}

/* At most `size` bytes of a small file; -errno. */
static ssize_t read_small(int at, const char *name, char *buf, size_t size)
{
	int fd = openat(at, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size);
	if (n < 0)
		n = -errno;
	close(fd);
	return n;
}

/* A file's size, or -1. */
static off_t size_of(int at, const char *path)
{
	struct stat st;

	return fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode) ? -1
										   : st.st_size;
}

void fetch_shelf_load(const struct fetch_shelf *s, const struct fetch_name *name, const char *url,
	struct fetch_record *ret, uint64_t *ret_part_size)
{
	char text[RECORD_MAX], file[BOOK_NAME], path[PATH_IN_CACHE];
	ssize_t n = read_small(s->books, book(file, name->key, ".json"), text, sizeof text);
	off_t part = size_of(s->books, book(file, name->key, ".part"));

	*ret = (struct fetch_record){0};
	if (n > 0)
		(void)fetch_record_parse(text, (size_t)n, url, ret);
	if (size_of(s->cache, path_of(path, name)) != (off_t)ret->whole_version.size)
		ret->whole = false;
	if (part < 0)
		ret->part = false;
	*ret_part_size = ret->part ? (uint64_t)part : 0;
}

static int write_new(int at, const char *name, const char *text)
{
	int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	size_t len = strlen(text);
	ssize_t n;
	int rc = 0;

	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	if (n < 0 || (size_t)n < len)
		rc = n < 0 ? -errno : -ENOSPC;
	close(fd);
	return rc;
}

int fetch_shelf_save(const struct fetch_shelf *s, const struct fetch_name *name, const char *url,
	const struct fetch_record *r)
{
	char file[BOOK_NAME], fresh[BOOK_NAME], *text = fetch_record_format(r, url);
	int rc;

	if (!text)
		return -ENOMEM;
	rc = write_new(s->books, book(fresh, name->key, ".new"), text);
	if (!rc && renameat(s->books, fresh, s->books, book(file, name->key, ".json")))
		rc = -errno;
	free(text);
	return rc;
}

time_t fetch_shelf_when(const struct fetch_shelf *s, const struct fetch_name *name)
{
	char path[PATH_IN_CACHE];
	struct stat st;

	return fstatat(s->cache, path_of(path, name), &st, 0) ? 0 : st.st_mtime;
}

int fetch_shelf_open_part(const struct fetch_shelf *s, const struct fetch_name *name)
{
	char file[BOOK_NAME];
	int fd = openat(s->books, book(file, name->key, ".part"),
		O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);

	return fd < 0 ? -errno : fd;
}

void fetch_shelf_drop_part(const struct fetch_shelf *s, const struct fetch_name *name)
{
	char file[BOOK_NAME];

	unlinkat(s->books, book(file, name->key, ".part"), 0);
}

int fetch_shelf_publish(const struct fetch_shelf *s, const struct fetch_name *name)
{
	char file[BOOK_NAME], path[PATH_IN_CACHE];
	int folder, rc = 0;

	if (mkdirat(s->cache, name->key, 0750) && errno != EEXIST)
		return -errno;
	if (renameat(s->books, book(file, name->key, ".part"), s->cache, path_of(path, name)))
		return -errno;
	folder = openat(s->cache, name->key, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || fsync(folder) || fsync(s->cache))
		rc = -errno;
	if (folder >= 0)
		close(folder);
	return rc;
}

uint64_t fetch_shelf_room(const struct fetch_shelf *s)
{
	struct statvfs v;

	return fstatvfs(s->cache, &v) ? 0 : (uint64_t)v.f_bavail * v.f_frsize;
}

/* Pruning. */

struct shelved {
	char key[FETCH_KEY];
	uint64_t size;
	int64_t used; /* ns */
};

struct shelf_list {
	struct shelved *all;
	size_t n, room;
};

/* Runs over the names in a folder; stops at the first error. */
static int each_name(int at, int (*one)(void *arg, const char *name), void *arg)
{
	int fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!d) {
		rc = -errno;
		if (fd >= 0)
			close(fd);
		return rc;
	}
	while (!rc && (e = readdir(d)))
		if (*e->d_name != '.')
			rc = one(arg, e->d_name);
	closedir(d);
	return rc;
}

struct adding {
	int at; /* the folder that is read */
	uint64_t size;
};

static int add_size(void *arg, const char *name)
{
	struct adding *a = arg;
	off_t n = size_of(a->at, name);

	a->size += n > 0 ? (uint64_t)n : 0;
	return 0;
}

static uint64_t folder_size(int cache, const char *key)
{
	struct adding a = {.at = openat(cache, key, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};

	if (a.at < 0)
		return 0;
	(void)each_name(a.at, add_size, &a);
	close(a.at);
	return a.size;
}

struct listing {
	const struct fetch_shelf *shelf;
	struct shelf_list *list;
};

/* By its record: what has none was never served. */
static int list_one(void *arg, const char *name)
{
	struct listing *l = arg;
	struct shelf_list *list = l->list;
	struct shelved one = {0};
	char file[BOOK_NAME];
	struct stat st;
	off_t part;

	snprintf(one.key, sizeof one.key, "%.*s", FETCH_KEY - 1, name);
	if (!fetch_is_key(one.key) || strcmp(name + FETCH_KEY - 1, ".json") ||
		fstatat(l->shelf->books, name, &st, 0))
		return 0;
	if (list->n == list->room) {
		size_t room = list->room ? 2 * list->room : 64;
		struct shelved *grown = realloc(list->all, room * sizeof *grown);

		if (!grown)
			return -ENOMEM;
		list->all = grown;
		list->room = room;
	}
	part = size_of(l->shelf->books, book(file, one.key, ".part"));
	one.size = folder_size(l->shelf->cache, one.key) + (part > 0 ? (uint64_t)part : 0);
	one.used = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	list->all[list->n++] = one;
	return 0;
}

static void list_all(const struct fetch_shelf *s, struct shelf_list *ret, uint64_t *ret_size)
{
	struct listing l = {s, ret};

	*ret_size = 0;
	(void)each_name(s->books, list_one, &l);
	for (size_t i = 0; i < ret->n; i++)
		*ret_size += ret->all[i].size;
}

uint64_t fetch_shelf_size(const struct fetch_shelf *s)
{
	struct shelf_list list = {0};
	uint64_t size;

	list_all(s, &list, &size);
	free(list.all);
	return size;
}

static int remove_one(void *arg, const char *name)
{
	unlinkat(*(const int *)arg, name, 0);
	return 0;
}

/* The record last: killed half-way, it still says what is left to remove, and the file counts as not fetched. */
static void remove_key(const struct fetch_shelf *s, const char *key)
{
	char file[BOOK_NAME];
	int folder = openat(s->cache, key, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder >= 0) {
		(void)each_name(folder, remove_one, &folder);
		close(folder);
		unlinkat(s->cache, key, AT_REMOVEDIR);
	}
	unlinkat(s->books, book(file, key, ".part"), 0);
	unlinkat(s->books, book(file, key, ".json"), 0);
}

static int by_use(const void *a, const void *b)
{
	const struct shelved *x = a, *y = b;

	return (x->used > y->used) - (x->used < y->used);
}

uint64_t fetch_shelf_prune(const struct fetch_shelf *s, uint64_t max,
	bool (*keep)(void *arg, const char *key), void *arg)
{
	struct shelf_list list = {0};
	uint64_t size;

	list_all(s, &list, &size);
	if (size > max)
		qsort(list.all, list.n, sizeof *list.all, by_use);
	for (size_t i = 0; i < list.n && size > max; i++) {
		if (keep(arg, list.all[i].key))
			continue;
		remove_key(s, list.all[i].key);
		size -= list.all[i].size;
	}
	free(list.all);
	return size;
}
