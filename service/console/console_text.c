/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/console/console_text.h"

#include "core/plain.h"

#include <stdlib.h>
#include <string.h>

enum { PLAIN, ESC, CSI, STRING, STRING_ESC, CHARSET };

static void flush(struct console_text *t)
{
	t->text[t->n] = '\0';
	t->n = 0;
	t->line(t->arg, t->text);
}

static void put(struct console_text *t, const unsigned char *bytes, size_t n)
{
	if (t->returned)
		t->n = 0;
	t->returned = false;
	if (t->n + n >= sizeof t->text)
		flush(t);
	memcpy(t->text + t->n, bytes, n);
	t->n += n;
}

static void back(struct console_text *t)
{
	while (t->n && ((unsigned char)t->text[--t->n] & 0xc0) == 0x80)
		;
}

static void control(struct console_text *t, unsigned char c)
{
	if (c == '\n' || c == '\f' || c == '\v') {
		t->returned = false;
		flush(t);
	} else if (c == '\r') {
		t->returned = true;
	} else if (c == '\b') {
		back(t);
	} else if (c == '\t') {
		put(t, &c, 1);
	} else if (c == 0x1b) {
		t->escape = ESC;
	}
}

/* Cursor up, down, next and previous line, position: what follows stands on another line. */
static void csi_end(struct console_text *t, unsigned char c)
{
	t->escape = PLAIN;
	t->returned = false;
	if (memchr("ABEFHf", c, 6) && t->n)
		flush(t);
}

static void in_escape(struct console_text *t, unsigned char c)
{
	switch (t->escape) {
	case ESC:
		if (c == '[')
			t->escape = CSI;
		else if (c && strchr("]PX^_", c))
			t->escape = STRING;
		else
			t->escape = c >= 0x20 && c <= 0x2f ? CHARSET : PLAIN;
		break;
	case CSI:
		if (c >= 0x40)
			csi_end(t, c);
		break;
	case CHARSET:
		if (c < 0x20 || c > 0x2f)
			t->escape = PLAIN;
		break;
	case STRING: /* to BEL or ST; a line break shows that it was none */
		if (c == 0x1b)
			t->escape = STRING_ESC;
		else if (c == 0x07 || c == '\n')
			t->escape = PLAIN;
		break;
	default:
		t->escape = c == '\\' ? PLAIN : STRING;
	}
}

/* UTF-8, and no control character or one that is not seen. */
static bool rune_good(const unsigned char *r, size_t len)
{
	uint32_t rune;

	return plain_rune((const char *)r, len, &rune, NULL) == len && !plain_is_hidden(rune);
}

static size_t rune_length(unsigned char c)
{
	if (c >= 0xc2 && c < 0xe0)
		return 2;
	if (c >= 0xe0 && c < 0xf0)
		return 3;
	return c >= 0xf0 && c < 0xf5 ? 4 : 0;
}

/* A byte above 0x7f. */
static void high(struct console_text *t, unsigned char c)
{
	if (t->rune_n && (c & 0xc0) == 0x80) {
		t->rune[t->rune_n++] = c;
		if (t->rune_n < t->rune_len)
			return;
		if (rune_good(t->rune, t->rune_len))
			put(t, t->rune, t->rune_len);
		t->rune_n = 0;
		return;
	}
	t->rune_n = 0;
	t->rune_len = rune_length(c);
	if (t->rune_len)
		t->rune[t->rune_n++] = c;
}

void console_text_add(struct console_text *t, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	for (; n; n--, p++) {
		if (*p < 0x80)
			t->rune_n = 0;
		/* a sequence that a new one cuts off is none; CAN and SUB do so too */
		if (t->escape && t->escape != STRING && t->escape != STRING_ESC && *p < 0x20)
			t->escape = PLAIN;
		if (t->escape)
			in_escape(t, *p);
		else if (*p < 0x20)
			control(t, *p);
		else if (*p < 0x7f)
			put(t, p, 1);
		else if (*p > 0x7f)
			high(t, *p);
	}
}

void console_text_end(struct console_text *t)
{
	if (t->n)
		flush(t);
}

bool console_text_is_mark(const char *line)
{
	return !strncmp(line, CONSOLE_MARK, strlen(CONSOLE_MARK));
}

/* The last ones, in a ring. */
struct last {
	size_t most, width, count;
	bool words;
	char *room;
};

static bool is_blank(const char *line)
{
	return !line[strspn(line, " \t")];
}

static void last_line(void *arg, const char *line)
{
	struct last *l = arg;
	char *to = l->room + l->count % l->most * (l->width + 1);
	size_t n = strlen(line);

	if (l->words && (is_blank(line) || console_text_is_mark(line)))
		return;
	if (n > l->width) /* not in the middle of a character */
		for (n = l->width; n && ((unsigned char)line[n] & 0xc0) == 0x80;)
			n--;
	memcpy(to, line, n);
	to[n] = '\0';
	l->count++;
}

char *console_text_last(const void *bytes, size_t n, size_t most, size_t width, bool words)
{
	struct last l = {
		.most = most, .width = width, .words = words, .room = calloc(most, width + 1)};
	struct console_text *t = calloc(1, sizeof *t);
	char *all = calloc(most * (width + 1) + 1, 1), *to = all;

	if (l.room && t && all) {
		t->line = last_line;
		t->arg = &l;
		console_text_add(t, bytes, n);
		console_text_end(t);
		for (size_t i = l.count > most ? l.count - most : 0; i < l.count; i++) {
			to = stpcpy(to, l.room + i % most * (width + 1));
			*to++ = '\n';
		}
	} else {
		free(all);
		all = NULL;
	}
	free(l.room);
	free(t);
	return all;
}
