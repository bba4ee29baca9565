/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "contrib/discover/holds.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
	FRONT = 64 * 1024, /* if all of it is zero, and there is no mark, nothing is on it */
	EBRS = 60,         /* logical partitions that are followed: a chain may be a ring */
	GPT_ENTRY = 128,   /* bytes of an entry that are read (UEFI 5.3.3) */
};

/* A part of a disk, or all of it. */
struct extent {
	uint64_t at, size;
};

/* Marks: what a file system, or what takes a disk for another layer, has at a fixed place. From the end where `offset` is
 * negative. */
static const struct mark {
	const char *name;
	int64_t offset;
	const char *bytes;
	size_t len;
} marks[] = {
	{"luks", 0, "LUKS\xba\xbe", 6},
	{"xfs", 0, "XFSB", 4},
	{"ntfs", 3, "NTFS    ", 8},
	{"exfat", 3, "EXFAT   ", 8},
	{"bitlocker", 3, "-FVE-FS-", 8},
	{"vfat", 0x52, "FAT32   ", 8},
	{"vfat", 0x36, "FAT16   ", 8},
	{"vfat", 0x36, "FAT12   ", 8},
	{"squashfs", 0, "hsqs", 4},
	{"apfs", 32, "NXSB", 4},
	{"hfs+", 1024, "H+", 2},
	{"hfs+", 1024, "HX", 2},
	{"f2fs", 1024, "\x10\x20\xf5\xf2", 4},
	{"swap", 4086, "SWAPSPACE2", 10},
	{"swap", 65526, "SWAPSPACE2", 10},
	{"linux raid", 4096, "\xfc\x4e\x2b\xa9", 4},
	{"linux raid", 0, "\xfc\x4e\x2b\xa9", 4},
	{"linux raid", -8192, "\xfc\x4e\x2b\xa9", 4},
	{"bcache", 4120, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca", 8},
	{"btrfs", 0x10040, "_BHRfS_M", 8},
	{"jfs", 0x8000, "JFS1", 4},
	{"reiserfs", 0x10034, "ReIsEr", 6},
	{"iso9660", 0x8001, "CD001", 5},
	{"ceph", 0, "bluestore block device", 22},
	{"vmfs", 0x100000, "\x0d\xd0\x01\xc0", 4},
	{"intel raid", -1024, "Intel Raid ISM Cfg Sig. ", 24},
	{"ddf raid", -512, "\xde\x11\xde\x11", 4},
};

static uint32_t le16(const uint8_t *b)
{
	return (uint32_t)b[0] | (uint32_t)b[1] << 8;
}

static uint32_t le32(const uint8_t *b)
{
	return le16(b) | le16(b + 2) << 16;
}

static uint64_t le64(const uint8_t *b)
{
	return le32(b) | (uint64_t)le32(b + 4) << 32;
}

/* Within the extent; what is beyond it, or cannot be read there, is not there. */
static bool get(
	const struct holds_disk *d, const struct extent *e, uint64_t offset, void *to, size_t len)
{
	return offset <= e->size && len <= e->size - offset &&
		!d->read(d->arg, e->at + offset, to, len);
}

static bool has_mark(const struct holds_disk *d, const struct extent *e, const struct mark *m)
{
	uint64_t offset = (uint64_t)m->offset;
	uint8_t b[24];

	if (m->offset < 0) {
		if (e->size < (uint64_t)-m->offset)
			return false;
		offset = (e->size - (uint64_t)-m->offset) & ~(uint64_t)511;
	}
	return get(d, e, offset, b, m->len) && !memcmp(b, m->bytes, m->len);
}

/* ext2, 3, 4 by what they need (the superblock's s_feature_compat and s_feature_incompat). */
static const char *ext_name(const struct holds_disk *d, const struct extent *e)
{
	uint8_t b[128];

	if (!get(d, e, 1024, b, sizeof b) || le16(b + 56) != 0xef53)
		return NULL;
	if (le32(b + 96) & (0x40 | 0x80 | 0x200)) /* extents, 64 bits, flex_bg */
		return "ext4";
	return le32(b + 92) & 0x4 ? "ext3" : "ext2";
}

/* In one of the first four sectors. */
static bool is_lvm(const struct holds_disk *d, const struct extent *e)
{
	uint8_t b[2048];

	if (!get(d, e, 0, b, sizeof b))
		return false;
	for (size_t i = 0; i < sizeof b; i += 512)
		if (!memcmp(b + i, "LABELONE", 8) && !memcmp(b + i + 24, "LVM2 001", 8))
			return true;
	return false;
}

/* An uberblock in the first label. */
static bool is_zfs(const struct holds_disk *d, const struct extent *e)
{
	uint8_t b[8];

	for (uint64_t at = 128 * 1024; at < 256 * 1024; at += 1024)
		if (get(d, e, at, b, sizeof b) && le64(b) == 0x00bab10c)
			return true;
	return false;
}

static const char *file_system(const struct holds_disk *d, const struct extent *e)
{
	const char *ext;

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (has_mark(d, e, &marks[i]))
			return marks[i].name;
	ext = ext_name(d, e);
	if (ext)
		return ext;
	if (is_lvm(d, e))
		return "lvm";
	return is_zfs(d, e) ? "zfs" : NULL;
}

/* Text */

static void add(char ret[HOLDS_TEXT], const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(char ret[HOLDS_TEXT], const char *fmt, ...)
{
	size_t n = strlen(ret);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ret + n, HOLDS_TEXT - n, fmt, ap);
	va_end(ap);
}

static void add_part(
	const struct holds_disk *d, unsigned number, struct extent e, char ret[HOLDS_TEXT])
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	const char *name = NULL;
	size_t unit = 0;
	uint64_t n = e.size;

	if (e.at < d->size) {
		e.size = e.size < d->size - e.at ? e.size : d->size - e.at;
		name = file_system(d, &e);
	}
	while (n >= 10240) {
		n /= 1024;
		unit++;
	}
	add(ret, "; %u: %s, %llu %s", number, name ? name : "unknown", (unsigned long long)n,
		units[unit]);
}

/* Partition tables */

/* The header after the first sector, its entries where it says (UEFI 5.3.2). Sums are not looked at: what is damaged is
 * on the disk all the same. */
static bool look_gpt(const struct holds_disk *d, uint32_t sector, char ret[HOLDS_TEXT])
{
	const struct extent all = {0, d->size};
	uint8_t head[92], b[GPT_ENTRY];
	uint32_t count, size;
	uint64_t at;

	if (!get(d, &all, sector, head, sizeof head) || memcmp(head, "EFI PART", 8))
		return false;
	add(ret, "gpt");
	at = le64(head + 72);
	count = le32(head + 80);
	size = le32(head + 84);
	if (at > d->size / sector || size < GPT_ENTRY || size > 4096)
		return true;
	for (uint32_t i = 0; i < count && i < HOLDS_PARTS; i++) {
		static const uint8_t none[16];
		uint64_t first, last;

		if (!get(d, &all, at * sector + (uint64_t)i * size, b, sizeof b))
			break;
		first = le64(b + 32);
		last = le64(b + 40);
		if (memcmp(b, none, sizeof none) && first <= last && last < UINT64_MAX / sector)
			add_part(d, i + 1,
				(struct extent){first * sector, (last - first + 1) * sector}, ret);
	}
	return true;
}

struct mbr_part {
	uint8_t type;
	uint64_t first, count; /* sectors */
};

static bool is_extended(uint8_t type)
{
	return type == 0x05 || type == 0x0f || type == 0x85;
}

/* Four entries and 55 aa. False: it is none, a boot sector of a file system for example. */
static bool read_mbr(const struct holds_disk *d, uint64_t sector, struct mbr_part ret[4])
{
	const struct extent all = {0, d->size};
	uint8_t b[512];

	if (sector > d->size / d->sector || !get(d, &all, sector * d->sector, b, sizeof b) ||
		b[510] != 0x55 || b[511] != 0xaa)
		return false;
	for (size_t i = 0; i < 4; i++) {
		const uint8_t *p = b + 446 + 16 * i;

		ret[i] = (struct mbr_part){p[4], le32(p + 8), le32(p + 12)};
		if (p[0] & 0x7f)
			return false;
	}
	return true;
}

/* Each link has a partition and where the next one is, both from a place of their own. */
static void look_logical(const struct holds_disk *d, uint64_t base, char ret[HOLDS_TEXT])
{
	struct mbr_part p[4];
	uint64_t at = base;

	for (unsigned n = 0; n < EBRS && read_mbr(d, at, p); n++) {
		if (p[0].type && p[0].count)
			add_part(d, 5 + n,
				(struct extent){
					(at + p[0].first) * d->sector, p[0].count * d->sector},
				ret);
		if (!is_extended(p[1].type) || !p[1].first)
			break;
		at = base + p[1].first;
	}
}

static bool look_mbr(const struct holds_disk *d, char ret[HOLDS_TEXT])
{
	struct mbr_part p[4];
	bool any = false;

	if (!read_mbr(d, 0, p))
		return false;
	for (size_t i = 0; i < 4; i++)
		any |= p[i].type && p[i].first && p[i].count;
	if (!any)
		return false;
	add(ret, "mbr");
	for (unsigned i = 0; i < 4; i++) {
		if (!p[i].type || !p[i].count)
			continue;
		if (is_extended(p[i].type))
			look_logical(d, p[i].first, ret);
		else
			add_part(d, i + 1,
				(struct extent){p[i].first * d->sector, p[i].count * d->sector},
				ret);
	}
	return true;
}

/* Of a boot sector that a file system has, the marks in it say more than what looks like partitions. */
static const char *boot_sector(const struct holds_disk *d)
{
	const struct extent all = {0, d->size};

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (marks[i].offset >= 0 && marks[i].offset < 446 && has_mark(d, &all, &marks[i]))
			return marks[i].name;
	return NULL;
}

static int look_front(const struct holds_disk *d, char ret[HOLDS_TEXT])
{
	uint64_t end = d->size < FRONT ? d->size : FRONT;
	uint8_t b[512];

	for (uint64_t at = 0; at + sizeof b <= end; at += sizeof b) {
		if (d->read(d->arg, at, b, sizeof b))
			return -EIO;
		for (size_t i = 0; i < sizeof b; i++)
			if (b[i]) {
				add(ret, "unknown data");
				return 0;
			}
	}
	return 0;
}

int holds_look(const struct holds_disk *d, char ret[HOLDS_TEXT])
{
	const struct extent all = {0, d->size};
	const char *name;

	*ret = '\0';
	if (d->sector < 512 || d->sector > 64 * 1024)
		return -EIO;
	if (look_gpt(d, d->sector, ret) || (d->sector != 4096 && look_gpt(d, 4096, ret)))
		return 0;
	name = boot_sector(d);
	if (!name && look_mbr(d, ret))
		return 0;
	name = name ? name : file_system(d, &all);
	if (!name)
		return look_front(d, ret);
	add(ret, "%s", name);
	return 0;
}
