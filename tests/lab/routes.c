/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API's table of calls, a line each: METHOD PATH ROLE. A name is "x". */
#include "service/api/api_routes.h"

#include <stdio.h>

static void print_path(const char *pattern)
{
	for (; *pattern; pattern++)
		if (*pattern != '*')
			putchar(*pattern);
		else if (pattern[1] != '*')
			putchar('x');
}

int main(void)
{
	enum http_method method;
	const char *path;
	enum role role;

	for (size_t i = 0; api_routes_at(i, &method, &path, &role); i++) {
		printf("%s ", http_method_name(method));
		print_path(path);
		printf(" %s\n", role_name(role));
	}
	return 0;
}
