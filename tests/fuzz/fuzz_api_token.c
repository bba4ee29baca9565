/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An Authorization header: what is taken for a token is one, and is somewhere in the header as it is. */
#include "service/access/api_tokens.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *header = malloc(size + 1), text[API_TOKEN_TEXT];

	if (!header)
		return 0;
	memcpy(header, data, size);
	header[size] = '\0';
	if (api_token_of_header(header, text) &&
		(strlen(text) != API_TOKEN_TEXT - 1 || !strstr(header, text)))
		abort();
	(void)api_token_name_fits(header);
	free(header);
	return 0;
}
