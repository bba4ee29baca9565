/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/wipe.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void wipe_free(void *block)
{
	if (block)
		explicit_bzero(block, malloc_usable_size(block));
	free(block);
}

void *wipe_grow(void *block, size_t used, size_t want)
{
	void *grown = malloc(want);

	if (!grown)
		return NULL;
	if (used)
		memcpy(grown, block, used);
	wipe_free(block);
	return grown;
}
