/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/media/image_head.h"

#include <string.h>

static const struct format {
	const char *name, *magic;
	size_t n, at;
} formats[] = {
	{"qcow2", "QFI\xfb", 4, 0},
	{"zstd", "\x28\xb5\x2f\xfd", 4, 0},
	{"gzip", "\x1f\x8b", 2, 0},
	{"xz", "\xfd\x37zXZ", 6, 0},
	{"bzip2", "BZh", 3, 0},
	{"zip", "PK\x03\x04", 4, 0},
	{"VMDK", "KDMV", 4, 0},
	{"VMDK", "# Disk Descriptor", 17, 0},
	{"VHDX", "vhdxfile", 8, 0},
	{"VHD", "conectix", 8, 0},
	{"tar", "ustar", 5, 257},
	{"ISO 9660", "CD001", 5, 32769},
};

const char *image_head_format(const unsigned char *head, size_t n)
{
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		const struct format *f = &formats[i];

		if (n >= f->at + f->n && !memcmp(head + f->at, f->magic, f->n))
			return f->name;
	}
	return NULL;
}

static const char *fault_of_format(const char *format)
{
	static const struct {
		const char *format, *fault;
	} faults[] = {
		{"qcow2", "it is a qcow2 inside"},
		{"zstd", "it is compressed twice: what is inside is zstd again"},
		{"gzip", "it is compressed twice: what is inside is gzip"},
		{"xz", "it is compressed twice: what is inside is xz"},
		{"bzip2", "it is compressed twice: what is inside is bzip2"},
		{"tar", "it is a tar archive, and no disk"},
		{"ISO 9660", "it is an ISO image, which is no installed system"},
	};

	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		if (!strcmp(faults[i].format, format))
			return faults[i].fault;
	return "it is a file of another program, and no disk";
}

/* A GPT's header lies in the second sector. */
static bool has_gpt(const unsigned char *head, size_t n, unsigned sector)
{
	return n >= sector + 8 && !memcmp(head + sector, "EFI PART", 8);
}

/* Four entries; a boot sector of a file system has other bytes where they have 0 or 0x80. */
static bool has_mbr(const unsigned char *head, size_t n)
{
	enum { ENTRIES = 446, ENTRY = 16, TYPE = 4, START = 8, SIZE = 12 };
	unsigned partitions = 0;

	if (n < IMAGE_SECTOR || head[510] != 0x55 || head[511] != 0xaa)
		return false;
	for (const unsigned char *e = head + ENTRIES; e < head + ENTRIES + 4 * ENTRY; e += ENTRY) {
		if (e[0] & 0x7f)
			return false;
		if (e[TYPE] && memcmp(e + START, "\0\0\0\0", 4) && memcmp(e + SIZE, "\0\0\0\0", 4))
			partitions++;
	}
	return partitions;
}

static bool is_zero(const unsigned char *head, size_t n)
{
	return n && !*head && !memcmp(head, head + 1, n - 1);
}

static const char small_sectors[] =
	"its partition table is for sectors of 512 bytes, and the disk has 4096";

const char *image_head_fault(const unsigned char *head, size_t n, unsigned sector, bool *ret_gpt)
{
	const char *format = image_head_format(head, n);
	unsigned other = sector == IMAGE_SECTOR ? 4096 : IMAGE_SECTOR;

	if (ret_gpt)
		*ret_gpt = false;
	if (format)
		return fault_of_format(format);
	if (has_gpt(head, n, sector)) {
		if (ret_gpt)
			*ret_gpt = true;
		return NULL;
	}
	if (has_gpt(head, n, other))
		return sector == IMAGE_SECTOR
			? "its partition table is for sectors of 4096 bytes, and the disk has 512"
			: small_sectors;
	if (has_mbr(head, n)) /* it does not say so, but images are made for them */
		return sector == IMAGE_SECTOR ? NULL : small_sectors;
	return is_zero(head, n) ? "it begins with zeros: it has no partition table"
				: "it has no partition table";
}

static uint64_t number(const unsigned char *p, unsigned n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

/* Of the entries that are in the head. */
static uint64_t gpt_end(const unsigned char *head, size_t n)
{
	enum { AT = 72, COUNT = 80, SIZE = 84, HEADER = 92, ENTRY = 128, LAST = 40 };
	const unsigned char *h = head + IMAGE_SECTOR;
	uint64_t end = 0, at, size, count;

	if (n < IMAGE_SECTOR + HEADER)
		return 0;
	at = number(h + AT, 8);
	count = number(h + COUNT, 4);
	size = number(h + SIZE, 4);
	if (size < ENTRY || at >= n / IMAGE_SECTOR)
		return 0;
	for (at *= IMAGE_SECTOR; count-- && at + ENTRY <= n; at += size) {
		uint64_t last = number(head + at + LAST, 8);

		if (!is_zero(head + at, 16) && last >= end)
			end = last < UINT64_MAX ? last + 1 : last;
	}
	return end;
}

static uint64_t mbr_end(const unsigned char *head)
{
	enum { ENTRIES = 446, ENTRY = 16, TYPE = 4, START = 8, SIZE = 12 };
	uint64_t end = 0;

	for (const unsigned char *e = head + ENTRIES; e < head + ENTRIES + 4 * ENTRY; e += ENTRY) {
		uint64_t last = number(e + START, 4) + number(e + SIZE, 4);

		if (e[TYPE] && last > end)
			end = last;
	}
	return end;
}

bool image_head_cut(const unsigned char *head, size_t n, uint64_t size)
{
	uint64_t end = has_gpt(head, n, IMAGE_SECTOR) ? gpt_end(head, n)
		: has_mbr(head, n)                    ? mbr_end(head)
						      : 0;

	return end > size / IMAGE_SECTOR;
}
