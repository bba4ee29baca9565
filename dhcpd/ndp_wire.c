/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/ndp_wire.h"

#include "core/cursor.h"

#include <errno.h>
#include <string.h>

enum {
	ETHERTYPE_IPV6 = 0x86dd,
	ETHER_LEN = 14,
	IPV6_LEN = 40,
	IPV6_VERSION = 6u << 28,
	IPV6_ADDR = 16,
	NEXT_ICMPV6 = 58,
	HOP_LIMIT = 255, /* RFC 4861: nothing that a router has forwarded */
	SOLICIT = 133,
	SOLICIT_MIN = 8,
	ADVERT = 134,
	ADVERT_LEN = 16,
	OPT_SOURCE_LINK = 1,
	OPT_UNITS = 8, /* bytes that an option's length counts */
	CHECKSUM_AT = ETHER_LEN + IPV6_LEN + 2,
};

/* RFC 1071 over source and destination, the pseudo header's length and type (RFC 8200 8.1), and the
 * message. `addresses`: both, one after the other. */
static uint16_t checksum(const uint8_t *addresses, const uint8_t *icmp, size_t len)
{
	uint32_t sum = NEXT_ICMPV6 + (uint32_t)len;

	for (size_t i = 0; i < 2 * IPV6_ADDR; i += 2)
		sum += (uint32_t)(addresses[i] << 8 | addresses[i + 1]);
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? icmp[i] : (uint32_t)icmp[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static bool options_fit(struct reader r)
{
	while (r.left && !r.bad) {
		size_t len;

		reader_u8(&r);
		len = (size_t)reader_u8(&r) * OPT_UNITS;
		if (!len)
			return false;
		reader_skip(&r, len - 2);
	}
	return !r.bad;
}

static struct ip link_local_of(const uint8_t *bytes)
{
	struct ip ip = {.family = IP_V6};

	if (bytes[0] != 0xfe || (bytes[1] & 0xc0) != 0x80)
		return (struct ip){0};
	memcpy(ip.b, bytes, sizeof(ip.b));
	return ip;
}

int ndp_wire_decode(const void *frame, size_t len, struct ndp_solicit *ret)
{
	struct ndp_solicit s;
	struct reader r, icmp;
	const uint8_t *addresses, *message;
	uint8_t next, hops;
	uint16_t icmp_len;

	reader_init(&r, frame, len);
	reader_skip(&r, sizeof(s.mac.b));
	reader_copy(&r, s.mac.b, sizeof(s.mac.b));
	if (reader_u16(&r) != ETHERTYPE_IPV6)
		return -ENOMSG;
	reader_u32(&r);
	icmp_len = reader_u16(&r);
	next = reader_u8(&r);
	hops = reader_u8(&r);
	addresses = reader_bytes(&r, 2 * IPV6_ADDR);
	message = r.at;
	icmp = reader_sub(&r, icmp_len);
	if (r.bad || next != NEXT_ICMPV6 || reader_u8(&icmp) != SOLICIT)
		return -ENOMSG;
	if (hops != HOP_LIMIT || reader_u8(&icmp) || icmp_len < SOLICIT_MIN ||
		checksum(addresses, message, icmp_len) || mac_is_group(&s.mac))
		return -EBADMSG;
	reader_skip(&icmp, SOLICIT_MIN - 2);
	if (!options_fit(icmp))
		return -EBADMSG;
	s.from = link_local_of(addresses);
	*ret = s;
	return 0;
}

/* Not the link's own, which has ff:fe in the middle (RFC 4291 appendix A): where this host is a
 * router (libvirt's IPv6 networks), "no router here" from that address would take it back. */
static void put_link_local(struct writer *w, const struct mac *mac)
{
	static const uint8_t prefix[8] = {0xfe, 0x80}, middle[2] = {0, 0};

	writer_bytes(w, prefix, sizeof(prefix));
	writer_u8(w, mac->b[0] ^ 2);
	writer_bytes(w, mac->b + 1, 2);
	writer_bytes(w, middle, sizeof(middle));
	writer_bytes(w, mac->b + 3, 3);
}

/* Without an address of its own it still hears what goes to all nodes. */
static void put_destination(struct writer *w, const struct ip *ip)
{
	static const uint8_t all_nodes[IPV6_ADDR] = {0xff, 0x02, [15] = 1};

	writer_bytes(w, ip_is_set(ip) ? ip->b : all_nodes, IPV6_ADDR);
}

/* All zero but the type: no hop limit, no flags (nothing to be had by DHCPv6 either), no router, no
 * timers. */
static void put_advert(struct writer *w, const struct mac *mac)
{
	writer_u8(w, ADVERT);
	writer_zero(w, ADVERT_LEN - 1);
	writer_u8(w, OPT_SOURCE_LINK);
	writer_u8(w, 1);
	writer_bytes(w, mac->b, sizeof(mac->b));
}

void ndp_wire_encode(const struct ndp_solicit *to, const struct mac *mac, uint8_t frame[NDP_ADVERT])
{
	const size_t icmp_len = NDP_ADVERT - ETHER_LEN - IPV6_LEN;
	struct writer w;

	writer_init(&w, frame, NDP_ADVERT);
	writer_bytes(&w, to->mac.b, sizeof(to->mac.b));
	writer_bytes(&w, mac->b, sizeof(mac->b));
	writer_u16(&w, ETHERTYPE_IPV6);
	writer_u32(&w, IPV6_VERSION);
	writer_u16(&w, (uint16_t)icmp_len);
	writer_u8(&w, NEXT_ICMPV6);
	writer_u8(&w, HOP_LIMIT);
	put_link_local(&w, mac);
	put_destination(&w, &to->from);
	put_advert(&w, mac);
	writer_patch_u16(&w, CHECKSUM_AT,
		checksum(frame + ETHER_LEN + IPV6_LEN - 2 * IPV6_ADDR, frame + ETHER_LEN + IPV6_LEN,
			icmp_len));
}
