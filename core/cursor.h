/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Byte cursors with a sticky error, for network byte order.
 *
 * After the first read or write past the end every further call is a no-op (a read gives zero), so
 * a codec is written straight through and checks `bad` once, at the end. Neither cursor owns
 * memory.
 */
#ifndef USHER_CORE_CURSOR_H
#define USHER_CORE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
	const uint8_t *at; /* next byte to be read */
	size_t left;       /* bytes not yet read */
	bool bad;
};

void reader_init(struct reader *r, const void *bytes, size_t len);
uint8_t reader_u8(struct reader *r);
uint16_t reader_u16(struct reader *r);
uint32_t reader_u32(struct reader *r);
/* The next `len` bytes, borrowed from the buffer; NULL (and bad) when fewer are left. */
const uint8_t *reader_bytes(struct reader *r, size_t len);
/* Copies `len` bytes; zeroes `to` when fewer are left. */
void reader_copy(struct reader *r, void *to, size_t len);
void reader_skip(struct reader *r, size_t len);
/* A reader over the next `len` bytes, which are skipped here; bad in both when fewer are left. */
struct reader reader_sub(struct reader *r, size_t len);

struct writer {
	uint8_t *start;
	size_t len; /* bytes written */
	size_t cap;
	bool bad;
};

void writer_init(struct writer *w, void *buf, size_t cap);
void writer_u8(struct writer *w, uint8_t v);
void writer_u16(struct writer *w, uint16_t v);
void writer_u32(struct writer *w, uint32_t v);
void writer_bytes(struct writer *w, const void *from, size_t len);
void writer_zero(struct writer *w, size_t len);
/* Overwrites two bytes that were written before, at offset `at` from the start. */
void writer_patch_u16(struct writer *w, size_t at, uint16_t v);

#endif
