/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Encrypts what is secret for the store, so that a copy of the store tells none of it without the key: ChaCha20-Poly1305
 * (RFC 8439) by nettle. What was changed, and what stands in another place than it was encrypted for, does not decrypt.
 * Pure: the nonce is given, see encrypt_text().
 */
#ifndef USHER_CORE_ENCRYPT_H
#define USHER_CORE_ENCRYPT_H

#include <stddef.h>
#include <stdint.h>

enum {
	ENCRYPT_KEY = 32,
	ENCRYPT_NONCE = 12,
	ENCRYPT_TAG = 16,
	ENCRYPT_EXTRA = ENCRYPT_NONCE + ENCRYPT_TAG, /* bytes that encrypting adds */
};

struct encrypt_key {
	uint8_t bytes[ENCRYPT_KEY];
};

/* Writes `n` + ENCRYPT_EXTRA bytes: the nonce, what `clear` became, the tag. `place`: whose secret it is and which, in
 * words that stay the same; it is not in what is written, and decrypting takes the same. */
void encrypt_bytes(const struct encrypt_key *key, const uint8_t nonce[ENCRYPT_NONCE],
	const char *place, const void *clear, size_t n, uint8_t *ret);
/* Writes `n` - ENCRYPT_EXTRA bytes. 0, or -EBADMSG (another key or place, changed, too short) and nothing of it is told. */
int decrypt_bytes(const struct encrypt_key *key, const char *place, const uint8_t *encrypted,
	size_t n, uint8_t *ret);

/* The same as Base64, for free(); NULL: out of memory. The nonce must never come twice with one key: drawn at random it does
 * so for 2^32 texts (the chance of a pair is then 2^-33), more than a site writes in its life. */
char *encrypt_text(const struct encrypt_key *key, const uint8_t nonce[ENCRYPT_NONCE],
	const char *place, const char *clear);
/* *ret is for wipe_free(). 0, -EBADMSG as above, or -ENOMEM. */
int decrypt_text(
	const struct encrypt_key *key, const char *place, const char *encrypted, char **ret);

#endif
