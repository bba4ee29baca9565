/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Byte cursors with a sticky error, for network byte order.
 *
 * After the first read or write past the end every further call is a no-op (a read gives zero), so
 * a codec is written straight through and checks `bad` once, at the end. Neither cursor owns
 * memory. Inline: what reads and writes a message byte by byte.
 */
#ifndef USHER_CORE_CURSOR_H
#define USHER_CORE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
	const uint8_t *at; /* next byte to be read */
	size_t left;       /* bytes not yet read */
	bool bad;
};

void reader_init(struct reader *r, const void *bytes, size_t len);

/* The next `len` bytes, borrowed from the buffer; NULL (and bad) when fewer are left. */
static inline const uint8_t *reader_bytes(struct reader *r, size_t len)
{
	const uint8_t *at = r->at;

	if (r->bad || len > r->left) {
		r->bad = true;
		r->left = 0;
		return NULL;
	}
	if (len) {
		r->at += len;
		r->left -= len;
	}
	/* An empty reader may stand on NULL; NULL must mean "bad" only. */
	return at ? at : (const uint8_t *)"";
}

static inline uint8_t reader_u8(struct reader *r)
{
	const uint8_t *b = reader_bytes(r, 1);

	return b ? b[0] : 0;
}

static inline uint16_t reader_u16(struct reader *r)
{
	const uint8_t *b = reader_bytes(r, 2);

	if (!b)
		return 0;
	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t reader_u32(struct reader *r)
{
	const uint8_t *b = reader_bytes(r, 4);

	if (!b)
		return 0;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

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

/* Room for `len` more bytes, or NULL and bad. */
static inline uint8_t *writer_room(struct writer *w, size_t len)
{
	uint8_t *at;

	if (w->bad || len > w->cap - w->len) {
		w->bad = true;
		return NULL;
	}
	if (!len)
		return NULL;
	at = w->start + w->len;
	w->len += len;
	return at;
}

static inline void writer_bytes(struct writer *w, const void *from, size_t len)
{
	uint8_t *to = writer_room(w, len);

	if (to)
		memcpy(to, from, len);
}

static inline void writer_u8(struct writer *w, uint8_t v)
{
	writer_bytes(w, &v, 1);
}

static inline void writer_u16(struct writer *w, uint16_t v)
{
	uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	writer_bytes(w, b, sizeof b);
}

static inline void writer_u32(struct writer *w, uint32_t v)
{
	uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

	writer_bytes(w, b, sizeof b);
}

static inline void writer_zero(struct writer *w, size_t len)
{
	uint8_t *to = writer_room(w, len);

	if (to)
		memset(to, 0, len);
}

/* Overwrites two bytes that were written before, at offset `at` from the start. */
void writer_patch_u16(struct writer *w, size_t at, uint16_t v);

#endif
