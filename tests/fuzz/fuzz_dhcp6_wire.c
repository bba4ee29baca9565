/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a DHCPv6 message: decoded without a stray read, its spans lie within it, and an answer with all that it may
 * ask for, in any room, stays within that room and, decoded, says what was to be said, in the same wrappings. */
#include "dhcpd/dhcp6_who.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const uint8_t SERVER[] = {0, 3, 0, 1, 0x52, 0x54, 0, 0x77, 0x4b, 0xd4};
static const char URL[] = "http://[2001:db8::1]/boot.efi";
static struct dhcp6_message msg, back;
static const char *why;

static void check(bool right)
{
	if (!right)
		abort();
}

static void within(const struct dhcp6_message *m, struct dhcp6_span s)
{
	check(!s.at || (size_t)s.at - 1 + s.len <= sizeof(m->arena));
}

static bool same(struct dhcp6_span a, struct dhcp6_span b)
{
	const uint8_t *p = dhcp6_wire_bytes(&msg, a), *q = dhcp6_wire_bytes(&back, b);

	return p && q ? a.len == b.len && memcmp(p, q, a.len) == 0 : p == q;
}

static void check_message(const struct dhcp6_message *m)
{
	char text[DHCP6_ODDITY_TEXT];

	check(m->n_ias <= DHCP6_IAS && m->n_relays <= DHCP6_RELAYS && m->xid < 1u << 24);
	check(m->n_odd <= DHCP6_ODDITIES);
	check(strlen(dhcp6_wire_odd_text(m, text)) < sizeof(text));
	check(strlen(m->hostname) < sizeof(m->hostname));
	check(strlen(m->vendor_class) < sizeof(m->vendor_class));
	within(m, m->client_id);
	within(m, m->server_id);
	within(m, m->requested);
	within(m, m->user_class);
	within(m, m->status_text);
	within(m, m->options);
	check(m->client_id.len <= DHCP6_DUID_MAX && m->server_id.len <= DHCP6_DUID_MAX);
	for (size_t i = 0; i < m->n_ias; i++)
		check(m->ias[i].n_addresses <= DHCP6_ADDRESSES);
	for (size_t i = 0; i < m->n_relays; i++) {
		within(m, m->relays[i].options);
		within(m, m->relays[i].interface_id);
		within(m, m->relays[i].remote_id);
		within(m, m->relays[i].subscriber_id);
		within(m, m->relays[i].echo);
	}
}

static void check_who(void)
{
	static const struct mac frame = {{0x52, 0x54, 0xc0, 0xa8, 0x7a, 0x03}};
	struct dhcp6_who who = dhcp6_who_is(&msg, &frame), unseen = dhcp6_who_is(&msg, NULL);

	check((who.by == DHCP6_WHO_FRAME) == !msg.n_relays);
	check(unseen.by != DHCP6_WHO_FRAME && !mac_is_group(&unseen.mac));
	check(mac_is_zero(&unseen.mac) == (unseen.by == DHCP6_WHO_NOBODY));
	check(who.has_uuid == unseen.has_uuid);
}

/* A site's option, as configuration writes them: no code that the protocol itself is made of. */
static void put_own(struct dhcp6_reply *r)
{
	enum { CODE = 200 };
	uint8_t option[4 + DHCP6_PACKET_MAX] = {0, CODE};
	struct dhcp6_span what = msg.user_class;

	option[2] = (uint8_t)(what.len >> 8);
	option[3] = (uint8_t)what.len;
	if (what.len)
		memcpy(option + 4, dhcp6_wire_bytes(&msg, what), what.len);
	dhcp6_reply_raw(r, option, 4 + what.len);
}

/* What the message asks for, in IAs as it has them. */
static void put_all(struct dhcp6_reply *r)
{
	dhcp6_reply_u8(r, OPT6_PREFERENCE, 255);
	for (size_t i = 0; i < msg.n_ias; i++) {
		struct dhcp6_ia ia = msg.ias[i];

		ia.has_status = ia.code == OPT6_IA_PD;
		ia.status = DHCP6_NO_PREFIX_AVAIL;
		dhcp6_reply_ia(r, &ia, "no prefixes here");
	}
	dhcp6_reply_text(r, OPT6_BOOT_URL, URL);
	dhcp6_reply_vendor_class(r, msg.enterprise, "HTTPClient");
	dhcp6_reply_names(r, OPT6_DOMAIN_SEARCH, "lab.example example");
	dhcp6_reply_fqdn(r, msg.fqdn_flags, *msg.hostname ? msg.hostname : "a.b");
	put_own(r);
}

static void check_ia(const struct dhcp6_ia *a, const struct dhcp6_ia *b)
{
	bool addresses = a->code != OPT6_IA_PD;

	check(a->code == b->code && a->iaid == b->iaid && a->t1_s == b->t1_s && a->t2_s == b->t2_s);
	check(b->n_addresses == (addresses ? a->n_addresses : 0));
	check(b->has_status == !addresses && (addresses || b->status == DHCP6_NO_PREFIX_AVAIL));
	for (size_t i = 0; i < b->n_addresses; i++) {
		check(ip_eq(&a->addresses[i].ip, &b->addresses[i].ip));
		check(a->addresses[i].preferred_s == b->addresses[i].preferred_s);
		check(a->addresses[i].valid_s == b->addresses[i].valid_s);
	}
}

static void check_relay(const struct dhcp6_relay *a, const struct dhcp6_relay *b)
{
	check(a->hops == b->hops && ip_eq(&a->link, &b->link) && ip_eq(&a->peer, &b->peer));
	check(same(a->interface_id, b->interface_id));
	check(!b->remote_id.at || same(a->remote_id, b->remote_id));
	check(a->own_port == b->own_port && !b->echo.at);
}

static void read_back(const uint8_t *buf, size_t len, unsigned left_out)
{
	size_t n;

	check(dhcp6_wire_decode(buf, len, &back, &why) == 0);
	check_message(&back);
	check(back.type == DHCP6_REPLY && back.xid == msg.xid);
	check(back.n_relays == msg.n_relays && back.relay_reply == !!msg.n_relays);
	for (size_t i = 0; i < msg.n_relays; i++)
		check_relay(&msg.relays[i], &back.relays[i]);
	check(same(msg.client_id, back.client_id));
	check(back.server_id.len == sizeof(SERVER));
	check(back.n_ias == msg.n_ias);
	for (size_t i = 0; i < msg.n_ias; i++)
		check_ia(&msg.ias[i], &back.ias[i]);
	check(left_out || (dhcp6_wire_option(&back, OPT6_BOOT_URL, &n) && n == strlen(URL)));
}

static void answer(size_t size)
{
	uint8_t *buf = malloc(size ? size : 1);
	struct dhcp6_reply r;
	int n;

	if (!buf)
		return;
	dhcp6_reply_begin(&r, buf, size, &msg, DHCP6_REPLY, SERVER, sizeof(SERVER));
	put_all(&r);
	n = dhcp6_reply_end(&r);
	check(n == -ENOSPC || (n > 0 && (size_t)n <= size));
	check(size < DHCP6_PACKET_MAX || n > 0 || r.left_out || r.lacks);
	if (n > 0)
		read_back(buf, (size_t)n, r.left_out);
	free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	why = NULL;
	if (dhcp6_wire_decode(data, len, &msg, &why) < 0) {
		check(why != NULL);
		return 0;
	}
	check_message(&msg);
	check_who();
	for (unsigned code = 0; code < 256; code++) {
		size_t n = 0;
		const uint8_t *p = dhcp6_wire_option(&msg, (uint16_t)code, &n);

		check(!p || (p >= msg.arena && p + n <= msg.arena + sizeof(msg.arena)));
	}
	answer(DHCP6_PACKET_MAX);
	answer(DHCP6_REPLY_MAX);
	answer(msg.xid % DHCP6_REPLY_MAX);
	return 0;
}
