/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A GPT of a small disk with one partition, for tests. */
#ifndef USHER_TESTS_GPT_MAKE_H
#define USHER_TESTS_GPT_MAKE_H

#include "contrib/write-image/gpt.h"

#include <string.h>

enum { GPT_MAKE_ENTRIES = 128, GPT_MAKE_ENTRY = 128 };

static inline void gpt_make_put(unsigned char *p, uint64_t v, int n)
{
	for (int i = 0; i < n; i++)
		p[i] = (unsigned char)(v >> 8 * i);
}

static inline uint64_t gpt_make_get(const unsigned char *p, int n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

/* Both sums, of what the header says at `h`; what lies outside of the `n` bytes of the disk's head is left alone. */
static inline void gpt_make_sign(unsigned char *head, size_t n, unsigned sector)
{
	unsigned char *h = head + sector;
	uint64_t at = gpt_make_get(h + 72, 8), size = gpt_make_get(h + 12, 4);
	uint64_t bytes = gpt_make_get(h + 80, 4) * gpt_make_get(h + 84, 4);

	if (at < n / sector && bytes <= n - at * sector)
		gpt_make_put(h + 88, gpt_crc32(head + at * sector, bytes), 4);
	gpt_make_put(h + 16, 0, 4);
	if (size <= sector)
		gpt_make_put(h + 16, gpt_crc32(h, size), 4);
}

/* `head` has room for 34 sectors of 512, or 6 of 4096, and is zero. The partition lies from `first` to `last`. */
static inline size_t gpt_make(
	unsigned char *head, unsigned sector, uint64_t sectors, uint64_t first, uint64_t last)
{
	size_t table = GPT_MAKE_ENTRIES * GPT_MAKE_ENTRY / sector, n = (2 + table) * sector;
	unsigned char *h = head + sector, *e = head + 2 * sector;

	head[446 + 4] = 0xee;
	gpt_make_put(head + 446 + 8, 1, 4);
	gpt_make_put(head + 446 + 12, sectors - 1, 4);
	gpt_make_put(head + 510, 0xaa55, 2);
	memcpy(h, "EFI PART\0\0\1", 12);
	gpt_make_put(h + 12, 92, 4);
	gpt_make_put(h + 24, 1, 8);
	gpt_make_put(h + 32, sectors - 1, 8);
	gpt_make_put(h + 40, 2 + table, 8);
	gpt_make_put(h + 48, sectors - table - 2, 8);
	gpt_make_put(h + 72, 2, 8);
	gpt_make_put(h + 80, GPT_MAKE_ENTRIES, 4);
	gpt_make_put(h + 84, GPT_MAKE_ENTRY, 4);
	memcpy(e, "linux filesystem", 16);
	gpt_make_put(e + 32, first, 8);
	gpt_make_put(e + 40, last, 8);
	gpt_make_sign(head, n, sector);
	return n;
}

#endif
