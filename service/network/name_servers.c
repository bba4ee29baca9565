/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/network/name_servers.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

struct found {
	uint8_t family;
	struct ip *all; /* SEGMENT_DNS_MAX */
	size_t n;
	bool loopback; /* one of either family is there */
};

static bool is_loopback(const struct ip *ip)
{
	static const uint8_t six[16] = {[15] = 1};

	return ip->family == IP_V4 ? ip->b[0] == 127 : !memcmp(ip->b, six, sizeof six);
}

static void add(struct found *f, const struct ip *ip)
{
	if (is_loopback(ip))
		f->loopback = true;
	else if (ip->family == f->family && f->n < SEGMENT_DNS_MAX &&
		(ip->family == IP_V4 || !ip_is_link_local(ip)))
		f->all[f->n++] = *ip;
}

static void read_file(struct found *found, const char *root, const char *name)
{
	char path[PATH_MAX], line[256], text[64];
	struct ip ip;
	FILE *f;

	snprintf(path, sizeof path, "%s%s", root, name);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "nameserver %63s", text) == 1 && !ip_parse(text, &ip))
			add(found, &ip);
	if (f)
		fclose(f);
}

size_t name_servers(const char *root, uint8_t family, struct ip ret[SEGMENT_DNS_MAX])
{
	struct found f = {.family = family, .all = ret};

	read_file(&f, root, "/etc/resolv.conf");
	if (!f.n && f.loopback)
		read_file(&f, root, "/run/systemd/resolve/resolv.conf");
	return f.n;
}
