/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/probe/storm_http.h"

#include "core/addr.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int storm_url_parse(const char *url, struct storm_url *ret)
{
	const char *host = url + strlen("http://");
	char address[IP_TEXT], *end = NULL;
	struct ip ip;
	size_t n, colon;
	long port = 80;

	if (strncmp(url, "http://", 7))
		return -EINVAL;
	n = strcspn(host, "/");
	colon = strcspn(host, ":/");
	if (!host[n] || n >= sizeof ret->host || colon > n)
		return -EINVAL;
	snprintf(address, sizeof address, "%.*s", (int)colon, host);
	if (colon < n)
		port = strtol(host + colon + 1, &end, 10);
	if (ip_parse(address, &ip) || ip.family != IP_V4 || port < 1 || port > 65535 ||
		(end && end != host + n))
		return -EINVAL;
	snprintf(ret->host, sizeof ret->host, "%.*s", (int)n, host);
	ret->address = ip_to_v4(&ip);
	ret->port = (uint16_t)port;
	ret->path = host + n;
	return 0;
}

static uint64_t number(const char *at, const char *end)
{
	uint64_t v = 0;

	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	for (; at < end && isdigit((unsigned char)*at) && v < UINT64_MAX / 100; at++)
		v = v * 10 + (uint64_t)(*at - '0');
	return v;
}

int storm_head_parse(const char *bytes, size_t len, struct storm_head *ret)
{
	static const char name[] = "content-length:";
	const char *end = memmem(bytes, len, "\r\n\r\n", 4);

	if ((len >= 7 && memcmp(bytes, "HTTP/1.", 7)) || (end && end - bytes < 12))
		return -EBADMSG;
	if (!end)
		return 0;
	*ret = (struct storm_head){.status = (unsigned)number(bytes + 8, bytes + 12),
		.len = (size_t)(end - bytes) + 4,
		.length = UINT64_MAX};
	for (const char *at = bytes; at < end; at++) {
		const char *stop = memchr(at, '\n', (size_t)(end + 2 - at));

		if (!stop)
			break;
		if ((size_t)(stop - at) > sizeof name && !strncasecmp(at, name, sizeof name - 1))
			ret->length = number(at + sizeof name - 1, stop);
		at = stop;
	}
	return 1;
}
