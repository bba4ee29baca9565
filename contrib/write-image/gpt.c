/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "contrib/write-image/gpt.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Where what is in a header. */
enum {
	HEADER_SIZE = 12,
	HEADER_CRC = 16,
	MY_LBA = 24,
	OTHER_LBA = 32,
	LAST_USABLE = 48,
	ENTRIES_LBA = 72,
	ENTRIES = 80,
	ENTRY_SIZE = 84,
	ENTRIES_CRC = 88,
	HEADER_MIN = 92,
};

struct table {
	unsigned char *header, *entries; /* in the image's head */
	size_t header_size;
	size_t count, entry_size;
	size_t sectors; /* of the entries */
};

/* Reflected, 0xEDB88320; one byte at a time is fast enough for 16 KiB. */
uint32_t gpt_crc32(const unsigned char *bytes, size_t n)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < n; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	return ~crc;
}

static uint32_t get32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t get64(const unsigned char *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

static void put32(unsigned char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> 8 * i);
}

static void put64(unsigned char *p, uint64_t v)
{
	put32(p, (uint32_t)v);
	put32(p + 4, (uint32_t)(v >> 32));
}

/* Its sum is made with zeros in its own place. */
static uint32_t header_crc(const unsigned char *header, size_t n)
{
	unsigned char copy[4096];

	memcpy(copy, header, n);
	put32(copy + HEADER_CRC, 0);
	return gpt_crc32(copy, n);
}

static int refuse(int rc, const char *text, const char **why)
{
	*why = text;
	return rc;
}

static int read_header(
	unsigned char *head, size_t n, unsigned sector, struct table *t, const char **why)
{
	t->header = head + sector;
	if (n < 2 * (size_t)sector || memcmp(t->header, "EFI PART", 8))
		return refuse(-EINVAL, "there is no GPT", why);
	t->header_size = get32(t->header + HEADER_SIZE);
	if (t->header_size < HEADER_MIN || t->header_size > sector)
		return refuse(-EINVAL, "the GPT's header has an impossible size", why);
	if (header_crc(t->header, t->header_size) != get32(t->header + HEADER_CRC))
		return refuse(-EINVAL, "the GPT's header is damaged: its checksum is wrong", why);
	if (get64(t->header + MY_LBA) != 1)
		return refuse(-EINVAL, "the GPT's header is not where it says", why);
	return 0;
}

static int read_entries(
	unsigned char *head, size_t n, unsigned sector, struct table *t, const char **why)
{
	uint64_t lba = get64(t->header + ENTRIES_LBA);
	size_t bytes;

	t->count = get32(t->header + ENTRIES);
	t->entry_size = get32(t->header + ENTRY_SIZE);
	if (t->entry_size < 128 || t->entry_size > 4096 || t->entry_size & (t->entry_size - 1))
		return refuse(-EINVAL, "the GPT's entries have an impossible size", why);
	if (!t->count || t->count > GPT_ENTRIES_MAX / t->entry_size)
		return refuse(-EFBIG, "the GPT has no entries, or more than fit into 64 KiB", why);
	bytes = t->count * t->entry_size;
	t->sectors = (bytes + sector - 1) / sector;
	if (lba < 2 || lba > n / sector || t->sectors > n / sector - lba)
		return refuse(-EFBIG, "the GPT's entries lie far from its header", why);
	t->entries = head + lba * sector;
	if (gpt_crc32(t->entries, bytes) != get32(t->header + ENTRIES_CRC))
		return refuse(
			-EINVAL, "the GPT's entries are damaged: their checksum is wrong", why);
	return 0;
}

static bool entries_fit(const struct table *t, uint64_t last)
{
	enum { FIRST = 32, LAST = 40 };
	static const unsigned char unused[16];

	for (size_t i = 0; i < t->count; i++) {
		const unsigned char *e = t->entries + i * t->entry_size;

		if (memcmp(e, unused, sizeof unused) &&
			(get64(e + LAST) > last || get64(e + FIRST) > get64(e + LAST)))
			return false;
	}
	return true;
}

static void sign(unsigned char *header, size_t n)
{
	put32(header + HEADER_CRC, header_crc(header, n));
}

/* The MBR before a GPT has an entry that covers the disk, as far as 32 bits go. Others of a hybrid one stay. */
static void cover(unsigned char *mbr, uint64_t sectors)
{
	enum { ENTRY = 446, TYPE = 4, START = 8, SIZE = 12, PROTECTIVE = 0xee };
	uint64_t size = sectors - 1;

	for (unsigned char *e = mbr + ENTRY; e < mbr + ENTRY + 4 * 16; e += 16)
		if (e[TYPE] == PROTECTIVE && get32(e + START) == 1) {
			put32(e + SIZE, size > 0xffffffff ? 0xffffffff : (uint32_t)size);
			return;
		}
}

static void write_tail(
	const struct table *t, unsigned sector, uint64_t sectors, struct gpt_tail *ret)
{
	unsigned char *header = ret->bytes + t->sectors * sector;

	memset(ret->bytes, 0, sizeof ret->bytes);
	ret->n = (t->sectors + 1) * sector;
	ret->at = sectors * sector - ret->n;
	memcpy(ret->bytes, t->entries, t->count * t->entry_size);
	memcpy(header, t->header, t->header_size);
	put64(header + MY_LBA, sectors - 1);
	put64(header + OTHER_LBA, 1);
	put64(header + ENTRIES_LBA, ret->at / sector);
	sign(header, t->header_size);
}

int gpt_move(unsigned char *head, size_t n, unsigned sector, uint64_t sectors, struct gpt_tail *ret,
	const char **why)
{
	struct table t = {0};
	uint64_t last;
	int rc;

	if (sector < 512 || sector > 4096)
		return refuse(-EINVAL, "the disk has sectors of an impossible size", why);
	rc = read_header(head, n, sector, &t, why);
	if (!rc)
		rc = read_entries(head, n, sector, &t, why);
	if (rc)
		return rc;
	if (sectors > UINT64_MAX / sector || sectors < 2 * (t.sectors + 2))
		return refuse(-ENOSPC, "the disk has no room for a second GPT", why);
	last = sectors - t.sectors - 2;
	if (!entries_fit(&t, last))
		return refuse(-ENOSPC, "a partition reaches past the end of the disk", why);
	put64(t.header + OTHER_LBA, sectors - 1);
	put64(t.header + LAST_USABLE, last);
	sign(t.header, t.header_size);
	cover(head, sectors);
	write_tail(&t, sector, sectors, ret);
	return 0;
}
