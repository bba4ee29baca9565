/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_told.h"

#include <errno.h>
#include <string.h>

enum {
	SERVER_PORT = 67,
	CLIENT_PORT = 68,
	BOOTREQUEST = 1,
	BOOTREPLY = 2,
	HTYPE_ETHERNET = 1,
	SNAME_LEN = 64,
	OVERLOAD_FILE = 1,
	OVERLOAD_SNAME = 2,
	PXE_DISCOVERY_CONTROL = 6,
	PXE_USE_FILE = 8,
	PXE_END = 255,
	MESSAGE_MAX = 1472, /* what we take: one frame */
};

static const uint32_t COOKIE = 0x63825363; /* RFC 2131 3 */

/* Leaves `r` at the message, without what pads the frame. */
static int read_headers(struct reader *r, struct dhcp_told *t)
{
	struct dhcp_frame f;
	uint16_t len;
	int rc = dhcp_frame_read(r, &f);

	if (rc < 0)
		return rc;
	len = reader_u16(r);
	reader_skip(r, 2);
	if (r->bad)
		return -EBADMSG;
	if (f.to_port != CLIENT_PORT)
		return -ENOMSG;
	if (len < 8 || len - 8u > r->left)
		return -EBADMSG;
	*r = reader_sub(r, len - 8u);
	t->from = f.from;
	t->from_ip = f.from_ip;
	t->from_port = f.from_port;
	return 0;
}

/* As far as its NUL, with `?` for what cannot be printed. */
static void copy_text(char *to, size_t size, const uint8_t *bytes, size_t len)
{
	size_t n = 0;

	for (; n < len && n < size - 1 && bytes[n]; n++)
		to[n] = bytes[n] >= 0x20 && bytes[n] < 0x7f ? (char)bytes[n] : '?';
	to[n] = '\0';
}

static void option_text(const struct dhcp_message *m, uint8_t code, char *to, size_t size)
{
	size_t len = 0;
	const uint8_t *p = dhcp_wire_option(m, code, &len);

	if (p && len)
		copy_text(to, size, p, len);
}

/* The first address of an option. */
static uint32_t option_address(const struct dhcp_message *m, uint8_t code)
{
	size_t len = 0;
	const uint8_t *p = dhcp_wire_option(m, code, &len);
	struct reader r;

	reader_init(&r, p, p ? len : 0);
	return reader_u32(&r);
}

static bool says_use_file(const struct dhcp_message *m)
{
	size_t len = 0;
	const uint8_t *p = dhcp_wire_option(m, OPT_VENDOR, &len);
	struct reader r;

	reader_init(&r, p, p ? len : 0);
	while (r.left > 0 && !r.bad) {
		uint8_t code = reader_u8(&r);
		struct reader value;

		if (code == PXE_END)
			break;
		value = reader_sub(&r, reader_u8(&r));
		if (code == PXE_DISCOVERY_CONTROL)
			return reader_u8(&value) & PXE_USE_FILE;
	}
	return false;
}

static unsigned overload(const struct dhcp_message *m)
{
	size_t len = 0;
	const uint8_t *p = dhcp_wire_option(m, OPT_OVERLOAD, &len);

	return p && len ? p[0] : 0;
}

/* The fields are names where no options lie in them (RFC 2132 9.3). */
static void take_names(struct dhcp_told *t, const struct dhcp_message *m, const uint8_t *sname,
	const uint8_t *file)
{
	unsigned o = overload(m);

	if (!(o & OVERLOAD_SNAME))
		copy_text(t->tftp_name, sizeof(t->tftp_name), sname, SNAME_LEN);
	if (!(o & OVERLOAD_FILE))
		copy_text(t->file, sizeof(t->file), file, DHCP_FILE_FIELD);
	option_text(m, OPT_TFTP_SERVER, t->tftp_name, sizeof(t->tftp_name));
	option_text(m, OPT_BOOTFILE, t->file, sizeof(t->file));
}

static void take_options(struct dhcp_told *t, const struct dhcp_message *m)
{
	t->type = m->type;
	t->server = m->server_id ? m->server_id : t->from_ip;
	t->lease_s = m->lease_s;
	t->router = option_address(m, OPT_ROUTER);
	t->netmask = option_address(m, OPT_NETMASK);
	t->dns = option_address(m, OPT_DNS);
	t->takes_file = says_use_file(m);
	memcpy(t->vendor_class, m->vendor_class, sizeof(t->vendor_class));
	option_text(m, OPT_MESSAGE, t->message, sizeof(t->message));
}

static int read_message(struct reader r, struct dhcp_message *m, struct dhcp_told *t)
{
	const uint8_t *start = r.at, *sname, *file;
	size_t len = r.left;
	uint8_t op = reader_u8(&r), htype = reader_u8(&r), hlen = reader_u8(&r);

	reader_skip(&r, 1);
	t->xid = reader_u32(&r);
	reader_skip(&r, 8);
	t->address = reader_u32(&r);
	t->next_server = reader_u32(&r);
	reader_skip(&r, 4);
	reader_copy(&r, t->client.b, sizeof(t->client.b));
	reader_skip(&r, 10);
	sname = reader_bytes(&r, SNAME_LEN);
	file = reader_bytes(&r, DHCP_FILE_FIELD);
	if (r.bad)
		return -EBADMSG;
	if (op != BOOTREPLY || htype != HTYPE_ETHERNET || hlen != sizeof(t->client.b))
		return -ENOMSG;
	if (dhcp_wire_options(start, len, m) < 0)
		return -EBADMSG;
	take_options(t, m);
	take_names(t, m, sname, file);
	return t->type == DHCP_OFFER || t->type == DHCP_ACK || t->type == DHCP_NAK ||
			t->type == DHCP_BOOTP
		? 0
		: -ENOMSG;
}

int dhcp_told_decode(
	const void *frame, size_t len, struct dhcp_message *scratch, struct dhcp_told *ret)
{
	struct dhcp_told t = {0};
	struct reader r;
	int rc;

	reader_init(&r, frame, len);
	rc = read_headers(&r, &t);
	if (rc == 0)
		rc = read_message(r, scratch, &t);
	if (rc == 0)
		*ret = t;
	return rc;
}

/* Asking */

static void put(struct writer *w, uint8_t code, const void *bytes, size_t len)
{
	writer_u8(w, code);
	writer_u8(w, (uint8_t)len);
	writer_bytes(w, bytes, len);
}

static void put_u32(struct writer *w, uint8_t code, uint32_t v)
{
	writer_u8(w, code);
	writer_u8(w, 4);
	writer_u32(w, v);
}

static void put_header(struct writer *w, const struct dhcp_asking *a)
{
	bool holds = a->type == DHCP_RELEASE;

	writer_u8(w, BOOTREQUEST);
	writer_u8(w, HTYPE_ETHERNET);
	writer_u8(w, sizeof(a->mac.b));
	writer_u8(w, 0);
	writer_u32(w, a->xid);
	writer_u16(w, a->secs);
	writer_u16(w, a->broadcast && !holds ? DHCP_FLAG_BROADCAST : 0);
	writer_u32(w, holds ? a->address : 0);
	writer_zero(w, 12);
	writer_bytes(w, a->mac.b, sizeof(a->mac.b));
	writer_zero(w, 10 + SNAME_LEN + DHCP_FILE_FIELD);
	writer_u32(w, COOKIE);
}

/* RFC 4578: what marks a firmware's message. */
static void put_firmware(struct writer *w, const struct dhcp_asking *a)
{
	static const uint8_t undi_bios[] = {1, 2, 1}, undi_efi[] = {1, 3, 16};
	/* what was built into it: pxe extensions, HTTP */
	static const uint8_t features[] = {33, 1, 1, 19, 1, 1, 255};
	const uint8_t arch[] = {(uint8_t)(a->arch >> 8), (uint8_t)a->arch};
	uint8_t id[1 + UUID_BYTES] = {0};

	memcpy(id + 1, a->uuid, UUID_BYTES);
	put(w, OPT_ARCH, arch, sizeof(arch));
	put(w, OPT_NETWORK_INTERFACE, a->arch ? undi_efi : undi_bios, 3);
	put(w, OPT_UUID, id, sizeof(id));
	if (!a->ipxe)
		return;
	put(w, OPT_USER_CLASS, "iPXE", 4);
	put(w, OPT_IPXE, features, sizeof(features));
}

int dhcp_asking_message(const struct dhcp_asking *a, uint8_t *buf, size_t cap)
{
	static const uint8_t wants[] = {OPT_NETMASK, OPT_ROUTER, OPT_DNS, OPT_HOSTNAME, OPT_DOMAIN,
		OPT_VENDOR, OPT_LEASE_TIME, OPT_SERVER_ID, OPT_VENDOR_CLASS, OPT_TFTP_SERVER,
		OPT_BOOTFILE, OPT_IPXE};
	static const uint8_t max_size[] = {MESSAGE_MAX >> 8, MESSAGE_MAX & 255};
	uint8_t type = (uint8_t)a->type;
	struct writer w;

	writer_init(&w, buf, cap);
	put_header(&w, a);
	put(&w, OPT_TYPE, &type, 1);
	if (a->server)
		put_u32(&w, OPT_SERVER_ID, a->server);
	if (a->type == DHCP_REQUEST && a->address)
		put_u32(&w, OPT_REQUESTED, a->address);
	if (a->type != DHCP_RELEASE) {
		put(&w, OPT_MAX_SIZE, max_size, sizeof(max_size));
		put(&w, OPT_PARAMETERS, wants, sizeof(wants));
		if (a->vendor_class)
			put(&w, OPT_VENDOR_CLASS, a->vendor_class, strlen(a->vendor_class));
		if (a->arch != DHCP_ARCH_NONE)
			put_firmware(&w, a);
	}
	writer_u8(&w, OPT_END);
	if (w.len < DHCP_REPLY_MIN)
		writer_zero(&w, DHCP_REPLY_MIN - w.len);
	return w.bad ? -EMSGSIZE : (int)w.len;
}

int dhcp_asking_frame(
	const struct dhcp_asking *a, const struct mac *server_mac, uint8_t frame[DHCP_ASKING_FRAME])
{
	struct dhcp_frame f = {.from = a->mac,
		.to = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
		.to_ip = 0xffffffff,
		.from_port = CLIENT_PORT,
		.to_port = SERVER_PORT};
	int n = dhcp_asking_message(
		a, frame + DHCP_FRAME_HEADER, DHCP_ASKING_FRAME - DHCP_FRAME_HEADER);

	if (n < 0)
		return n;
	if (a->type == DHCP_RELEASE) {
		f.to = *server_mac;
		f.from_ip = a->address;
		f.to_ip = a->server;
	}
	return dhcp_frame_wrap(&f, frame, (size_t)n);
}
