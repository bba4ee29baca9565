/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/media/image_file.h"

#include "kickstart/media/image_head.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

enum {
	PIECE = 1 << 20,         /* bytes read at a time */
	PACKED_HEAD = 256 << 10, /* bytes of which a block of zstd, 128 KiB, is there for certain */
};

static int fail(char *why, size_t size, const char *text)
{
	snprintf(why, size, "%s", text);
	return -EMEDIUMTYPE;
}

/* Of a disk of `disk` bytes. */
static int judge(const unsigned char *head, size_t n, uint64_t disk, char *why, size_t size)
{
	const char *fault = image_head_fault(head, n, IMAGE_SECTOR, NULL);

	if (!fault && image_head_cut(head, n, disk))
		fault = "it is cut off: a partition reaches past its end";
	return fault ? fail(why, size, fault) : 0;
}

/* The first bytes of what is packed. */
static int look_inside(const unsigned char *packed, size_t n, uint64_t disk, char *why, size_t size)
{
	static const size_t most = IMAGE_HEAD;
	ZSTD_DStream *z = ZSTD_createDStream();
	unsigned char *head = malloc(most);
	ZSTD_inBuffer in = {packed, n, 0};
	ZSTD_outBuffer out = {head, most, 0};
	int rc = z && head ? 0 : -ENOMEM;

	for (size_t was = 1; !rc && out.pos < most && was != in.pos + out.pos;) {
		was = in.pos + out.pos;
		if (ZSTD_isError(ZSTD_decompressStream(z, &out, &in)))
			rc = fail(why, size, "its zstd is damaged");
	}
	if (!rc)
		rc = judge(head, out.pos, disk, why, size);
	free(head);
	ZSTD_freeDStream(z);
	return rc;
}

/* Of packed ones zstd's header says how large they are inside. */
static int look(const unsigned char *head, size_t n, uint64_t size, uint64_t *ret_size, char *why,
	size_t why_size)
{
	const char *format = image_head_format(head, n);
	unsigned long long inside;

	if (!format || strcmp(format, "zstd")) {
		*ret_size = size;
		return judge(head, n < IMAGE_HEAD ? n : IMAGE_HEAD, size, why, why_size);
	}
	inside = ZSTD_getFrameContentSize(head, n);
	if (inside == ZSTD_CONTENTSIZE_ERROR)
		return fail(why, why_size, "its zstd is damaged");
	if (inside == ZSTD_CONTENTSIZE_UNKNOWN || !inside)
		return fail(why, why_size,
			"its zstd does not say how large it is inside: unpack it, and import that");
	*ret_size = inside;
	return look_inside(head, n, inside, why, why_size);
}

int image_file_look(int fd, uint64_t size, uint64_t *ret_size, char *why, size_t why_size)
{
	unsigned char *head = malloc(PACKED_HEAD);
	ssize_t n = head ? pread(fd, head, PACKED_HEAD, 0) : 0;
	int rc = !head  ? -ENOMEM
		: n < 0 ? -errno
			: look(head, (size_t)n, size, ret_size, why, why_size);

	if (!rc && *ret_size % IMAGE_SECTOR)
		rc = fail(why, why_size, "its size is no whole number of sectors: it is cut off");
	if (rc && rc != -EMEDIUMTYPE)
		snprintf(why, why_size, "%s", strerror(-rc));
	free(head);
	return rc;
}

int image_file_sum(int fd, bool (*stop)(void *arg), void *arg, char ret[SHA256_HEX])
{
	char *piece = malloc(PIECE);
	struct sha256 sum;
	off_t at = 0;
	ssize_t n = 0;
	int rc = piece ? 0 : -ENOMEM;

	sha256_start(&sum);
	while (!rc && (n = pread(fd, piece, PIECE, at)) > 0) {
		sha256_add(&sum, piece, (size_t)n);
		at += n;
		if (stop && stop(arg))
			rc = -ECANCELED;
	}
	if (n < 0)
		rc = -errno;
	if (!rc)
		sha256_hex(&sum, ret);
	free(piece);
	return rc;
}
