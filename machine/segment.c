/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/segment.h"

#include <stdio.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint32_t segment_net(const struct segment *s)
{
	const struct ip *in = ip_is_set(&s->subnet) ? &s->subnet : &s->server;

	return ip_to_v4(in) & v4_mask(s->prefix_len);
}

bool segment_contains(const struct segment *s, uint32_t address)
{
	return s->server.family == IP_V4 && (address & v4_mask(s->prefix_len)) == segment_net(s);
}

uint32_t segment_link(const struct segment *s)
{
	return s->via ? s->via : s->id;
}

const char *segment_mode_name(enum segment_mode m)
{
	static const char *const names[] = {
		[SEGMENT_OWN] = "own", [SEGMENT_PROXY] = "proxy", [SEGMENT_AUTO] = "auto"};

	return m <= SEGMENT_AUTO ? names[m] : "?";
}

const struct ip *segment_server(const struct segment *s, enum ip_family family)
{
	return family == IP_V6 ? &s->six.server : &s->server;
}

uint16_t segment_log_port(const struct segment *s, enum ip_family family)
{
	return (family == IP_V6 ? s->no_log6 : s->no_log) ? 0 : s->log_port;
}

bool segment_is_known(const struct segment *s)
{
	return ip_is_set(&s->server) || ip_is_set(&s->six.server);
}

const struct ip *segment_asked(const struct segment *s, enum ip_family family)
{
	bool six = ip_is_set(&s->six.server) && (family == IP_V6 || !ip_is_set(&s->server));

	return six ? &s->six.server : &s->server;
}

static bool accepts4(const struct segment *s, const struct ip *ip)
{
	uint32_t mask = v4_mask(s->prefix_len), a = ip_to_v4(ip);

	if (!segment_contains(s, a))
		return false;
	/* RFC 3021: the two addresses of a /31 are both hosts; a /32 has only our own. */
	return s->prefix_len >= 31 || ((a & ~mask) != 0 && (a & ~mask) != ~mask);
}

/* An address of its subnet, for the prefix. */
static const struct ip *net6(const struct segment *s)
{
	return ip_is_set(&s->six.subnet) ? &s->six.subnet : &s->six.server;
}

static bool is_on6(const struct segment *s, const struct ip *ip)
{
	return ip_is_set(&s->six.server) && ip_in_prefix6(ip, net6(s), s->six.prefix_len);
}

static bool accepts6(const struct segment *s, const struct ip *ip)
{
	const struct ip any = segment_at(s, IP_V6, 0);

	return is_on6(s, ip) && !ip_eq(ip, &any);
}

bool segment_accepts(const struct segment *s, const struct ip *ip)
{
	if (ip_eq(ip, segment_server(s, ip->family)))
		return false;
	return ip->family == IP_V4 ? accepts4(s, ip) : ip->family == IP_V6 && accepts6(s, ip);
}

bool segment_offers(const struct segment *s, const struct ip *ip)
{
	return segment_accepts(s, ip) && !ip_eq(ip, &s->router);
}

struct ip segment_at(const struct segment *s, enum ip_family family, uint32_t number)
{
	struct ip v4 = ip_from_v4(number), v6 = {0};

	if (family == IP_V4)
		return ip_is_set(&s->server) ? v4 : (struct ip){0};
	if (ip_is_set(&s->six.server))
		(void)ip6_from_v4(net6(s), s->six.prefix_len, &v4, &v6);
	return v6;
}

bool segment_number(const struct segment *s, const struct ip *ip, uint32_t *ret)
{
	struct ip v4 = *ip;

	if (ip->family == IP_V4 ? !segment_contains(s, ip_to_v4(ip))
				: !is_on6(s, ip) || ip6_to_v4(net6(s), s->six.prefix_len, ip, &v4))
		return false;
	*ret = ip_to_v4(&v4);
	return true;
}

bool segment_self_made(const struct segment *s, const struct ip *ip)
{
	return ip_is_link_local(ip) || (ip->family == IP_V6 && s->six.autonomous && is_on6(s, ip));
}

bool segment_v4_of(const struct segment *s, const struct ip *ip6, struct ip *ret)
{
	uint32_t number;

	if (ip6->family != IP_V6 || !segment_number(s, ip6, &number) ||
		!segment_contains(s, number))
		return false;
	*ret = ip_from_v4(number);
	return true;
}

bool segment_pool(const struct segment *s, enum ip_family family, uint32_t *first, uint32_t *last)
{
	bool six = family == IP_V6;

	*first = six ? s->six.pool_first : s->pool_first;
	*last = six ? s->six.pool_last : s->pool_last;
	return *first && (six ? ip_is_set(&s->six.server) : segment_contains(s, *first));
}

bool segment_in_pool(const struct segment *s, const struct ip *ip)
{
	uint32_t n, first, last;

	if (ip->family == IP_V4) {
		n = ip_to_v4(ip);
		return s->pool_first && n >= s->pool_first && n <= s->pool_last;
	}
	return segment_pool(s, ip->family, &first, &last) && segment_number(s, ip, &n) &&
		n >= first && n <= last;
}

bool segment_computed(
	const struct segment *s, enum ip_family family, const struct mac *mac, struct ip *ret)
{
	struct ip v4;

	if (!s->computed || mac_to_ip(mac, &v4) < 0)
		return false;
	*ret = segment_at(s, family, ip_to_v4(&v4));
	return ip_is_set(ret);
}

static uint32_t free_id(const struct segments *ss)
{
	uint32_t id = 1;

	while (ss->by_id[id - 1])
		id++;
	return id;
}

int segments_add(struct segments *ss, const struct segment *s, const struct segment **ret)
{
	struct segment *copy;

	if (segments_by_name(ss, s->name))
		return -EEXIST;
	if (ss->count == SEGMENT_MAX)
		return -ENOSPC;
	copy = malloc(sizeof *copy);
	if (!copy)
		return -ENOMEM;
	*copy = *s;
	copy->id = free_id(ss);
	ss->by_id[copy->id - 1] = copy;
	ss->all[ss->count++] = copy;
	if (ret)
		*ret = copy;
	return 0;
}

const struct segment *segments_by_name(const struct segments *ss, const char *name)
{
	for (size_t i = 0; i < ss->count; i++)
		if (strcmp(ss->all[i]->name, name) == 0)
			return ss->all[i];
	return NULL;
}

const struct segment *segments_by_id(const struct segments *ss, uint32_t id)
{
	return id && id <= SEGMENT_MAX ? ss->by_id[id - 1] : NULL;
}

void segments_remove(struct segments *ss, uint32_t id)
{
	struct segment *seg = ss->by_id[id - 1];
	size_t i = 0;

	while (ss->all[i] != seg)
		i++;
	ss->count--;
	memmove(ss->all + i, ss->all + i + 1, (ss->count - i) * sizeof ss->all[0]);
	ss->by_id[id - 1] = NULL;
	free(seg);
}

const struct segment *segments_by_address(
	const struct segments *ss, const struct segment *link, uint32_t address)
{
	if (segment_contains(link, address))
		return link;
	for (size_t i = 0; i < ss->count; i++)
		if (ss->all[i]->via == link->id && segment_contains(ss->all[i], address))
			return ss->all[i];
	return NULL;
}

const struct segment *segments_by_ip(
	const struct segments *ss, const struct segment *link, const struct ip *ip)
{
	if (ip->family == IP_V4)
		return segments_by_address(ss, link, ip_to_v4(ip));
	if (ip_is_link_local(ip) || is_on6(link, ip))
		return link;
	for (size_t i = 0; i < ss->count; i++)
		if (ss->all[i]->via == link->id && is_on6(ss->all[i], ip))
			return ss->all[i];
	return NULL;
}

void segments_fini(struct segments *ss)
{
	for (size_t i = 0; i < ss->count; i++)
		free(ss->all[i]);
	*ss = (struct segments){0};
}

void segment_url_of(const struct ip *server, uint16_t http_port, char *buf, size_t size)
{
	bool six = server->family == IP_V6;
	char ip[IP_TEXT], port[8] = "";

	if (http_port != 80)
		snprintf(port, sizeof port, ":%u", http_port);
	snprintf(buf, size, "http://%s%s%s%s", six ? "[" : "", ip_format(server, ip),
		six ? "]" : "", port);
}

void segment_url(const struct segment *s, const struct ip *server, char *buf, size_t size)
{
	segment_url_of(server, s->http_port, buf, size);
}

void segment_base_url(const struct segment *seg, char *buf, size_t size)
{
	segment_url(seg, segment_asked(seg, IP_NONE), buf, size);
}
