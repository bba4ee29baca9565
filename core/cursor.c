/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cursor.h"

#include <string.h>

void reader_init(struct reader *r, const void *bytes, size_t len)
{
	*r = (struct reader){.at = bytes, .left = len};
}

const uint8_t *reader_bytes(struct reader *r, size_t len)
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

uint8_t reader_u8(struct reader *r)
{
	const uint8_t *b = reader_bytes(r, 1);

	return b ? b[0] : 0;
}

uint16_t reader_u16(struct reader *r)
{
	const uint8_t *b = reader_bytes(r, 2);

	if (!b)
		return 0;
	return (uint16_t)(b[0] << 8 | b[1]);
}

uint32_t reader_u32(struct reader *r)
{
	const uint8_t *b = reader_bytes(r, 4);

	if (!b)
		return 0;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

void reader_copy(struct reader *r, void *to, size_t len)
{
	const uint8_t *b = reader_bytes(r, len);

	if (!len)
		return;
	if (b)
		memcpy(to, b, len);
	else
		memset(to, 0, len);
}

void reader_skip(struct reader *r, size_t len)
{
	reader_bytes(r, len);
}

struct reader reader_sub(struct reader *r, size_t len)
{
	const uint8_t *b = reader_bytes(r, len);

	if (!b)
		return (struct reader){.bad = true};
	return (struct reader){.at = b, .left = len};
}

void writer_init(struct writer *w, void *buf, size_t cap)
{
	*w = (struct writer){.start = buf, .cap = cap};
}

/* Room for `len` more bytes, or NULL and bad. */
static uint8_t *writer_room(struct writer *w, size_t len)
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

void writer_u8(struct writer *w, uint8_t v)
{
	writer_bytes(w, &v, 1);
}

void writer_u16(struct writer *w, uint16_t v)
{
	uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	writer_bytes(w, b, sizeof b);
}

void writer_u32(struct writer *w, uint32_t v)
{
	uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

	writer_bytes(w, b, sizeof b);
}

void writer_bytes(struct writer *w, const void *from, size_t len)
{
	uint8_t *to = writer_room(w, len);

	if (to)
		memcpy(to, from, len);
}

void writer_zero(struct writer *w, size_t len)
{
	uint8_t *to = writer_room(w, len);

	if (to)
		memset(to, 0, len);
}

void writer_patch_u16(struct writer *w, size_t at, uint16_t v)
{
	if (w->bad || w->len < 2 || at > w->len - 2) {
		w->bad = true;
		return;
	}
	w->start[at] = (uint8_t)(v >> 8);
	w->start[at + 1] = (uint8_t)v;
}
