/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest may say: lines that are safe to print, the same in whatever pieces it came. */
#include "service/console/console_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct sum {
	size_t lines, bytes;
	uint64_t hash;
};

static void take(void *arg, const char *line)
{
	struct sum *s = arg;

	if (strlen(line) >= CONSOLE_LINE)
		abort();
	for (; *line; line++, s->bytes++) {
		if (((unsigned char)*line < 0x20 && *line != '\t') || *line == 0x7f)
			abort();
		s->hash = s->hash * 31 + (unsigned char)*line;
	}
	s->lines++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sum whole = {0}, bytes = {0};
	struct console_text a = {.line = take, .arg = &whole}, b = {.line = take, .arg = &bytes};
	char *last;

	console_text_add(&a, data, len);
	console_text_end(&a);
	for (size_t i = 0; i < len; i++)
		console_text_add(&b, data + i, 1);
	console_text_end(&b);
	if (memcmp(&whole, &bytes, sizeof whole))
		abort();
	last = console_text_last(data, len, 5, 40, len % 2);
	if (last && strlen(last) > 5 * 41)
		abort();
	free(last);
	return 0;
}
