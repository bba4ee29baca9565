/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON, written as it goes: members of objects and arrays into one growing text. Pure. */
#ifndef USHER_CONTRIB_DISCOVER_SAY_H
#define USHER_CONTRIB_DISCOVER_SAY_H

#include "core/text.h"

#include <stdint.h>

struct say {
	struct text text;
	bool more; /* a comma comes before the next member */
};

enum { SAY_TEXT = 128 }; /* bytes of a text that are told */

void say_init(struct say *s, size_t max);
/* `name` NULL: of an array. `open` and `close` are {} or []. */
void say_open(struct say *s, const char *name, char open);
void say_close(struct say *s, char close);
/* Escaped, whatever bytes it has: those that are no UTF-8 become U+FFFD, control characters a blank. Nothing is said of an
 * empty one, or NULL. */
void say_text(struct say *s, const char *name, const char *text);
/* The same without the limit. */
void say_long_text(struct say *s, const char *name, const char *text);
void say_empty(struct say *s, const char *name); /* "" */
/* Nothing is said of a negative one. */
void say_number(struct say *s, const char *name, int64_t n);
/* Nothing is said of a negative one. */
void say_flag(struct say *s, const char *name, int flag);

#endif
