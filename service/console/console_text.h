/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a serial console said, as lines that are safe to print: no control characters and none that are not seen
 * (core/plain.h), no escape sequences (ECMA-48), no bytes that are not UTF-8. What moves the cursor to another line ends the line; a carriage return alone begins it anew,
 * as a progress bar does; a backspace takes a character back. Pure.
 */
#ifndef USHER_SERVICE_CONSOLE_CONSOLE_TEXT_H
#define USHER_SERVICE_CONSOLE_CONSOLE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

enum { CONSOLE_LINE = 1024 }; /* bytes of a line; a longer one is told in pieces */

struct console_text { /* zeroed, but for `line` and `arg` */
	/* Without its line break, NUL-terminated; empty lines too. */
	void (*line)(void *arg, const char *text);
	void *arg;
	char text[CONSOLE_LINE];
	size_t n;
	int escape;              /* where in a sequence */
	bool returned;           /* a carriage return came last */
	unsigned char rune[4];   /* a character of several bytes, as far as it came */
	size_t rune_n, rune_len; /* 0: none is under way */
};

void console_text_add(struct console_text *t, const void *bytes, size_t n);
/* The line that has no end yet, if there is one. */
void console_text_end(struct console_text *t);

/* Did the service write this line, not the guest? */
bool console_text_is_mark(const char *line);
/* What such a line begins with. */
#define CONSOLE_MARK "[usher "

/* The last lines: at most `most` of at most `width` bytes each, each ended by a line break; `words`: only those that hold
 * something, without our own marks. For free(); NULL: out of memory. */
char *console_text_last(const void *bytes, size_t n, size_t most, size_t width, bool words);

#endif
