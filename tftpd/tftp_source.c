/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tftpd/tftp_source.h"

#include "tftpd/tftp_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

int tftp_source_init(struct tftp_source *s, int fd, uint64_t size)
{
	off_t start = lseek(fd, 0, SEEK_CUR);

	*s = (struct tftp_source){.fd = fd, .start = start, .size = size};
	if (start < 0) {
		int rc = -errno;

		tftp_source_fini(s);
		return rc;
	}
	/* Read ahead further than usual: the disk should not be waited for. */
	posix_fadvise(fd, start, 0, POSIX_FADV_SEQUENTIAL);
	return 0;
}

void tftp_source_init_bytes(struct tftp_source *s, uint8_t *bytes, size_t size)
{
	*s = (struct tftp_source){.fd = -1, .bytes = bytes, .size = size};
}

/* Line ends: to a script they are nothing, before it and behind it. */
int tftp_source_init_blank(struct tftp_source *s, size_t size)
{
	uint8_t *bytes = malloc(size);

	*s = (struct tftp_source){.fd = -1};
	if (!bytes)
		return -ENOMEM;
	memset(bytes, '\n', size);
	tftp_source_init_bytes(s, bytes, size);
	return 0;
}

int tftp_source_put(struct tftp_source *s, size_t at, const uint8_t *bytes, size_t len)
{
	if (at > s->size || len > s->size - at)
		return -EFBIG;
	memcpy(s->bytes + at, bytes, len);
	return 0;
}

void tftp_source_fini(struct tftp_source *s)
{
	if (s->fd >= 0)
		close(s->fd);
	free(s->bytes);
	*s = (struct tftp_source){.fd = -1};
}

/* Exactly `len` bytes, from offset `at` of the content. */
static int read_at(const struct tftp_source *s, uint64_t at, uint8_t *to, size_t len)
{
	if (s->fd < 0) {
		memcpy(to, s->bytes + at, len);
		return 0;
	}
	while (len) {
		ssize_t n = pread(s->fd, to, len, s->start + (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		at += (uint64_t)n;
		to += n;
		len -= (size_t)n;
	}
	return 0;
}

/* `to` has room for twice the length. */
static size_t netascii(const uint8_t *from, size_t len, uint8_t *to)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (from[i] == '\n')
			to[n++] = '\r';
		to[n++] = from[i];
		if (from[i] == '\r')
			to[n++] = 0;
	}
	return n;
}

int tftp_source_netascii(struct tftp_source *s)
{
	uint8_t *text, *converted = NULL;
	size_t len;
	int rc;

	if (s->size > TFTP_NETASCII_MAX)
		return -EFBIG;
	text = malloc(s->size + 1);
	converted = malloc(2 * s->size + 1);
	rc = text && converted ? read_at(s, 0, text, s->size) : -ENOMEM;
	if (rc) {
		free(converted);
		goto out;
	}
	len = netascii(text, s->size, converted);
	tftp_source_fini(s);
	s->bytes = converted;
	s->size = len;
out:
	free(text);
	return rc;
}

static size_t block_len(const struct tftp_source *s, uint64_t block, uint16_t blksize)
{
	uint64_t left = s->size - (block - 1) * blksize;

	return left < blksize ? (size_t)left : blksize;
}

static int fill_from_file(
	const struct tftp_source *s, uint64_t at, const struct iovec *v, int n, size_t want)
{
	ssize_t got = preadv(s->fd, v, n, s->start + (off_t)at);
	int rc = 0;

	if (got == (ssize_t)want)
		return 0;
	/* Some file systems return less than asked for before the end. */
	for (int i = 0; i < n && !rc; i++) {
		rc = read_at(s, at, v[i].iov_base, v[i].iov_len);
		at += v[i].iov_len;
	}
	return rc;
}

static void fill_from_memory(const struct tftp_source *s, uint64_t at, const struct iovec *v, int n)
{
	for (int i = 0; i < n; i++) {
		memcpy(v[i].iov_base, s->bytes + at, v[i].iov_len);
		at += v[i].iov_len;
	}
}

ssize_t tftp_source_fill(
	const struct tftp_source *s, uint64_t first, uint32_t count, uint16_t blksize, uint8_t *buf)
{
	uint64_t at = (first - 1) * blksize;
	struct iovec v[TFTP_FILL_MAX];
	size_t want = 0;
	int rc = 0;

	if (!count || count > TFTP_FILL_MAX)
		return -EINVAL;
	for (uint32_t i = 0; i < count; i++) {
		v[i].iov_base = buf + want + (i + 1) * TFTP_HEADER;
		v[i].iov_len = block_len(s, first + i, blksize);
		tftp_wire_data_header(buf + want + i * TFTP_HEADER, (uint16_t)(first + i));
		want += v[i].iov_len;
	}
	if (s->fd >= 0)
		rc = fill_from_file(s, at, v, (int)count, want);
	else
		fill_from_memory(s, at, v, (int)count);
	return rc ? rc : (ssize_t)(want + count * TFTP_HEADER);
}
