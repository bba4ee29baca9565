/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/cli/setting_option.h"

#include "core/wipe.h"
#include "usher/client/request.h"

#include <errno.h>
#include <string.h>

int setting_option(const struct command *c, json_t *settings, char *text)
{
	char *value = strchr(text, '='), *from_file = NULL;

	if (!value || value == text)
		return cli_usage(c, "--set takes KEY=VALUE, not '%s'", text);
	*value++ = '\0';
	if (value[0] == '@' && value[1] != '@') {
		from_file = request_value(value + 1);
		if (!from_file)
			return cli_fail("--set %s=%s: %s%s", text, value,
				errno == EFBIG ? "not a text of at most 64 KiB" : strerror(errno),
				errno == ENOENT ? " (a value that begins with @ is written @@…)"
						: "");
	}
	json_object_set_new(
		settings, text, json_string(from_file ? from_file : value + (value[0] == '@')));
	wipe_free(from_file);
	memset(value, '*', strlen(value));
	value[-1] = '=';
	return 0;
}
