/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses: MAC, IP (tagged by family), prefixes, and MACs and IPv6 addresses computed from IPv4 ones.
 * Values, not pointers: compare with mac_eq() and ip_eq(), unused bytes are always zero.
 */
#ifndef USHER_CORE_ADDR_H
#define USHER_CORE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MAC_TEXT = 18, /* bytes for "52:54:c0:a8:7a:03" and its NUL */
	IP_TEXT = 46,  /* bytes for the longest IPv6 text and its NUL */
};

struct mac {
	uint8_t b[6];
};

enum ip_family { IP_NONE = 0, IP_V4 = 4, IP_V6 = 6 };

struct ip {
	uint8_t family; /* enum ip_family */
	uint8_t b[16];  /* network order; the first 4 bytes for IPv4 */
};

bool mac_eq(const struct mac *a, const struct mac *b);
bool mac_is_zero(const struct mac *m);
/* A group address, which no single card has (IEEE 802). */
static inline bool mac_is_group(const struct mac *m)
{
	return m->b[0] & 1;
}
/* Six hex octets with ':' or '-'. Returns 0, or -EINVAL (unparsable). Multicast MACs parse. */
int mac_parse(const char *text, struct mac *ret);
/* Writes to and returns `buf`. */
const char *mac_format(const struct mac *m, char buf[MAC_TEXT]);

struct ip ip_from_v4(uint32_t host_order);
uint32_t ip_to_v4(const struct ip *ip); /* host order; 0 when not IPv4 */
bool ip_eq(const struct ip *a, const struct ip *b);
bool ip_is_set(const struct ip *ip);
/* IPv4 dotted quad or IPv6. Returns 0 or -EINVAL. */
int ip_parse(const char *text, struct ip *ret);
const char *ip_format(const struct ip *ip, char buf[IP_TEXT]); /* "" when not set */

uint32_t v4_mask(unsigned prefix_len); /* 0..32, host order */

/* 192.168.122.3 -> 52:54:c0:a8:7a:03. Only IPv4: -EAFNOSUPPORT otherwise. */
int mac_from_ip(const struct ip *ip, struct mac *ret);
/* The other way; -ENOENT when the MAC does not begin with 52:54. The caller checks whether the address fits a segment
 * (segment_accepts()). */
int mac_to_ip(const struct mac *m, struct ip *ret);

struct ip ip_from_v6(const uint8_t bytes[16]); /* network order */
/* fe80::/10 (RFC 4291 2.5.6). */
bool ip_is_link_local(const struct ip *ip);
/* Loopback, unspecified, link-local or a group, of either family, also as IPv4 in IPv6 (RFC 6890 2.2): what a server that
 * several machines are to reach never has. An address that is not set is one, too. */
bool ip_is_no_server(const struct ip *ip);
/* IPv6, ff00::/8 (RFC 4291 2.7). */
bool ip_is_group(const struct ip *ip);
/* The unspecified address, ::; not the same as one that is not set. */
bool ip_is_any6(const struct ip *ip);
bool ip_is_unique_local(const struct ip *ip); /* fc00::/7 (RFC 4193 3.1) */
/* IPv6: the first `len` bits are those of `prefix`. A longer `len` than 128 is 128. */
bool ip_in_prefix6(const struct ip *ip, const struct ip *prefix, unsigned len);

/* The computed address: 2001:db8:7a::/64 and 192.168.122.3 -> 2001:db8:7a::c0a8:7a03. What `prefix` has beyond its first
 * `len` bits does not count. -EAFNOSUPPORT: not of these families; -EINVAL: a prefix of more than 96 bits. */
int ip6_from_v4(const struct ip *prefix, unsigned len, const struct ip *v4, struct ip *ret);
/* The other way. -ENOENT: not in the prefix, or not all zero between it and the low 32 bits. The caller checks whether the
 * IPv4 address fits a segment. */
int ip6_to_v4(const struct ip *prefix, unsigned len, const struct ip *ip, struct ip *ret);

/* The EUI-64 address of a MAC in a /64 (RFC 4291 appendix A); its link-local one with IP6_LINK_LOCAL. */
struct ip ip6_from_mac(const struct ip *prefix, const struct mac *m);
#define IP6_LINK_LOCAL ((struct ip){.family = IP_V6, .b = {0xfe, 0x80}})
/* The MAC in the low 64 bits, in any prefix. -ENOENT: no IPv6 address, or they are made of none: without ff:fe in the middle,
 * a group's, or all zero. Also one drawn by chance may look like this: one in 65,536. */
int ip6_to_mac(const struct ip *ip, struct mac *ret);

#endif
