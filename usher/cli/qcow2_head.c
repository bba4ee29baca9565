/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/cli/qcow2_head.h"

#include <string.h>

static uint64_t number(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

const char *qcow2_head_fault(const unsigned char *head, size_t n, uint64_t *ret_size)
{
	enum {
		VERSION = 4,
		BACKING = 8,
		SIZE = 24,
		CRYPT = 32,
		OLD = 72,
		FEATURES = 72,
		NEW = 104
	};
	enum { CORRUPT = 1 << 1, DATA_FILE = 1 << 2 };
	uint64_t version, features;

	if (n < OLD || memcmp(head, "QFI\xfb", 4))
		return "it is cut off in its header";
	version = number(head + VERSION, 4);
	if (version != 2 && version != 3)
		return "it is of a version that is not known: 2 and 3 are";
	if (version == 3 && n < NEW)
		return "it is cut off in its header";
	features = version == 3 ? number(head + FEATURES, 8) : 0;
	if (number(head + BACKING, 8))
		return "it is only the difference to another file: make it one file with 'qemu-img convert -O qcow2'";
	if (features & DATA_FILE)
		return "its data is in another file: make it one file with 'qemu-img convert -O qcow2'";
	if (number(head + CRYPT, 4))
		return "it is encrypted";
	if (features & CORRUPT)
		return "it is marked as damaged";
	*ret_size = number(head + SIZE, 8);
	return *ret_size ? NULL : "it has no content";
}
