/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/encrypt.h"

#include "core/base64.h"
#include "core/wipe.h"

#include <errno.h>
#include <nettle/chacha-poly1305.h>
#include <nettle/memops.h>
#include <stdlib.h>
#include <string.h>

static void begin(struct chacha_poly1305_ctx *c, const struct encrypt_key *key,
	const uint8_t *nonce, const char *place)
{
	chacha_poly1305_set_key(c, key->bytes);
	chacha_poly1305_set_nonce(c, nonce);
	chacha_poly1305_update(c, strlen(place), (const uint8_t *)place);
}

void encrypt_bytes(const struct encrypt_key *key, const uint8_t nonce[ENCRYPT_NONCE],
	const char *place, const void *clear, size_t n, uint8_t *ret)
{
	struct chacha_poly1305_ctx c;

	begin(&c, key, nonce, place);
	memcpy(ret, nonce, ENCRYPT_NONCE);
	chacha_poly1305_encrypt(&c, n, ret + ENCRYPT_NONCE, clear);
	chacha_poly1305_digest(&c, ENCRYPT_TAG, ret + ENCRYPT_NONCE + n);
	explicit_bzero(&c, sizeof c);
}

int decrypt_bytes(const struct encrypt_key *key, const char *place, const uint8_t *encrypted,
	size_t n, uint8_t *ret)
{
	struct chacha_poly1305_ctx c;
	uint8_t tag[ENCRYPT_TAG];
	int same;

	if (n < ENCRYPT_EXTRA)
		return -EBADMSG;
	begin(&c, key, encrypted, place);
	chacha_poly1305_decrypt(&c, n - ENCRYPT_EXTRA, ret, encrypted + ENCRYPT_NONCE);
	chacha_poly1305_digest(&c, ENCRYPT_TAG, tag);
	explicit_bzero(&c, sizeof c);
	same = memeql_sec(tag, encrypted + n - ENCRYPT_TAG, ENCRYPT_TAG);
	if (!same)
		explicit_bzero(ret, n - ENCRYPT_EXTRA);
	return same ? 0 : -EBADMSG;
}

char *encrypt_text(const struct encrypt_key *key, const uint8_t nonce[ENCRYPT_NONCE],
	const char *place, const char *clear)
{
	size_t n = strlen(clear);
	uint8_t *bytes = malloc(n + ENCRYPT_EXTRA);
	char *text = NULL;

	if (bytes) {
		encrypt_bytes(key, nonce, place, clear, n, bytes);
		text = base64_encode(bytes, n + ENCRYPT_EXTRA);
	}
	free(bytes);
	return text;
}

int decrypt_text(
	const struct encrypt_key *key, const char *place, const char *encrypted, char **ret)
{
	uint8_t *bytes = NULL;
	char *clear = NULL;
	size_t n = 0;
	int rc = base64_decode(encrypted, &bytes, &n);

	if (rc == -EINVAL || (!rc && n < ENCRYPT_EXTRA))
		rc = -EBADMSG;
	if (!rc && !(clear = calloc(1, n)))
		rc = -ENOMEM;
	if (!rc)
		rc = decrypt_bytes(key, place, bytes, n, (uint8_t *)clear);
	free(bytes);
	if (!rc)
		*ret = clear;
	else
		wipe_free(clear);
	return rc;
}
