/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/draw.h"

#include <stdlib.h>
#include <sys/random.h>

void draw_bytes(void *ret, size_t n)
{
	if (getrandom(ret, n, 0) != (ssize_t)n)
		abort();
}

void draw_hex(char *ret, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[256];
	size_t n = (size - 1) / 2;

	draw_bytes(bytes, n);
	for (size_t i = 0; i < n; i++) {
		ret[2 * i] = digits[bytes[i] >> 4];
		ret[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret[2 * n] = '\0';
}
