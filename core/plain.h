/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text from outside, made safe to show on a terminal, in a log, in a line of its own. Pure.
 *
 * Characters that control a terminal or are invisible are escaped: control characters (C0, DEL, C1), direction marks,
 * line and paragraph separators, zero-width and all other characters that Unicode calls ignorable as \u202e (beyond the
 * first plane as two, the way JSON has it); bytes that are no UTF-8 (RFC 3629) as \x9b. All else stays. To do it twice
 * changes nothing, secrets apart.
 *
 * And secrets are hidden: a boot token is 32 hex digits, so from 32 on a row of them becomes a star, %-encoded or not.
 * Rows of 64 and 128 are sums and stay.
 */
#ifndef USHER_CORE_PLAIN_H
#define USHER_CORE_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum plain_how {
	PLAIN_LINES = 1
		<< 0, /* line breaks and tabs stay; else each is a space, as is a carriage return */
	PLAIN_SECRETS = 1 << 1, /* are hidden */
	PLAIN_SUMS =
		1 << 2, /* are hidden too: a peer chose the text, and no sum is expected in it */
};

/* `len` bytes of `text` into `buf` of `size` (1 at least), cut between characters where it is full, with a NUL. Returns
 * the bytes written without that. A NUL within `text` is escaped too. */
size_t plain_copy(char *buf, size_t size, const char *text, size_t len, unsigned how);
/* A line for log and timeline: PLAIN_SECRETS. Returns `buf`. */
const char *plain_line(const char *text, char *buf, size_t size);

/* Bytes of the UTF-8 character at `text`; 0: it is none, *ret_cut tells whether it could become one (it may be NULL). */
size_t plain_rune(const char *text, size_t len, uint32_t *ret, bool *ret_cut);
/* Is this character escaped? */
bool plain_is_hidden(uint32_t rune);

#endif
