/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "contrib/write-image/stream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int fail(struct stream *s, int rc, const char *text)
{
	snprintf(s->why, sizeof s->why, "%s", text);
	return rc;
}

int stream_init(struct stream *s, int fd)
{
	memset(s, 0, sizeof *s);
	s->fd = fd;
	sha256_start(&s->sum);
	s->zstd = ZSTD_createDStream();
	return s->zstd ? 0 : -ENOMEM;
}

void stream_fini(struct stream *s)
{
	ZSTD_freeDStream(s->zstd);
	s->zstd = NULL;
}

/* More bytes, when those that are here are used up. */
static int fill(struct stream *s)
{
	s->at = s->have = 0;
	while (!s->ended && s->have < sizeof s->bytes) {
		ssize_t n = read(s->fd, s->bytes + s->have, sizeof s->bytes - s->have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(s, -errno, strerror(errno));
		s->ended = n == 0;
		s->have += (size_t)n;
	}
	sha256_add(&s->sum, s->bytes, s->have);
	s->in += s->have;
	return 0;
}

static int begin(struct stream *s)
{
	static const unsigned char magic[] = {0x28, 0xb5, 0x2f, 0xfd};
	int rc = fill(s);

	s->begun = true;
	s->packed = s->have >= sizeof magic && !memcmp(s->bytes, magic, sizeof magic);
	return rc;
}

static size_t copy(struct stream *s, unsigned char *to, size_t n)
{
	size_t some = s->have - s->at < n ? s->have - s->at : n;

	memcpy(to, s->bytes + s->at, some);
	s->at += some;
	return some;
}

/* Several frames may follow each other: parallel compressors write such. */
static ssize_t unpack(struct stream *s, unsigned char *to, size_t n)
{
	ZSTD_inBuffer in = {s->bytes, s->have, s->at};
	ZSTD_outBuffer out = {to, n, 0};
	size_t rc = ZSTD_decompressStream(s->zstd, &out, &in);

	if (ZSTD_isError(rc)) {
		snprintf(s->why, sizeof s->why, "the image is damaged: zstd: %s",
			ZSTD_getErrorName(rc));
		return -EBADMSG;
	}
	/* between two frames it asks for the next one */
	if (in.pos > s->at || out.pos)
		s->frame_open = rc != 0;
	s->at = in.pos;
	return (ssize_t)out.pos;
}

ssize_t stream_read(struct stream *s, unsigned char *to, size_t n)
{
	size_t done = 0;
	int rc = s->begun ? 0 : begin(s);

	while (!rc && done < n) {
		ssize_t some;

		if (s->at == s->have && !s->ended && (rc = fill(s)))
			break;
		some = s->packed ? unpack(s, to + done, n - done)
				 : (ssize_t)copy(s, to + done, n - done);
		if (some < 0)
			return some;
		done += (size_t)some;
		if (!some && s->at == s->have && s->ended) {
			if (s->packed && s->frame_open)
				return fail(s, -EPIPE, "the image broke off");
			break;
		}
	}
	return rc ? rc : (ssize_t)done;
}

int stream_sum(struct stream *s, char ret[SHA256_HEX])
{
	int rc = 0;

	while (!rc && !s->ended)
		rc = fill(s);
	sha256_hex(&s->sum, ret);
	return rc;
}
