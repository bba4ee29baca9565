/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "contrib/discover/say.h"

#include "core/plain.h"

#include <inttypes.h>
#include <string.h>

void say_init(struct say *s, size_t max)
{
	text_init(&s->text, max);
	s->more = false;
}

static void begin(struct say *s, const char *name)
{
	if (s->more)
		text_puts(&s->text, ",");
	if (name)
		text_printf(&s->text, "\"%s\":", name);
	s->more = true;
}

void say_open(struct say *s, const char *name, char open)
{
	begin(s, name);
	text_add(&s->text, &open, 1);
	s->more = false;
}

void say_close(struct say *s, char close)
{
	text_add(&s->text, &close, 1);
	s->more = true;
}

/* One character of it; gives its bytes. */
static size_t put_rune(struct say *s, const char *text, size_t len)
{
	uint32_t rune = 0;
	size_t n = plain_rune(text, len, &rune, NULL);

	if (!n)
		text_puts(&s->text, "\xef\xbf\xbd");
	else if (rune < 0x20 || rune == 0x7f)
		text_puts(&s->text, " ");
	else if (rune == '"' || rune == '\\')
		text_printf(&s->text, "\\%c", (int)rune);
	else
		text_add(&s->text, text, n);
	return n ? n : 1;
}

static void put(struct say *s, const char *name, const char *text, size_t most)
{
	size_t len = text ? strlen(text) : 0, end = len < most ? len : most;

	if (!len)
		return;
	begin(s, name);
	text_puts(&s->text, "\"");
	for (size_t i = 0; i < end;)
		i += put_rune(s, text + i, len - i);
	text_puts(&s->text, "\"");
}

void say_text(struct say *s, const char *name, const char *text)
{
	put(s, name, text, SAY_TEXT);
}

void say_long_text(struct say *s, const char *name, const char *text)
{
	put(s, name, text, SIZE_MAX);
}

void say_empty(struct say *s, const char *name)
{
	begin(s, name);
	text_puts(&s->text, "\"\"");
}

void say_number(struct say *s, const char *name, int64_t n)
{
	if (n < 0)
		return;
	begin(s, name);
	text_printf(&s->text, "%" PRId64, n);
}

void say_flag(struct say *s, const char *name, int flag)
{
	if (flag < 0)
		return;
	begin(s, name);
	text_puts(&s->text, flag ? "true" : "false");
}
