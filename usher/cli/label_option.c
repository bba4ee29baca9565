/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/cli/label_option.h"

#include <string.h>

int label_option(const struct command *c, json_t *body, const char *text)
{
	json_t *labels = json_object_get(body, "labels"), *value;
	size_t n = strcspn(text, "=");
	char key[128];

	if (!n || !text[n] || n >= sizeof key)
		return cli_usage(c, "--label takes KEY=VALUE, not '%s'", text);
	memcpy(key, text, n);
	key[n] = '\0';
	value = json_string(text + n + 1);
	if (!labels)
		json_object_set_new(body, "labels", labels = json_object());
	if (!value || json_object_set_new(labels, key, value))
		return cli_usage(c, "--label '%s': it is not UTF-8", text);
	return 0;
}
