/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/base/kept_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_MAX = 128 };

/* The line that a file begins with: of one length, so that it can be left out of the numbers. */
static size_t head_of(const struct kept_file *l, uint64_t base, char ret[HEAD_MAX])
{
	int n = snprintf(ret, HEAD_MAX, "usher: %.64s, from byte %020llu\n", l->what,
		(unsigned long long)base);

	return (size_t)n;
}

/* The number in it. False: the line is not ours. */
static bool head_read(const struct kept_file *l, char head[HEAD_MAX], size_t n, uint64_t *ret)
{
	enum { DIGITS = 20 };
	char ours[HEAD_MAX];

	head[n] = '\0';
	*ret = strtoull(head + n - DIGITS - 1, NULL, 10);
	return head_of(l, *ret, ours) == n && !memcmp(head, ours, n);
}

struct part {
	int fd;        /* -1: there is no such file */
	size_t head;   /* bytes of its head */
	uint64_t base; /* number of its first byte */
	uint64_t n;    /* bytes after its head */
};

static void older_path(const struct kept_file *l, char ret[PATH_MAX + 8])
{
	snprintf(ret, PATH_MAX + 8, "%s.1", l->path);
}

/* A file without our head is not ours: it counts as none, and is written over. */
static int part_open(const struct kept_file *l, const char *path, struct part *ret)
{
	char head[HEAD_MAX];
	size_t n = head_of(l, 0, head);
	struct stat st;

	*ret = (struct part){.fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW), .head = n};
	if (ret->fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (pread(ret->fd, head, n, 0) != (ssize_t)n || fstat(ret->fd, &st) ||
		!head_read(l, head, n, &ret->base)) {
		close(ret->fd);
		ret->fd = -1;
		return 0;
	}
	ret->n = (uint64_t)st.st_size - n;
	return 0;
}

static void part_close(struct part *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

struct parts {
	struct part now, older;
};

static void parts_close(struct parts *p)
{
	part_close(&p->now);
	part_close(&p->older);
}

/* Both, and the numbers that follow of them. An older one that does not end where the newer begins is of another time. */
static int parts_open(struct kept_file *l, struct parts *ret)
{
	char older[PATH_MAX + 8];
	int rc = part_open(l, l->path, &ret->now);

	ret->older.fd = -1;
	older_path(l, older);
	if (!rc)
		rc = part_open(l, older, &ret->older);
	if (rc) {
		parts_close(ret);
		return rc;
	}
	if (ret->now.fd < 0 && ret->older.fd >= 0)
		ret->now.base = ret->older.base + ret->older.n;
	if (ret->older.fd >= 0 && ret->older.base + ret->older.n != ret->now.base)
		part_close(&ret->older);
	l->base = ret->now.base;
	l->newest = ret->now.base + ret->now.n;
	l->oldest = ret->older.fd >= 0 ? ret->older.base : l->base;
	return 0;
}

int kept_file_init(struct kept_file *l, const char *folder, const char *name, const char *what)
{
	int n;

	*l = (struct kept_file){.what = what};
	n = snprintf(l->path, sizeof l->path, "%s/%s.log", folder, name);
	return n < 0 || n >= (int)sizeof l->path ? -ENAMETOOLONG : 0;
}

int kept_file_look(struct kept_file *l)
{
	struct parts p;
	int rc = parts_open(l, &p);

	if (!rc)
		parts_close(&p);
	return rc;
}

static int write_all(int fd, const char *bytes, size_t n, off_t at)
{
	while (n) {
		ssize_t k = pwrite(fd, bytes, n, at);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return k ? -errno : -EIO;
		bytes += k;
		at += k;
		n -= (size_t)k;
	}
	return 0;
}

/* A new file with its head, in the place of whatever has its name. */
static int begin(const struct kept_file *l, uint64_t base, struct part *ret)
{
	char head[HEAD_MAX];
	int rc;

	unlink(l->path);
	*ret = (struct part){.base = base, .head = head_of(l, base, head)};
	ret->fd = open(l->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (ret->fd < 0)
		return -errno;
	rc = write_all(ret->fd, head, ret->head, 0);
	if (rc) {
		part_close(ret);
		unlink(l->path);
	}
	return rc;
}

static int rotate(struct kept_file *l, struct parts *p)
{
	uint64_t base = p->now.base + p->now.n;
	char older[PATH_MAX + 8];

	older_path(l, older);
	if (rename(l->path, older))
		return -errno;
	part_close(&p->older);
	p->older = p->now;
	l->oldest = p->older.base;
	return begin(l, base, &p->now);
}

static int make_room(struct kept_file *l, struct parts *p, size_t n)
{
	if (p->now.fd < 0)
		return begin(l, p->now.base, &p->now);
	if (p->now.head + p->now.n + n <= KEPT_FILE_MAX)
		return 0;
	return rotate(l, p);
}

int kept_file_append(struct kept_file *l, const void *bytes, size_t n)
{
	size_t most = KEPT_FILE_MAX - HEAD_MAX;
	const char *from = bytes;
	struct parts p;
	int rc = parts_open(l, &p);

	if (rc)
		return rc;
	if (n > most) {
		from += n - most;
		n = most;
	}
	rc = make_room(l, &p, n);
	if (!rc) {
		off_t end = (off_t)(p.now.head + p.now.n);

		rc = write_all(p.now.fd, from, n, end);
		if (rc &&
			ftruncate(p.now.fd,
				end)) /* the half that was written would be told as whole */
			rc = -errno;
	}
	if (!rc) {
		l->base = p.now.base;
		l->newest = p.now.base + p.now.n + n;
	}
	parts_close(&p);
	return rc;
}

static int read_at(const struct part *p, uint64_t from, void *buf, size_t room, size_t *ret_n)
{
	uint64_t left = p->n - (from - p->base);
	ssize_t n =
		pread(p->fd, buf, left < room ? left : room, (off_t)(p->head + (from - p->base)));

	*ret_n = n > 0 ? (size_t)n : 0;
	return n < 0 ? -errno : 0;
}

int kept_file_read(struct kept_file *l, uint64_t after, void *buf, size_t room, uint64_t *ret_from,
	size_t *ret_n)
{
	struct parts p;
	int rc = parts_open(l, &p);

	if (rc)
		return rc;
	if (after < l->oldest)
		after = l->oldest;
	if (after > l->newest)
		after = l->newest;
	*ret_from = after;
	*ret_n = 0;
	if (after < l->base)
		rc = read_at(&p.older, after, buf, room, ret_n);
	else if (after < l->newest)
		rc = read_at(&p.now, after, buf, room, ret_n);
	parts_close(&p);
	return rc;
}

int kept_file_remove(struct kept_file *l)
{
	char older[PATH_MAX + 8];
	bool bad;

	older_path(l, older);
	bad = unlink(older) && errno != ENOENT;
	bad = (unlink(l->path) && errno != ENOENT) || bad;
	return bad ? -EIO : 0;
}

/* What somebody else left there is not taken for ours. */
static int move_part(const char *from, const char *to)
{
	if (!rename(from, to))
		return 0;
	if (errno != ENOENT)
		return -errno;
	return unlink(to) && errno != ENOENT ? -errno : 0;
}

int kept_file_move(struct kept_file *l, const char *path)
{
	char older[PATH_MAX + 8], older_to[PATH_MAX + 8];
	int rc = move_part(l->path, path), rc_older;

	older_path(l, older);
	snprintf(l->path, sizeof l->path, "%s", path);
	older_path(l, older_to);
	rc_older = move_part(older, older_to);
	return rc ? rc : rc_older;
}
