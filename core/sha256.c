/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/sha256.h"

#include <string.h>

void sha256_start(struct sha256 *s)
{
	sha256_init(&s->state);
}

void sha256_add(struct sha256 *s, const void *bytes, size_t n)
{
	sha256_update(&s->state, n, bytes);
}

void sha256_hex(struct sha256 *s, char ret[SHA256_HEX])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char sum[SHA256_DIGEST_SIZE];

	sha256_digest(&s->state, sizeof sum, sum);
	for (size_t i = 0; i < sizeof sum; i++) {
		ret[2 * i] = digits[sum[i] >> 4];
		ret[2 * i + 1] = digits[sum[i] & 15];
	}
	ret[SHA256_HEX - 1] = '\0';
}

bool sha256_parse(const char *text, char ret[SHA256_HEX])
{
	size_t n = strspn(text, "0123456789abcdefABCDEF");

	if (n != SHA256_HEX - 1 || text[n])
		return false;
	for (size_t i = 0; i <= n; i++)
		ret[i] = (char)(text[i] >= 'A' && text[i] <= 'F' ? text[i] + 'a' - 'A' : text[i]);
	return true;
}
