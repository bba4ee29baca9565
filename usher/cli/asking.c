/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/cli/asking.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

bool asking_can(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

bool asking_is_yes(const char *line)
{
	size_t n;

	line += strspn(line, " \t");
	n = strcspn(line, " \t\r\n");
	return (n == 1 || n == 3) && !strncasecmp(line, "yes", n) &&
		!line[n + strspn(line + n, " \t\r\n")];
}

bool asking(const char *fmt, ...)
{
	char line[64];
	va_list ap;

	if (!asking_can())
		return true;
	fflush(stdout);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs(" [y/N] ", stderr);
	if (fgets(line, sizeof line, stdin) && asking_is_yes(line))
		return true;
	fputs("usher: nothing was done\n", stderr);
	return false;
}
