/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A disk with anything in front: it is looked at in a bounded number of reads, none of them outside. */
#include "contrib/discover/holds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { READS = 100 * 1000 };

struct input {
	const uint8_t *data;
	size_t size, reads;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Zeros behind the input's end. */
static int read_at(void *arg, uint64_t offset, void *to, size_t len)
{
	struct input *in = arg;
	size_t there = offset < in->size ? in->size - offset : 0;

	if (offset + len > UINT32_MAX || ++in->reads > READS)
		abort();
	memset(to, 0, len);
	if (there)
		memcpy(to, in->data + offset, there < len ? there : len);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size, 0};
	const struct holds_disk d = {
		.size = UINT32_MAX, .sector = size & 1 ? 4096 : 512, .read = read_at, .arg = &in};
	char text[HOLDS_TEXT];

	if (holds_look(&d, text) || strlen(text) >= sizeof text)
		abort();
	return 0;
}
