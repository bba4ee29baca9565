/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cursor.h"

void reader_init(struct reader *r, const void *bytes, size_t len)
{
	*r = (struct reader){.at = bytes, .left = len};
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

void writer_patch_u16(struct writer *w, size_t at, uint16_t v)
{
	if (w->bad || w->len < 2 || at > w->len - 2) {
		w->bad = true;
		return;
	}
	w->start[at] = (uint8_t)(v >> 8);
	w->start[at + 1] = (uint8_t)v;
}
