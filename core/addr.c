/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/addr.h"

#include "core/hex.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A computed MAC's first two octets: locally administered, and what QEMU's guests begin with. */
static const uint8_t COMPUTED[2] = {0x52, 0x54};

bool mac_eq(const struct mac *a, const struct mac *b)
{
	return !memcmp(a->b, b->b, sizeof a->b);
}

bool mac_is_zero(const struct mac *m)
{
	return mac_eq(m, &(struct mac){{0}});
}

int mac_parse(const char *text, struct mac *ret)
{
	struct mac m;

	for (size_t i = 0; i < sizeof m.b; i++) {
		int high = hex_digit(text[0]);
		int low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0)
			return -EINVAL;
		m.b[i] = (uint8_t)(high << 4 | low);
		text += 2;
		if (i + 1 < sizeof m.b && *text != ':' && *text != '-')
			return -EINVAL;
		if (i + 1 < sizeof m.b)
			text++;
	}
	if (*text)
		return -EINVAL;
	*ret = m;
	return 0;
}

const char *mac_format(const struct mac *m, char buf[MAC_TEXT])
{
	snprintf(buf, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", m->b[0], m->b[1], m->b[2], m->b[3],
		m->b[4], m->b[5]);
	return buf;
}

struct ip ip_from_v4(uint32_t v)
{
	return (struct ip){
		.family = IP_V4,
		.b = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v},
	};
}

uint32_t ip_to_v4(const struct ip *ip)
{
	if (ip->family != IP_V4)
		return 0;
	return (uint32_t)ip->b[0] << 24 | (uint32_t)ip->b[1] << 16 | (uint32_t)ip->b[2] << 8 |
		ip->b[3];
}

bool ip_eq(const struct ip *a, const struct ip *b)
{
	return a->family == b->family && !memcmp(a->b, b->b, sizeof a->b);
}

bool ip_is_set(const struct ip *ip)
{
	return ip->family != IP_NONE;
}

int ip_parse(const char *text, struct ip *ret)
{
	struct ip ip = {0};

	if (inet_pton(AF_INET, text, ip.b) == 1)
		ip.family = IP_V4;
	else if (inet_pton(AF_INET6, text, ip.b) == 1)
		ip.family = IP_V6;
	else
		return -EINVAL;
	*ret = ip;
	return 0;
}

const char *ip_format(const struct ip *ip, char buf[IP_TEXT])
{
	int family = ip->family == IP_V4 ? AF_INET : AF_INET6;

	if (ip->family == IP_NONE || !inet_ntop(family, ip->b, buf, IP_TEXT))
		buf[0] = 0;
	return buf;
}

uint32_t v4_mask(unsigned prefix_len)
{
	if (!prefix_len)
		return 0;
	return prefix_len >= 32 ? UINT32_MAX : ~(UINT32_MAX >> prefix_len);
}

int mac_from_ip(const struct ip *ip, struct mac *ret)
{
	if (ip->family != IP_V4)
		return -EAFNOSUPPORT;
	memcpy(ret->b, COMPUTED, sizeof COMPUTED);
	memcpy(ret->b + sizeof COMPUTED, ip->b, 4);
	return 0;
}

int mac_to_ip(const struct mac *m, struct ip *ret)
{
	if (memcmp(m->b, COMPUTED, sizeof COMPUTED))
		return -ENOENT;
	*ret = (struct ip){.family = IP_V4};
	memcpy(ret->b, m->b + sizeof COMPUTED, 4);
	return 0;
}
