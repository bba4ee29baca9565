/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_frame.h"

#include <errno.h>

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHER_LEN = 14,
	IPV4_LEN = 20,
	UDP_LEN = 8,
	IPV4_VERSION_IHL = 0x45,
	IPV4_DONT_FRAGMENT = 0x4000,
	IPV4_FRAGMENT = 0x3fff, /* more fragments, or an offset */
	IPV4_CHECKSUM_AT = ETHER_LEN + 10,
	UDP_CHECKSUM_AT = ETHER_LEN + IPV4_LEN + 6,
	TTL = 64,
	PROTOCOL_UDP = 17,
};

/* RFC 1071: the sum of 16-bit words, an odd byte counts as the upper half of one. */
static uint32_t sum_words(uint32_t sum, const uint8_t *p, size_t len)
{
	for (; len > 1; p += 2, len -= 2)
		sum += (uint32_t)(p[0] << 8 | p[1]);
	if (len > 0)
		sum += (uint32_t)p[0] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put_ether(struct writer *w, const struct dhcp_frame *f)
{
	writer_bytes(w, f->to.b, sizeof(f->to.b));
	writer_bytes(w, f->from.b, sizeof(f->from.b));
	writer_u16(w, ETHERTYPE_IPV4);
}

static void put_ipv4(struct writer *w, const struct dhcp_frame *f, size_t udp_len)
{
	writer_u8(w, IPV4_VERSION_IHL);
	writer_u8(w, 0);
	writer_u16(w, (uint16_t)(IPV4_LEN + udp_len));
	writer_u16(w, 0);
	writer_u16(w, IPV4_DONT_FRAGMENT);
	writer_u8(w, TTL);
	writer_u8(w, PROTOCOL_UDP);
	writer_u16(w, 0);
	writer_u32(w, f->from_ip);
	writer_u32(w, f->to_ip);
	writer_patch_u16(w, IPV4_CHECKSUM_AT, fold(sum_words(0, w->start + ETHER_LEN, IPV4_LEN)));
}

/* With the pseudo header of RFC 768: both addresses, protocol and length. */
static uint16_t udp_checksum(const uint8_t *frame, size_t udp_len)
{
	const uint8_t *addresses = frame + ETHER_LEN + 12;
	uint32_t sum = PROTOCOL_UDP + (uint32_t)udp_len;
	uint16_t folded;

	sum = sum_words(sum, addresses, 8);
	sum = sum_words(sum, frame + ETHER_LEN + IPV4_LEN, udp_len);
	folded = fold(sum);
	return folded ? folded : 0xffff; /* 0 would say "none" */
}

int dhcp_frame_wrap(const struct dhcp_frame *f, uint8_t *buf, size_t payload_len)
{
	size_t udp_len = UDP_LEN + payload_len;
	struct writer w;

	if (payload_len > DHCP_FRAME_PAYLOAD_MAX)
		return -EMSGSIZE;
	writer_init(&w, buf, DHCP_FRAME_HEADER);
	put_ether(&w, f);
	put_ipv4(&w, f, udp_len);
	writer_u16(&w, f->from_port);
	writer_u16(&w, f->to_port);
	writer_u16(&w, (uint16_t)udp_len);
	writer_u16(&w, 0);
	writer_patch_u16(&w, UDP_CHECKSUM_AT, udp_checksum(buf, udp_len));
	return (int)(DHCP_FRAME_HEADER + payload_len);
}

static int read_ipv4(struct reader *r, struct dhcp_frame *f)
{
	uint8_t version_ihl = reader_u8(r);
	size_t header = (size_t)(version_ihl & 15) * 4;
	uint16_t fragment;
	uint8_t protocol;

	reader_skip(r, 5);
	fragment = reader_u16(r);
	reader_skip(r, 1);
	protocol = reader_u8(r);
	reader_skip(r, 2);
	f->from_ip = reader_u32(r);
	f->to_ip = reader_u32(r);
	if (r->bad || version_ihl >> 4 != 4 || header < IPV4_LEN)
		return -EBADMSG;
	if (protocol != PROTOCOL_UDP || fragment & IPV4_FRAGMENT)
		return -ENOMSG;
	reader_skip(r, header - IPV4_LEN);
	return 0;
}

int dhcp_frame_read(struct reader *r, struct dhcp_frame *ret)
{
	int rc;

	reader_copy(r, ret->to.b, sizeof(ret->to.b));
	reader_copy(r, ret->from.b, sizeof(ret->from.b));
	if (reader_u16(r) != ETHERTYPE_IPV4)
		return r->bad ? -EBADMSG : -ENOMSG;
	rc = read_ipv4(r, ret);
	if (rc < 0)
		return rc;
	ret->from_port = reader_u16(r);
	ret->to_port = reader_u16(r);
	return r->bad ? -EBADMSG : 0;
}
