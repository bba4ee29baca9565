/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_heard.h"

#include <errno.h>
#include <string.h>

enum {
	ETHERTYPE_IPV4 = 0x0800,
	IPV4_FRAGMENT = 0x3fff, /* more fragments, or an offset */
	PROTOCOL_UDP = 17,
	SERVER_PORT = 67,
	CLIENT_PORT = 68,
	PROXY_PORT = 4011, /* servers', and of some firmware */
	BOOTREQUEST = 1,
	BOOTREPLY = 2,
	HTYPE_ETHERNET = 1,
	SNAME_AND_FILE = 64 + 128,
};

static const uint32_t COOKIE = 0x63825363; /* RFC 2131 3 */

/* Leaves `r` at the UDP header. */
static int read_ipv4(struct reader *r, struct dhcp_heard *h)
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
	h->from_ip = reader_u32(r);
	reader_skip(r, 4);
	if (r->bad || version_ihl >> 4 != 4 || header < 20)
		return -EBADMSG;
	if (protocol != PROTOCOL_UDP || fragment & IPV4_FRAGMENT)
		return -ENOMSG;
	reader_skip(r, header - 20);
	return 0;
}

static int read_bootp(struct reader *r, struct dhcp_heard *h)
{
	uint8_t op = reader_u8(r), htype = reader_u8(r), hlen = reader_u8(r);

	reader_skip(r, 1);
	h->xid = reader_u32(r);
	reader_skip(r, 8);
	h->address = reader_u32(r);
	reader_skip(r, 8);
	reader_copy(r, h->client.b, sizeof(h->client.b));
	reader_skip(r, 10 + SNAME_AND_FILE);
	if (op != BOOTREPLY || htype != HTYPE_ETHERNET || hlen != sizeof(h->client.b))
		return -ENOMSG;
	return reader_u32(r) == COOKIE ? 0 : r->bad ? -EBADMSG : -ENOMSG;
}

/* The two that matter are small, and no server puts them into the overloaded fields. Of each the first counts, and what
 * runs past the end hides nothing before it: clients read such replies. */
static int read_options(struct reader *r, struct dhcp_heard *h)
{
	uint32_t type = 0;
	bool named = false;
	uint8_t code = OPT_PAD;

	h->server = h->from_ip;
	while (r->left > 0) {
		uint8_t len;
		struct reader o;

		code = reader_u8(r);
		if (code == OPT_PAD)
			continue;
		if (code == OPT_END)
			break;
		len = reader_u8(r);
		o = reader_sub(r, len);
		if (code == OPT_TYPE && len == 1 && !type)
			type = reader_u8(&o);
		else if (code == OPT_SERVER_ID && len == 4 && !named) {
			h->server = reader_u32(&o);
			named = true;
		}
	}
	if (r->bad && (!type || code == OPT_SERVER_ID))
		return -EBADMSG;
	if (type != DHCP_OFFER && type != DHCP_ACK && type != DHCP_NAK)
		return -ENOMSG;
	h->type = type;
	return 0;
}

int dhcp_heard_decode(const void *frame, size_t len, struct dhcp_heard *ret)
{
	struct dhcp_heard h = {0};
	struct reader r;
	uint16_t to_port;
	int rc;

	reader_init(&r, frame, len);
	reader_skip(&r, 6);
	reader_copy(&r, h.from.b, sizeof(h.from.b));
	if (reader_u16(&r) != ETHERTYPE_IPV4)
		return r.bad ? -EBADMSG : -ENOMSG;
	rc = read_ipv4(&r, &h);
	if (rc < 0)
		return rc;
	h.from_port = reader_u16(&r);
	to_port = reader_u16(&r);
	reader_skip(&r, 4);
	if (to_port != CLIENT_PORT && to_port != PROXY_PORT)
		return r.bad ? -EBADMSG : -ENOMSG;
	rc = read_bootp(&r, &h);
	if (rc == 0)
		rc = read_options(&r, &h);
	if (rc == 0)
		*ret = h;
	return rc;
}

void dhcp_heard_probe(
	const struct mac *from, const struct mac *client, uint32_t xid, uint8_t frame[DHCP_PROBE])
{
	const struct dhcp_frame f = {.from = *from,
		.to = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
		.to_ip = 0xffffffff,
		.from_port = CLIENT_PORT,
		.to_port = SERVER_PORT};
	struct writer w;

	writer_init(&w, frame + DHCP_FRAME_HEADER, DHCP_REPLY_MIN);
	writer_u8(&w, BOOTREQUEST);
	writer_u8(&w, HTYPE_ETHERNET);
	writer_u8(&w, sizeof(client->b));
	writer_u8(&w, 0);
	writer_u32(&w, xid);
	writer_u16(&w, 0);
	writer_u16(&w, DHCP_FLAG_BROADCAST);
	writer_zero(&w, 16); /* ciaddr, yiaddr, siaddr, giaddr */
	writer_bytes(&w, client->b, sizeof(client->b));
	writer_zero(&w, 10 + SNAME_AND_FILE);
	writer_u32(&w, COOKIE);
	writer_bytes(&w, (const uint8_t[]){OPT_TYPE, 1, DHCP_DISCOVER, OPT_END}, 4);
	writer_zero(&w, DHCP_REPLY_MIN - w.len);
	(void)dhcp_frame_wrap(&f, frame, DHCP_REPLY_MIN);
}
