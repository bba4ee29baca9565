/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/media/fetch_name.h"

#include "core/sha256.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

static bool is_web(const char *url)
{
	const char *host = !strncmp(url, "http://", 7) ? url + 7
		: !strncmp(url, "https://", 8)         ? url + 8
						       : "";

	return *host && !strchr("/?#:", *host);
}

static bool is_plain(const char *url)
{
	for (; *url; url++)
		if ((unsigned char)*url <= ' ' || *url == 0x7f)
			return false;
	return true;
}

/* The last part of the path, without the query. */
static void file_of(const char *url, char ret[FETCH_FILE])
{
	const char *path = strstr(url, "://") + 3, *end = path + strcspn(path, "?#"), *at = end;
	size_t n;

	while (at > path && at[-1] != '/')
		at--;
	n = at == path ? 0 : (size_t)(end - at); /* a host alone has no path */
	if (n > FETCH_FILE - 1)
		n = FETCH_FILE - 1;
	for (size_t i = 0; i < n; i++)
		ret[i] = strchr(safe, at[i]) ? at[i] : '_';
	ret[n] = '\0';
	if (*ret == '.')
		*ret = '_';
	if (!n)
		strcpy(ret, "file");
}

int fetch_name(const char *url, struct fetch_name *ret)
{
	char sum[SHA256_HEX];
	struct sha256 s;

	if (!is_web(url) || !is_plain(url) || strlen(url) >= FETCH_URL_MAX)
		return -EINVAL;
	sha256_start(&s);
	sha256_add(&s, url, strlen(url));
	sha256_hex(&s, sum);
	memcpy(ret->key, sum, FETCH_KEY - 1);
	ret->key[FETCH_KEY - 1] = '\0';
	file_of(url, ret->file);
	return 0;
}

const char *fetch_name_shown(const char *url, char *buf, size_t size)
{
	const char *scheme = strstr(url, "://"), *host = scheme ? scheme + 3 : url, *at = NULL;
	size_t authority = strcspn(host, "/?#");

	for (size_t i = 0; i < authority; i++) /* the last one: a password may hold an '@' too */
		if (host[i] == '@')
			at = host + i;
	snprintf(buf, size, "%.*s%s%s", at ? (int)(host - url) : 0, url, at ? "***" : "",
		at ? at : url);
	return buf;
}

bool fetch_is_key(const char *text)
{
	size_t n = strspn(text, "0123456789abcdef");

	return n == FETCH_KEY - 1 && !text[n];
}
