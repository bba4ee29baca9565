/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image as it comes over the network: its sum, and what it is unpacked. zstd, or as it is: told by its first bytes. Blocking. */
#ifndef USHER_CONTRIB_WRITE_IMAGE_STREAM_H
#define USHER_CONTRIB_WRITE_IMAGE_STREAM_H

#include "core/sha256.h"

#include <stdint.h>
#include <sys/types.h>
#include <zstd.h>

enum { STREAM_IN = 256 << 10 }; /* bytes read at a time */

struct stream {
	int fd;
	struct sha256 sum;
	uint64_t in; /* bytes that came */
	ZSTD_DStream *zstd;
	bool begun, packed, frame_open, ended;
	size_t have, at; /* of `bytes`: filled, used */
	char why[160];
	unsigned char bytes[STREAM_IN];
};

/* `fd` is borrowed. 0 or -ENOMEM. */
int stream_init(struct stream *s, int fd);
void stream_fini(struct stream *s);
/* Fills `to` with `n` unpacked bytes, less only at the end. The bytes, or -errno with `why`: -EPIPE: it broke off in a frame;
 * -EBADMSG: it is damaged. */
ssize_t stream_read(struct stream *s, unsigned char *to, size_t n);
/* Of all that came. Reads to the end first: what follows belongs to the sum, too. 0 or -errno. */
int stream_sum(struct stream *s, char ret[SHA256_HEX]);

#endif
