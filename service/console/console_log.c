/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/console/console_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The line that a file begins with: of one length, so that it can be left out of the numbers. */
#define HEAD "usher: a serial console, from byte %020llu\n"
enum { HEAD_LEN = sizeof "usher: a serial console, from byte " - 1 + 20 + 1 };

struct part {
	int fd;        /* -1: there is no such file */
	uint64_t base; /* number of its first byte */
	uint64_t n;    /* bytes after its head */
};

static void older_path(const struct console_log *l, char ret[PATH_MAX + 8])
{
	snprintf(ret, PATH_MAX + 8, "%s.1", l->path);
}

/* A file without our head is not ours: it counts as none, and is written over. */
static int part_open(const char *path, struct part *ret)
{
	char head[HEAD_LEN + 1] = "";
	unsigned long long base;
	struct stat st;

	*ret = (struct part){.fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)};
	if (ret->fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (pread(ret->fd, head, HEAD_LEN, 0) != HEAD_LEN || fstat(ret->fd, &st) ||
		sscanf(head, HEAD, &base) != 1 || head[HEAD_LEN - 1] != '\n') {
		close(ret->fd);
		ret->fd = -1;
		return 0;
	}
	ret->base = base;
	ret->n = (uint64_t)st.st_size - HEAD_LEN;
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
static int parts_open(struct console_log *l, struct parts *ret)
{
	char older[PATH_MAX + 8];
	int rc = part_open(l->path, &ret->now);

	ret->older.fd = -1;
	older_path(l, older);
	if (!rc)
		rc = part_open(older, &ret->older);
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

int console_log_init(struct console_log *l, const char *folder, const char *name)
{
	int n;

	*l = (struct console_log){0};
	n = snprintf(l->path, sizeof l->path, "%s/%s.log", folder, name);
	return n < 0 || n >= (int)sizeof l->path ? -ENAMETOOLONG : 0;
}

int console_log_look(struct console_log *l)
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
static int begin(const char *path, uint64_t base, struct part *ret)
{
	char head[HEAD_LEN + 1];
	int rc;

	unlink(path);
	*ret = (struct part){.base = base};
	ret->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (ret->fd < 0)
		return -errno;
	snprintf(head, sizeof head, HEAD, (unsigned long long)base);
	rc = write_all(ret->fd, head, HEAD_LEN, 0);
	if (rc) {
		part_close(ret);
		unlink(path);
	}
	return rc;
}

static int rotate(struct console_log *l, struct parts *p)
{
	uint64_t base = p->now.base + p->now.n;
	char older[PATH_MAX + 8];

	older_path(l, older);
	if (rename(l->path, older))
		return -errno;
	part_close(&p->older);
	p->older = p->now;
	l->oldest = p->older.base;
	return begin(l->path, base, &p->now);
}

static int make_room(struct console_log *l, struct parts *p, size_t n)
{
	if (p->now.fd < 0)
		return begin(l->path, p->now.base, &p->now);
	if (HEAD_LEN + p->now.n + n <= CONSOLE_LOG_MAX)
		return 0;
	return rotate(l, p);
}

int console_log_append(struct console_log *l, const void *bytes, size_t n)
{
	size_t most = CONSOLE_LOG_MAX - HEAD_LEN;
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
		off_t end = (off_t)(HEAD_LEN + p.now.n);

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
		pread(p->fd, buf, left < room ? left : room, (off_t)(HEAD_LEN + (from - p->base)));

	*ret_n = n > 0 ? (size_t)n : 0;
	return n < 0 ? -errno : 0;
}

int console_log_read(struct console_log *l, uint64_t after, void *buf, size_t room,
	uint64_t *ret_from, size_t *ret_n)
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

int console_log_remove(struct console_log *l)
{
	char older[PATH_MAX + 8];
	bool bad;

	older_path(l, older);
	bad = unlink(older) && errno != ENOENT;
	bad = (unlink(l->path) && errno != ENOENT) || bad;
	return bad ? -EIO : 0;
}
