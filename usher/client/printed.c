/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/client/printed.h"

#include "core/plain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum {
	PIECE = 512,
	GROWS = 6, /* "\\u007f" of one byte is the worst */
};

/* A stream and what it writes to. */
struct side {
	int fd;
	bool exact;
	char rest[PIECE + 4]; /* a character that has not come whole, or a carriage return */
	size_t n;
};

static struct side out = {.fd = STDOUT_FILENO}, err = {.fd = STDERR_FILENO};

static int write_all(int fd, const char *bytes, size_t n)
{
	while (n) {
		ssize_t k = write(fd, bytes, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return -1;
		bytes += k;
		n -= (size_t)k;
	}
	return 0;
}

static int write_plain(int fd, const char *bytes, size_t n)
{
	char text[(PIECE + 4) * GROWS + 1];

	return write_all(fd, text, plain_copy(text, sizeof text, bytes, n, PLAIN_LINES));
}

/* Bytes at the end that wait for what comes next. */
static size_t waiting(const char *s, size_t n)
{
	uint32_t rune;
	bool cut;

	if (n && s[n - 1] == '\r')
		return 1;
	for (size_t back = 1; back < 4 && back <= n; back++)
		if (!plain_rune(s + n - back, back, &rune, &cut) && cut)
			return back;
	return 0;
}

/* "\r\n" is a line break. */
static int write_lines(int fd, const char *s, size_t n)
{
	const char *end;
	size_t k;

	for (; n; s += k, n -= k) {
		end = memmem(s, n, "\r\n", 2);
		k = end ? (size_t)(end - s) : n;
		if (write_plain(fd, s, k) || (end && write_all(fd, end, 2)))
			return -1;
		k += end ? 2 : 0;
	}
	return 0;
}

static int take(struct side *s, const char *bytes, size_t n)
{
	size_t keep;

	memcpy(s->rest + s->n, bytes, n);
	n += s->n;
	keep = waiting(s->rest, n);
	if (write_lines(s->fd, s->rest, n - keep))
		return -1;
	memmove(s->rest, s->rest + n - keep, keep);
	s->n = keep;
	return 0;
}

/* cookie_io_functions_t: 0 is an error. */
static ssize_t side_write(void *cookie, const char *bytes, size_t n)
{
	struct side *s = cookie;
	size_t k;

	if (s->exact)
		return write_all(s->fd, bytes, n) ? 0 : (ssize_t)n;
	for (size_t i = 0; i < n; i += k) {
		k = n - i < PIECE ? n - i : PIECE;
		if (take(s, bytes + i, k))
			return 0;
	}
	return (ssize_t)n;
}

/* What never came whole. */
static int rest_out(struct side *s)
{
	size_t n = s->n;

	s->n = 0;
	return write_plain(s->fd, s->rest, n);
}

static int side_close(void *cookie)
{
	return rest_out(cookie);
}

static FILE *filter(struct side *s, FILE *was, int how)
{
	FILE *f = fopencookie(
		s, "w", (cookie_io_functions_t){.write = side_write, .close = side_close});

	if (!f)
		return was;
	setvbuf(f, NULL, how, BUFSIZ);
	return f;
}

void printed_begin(void)
{
	stdout = filter(&out, stdout, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF);
	stderr = filter(&err, stderr, _IONBF);
}

void printed_exact(void)
{
	fflush(stdout);
	rest_out(&out);
	out.exact = !isatty(STDOUT_FILENO);
}

void printed_json(const json_t *j)
{
	json_dumpf(j, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
}

void printed_order(FILE *to, const char *fmt, ...)
{
	struct side *s = to == stderr ? &err : &out;
	char order[32];
	va_list ap;

	fflush(to);
	rest_out(s);
	va_start(ap, fmt);
	vsnprintf(order, sizeof order, fmt, ap);
	va_end(ap);
	write_all(s->fd, order, strlen(order));
}
