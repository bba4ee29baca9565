/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/arp_wire.h"

#include "core/cursor.h"

#include <errno.h>

enum {
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_IPV4 = 0x0800,
	HARDWARE_ETHERNET = 1,
	REQUEST = 1,
	REPLY = 2,
};

static bool is_ethernet_ipv4(struct reader *r)
{
	return reader_u16(r) == HARDWARE_ETHERNET && reader_u16(r) == ETHERTYPE_IPV4 &&
		reader_u8(r) == sizeof(struct mac) && reader_u8(r) == sizeof(uint32_t);
}

int arp_wire_decode(const void *frame, size_t len, struct arp_neighbour *ret)
{
	struct arp_neighbour n;
	struct reader r;
	uint16_t op;
	uint32_t ip;

	reader_init(&r, frame, len);
	reader_skip(&r, 2 * sizeof(struct mac));
	if (reader_u16(&r) != ETHERTYPE_ARP || !is_ethernet_ipv4(&r))
		return -ENOMSG;
	op = reader_u16(&r);
	reader_copy(&r, n.mac.b, sizeof(n.mac.b));
	ip = reader_u32(&r);
	reader_skip(&r, sizeof(struct mac) + sizeof(uint32_t));
	if (r.bad || (op != REQUEST && op != REPLY) || !ip)
		return -ENOMSG;
	if (mac_is_zero(&n.mac) || mac_is_group(&n.mac))
		return -EBADMSG;
	n.ip = ip_from_v4(ip);
	*ret = n;
	return 0;
}

void arp_wire_encode(const struct mac *mac, const struct ip *ip, uint8_t frame[ARP_WIRE_PROBE])
{
	static const struct mac all = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
	struct writer w;

	writer_init(&w, frame, ARP_WIRE_PROBE);
	writer_bytes(&w, all.b, sizeof(all.b));
	writer_bytes(&w, mac->b, sizeof(mac->b));
	writer_u16(&w, ETHERTYPE_ARP);
	writer_u16(&w, HARDWARE_ETHERNET);
	writer_u16(&w, ETHERTYPE_IPV4);
	writer_u8(&w, sizeof(struct mac));
	writer_u8(&w, sizeof(uint32_t));
	writer_u16(&w, REQUEST);
	writer_bytes(&w, mac->b, sizeof(mac->b));
	writer_zero(&w, sizeof(uint32_t) + sizeof(struct mac));
	writer_u32(&w, ip_to_v4(ip));
}
