/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_heard.h"

#include "core/table.h"

#include <errno.h>
#include <string.h>

enum {
	SERVER_PORT = 67,
	CLIENT_PORT = 68,
	PROXY_PORT = 4011, /* servers', and of some firmware */
	BOOTREQUEST = 1,
	BOOTREPLY = 2,
	HTYPE_ETHERNET = 1,
	SNAME_AND_FILE = 64 + 128,
};

static const uint32_t COOKIE = 0x63825363; /* RFC 2131 3 */

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
	struct dhcp_frame f;
	struct reader r, message;
	int rc;

	reader_init(&r, frame, len);
	rc = dhcp_frame_read(&r, &f);
	if (rc < 0)
		return rc;
	reader_skip(&r, 4);
	if (f.to_port != CLIENT_PORT && f.to_port != PROXY_PORT)
		return r.bad ? -EBADMSG : -ENOMSG;
	h.from = f.from;
	h.from_ip = f.from_ip;
	h.from_port = f.from_port;
	message = r;
	rc = read_bootp(&r, &h);
	if (rc == 0)
		rc = read_options(&r, &h);
	if (rc)
		return rc;
	h.hash = hash_bytes(message.at, message.left, 0);
	*ret = h;
	return 0;
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
