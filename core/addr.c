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
	static const char digits[] = "0123456789abcdef";
	char *at = buf;

	for (size_t i = 0; i < sizeof m->b; i++) {
		*at++ = digits[m->b[i] >> 4];
		*at++ = digits[m->b[i] & 15];
		*at++ = ':';
	}
	at[-1] = '\0';
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

/* inet_ntop() goes by way of sprintf(). */
static void v4_format(const uint8_t b[4], char *at)
{
	for (size_t i = 0; i < 4; i++) {
		if (b[i] >= 100)
			*at++ = (char)('0' + b[i] / 100);
		if (b[i] >= 10)
			*at++ = (char)('0' + b[i] / 10 % 10);
		*at++ = (char)('0' + b[i] % 10);
		*at++ = '.';
	}
	at[-1] = '\0';
}

const char *ip_format(const struct ip *ip, char buf[IP_TEXT])
{
	if (ip->family == IP_V4)
		v4_format(ip->b, buf);
	else if (ip->family == IP_NONE || !inet_ntop(AF_INET6, ip->b, buf, IP_TEXT))
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

struct ip ip_from_v6(const uint8_t bytes[16])
{
	struct ip ip = {.family = IP_V6};

	memcpy(ip.b, bytes, sizeof ip.b);
	return ip;
}

bool ip_is_link_local(const struct ip *ip)
{
	return ip_in_prefix6(ip, &IP6_LINK_LOCAL, 10);
}

static bool is_no_server_v4(uint32_t a)
{
	return a >> 24 == 0 || a >> 24 == 127 || a >> 16 == 0xa9fe || a >> 28 >= 14;
}

bool ip_is_no_server(const struct ip *ip)
{
	static const struct ip any6 = {.family = IP_V6},
			       mapped = {.family = IP_V6, .b = {[10] = 0xff, 0xff}};
	struct ip last = {.family = IP_V4};

	if (ip->family != IP_V6)
		return is_no_server_v4(ip_to_v4(ip));
	if (ip_in_prefix6(ip, &mapped, 96)) {
		memcpy(last.b, ip->b + 12, 4);
		return is_no_server_v4(ip_to_v4(&last));
	}
	/* ::/96 has loopback, and IPv4 as it was written before */
	return ip_in_prefix6(ip, &any6, 96) || ip_is_link_local(ip) || ip_is_group(ip);
}

bool ip_is_group(const struct ip *ip)
{
	return ip->family == IP_V6 && ip->b[0] == 0xff;
}

bool ip_is_any6(const struct ip *ip)
{
	return ip_eq(ip, &(struct ip){.family = IP_V6});
}

bool ip_is_unique_local(const struct ip *ip)
{
	return ip->family == IP_V6 && (ip->b[0] & 0xfe) == 0xfc;
}

/* The first `len` bits, and zeroes. */
static struct ip prefix_of(const struct ip *ip, unsigned len)
{
	struct ip p = {.family = IP_V6};
	size_t whole = len / 8 < sizeof p.b ? len / 8 : sizeof p.b;

	memcpy(p.b, ip->b, whole);
	if (whole < sizeof p.b)
		p.b[whole] = (uint8_t)(ip->b[whole] & ~(0xff >> len % 8));
	return p;
}

bool ip_in_prefix6(const struct ip *ip, const struct ip *prefix, unsigned len)
{
	size_t whole = len / 8 < sizeof ip->b ? len / 8 : sizeof ip->b;
	unsigned rest = whole < sizeof ip->b ? len % 8 : 0;

	return ip->family == IP_V6 && prefix->family == IP_V6 && !memcmp(ip->b, prefix->b, whole) &&
		(!rest || !((ip->b[whole] ^ prefix->b[whole]) >> (8 - rest)));
}

enum { V4_AT = 12, COMPUTED_PREFIX_MAX = 96 };

int ip6_from_v4(const struct ip *prefix, unsigned len, const struct ip *v4, struct ip *ret)
{
	struct ip ip;

	if (prefix->family != IP_V6 || v4->family != IP_V4)
		return -EAFNOSUPPORT;
	if (len > COMPUTED_PREFIX_MAX)
		return -EINVAL;
	ip = prefix_of(prefix, len);
	memcpy(ip.b + V4_AT, v4->b, 4);
	*ret = ip;
	return 0;
}

int ip6_to_v4(const struct ip *prefix, unsigned len, const struct ip *ip, struct ip *ret)
{
	struct ip v4 = {.family = IP_V4}, computed;
	int rc;

	memcpy(v4.b, ip->b + V4_AT, 4);
	rc = ip6_from_v4(prefix, len, &v4, &computed);
	if (rc < 0)
		return rc;
	if (!ip_eq(ip, &computed))
		return -ENOENT;
	*ret = v4;
	return 0;
}

/* In an EUI-64 the universal bit is the other way round, and ff:fe stands in the middle (RFC 4291 appendix A). */
enum { EUI64_AT = 8, EUI64_UNIVERSAL = 2 };
static const uint8_t EUI64_MIDDLE[2] = {0xff, 0xfe};

struct ip ip6_from_mac(const struct ip *prefix, const struct mac *m)
{
	struct ip ip = prefix_of(prefix, 64);
	uint8_t *id = ip.b + EUI64_AT;

	memcpy(id, m->b, 3);
	memcpy(id + 3, EUI64_MIDDLE, sizeof EUI64_MIDDLE);
	memcpy(id + 5, m->b + 3, 3);
	id[0] ^= EUI64_UNIVERSAL;
	return ip;
}

int ip6_to_mac(const struct ip *ip, struct mac *ret)
{
	const uint8_t *id = ip->b + EUI64_AT;
	struct mac m;

	if (ip->family != IP_V6 || memcmp(id + 3, EUI64_MIDDLE, sizeof EUI64_MIDDLE))
		return -ENOENT;
	memcpy(m.b, id, 3);
	memcpy(m.b + 3, id + 5, 3);
	m.b[0] ^= EUI64_UNIVERSAL;
	if (mac_is_group(&m) || mac_is_zero(&m))
		return -ENOENT;
	*ret = m;
	return 0;
}
