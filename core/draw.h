/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random bytes that nobody can guess (getrandom(2)): tokens, codes, ids. */
#ifndef USHER_CORE_DRAW_H
#define USHER_CORE_DRAW_H

#include <stddef.h>

/* At most 256 bytes; waits for the kernel's pool right after a host's boot. Does not fail: on a kernel without
 * getrandom(2) it ends the program. */
void draw_bytes(void *ret, size_t n);
/* `size` - 1 hex digits in lower case, an even number and 512 at most, and a NUL. */
void draw_hex(char *ret, size_t size);

#endif
