/* SPDX-License-Identifier: GPL-2.0-or-later */
/* URLs of mirrors, which end up in nginx's configuration: what is taken has no byte that means something there, and is what it
 * says that it is. */
#include "kickstart/mirror.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_bytes(const char *s)
{
	if (s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/:")] ||
		strstr(s, "/../"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *url = malloc(len + 1), buf[MIRROR_URL], path[MIRROR_URL];
	struct mirror m, again;

	if (url) {
		memcpy(url, data, len);
		url[len] = '\0';
		if (!mirror_parse(url, &m)) {
			check_bytes(mirror_url(&m, buf));
			if (mirror_parse(buf, &again) || !mirror_same(&m, &again) ||
				strlen(mirror_path(&m, path)) + 2 != strlen(buf))
				abort();
		}
	}
	free(url);
	return 0;
}
