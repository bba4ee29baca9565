/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "syslogd/syslog_frame.h"

#include <string.h>

static void keep(struct syslog_frame *f, const char *bytes, size_t n)
{
	size_t room = sizeof f->bytes - f->n;

	if (n > room)
		n = room;
	memcpy(f->bytes + f->n, bytes, n);
	f->n += n;
}

static bool done(struct syslog_frame *f, syslog_frame_each *each, void *arg)
{
	size_t n = f->n;

	f->at = SYSLOG_BEGIN;
	f->n = 0;
	f->left = 0;
	return !n || each(arg, f->bytes, n);
}

/* One byte before a message, or of its length. What is read is kept: without a length it is the start of a line. */
static void begin(struct syslog_frame *f, char c)
{
	bool digit = c >= '0' && c <= '9';
	bool more = f->at == SYSLOG_COUNT || (f->at == SYSLOG_BEGIN && c != '0');

	if (f->at == SYSLOG_BEGIN && (!c || c == '\n' || c == '\r'))
		return;
	if (digit && more && f->left < SYSLOG_COUNTED_MAX) {
		f->at = SYSLOG_COUNT;
		f->left = f->left * 10 + (size_t)(c - '0');
		keep(f, &c, 1);
	} else if (c == ' ' && f->at == SYSLOG_COUNT && f->left <= SYSLOG_COUNTED_MAX) {
		f->at = SYSLOG_SPACE;
		keep(f, &c, 1);
	} else if (c == '<' && f->at == SYSLOG_SPACE) {
		f->at = SYSLOG_COUNTED;
		f->n = 0;
	} else {
		f->at = SYSLOG_LINE;
	}
}

/* Bytes of this message in `bytes`; *ret_ends: the last of them is its last. */
static size_t counted(struct syslog_frame *f, const char *bytes, size_t n, bool *ret_ends)
{
	if (n > f->left)
		n = f->left;
	keep(f, bytes, n);
	f->left -= n;
	*ret_ends = !f->left;
	return n;
}

static size_t line(struct syslog_frame *f, const char *bytes, size_t n, bool *ret_ends)
{
	const char *feed = memchr(bytes, '\n', n);
	size_t len = feed ? (size_t)(feed - bytes) : n;
	const char *nul = memchr(bytes, '\0', len);

	if (nul)
		len = (size_t)(nul - bytes);
	keep(f, bytes, len);
	*ret_ends = nul || feed;
	return len + *ret_ends;
}

bool syslog_frame_add(
	struct syslog_frame *f, const char *bytes, size_t n, syslog_frame_each *each, void *arg)
{
	while (n) {
		bool ends = false;
		size_t taken = 1;

		if (f->at < SYSLOG_COUNTED) {
			begin(f, *bytes);
			taken = f->at < SYSLOG_COUNTED; /* else that byte is the message's first */
		} else if (f->at == SYSLOG_COUNTED) {
			taken = counted(f, bytes, n, &ends);
		} else {
			taken = line(f, bytes, n, &ends);
		}
		bytes += taken;
		n -= taken;
		if (ends && !done(f, each, arg))
			return false;
	}
	return true;
}

void syslog_frame_end(struct syslog_frame *f, syslog_frame_each *each, void *arg)
{
	(void)done(f, each, arg);
}
