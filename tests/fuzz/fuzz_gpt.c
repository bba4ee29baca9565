/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image's first bytes: told to be a disk or not, and its GPT moved, whatever it says; what was moved can be moved again. */
#include "contrib/write-image/gpt.h"
#include "kickstart/media/image_head.h"
#include "tests/unit/gpt_make.h"
#include "usher/cli/qcow2_head.h"

#include <stdbool.h>
#include <stdlib.h>

enum { HEAD = 24 << 10, SECTORS = 100000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In a buffer of its own size, so that a sanitizer sees what is read behind it. */
static void move(const uint8_t *data, size_t size, unsigned sector, bool sign)
{
	static struct gpt_tail tail;
	unsigned char *head = malloc(size);
	const char *why = NULL;

	if (!head)
		abort();
	memcpy(head, data, size);
	if (sign && size >= 2 * (size_t)sector)
		gpt_make_sign(head, size, sector);
	if (gpt_move(head, size, sector, SECTORS, &tail, &why)) {
		if (!why)
			abort();
	} else if (tail.at + tail.n != (uint64_t)SECTORS * sector || tail.n > sizeof tail.bytes ||
		gpt_move(head, size, sector, 2 * SECTORS, &tail, &why)) {
		abort();
	}
	free(head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t disk;
	bool gpt;

	if (!size)
		return 0;
	if (size > HEAD)
		size = HEAD;
	for (unsigned sector = 512; sector <= 4096; sector *= 8) {
		if (image_head_fault(data, size, sector, &gpt) && gpt)
			abort();
		move(data, size, sector, false);
		move(data, size, sector, true);
	}
	(void)image_head_cut(data, size, 1 << 20);
	if (!qcow2_head_fault(data, size, &disk) && !disk)
		abort();
	return 0;
}
