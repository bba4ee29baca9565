/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/cli/log_text.h"

#include "core/json.h"

#include <stdio.h>
#include <string.h>

void log_text_print(const json_t *line, int width)
{
	const char *program = json_text(line, "program"), *pid = json_text(line, "pid");
	char text[4096];
	int n = snprintf(text, sizeof text, "%s%s%s%s%s%s", program, *pid ? "[" : "", pid,
		*pid ? "]" : "", *program ? ": " : "", json_text(line, "text"));

	if (width < 0 || n < width)
		width = n;
	while (width && ((unsigned char)text[width] & 0xc0) == 0x80) /* not within a character */
		width--;
	printf("%.*s\n", width, text);
}
