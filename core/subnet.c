/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/subnet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PICKED_LEN = 24, LEN_MIN = 8, LEN_MAX = 30 };

static int refuse(char *why, size_t size, const char *text, const char *what)
{
	snprintf(why, size, "'%.40s' is no subnet for machines: %s", text, what);
	return -EINVAL;
}

static bool read_len(const char *text, unsigned *ret)
{
	char *end;
	unsigned long len = strtoul(text, &end, 10);

	*ret = len > 32 ? 33 : (unsigned)len;
	return *text >= '0' && *text <= '9' && !*end;
}

/* This host's own, its link's, several hosts' at once, and the reserved rest. */
static bool is_special(const struct subnet *s)
{
	static const struct subnet special[] = {
		{0x00000000, 8}, {0x7f000000, 8}, {0xa9fe0000, 16}, {0xe0000000, 3}};

	return subnet_clash(s, special, sizeof special / sizeof *special);
}

int subnet_parse(const char *text, struct subnet *ret, char *why, size_t size)
{
	char address[IP_TEXT], line[96], whole[SUBNET_TEXT];
	const char *slash = strchr(text, '/');
	struct subnet s;
	unsigned len;
	struct ip ip;

	if (!slash || (size_t)(slash - text) >= sizeof address || !read_len(slash + 1, &len))
		return refuse(why, size, text, "write ADDRESS/LEN, as 10.77.0.0/24");
	snprintf(address, sizeof address, "%.*s", (int)(slash - text), text);
	if (ip_parse(address, &ip) || ip.family != IP_V4)
		return refuse(why, size, text, "its address is not an IPv4 one");
	if (len < LEN_MIN || len > LEN_MAX)
		return refuse(why, size, text, "its prefix is not one from 8 to 30");
	s = (struct subnet){ip_to_v4(&ip) & v4_mask(len), (uint8_t)len};
	if (s.net != ip_to_v4(&ip)) {
		snprintf(line, sizeof line, "that address lies in %s", subnet_format(&s, whole));
		return refuse(why, size, text, line);
	}
	if (is_special(&s))
		return refuse(why, size, text, "such addresses have another use");
	*ret = s;
	return 0;
}

const char *subnet_format(const struct subnet *s, char buf[SUBNET_TEXT])
{
	char ip[IP_TEXT];
	struct ip net = ip_from_v4(s->net);

	buf[0] = '\0';
	if (s->len)
		snprintf(buf, SUBNET_TEXT, "%.15s/%u", ip_format(&net, ip), s->len % 100u);
	return buf;
}

bool subnet_eq(const struct subnet *a, const struct subnet *b)
{
	return a->net == b->net && a->len == b->len;
}

bool subnets_overlap(const struct subnet *a, const struct subnet *b)
{
	uint32_t mask = v4_mask(a->len < b->len ? a->len : b->len);

	return (a->net & mask) == (b->net & mask);
}

const struct subnet *subnet_clash(const struct subnet *s, const struct subnet *taken, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (subnets_overlap(s, &taken[i]))
			return &taken[i];
	return NULL;
}

bool subnet_pick(
	const struct subnet *range, const struct subnet *taken, size_t n, struct subnet *ret)
{
	uint32_t last = range->net | ~v4_mask(range->len), step = ~v4_mask(PICKED_LEN) + 1;
	struct subnet s = {range->net, PICKED_LEN};

	for (; s.net < last && s.net >= range->net; s.net += step)
		if (!subnet_clash(&s, taken, n)) {
			*ret = s;
			return true;
		}
	return false;
}
