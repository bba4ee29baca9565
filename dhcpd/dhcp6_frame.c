/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp6_frame.h"

#include "core/cursor.h"

#include <errno.h>
#include <string.h>

enum {
	ETHERTYPE_IPV6 = 0x86dd,
	ETHER_LEN = 14,
	IPV6_LEN = 40,
	UDP_LEN = 8,
	ADDRESSES_AT = ETHER_LEN + 8,
	UDP_AT = ETHER_LEN + IPV6_LEN,
	UDP_CHECKSUM_AT = UDP_AT + 6,
	VERSION = 6,
	HOP_LIMIT = 64,
	NEXT_UDP = 17,
};

/* RFC 1071, over both addresses, the pseudo header's length and type (RFC 8200 8.1), and the datagram. */
static uint16_t checksum(const uint8_t *frame, size_t udp_len)
{
	uint32_t sum = NEXT_UDP + (uint32_t)udp_len;
	const uint8_t *p = frame + ADDRESSES_AT;
	size_t len = 32 + udp_len;

	for (; len > 1; p += 2, len -= 2)
		sum += (uint32_t)(p[0] << 8 | p[1]);
	if (len)
		sum += (uint32_t)p[0] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void take_ip(struct reader *r, struct ip *ret)
{
	*ret = (struct ip){.family = IP_V6};
	reader_copy(r, ret->b, sizeof(ret->b));
}

int dhcp6_frame_open(const uint8_t *frame, size_t len, bool check, struct dhcp6_frame *ret,
	const uint8_t **ret_payload, size_t *ret_len)
{
	struct reader r;
	uint16_t type, ip_len, udp_len, sum;
	uint8_t version, next;

	reader_init(&r, frame, len);
	reader_copy(&r, ret->to.b, sizeof(ret->to.b));
	reader_copy(&r, ret->from.b, sizeof(ret->from.b));
	type = reader_u16(&r);
	version = reader_u8(&r) >> 4;
	reader_skip(&r, 3);
	ip_len = reader_u16(&r);
	next = reader_u8(&r);
	reader_skip(&r, 1);
	take_ip(&r, &ret->from_ip);
	take_ip(&r, &ret->to_ip);
	ret->from_port = reader_u16(&r);
	ret->to_port = reader_u16(&r);
	udp_len = reader_u16(&r);
	sum = reader_u16(&r);
	if (r.bad || type != ETHERTYPE_IPV6 || version != VERSION || next != NEXT_UDP)
		return -ENOMSG;
	if (udp_len < UDP_LEN || udp_len > ip_len || (size_t)UDP_AT + udp_len > len)
		return -ENOMSG;
	if (mac_is_group(&ret->from) || ip_is_group(&ret->from_ip))
		return -EBADMSG;
	/* over one that is right it comes to 0 */
	if (check && (!sum || checksum(frame, udp_len)))
		return -EBADMSG;
	*ret_payload = frame + UDP_AT + UDP_LEN;
	*ret_len = udp_len - UDP_LEN;
	return 0;
}

int dhcp6_frame_wrap(const struct dhcp6_frame *f, uint8_t *buf, size_t payload_len)
{
	size_t udp_len = UDP_LEN + payload_len;
	struct writer w;
	uint16_t sum;

	if (payload_len > DHCP6_FRAME_PAYLOAD_MAX)
		return -EMSGSIZE;
	writer_init(&w, buf, DHCP6_FRAME_HEADER);
	writer_bytes(&w, f->to.b, sizeof(f->to.b));
	writer_bytes(&w, f->from.b, sizeof(f->from.b));
	writer_u16(&w, ETHERTYPE_IPV6);
	writer_u32(&w, (uint32_t)VERSION << 28);
	writer_u16(&w, (uint16_t)udp_len);
	writer_u8(&w, NEXT_UDP);
	writer_u8(&w, HOP_LIMIT);
	writer_bytes(&w, f->from_ip.b, sizeof(f->from_ip.b));
	writer_bytes(&w, f->to_ip.b, sizeof(f->to_ip.b));
	writer_u16(&w, f->from_port);
	writer_u16(&w, f->to_port);
	writer_u16(&w, (uint16_t)udp_len);
	writer_u16(&w, 0);
	sum = checksum(buf, udp_len);
	writer_patch_u16(&w, UDP_CHECKSUM_AT, sum ? sum : 0xffff); /* 0 would say "none" */
	return (int)(DHCP6_FRAME_HEADER + payload_len);
}
