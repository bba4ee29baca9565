/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/client/cli_names.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool digits(const char *s, size_t n)
{
	if (n == 0 || n > 6)
		return false;
	for (size_t i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return true;
}

int cli_names(const char *pattern, int (*each)(void *arg, const char *name), void *arg)
{
	const char *open = strchr(pattern, '{'), *dots, *close;
	long first, last;
	int width;

	if (!open)
		return each(arg, pattern);
	dots = strstr(open, "..");
	close = strchr(open, '}');
	if (!dots || !close || dots > close || !digits(open + 1, (size_t)(dots - open - 1)) ||
		!digits(dots + 2, (size_t)(close - dots - 2)))
		return -EINVAL;
	first = strtol(open + 1, NULL, 10);
	last = strtol(dots + 2, NULL, 10);
	width = open[1] == '0' ? (int)(dots - open - 1) : 1;
	if (last < first)
		return -EINVAL;
	if (last - first >= CLI_NAMES_MAX)
		return -E2BIG;
	for (long i = first; i <= last; i++) {
		char name[256];
		int r = snprintf(name, sizeof name, "%.*s%0*ld%s", (int)(open - pattern), pattern,
			width, i, close + 1);

		if (r < 0 || (size_t)r >= sizeof name)
			return -EINVAL;
		r = each(arg, name);
		if (r)
			return r;
	}
	return 0;
}

void cli_names_free(char **names)
{
	for (char **n = names; n && *n; n++)
		free(*n);
	free(names);
}
