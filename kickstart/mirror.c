/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/mirror.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
static const char host_bytes[] = LETTERS DIGITS "-.";
static const char path_bytes[] = LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "-._~+/";

static const char *parse_scheme(const char *url, struct mirror *m)
{
	m->https = !strncmp(url, "https://", 8);
	if (m->https)
		return url + 8;
	return strncmp(url, "http://", 7) ? NULL : url + 7;
}

static const char *parse_host(const char *at, struct mirror *m)
{
	size_t n = strcspn(at, ":/");

	if (!n || n >= sizeof m->host)
		return NULL;
	for (size_t i = 0; i < n; i++)
		m->host[i] = (char)tolower((unsigned char)at[i]);
	m->host[n] = '\0';
	if (strspn(m->host, host_bytes) != n || *m->host == '-' || *m->host == '.')
		return NULL;
	return at + n;
}

static const char *parse_port(const char *at, struct mirror *m)
{
	unsigned long usual = m->https ? 443 : 80, port = usual;

	if (*at == ':') {
		size_t n = strspn(at + 1, DIGITS);

		port = n && n <= 5 ? strtoul(at + 1, NULL, 10) : 0;
		at += 1 + n;
	}
	if (!port || port > 65535)
		return NULL;
	m->port = (uint16_t)port;
	m->usual_port = port == usual;
	return at;
}

/* With a slash at its end, and no part that a server would take out. */
static int parse_path(const char *at, struct mirror *m)
{
	size_t n = strlen(at);

	while (n && at[n - 1] == '/')
		n--;
	if (n + 2 > sizeof m->path || (n && *at != '/') || strspn(at, path_bytes) < n)
		return -EINVAL;
	memcpy(m->path, at, n);
	memcpy(m->path + n, "/", 2);
	return strstr(m->path, "//") || strstr(m->path, "/./") || strstr(m->path, "/../") ? -EINVAL
											  : 0;
}

int mirror_parse(const char *url, struct mirror *ret)
{
	struct mirror m = {0};
	const char *at = parse_scheme(url, &m);

	at = at ? parse_host(at, &m) : NULL;
	at = at ? parse_port(at, &m) : NULL;
	if (!at || parse_path(at, &m))
		return -EINVAL;
	*ret = m;
	return 0;
}

static bool same_server(const struct mirror *a, const struct mirror *b)
{
	return a->https == b->https && a->port == b->port && !strcmp(a->host, b->host);
}

bool mirror_same(const struct mirror *a, const struct mirror *b)
{
	return same_server(a, b) && !strcmp(a->path, b->path);
}

static const char *format(const struct mirror *m, const char *between, char buf[MIRROR_URL])
{
	char port[8] = "";

	if (!m->usual_port)
		snprintf(port, sizeof port, ":%u", m->port);
	snprintf(buf, MIRROR_URL, "%s%s%s%s%s", m->https ? "https" : "http", between, m->host, port,
		m->path);
	return buf;
}

const char *mirror_url(const struct mirror *m, char buf[MIRROR_URL])
{
	return format(m, "://", buf);
}

const char *mirror_path(const struct mirror *m, char buf[MIRROR_URL])
{
	return format(m, "/", buf);
}

static bool has(const struct mirrors *ms, const struct mirror *m)
{
	for (size_t i = 0; i < ms->n; i++) {
		const struct mirror *of = &ms->all[i];

		if (of->ready && same_server(of, m) &&
			!strncmp(m->path, of->path, strlen(of->path)))
			return true;
	}
	return false;
}

bool mirrors_through(
	const struct mirrors *ms, const char *cache, const char *url, char *buf, size_t size)
{
	struct mirror m;
	char path[MIRROR_URL];
	int n;

	if (!ms || !*cache || mirror_parse(url, &m) || !has(ms, &m))
		return false;
	mirror_path(&m, path);
	path[strlen(path) - 1] = '\0'; /* what follows it in a template begins with a slash */
	n = snprintf(buf, size, "%s/%s", cache, path);
	return n > 0 && (size_t)n < size;
}

bool mirrors_wanted(const json_t *settings)
{
	const char *proxy = json_string_value(json_object_get(settings, "proxy"));

	return !(proxy && *proxy) && !json_is_false(json_object_get(settings, "package_cache"));
}

static bool add(struct mirror *all, size_t n, const char *url)
{
	if (!url || mirror_parse(url, &all[n]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (mirror_same(&all[i], &all[n]))
			return false;
	return true;
}

size_t mirrors_of(const json_t *snapshot, struct mirror ret[MIRRORS_MACHINE])
{
	const json_t *settings = json_object_get(snapshot, "settings"), *s;
	const json_t *known = json_object_get(json_object_get(snapshot, "profile"), "settings");
	size_t n = 0, i;

	if (!mirrors_wanted(settings))
		return 0;
	json_array_foreach((json_t *)(uintptr_t)known, i, s)
	{
		const char *name = json_string_value(json_object_get(s, "name"));

		if (n < MIRRORS_MACHINE && name && json_is_true(json_object_get(s, "mirror")) &&
			add(ret, n, json_string_value(json_object_get(settings, name))))
			n++;
	}
	return n;
}
