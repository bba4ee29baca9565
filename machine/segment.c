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

bool segment_accepts(const struct segment *s, const struct ip *ip)
{
	uint32_t mask = v4_mask(s->prefix_len), a = ip_to_v4(ip);

	if (ip->family != IP_V4 || !segment_contains(s, a))
		return false;
	if (ip_eq(ip, &s->server))
		return false;
	/* RFC 3021: the two addresses of a /31 are both hosts; a /32 has only our own. */
	return s->prefix_len >= 31 || ((a & ~mask) != 0 && (a & ~mask) != ~mask);
}

bool segment_offers(const struct segment *s, const struct ip *ip)
{
	return segment_accepts(s, ip) && !ip_eq(ip, &s->router);
}

bool segment_in_pool(const struct segment *s, const struct ip *ip)
{
	uint32_t a = ip_to_v4(ip);

	return ip->family == IP_V4 && s->pool_first && a >= s->pool_first && a <= s->pool_last;
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

void segments_fini(struct segments *ss)
{
	for (size_t i = 0; i < ss->count; i++)
		free(ss->all[i]);
	*ss = (struct segments){0};
}

void segment_base_url(const struct segment *seg, char *buf, size_t size)
{
	char ip[IP_TEXT];

	if (seg->http_port == 80)
		snprintf(buf, size, "http://%s", ip_format(&seg->server, ip));
	else
		snprintf(buf, size, "http://%s:%u", ip_format(&seg->server, ip), seg->http_port);
}
