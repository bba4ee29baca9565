/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an installed system says its SSH host keys are: whatever is taken is shown and read again as the same. */
#include "machine/host_keys.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), why[256], print[HOST_KEY_PRINT];
	json_t *keys, *again, *shown;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (!host_keys_parse(text, &keys, why, sizeof why)) {
		shown = host_keys_json(keys);
		if (json_array_size(shown) != json_array_size(keys))
			abort();
		json_decref(shown);
		for (size_t i = 0; i < json_array_size(keys); i++) {
			const char *key = json_string_value(json_array_get(keys, i));

			if (host_key_fingerprint(key, print) ||
				host_keys_parse(key, &again, why, sizeof why))
				abort();
			if (strcmp(json_string_value(json_array_get(again, 0)), key))
				abort();
			json_decref(again);
		}
		json_decref(keys);
	}
	free(text);
	return 0;
}
