/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses: MAC, IP (tagged by family), prefixes, and MACs computed from IPv4 addresses.
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

#endif
