/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/client/json_time.h"

#include <string.h>
#include <time.h>

int64_t json_time_ms(const json_t *v)
{
	const char *text = json_string_value(v), *rest;
	struct tm tm = {0};
	int64_t ms = 0;

	rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
	if (!rest)
		return 0;
	if (*rest == '.')
		for (int place = 100; *++rest >= '0' && *rest <= '9'; place /= 10)
			ms += place * (*rest - '0');
	return strcmp(rest, "Z") ? 0 : (int64_t)timegm(&tm) * 1000 + ms;
}
