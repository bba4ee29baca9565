/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/uri.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Of what a path may hold, all but "!$&'()*;", which are signs to one script language or another. */
static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		(c && strchr("-._~/+,=:@", c));
}

static bool is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

const char *uri_path_fault(const char *path)
{
	if (!*path)
		return "it is empty";
	for (const char *at = path; *at; at++)
		if (is_control(*at))
			return "there is a control character in it";
	if (strchr(path, '\\'))
		return "there is a backslash in it";
	for (const char *at = path; at; at = strchr(at, '/')) {
		at += strspn(at, "/");
		if (!strncmp(at, "..", 2) && (!at[2] || at[2] == '/'))
			return "there is a '..' in it";
	}
	return NULL;
}

size_t uri_encode_path(const char *path, char *buf, size_t size)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t len = 0;

	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;
		char out[3] = {'%', hex[c >> 4], hex[c & 15]};
		size_t n = sizeof out;

		if (is_plain((char)c)) {
			out[0] = (char)c;
			n = 1;
		}
		if (len + n < size)
			memcpy(buf + len, out, n);
		len += n;
	}
	if (len < size)
		buf[len] = '\0';
	else if (size)
		buf[0] = '\0';
	return len;
}

char *uri_encoded_path(const char *path)
{
	size_t size = 3 * strlen(path) + 1;
	char *s = malloc(size);

	if (s)
		(void)uri_encode_path(path, s, size);
	return s;
}
