/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a client's message: decoded without a stray read, answered within what the client
 * takes, and the answer, decoded, says what was to be said. What the segment tells its clients is
 * drawn from the xid. */
#include "dhcpd/dhcp_answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum {
	SERVER = 0xc0a87a01,
	CLIENT = 0xc0a87a03,
	LEASE_S = 3600,
	FLAGS_AT = 10,
	TYPE_AT = DHCP_HEADER + 2
};

static struct segment seg;
static struct dhcp_message back;
static const char *why;

static void check(bool right)
{
	if (!right)
		abort();
}

static void add_option(uint8_t code, size_t len)
{
	struct segment_extra *x = &seg.extra;

	x->options.bytes[x->options.len++] = code;
	x->options.bytes[x->options.len++] = (uint8_t)len;
	memset(x->options.bytes + x->options.len, code, len);
	x->options.len += len;
}

static void make_segment(uint32_t draw)
{
	seg = (struct segment){.server = ip_from_v4(SERVER),
		.prefix_len = 24,
		.n_dns = 1,
		.router = ip_from_v4(draw & 1 ? SERVER : 0),
		.domain = "lab.example",
		.extra = {.mtu = draw & 2 ? 1400 : 0, .n_routes = draw >> 2 & 15}};
	seg.dns[0] = seg.server;
	for (size_t i = 0; i < seg.extra.n_routes; i++)
		seg.extra.routes[i] = (struct segment_route){
			0x0a000000 & v4_mask((unsigned)i * 2), SERVER, (uint8_t)(i * 2)};
	if (draw & 64)
		memset(seg.extra.search, 'a', 60);
	if (draw & 128)
		memset(seg.extra.search, 'b', SEGMENT_SEARCH - 1);
	for (size_t i = 40; i < SEGMENT_SEARCH - 1; i += 40)
		if (seg.extra.search[i])
			seg.extra.search[i] = draw & 256 ? ' ' : '.';
	add_option(100, draw >> 9 & 255);
	add_option(200, draw >> 17 & 127);
}

static bool same(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	return a && b && a_len == b_len && memcmp(a, b, a_len) == 0;
}

static bool is_bytes(uint8_t code, const void *bytes, size_t len)
{
	size_t n = 0;
	const uint8_t *p = dhcp_wire_option(&back, code, &n);

	return !p || same(p, n, bytes, len);
}

static bool is_echoed(const struct dhcp_message *m, uint8_t code)
{
	size_t n = 0, k = 0;
	const uint8_t *sent = dhcp_wire_option(m, code, &n);
	const uint8_t *got = dhcp_wire_option(&back, code, &k);

	return sent ? same(sent, n, got, k) : !got;
}

/* What the client would understand. */
static void read_back(const struct dhcp_message *m, const struct dhcp_decision *d,
	const struct dhcp_boot *boot, uint8_t *buf, size_t len)
{
	bool bootp = d->verdict == DHCP_SEND_BOOTP, nak = d->verdict == DHCP_SEND_NAK;
	size_t n;
	int rc;

	check(buf[0] == 2);
	buf[0] = 1;
	buf[FLAGS_AT] |=
		0x80; /* a client without a MAC may leave it out of a request with ciaddr */
	if (!bootp)
		buf[TYPE_AT] = DHCP_DISCOVER; /* the decoder takes clients' messages */
	rc = dhcp_wire_decode(buf, len, &back, &why);
	check(rc == 0);
	check(back.xid == m->xid && back.giaddr == m->giaddr && mac_eq(&back.mac, &m->mac));
	check(is_echoed(m, OPT_RELAY_AGENT));
	check(!dhcp_wire_option(&back, OPT_CLIENT_ID, &n) || is_echoed(m, OPT_CLIENT_ID));
	check(bootp || back.server_id == (m->server_override ? m->server_override : SERVER));
	check(back.lease_s == (bootp || nak ? 0 : LEASE_S));
	check(is_bytes(OPT_NETMASK, "\377\377\377", 4));
	check(nak != !!dhcp_wire_option(&back, OPT_NETMASK, &n));
	check(is_bytes(OPT_DOMAIN, seg.domain, strlen(seg.domain)));
	check(is_bytes(OPT_BOOTFILE, boot->file,
		strlen(boot->file) + (boot->tftp && strlen(boot->file) < 255)));
	check(is_bytes(OPT_VENDOR_CLASS, boot->vendor_class, strlen(boot->vendor_class)));
	check(is_bytes(OPT_VENDOR, boot->vendor, boot->vendor_len));
	check(is_bytes(100, seg.extra.options.bytes + 2, seg.extra.options.bytes[1]));
	/* the router, or the routes with it */
	check(!dhcp_wire_option(&back, OPT_CLASSLESS_ROUTES, &n) ||
		!dhcp_wire_option(&back, OPT_ROUTER, &n));
}

static void answer(const struct dhcp_message *m, enum dhcp_verdict verdict)
{
	const struct dhcp_boot_for armed = {.armed = true,
		.token = "00112233445566778899aabbccddeeff",
		.server = ip_from_v4(SERVER),
		.http_port = 8080,
		.loaders = &DHCP_LOADERS};
	struct dhcp_policy p = {.msg = m, .segment = &seg};
	struct dhcp_decision d = {.verdict = verdict,
		.address = ip_from_v4(CLIENT),
		.lease_s = verdict == DHCP_SEND_BOOTP ? 0 : LEASE_S};
	struct dhcp_boot boot = dhcp_boot_decide(dhcp_firmware_of(m), &armed);
	uint8_t *buf = malloc(DHCP_REPLY_MAX);
	int n;

	if (!buf)
		return;
	n = dhcp_answer_encode(&p, &d, &boot, buf);
	check(n < 0 || (n >= DHCP_REPLY_MIN && n <= DHCP_REPLY_MAX && n <= m->max_size - 28));
	if (n > 0)
		read_back(m, &d, &boot, buf, (size_t)n);
	free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct dhcp_message m;
	char text[DHCP_CLIENT_TEXT];

	why = NULL;
	if (dhcp_wire_decode(data, len, &m, &why) < 0) {
		check(why != NULL);
		return 0;
	}
	for (unsigned code = 0; code < 256; code++) {
		size_t n;
		const uint8_t *p = dhcp_wire_option(&m, (uint8_t)code, &n);

		check(!p || (p >= m.arena && p + n <= m.arena + sizeof(m.arena)));
	}
	check(strlen(m.hostname) < sizeof(m.hostname));
	check(strlen(m.vendor_class) < sizeof(m.vendor_class));
	check(strlen(dhcp_boot_client_text(dhcp_firmware_of(&m), text)) < sizeof(text));
	make_segment(m.xid);
	if (m.type == DHCP_BOOTP) {
		answer(&m, DHCP_SEND_BOOTP);
		return 0;
	}
	answer(&m, DHCP_SEND_OFFER);
	answer(&m, DHCP_SEND_ACK);
	answer(&m, DHCP_SEND_NAK);
	return 0;
}
