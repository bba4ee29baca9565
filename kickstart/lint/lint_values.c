/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/lint/lint_values.h"

#include <stddef.h>
#include <string.h>

#define DIGITS "0123456789"
#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS

enum { USER_MAX = 32, HOSTNAME_MAX = 253, LABEL_MAX = 63 };

bool lint_is_placeholder(const char *s)
{
	return strstr(s, "${") || (*s == '$' && s[1] >= 'A' && s[1] <= 'Z');
}

const char *lint_wrong_user(const char *s)
{
	size_t n = strlen(s);

	if (lint_is_placeholder(s))
		return NULL;
	if (n > USER_MAX)
		return "which is too long for a user's name, expected at most 32 letters";
	if (!n || strspn(s, ALNUM "_.-$") != n || *s == '-' || (*s == '.' && n < 3) ||
		strspn(s, DIGITS) == n || memchr(s, '$', n - 1))
		return "which is no name for a user, expected one like web-admin";
	return NULL;
}

const char *lint_wrong_hostname(const char *s)
{
	static const char wrong[] = "which is no name for a host, expected letters, digits and '-'";
	size_t n;

	if (lint_is_placeholder(s))
		return NULL;
	if (strlen(s) > HOSTNAME_MAX)
		return "which is too long for a host's name, expected at most 253 letters";
	for (;; s += n + 1) {
		n = strspn(s, ALNUM "-");
		if (!n || n > LABEL_MAX || *s == '-' || s[n - 1] == '-' || !strchr(".", s[n]))
			return wrong;
		if (!s[n] || !s[n + 1])
			return NULL;
	}
}

const char *lint_wrong_crypt(const char *s)
{
	return *s == '$' || *s == '!' || *s == '*' || *s == '_' || strlen(s) == 13
		? NULL
		: "is no crypt(5) hash: nobody could log in with it (mkpasswd makes one)";
}
