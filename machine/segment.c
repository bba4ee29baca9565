#include "machine/segment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool segment_accepts(const struct segment *s, const struct ip *ip)
{
	uint32_t mask, a, own;

	if (ip->family != IP_V4 || s->server.family != IP_V4)
		return false;
	mask = v4_mask(s->prefix_len);
	a = ip_to_v4(ip);
	own = ip_to_v4(&s->server);
	if ((a & mask) != (own & mask) || a == own)
		return false;
	/* RFC 3021: the two addresses of a /31 are both hosts; a /32 has only our own. */
	return s->prefix_len >= 31 || ((a & ~mask) != 0 && (a & ~mask) != ~mask);
}

bool segment_in_pool(const struct segment *s, const struct ip *ip)
{
	uint32_t a = ip_to_v4(ip);

	return ip->family == IP_V4 && s->pool_first && a >= s->pool_first && a <= s->pool_last;
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
	copy->id = (uint32_t)ss->count + 1;
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
	return id && id <= ss->count ? ss->all[id - 1] : NULL;
}

void segments_fini(struct segments *ss)
{
	for (size_t i = 0; i < ss->count; i++)
		free(ss->all[i]);
	*ss = (struct segments){0};
}
