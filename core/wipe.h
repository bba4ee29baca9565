/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wipes memory that may hold a password before it is freed, so that no later core file, swap or stray read contains
 * it. */
#ifndef USHER_CORE_WIPE_H
#define USHER_CORE_WIPE_H

#include <stddef.h>

/* Zeroes all of a block of malloc()'s, then frees it. NULL is fine. */
void wipe_free(void *block);
/* A larger block (or one, for NULL) with the first `used` bytes of the old, which is wiped. NULL: out of memory, and the
 * old one is as it was. */
void *wipe_grow(void *block, size_t used, size_t want);

#endif
