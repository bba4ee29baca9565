/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-256 (FIPS 180-4) of bytes that arrive in pieces, by nettle. */
#ifndef USHER_CORE_SHA256_H
#define USHER_CORE_SHA256_H

#include <nettle/sha2.h>
#include <stdbool.h>
#include <stddef.h>

enum { SHA256_HEX = 65 }; /* 64 digits and a NUL */

struct sha256 {
	struct sha256_ctx state;
};

void sha256_start(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *bytes, size_t n);
/* The sum of all that was added, in lower case; `s` begins anew. */
void sha256_hex(struct sha256 *s, char ret[SHA256_HEX]);
/* Converts a checksum in either case to lower case. False: not a checksum, `ret` is unchanged. */
bool sha256_parse(const char *text, char ret[SHA256_HEX]);

#endif
