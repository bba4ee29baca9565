/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Base64 (RFC 4648 section 4): bytes in JSON. */
#ifndef USHER_CORE_BASE64_H
#define USHER_CORE_BASE64_H

#include <stdint.h>
#include <stddef.h>

/* For free(); NULL: out of memory. */
char *base64_encode(const void *bytes, size_t n);
/* `*ret` is for free(), and followed by a NUL that does not count. 0, -EINVAL (not base64, or wrong padding) or
 * -ENOMEM. */
int base64_decode(const char *text, uint8_t **ret, size_t *ret_n);

#endif
