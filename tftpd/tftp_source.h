/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a transfer sends: a stretch of an open file, or bytes in memory (netascii, and what the main
 * thread answered).
 */
#ifndef USHER_TFTPD_TFTP_SOURCE_H
#define USHER_TFTPD_TFTP_SOURCE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	TFTP_FILL_MAX = 64, /* blocks a call; also what the kernel takes as segments of one send */
	TFTP_NETASCII_MAX = 1 << 20, /* bytes of a text; it is held in memory while it is sent */
};

struct tftp_source {
	int fd;      /* owned; -1 when in memory */
	off_t start; /* of the content in the file */
	uint64_t size;
	uint8_t *bytes; /* owned; when in memory */
};

/* Takes the descriptor over, also on failure; the content begins at its current offset. 0 or
 * -errno. */
int tftp_source_init(struct tftp_source *s, int fd, uint64_t size);
/* Takes heap bytes over. */
void tftp_source_init_bytes(struct tftp_source *s, uint8_t *bytes, size_t size);
/* As many blanks, for tftp_source_put() to write into. 0 or -ENOMEM. */
int tftp_source_init_blank(struct tftp_source *s, size_t size);
/* In memory: these bytes instead of those from `at` on. -EFBIG: they do not fit. */
int tftp_source_put(struct tftp_source *s, size_t at, const uint8_t *bytes, size_t len);
/* Turns the text into netascii (RFC 764: LF to CR LF, CR to CR NUL), in memory. -EFBIG, -ENOMEM, or
 * -EIO when the file is shorter than it was said to be. */
int tftp_source_netascii(struct tftp_source *s);
/* Closes and frees; a zeroed source with fd -1 is fine. */
void tftp_source_fini(struct tftp_source *s);

/*
 * Writes the DATA packets of `count` (up to TFTP_FILL_MAX) blocks, `first` and on, one after the
 * other to `buf`; only the last of the whole file is shorter than `blksize` and its header. Blocks
 * past the end may not be asked for. Returns the bytes written, or -errno; -EIO when the file has
 * become shorter.
 */
ssize_t tftp_source_fill(const struct tftp_source *s, uint64_t first, uint32_t count,
	uint16_t blksize, uint8_t *buf);

#endif
