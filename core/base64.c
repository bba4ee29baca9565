/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/base64.h"

#include <errno.h>
#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>

char *base64_encode(const void *bytes, size_t n)
{
	char *text = malloc(BASE64_ENCODE_RAW_LENGTH(n) + 1);

	if (!text)
		return NULL;
	base64_encode_raw(text, n, bytes);
	text[BASE64_ENCODE_RAW_LENGTH(n)] = '\0';
	return text;
}

int base64_decode(const char *text, uint8_t **ret, size_t *ret_n)
{
	size_t len = strlen(text), n = 0;
	struct base64_decode_ctx ctx;
	uint8_t *bytes = malloc(BASE64_DECODE_LENGTH(len) + 1);

	if (!bytes)
		return -ENOMEM;
	base64_decode_init(&ctx);
	if (!base64_decode_update(&ctx, &n, bytes, len, text) || !base64_decode_final(&ctx)) {
		free(bytes);
		return -EINVAL;
	}
	bytes[n] = '\0';
	*ret = bytes;
	*ret_n = n;
	return 0;
}
