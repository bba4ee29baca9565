/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/plain.h"

#include "core/hex.h"

#include <stdio.h>
#include <string.h>

enum {
	TOKEN_DIGITS = 32, /* a boot token, machine/machine.h */
	CUT_DIGITS = 16,   /* at a text's end: what is left of one, perhaps */
	WRITTEN_MAX = 16,  /* bytes of "\udb40\udc01" and its NUL */
};

/* Unicode 15: Default_Ignorable_Code_Point, and the line and paragraph separators, the interlinear marks. */
static const struct {
	uint32_t first, last;
} hidden[] = {{0x0, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, {0x34f, 0x34f}, {0x61c, 0x61c},
	{0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x200b, 0x200f}, {0x2028, 0x202e},
	{0x2060, 0x206f}, {0x3164, 0x3164}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0},
	{0xfff0, 0xfffb}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}};

bool plain_is_hidden(uint32_t rune)
{
	if (rune >= 0x20 && rune < 0x7f)
		return false;
	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
		if (rune <= hidden[i].last)
			return rune >= hidden[i].first;
	return false;
}

/* How long a character is that begins so, and the range of its second byte: no surrogates, nothing in more bytes than it
 * needs. 0: none does. */
static size_t lead(unsigned char c, unsigned char *low, unsigned char *high)
{
	*low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	*high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

size_t plain_rune(const char *text, size_t len, uint32_t *ret, bool *ret_cut)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned char low, high;
	size_t n = lead(s[0], &low, &high);
	uint32_t rune = n == 1 ? s[0] : s[0] & (0x7fu >> n);

	if (ret_cut)
		*ret_cut = false;
	for (size_t i = 1; i < n; i++) {
		if (i == len) {
			if (ret_cut)
				*ret_cut = true;
			return 0;
		}
		if (s[i] < low || s[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
		rune = rune << 6 | (s[i] & 0x3fu);
	}
	*ret = rune;
	return n;
}

/* Secrets */

/* Bytes of the hex digit at `s`: itself, %61, %2561; 0: there is none. */
static size_t digit(const char *s, size_t left)
{
	size_t at = 1;

	if (!left)
		return 0;
	if (s[0] != '%')
		return hex_digit(s[0]) >= 0;
	while (at + 4 <= left && s[at] == '2' && s[at + 1] == '5')
		at += 2;
	if (at + 2 > left || hex_digit(s[at]) < 0 || hex_digit(s[at + 1]) < 0)
		return 0;
	return hex_digit((char)(hex_digit(s[at]) << 4 | hex_digit(s[at + 1]))) >= 0 ? at + 2 : 0;
}

/* Bytes of the row of hex digits at `s`. */
static size_t row(const char *s, size_t left, size_t *ret_digits)
{
	size_t n = 0, taken;

	for (*ret_digits = 0; (taken = digit(s + n, left - n)); n += taken)
		(*ret_digits)++;
	return n;
}

/* `written`: each digit stands for itself, as in a sum. */
static bool is_secret(size_t digits, bool written, bool ends, unsigned how)
{
	if (!(how & PLAIN_SUMS) && written && (digits == 64 || digits == 128))
		return false;
	return digits >= (ends ? CUT_DIGITS : TOKEN_DIGITS);
}

/* Writing */

struct writer {
	char *buf;
	size_t size, n;
	bool full;
};

static void put(struct writer *w, const char *bytes, size_t n)
{
	if (w->full || n >= w->size - w->n) {
		w->full = true;
		return;
	}
	memcpy(w->buf + w->n, bytes, n);
	w->n += n;
}

static void put_hidden(struct writer *w, uint32_t rune)
{
	char text[WRITTEN_MAX];
	int n;

	if (rune < 0x10000)
		n = snprintf(text, sizeof text, "\\u%04x", rune);
	else
		n = snprintf(text, sizeof text, "\\u%04x\\u%04x", 0xd800 + ((rune - 0x10000) >> 10),
			0xdc00 + ((rune - 0x10000) & 0x3ff));
	put(w, text, (size_t)n);
}

/* Returns the bytes taken. */
static size_t put_rune(struct writer *w, const char *s, size_t left, unsigned how)
{
	char text[WRITTEN_MAX];
	uint32_t rune;
	size_t n = plain_rune(s, left, &rune, NULL);

	if (!n) {
		snprintf(text, sizeof text, "\\x%02x", (unsigned char)*s);
		put(w, text, strlen(text));
		return 1;
	}
	if (!plain_is_hidden(rune) || (how & PLAIN_LINES && (rune == '\n' || rune == '\t')))
		put(w, s, n);
	else if (!(how & PLAIN_LINES) && (rune == '\n' || rune == '\t' || rune == '\r'))
		put(w, " ", 1);
	else
		put_hidden(w, rune);
	return n;
}

/* A row of digits that is no secret: as far as no other can begin in it. Returns the bytes taken, 0: there is none. */
static size_t put_row(struct writer *w, const char *s, size_t left, unsigned how)
{
	size_t digits, n = row(s, left, &digits), k = 0;

	if (n && is_secret(digits, n == digits, n == left, how)) {
		put(w, "*", 1);
		return n;
	}
	while (k < n && s[k] != '%')
		k++;
	put(w, s, k);
	return k;
}

static bool is_ordinary(char c)
{
	return c >= ' ' && c < 0x7f && c != '%' && hex_digit(c) < 0;
}

/* What most of a text is: bytes that stand for themselves, and in which no secret begins. As many as there is room for. */
static size_t put_ordinary(struct writer *w, const char *s, size_t left)
{
	size_t room = w->size - w->n, n = 0;

	while (n < left && n + 1 < room && is_ordinary(s[n]))
		n++;
	put(w, s, n);
	return n;
}

size_t plain_copy(char *buf, size_t size, const char *text, size_t len, unsigned how)
{
	struct writer w = {.buf = buf, .size = size};
	size_t taken;

	for (size_t i = 0; i < len && !w.full; i += taken) {
		taken = put_ordinary(&w, text + i, len - i);
		if (!taken && how & PLAIN_SECRETS)
			taken = put_row(&w, text + i, len - i, how);
		if (!taken)
			taken = put_rune(&w, text + i, len - i, how);
	}
	buf[w.n] = '\0';
	return w.n;
}

const char *plain_line(const char *text, char *buf, size_t size)
{
	plain_copy(buf, size, text, strlen(text), PLAIN_SECRETS);
	return buf;
}
