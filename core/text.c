/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void text_init(struct text *t, size_t max)
{
	*t = (struct text){.max = max};
}

void text_fini(struct text *t)
{
	free(t->s);
	t->s = NULL;
	t->len = t->cap = 0;
}

/* Room for `more` bytes and a NUL. */
static bool text_room(struct text *t, size_t more)
{
	size_t cap = t->cap ? t->cap : 256;
	char *s;

	if (t->rc)
		return false;
	if (more > t->max - t->len) {
		t->rc = -EFBIG;
		return false;
	}
	while (cap < t->len + more + 1)
		cap *= 2;
	if (cap == t->cap)
		return true;
	s = realloc(t->s, cap);
	if (!s) {
		t->rc = -ENOMEM;
		return false;
	}
	t->s = s;
	t->cap = cap;
	return true;
}

void text_add(struct text *t, const char *bytes, size_t len)
{
	if (!text_room(t, len))
		return;
	if (len)
		memcpy(t->s + t->len, bytes, len);
	t->len += len;
	t->s[t->len] = '\0';
}

void text_puts(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void text_printf(struct text *t, const char *fmt, ...)
{
	va_list ap, again;
	size_t cap;
	int n;

	if (!text_room(t, 0))
		return;
	cap = t->cap;
	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(t->s + t->len, cap - t->len, fmt, ap);
	if (n < 0)
		t->rc = -ENOMEM;
	else if (text_room(t, (size_t)n)) {
		if (t->cap != cap)
			vsnprintf(t->s + t->len, t->cap - t->len, fmt, again);
		t->len += (size_t)n;
	}
	va_end(again);
	va_end(ap);
}

int text_take(struct text *t, char **ret)
{
	int rc;

	text_add(t, "", 0);
	rc = t->rc;
	if (rc == 0) {
		*ret = t->s;
		t->s = NULL;
	}
	text_fini(t);
	return rc;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

unsigned text_distance(const char *a, const char *b)
{
	enum { WORD = 64 };
	unsigned d[3][WORD]; /* rows i-2, i-1, i, turning */
	size_t la = strlen(a), lb = strlen(b), i, j;

	if (la >= WORD || lb >= WORD)
		return 99;
	for (j = 0; j <= lb; j++)
		d[0][j] = (unsigned)j;
	for (i = 1; i <= la; i++) {
		unsigned *row = d[i % 3], *up = d[(i - 1) % 3], *upup = d[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (j = 1; j <= lb; j++) {
			row[j] =
				min3(up[j] + 1, row[j - 1] + 1, up[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				upup[j - 2] + 1 < row[j])
				row[j] = upup[j - 2] + 1;
		}
	}
	return d[la % 3][lb];
}

void text_nearer(const char *word, const char *candidate, const char **best)
{
	unsigned d = text_distance(word, candidate);
	size_t len = strlen(candidate);

	if (d > (len < 4 ? 1u : len < 10 ? 2u : 3u))
		return;
	if (!*best || d < text_distance(word, *best))
		*best = candidate;
}

const char *text_nearest(
	const char *word, const void *rows, size_t stride, char *all, size_t all_size)
{
	const char *best = NULL;
	size_t n = 0;

	*all = '\0';
	for (const char *const *name = rows; *name;
		name = (const char *const *)((const char *)name + stride)) {
		text_nearer(word, *name, &best);
		if (n < all_size)
			n += (size_t)snprintf(all + n, all_size - n, "%s%s", n ? ", " : "", *name);
	}
	return best;
}

static int read_all(int fd, size_t max, char **ret)
{
	struct text t;
	char buf[4096];
	ssize_t n;

	text_init(&t, max);
	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || memchr(buf, '\0', (size_t)n)) {
			text_fini(&t);
			return n < 0 ? -errno : -EINVAL;
		}
		text_add(&t, buf, (size_t)n);
		if (t.rc)
			break;
	}
	return text_take(&t, ret);
}

int text_read_file(int dirfd, const char *name, size_t max, char **ret)
{
	struct stat st;
	int rc, fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		rc = -errno;
	else if (!S_ISREG(st.st_mode))
		rc = -EINVAL;
	else
		rc = read_all(fd, max, ret);
	close(fd);
	return rc;
}
