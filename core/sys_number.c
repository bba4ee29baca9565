/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/sys_number.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

long sys_number(long otherwise, const char *path, ...)
{
	char name[PATH_MAX];
	long v = otherwise;
	va_list args;
	FILE *f;

	va_start(args, path);
	vsnprintf(name, sizeof name, path, args);
	va_end(args);
	f = fopen(name, "re");
	if (f && fscanf(f, "%ld", &v) != 1)
		v = otherwise;
	if (f)
		fclose(f);
	return v;
}
