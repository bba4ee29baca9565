/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text from outside, made safe: nothing of it drives a terminal, no token is left, and to do it twice changes nothing. */
#include "core/plain.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_runes(const char *s, size_t n, unsigned how)
{
	uint32_t rune;
	size_t k;

	for (; n; s += k, n -= k) {
		k = plain_rune(s, n, &rune, NULL);
		if (!k ||
			(plain_is_hidden(rune) &&
				!(how & PLAIN_LINES && strchr("\n\t", (int)rune) && rune)))
			abort();
	}
}

static void check_tokens(const char *s)
{
	size_t n;

	for (; *s; s += n ? n : 1) {
		/* what was written out ends in hex digits of its own */
		while (s[0] == '\\' && (s[1] == 'u' || s[1] == 'x'))
			s += s[1] == 'u' ? strnlen(s, 6) : strnlen(s, 4);
		if (!*s)
			return;
		n = strspn(s, "0123456789abcdefABCDEF");
		if (n >= 32 && n != 64 && n != 128)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	unsigned how = len ? data[0] & 7u : 0;
	size_t size = len > 1 ? 1 + data[1] * 4u : 1, n;
	char *a = malloc(size), *b = malloc(size);

	if (a && b && len > 2) {
		n = plain_copy(a, size, (const char *)data + 2, len - 2, how);
		if (n >= size || a[n] || strlen(a) != n)
			abort();
		check_runes(a, n, how);
		if (how & PLAIN_SECRETS)
			check_tokens(a);
		else if (plain_copy(b, size, a, n, how) != n || memcmp(a, b, n))
			abort();
	}
	free(a);
	free(b);
	return 0;
}
