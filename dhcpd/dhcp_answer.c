/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_answer.h"

#include "dhcpd/dns_name.h"

#include <errno.h>
#include <string.h>

/* DHCP_BOOTP: of a BOOTP reply. Only for the verdicts that send. */
static enum dhcp_type type_of(enum dhcp_verdict v)
{
	switch (v) {
	case DHCP_SEND_OFFER:
		return DHCP_OFFER;
	case DHCP_SEND_NAK:
		return DHCP_NAK;
	case DHCP_SEND_BOOTP:
		return DHCP_BOOTP;
	default:
		return DHCP_ACK;
	}
}

struct dhcp_route dhcp_answer_route(const struct dhcp_policy *p, const struct dhcp_decision *d)
{
	const struct dhcp_delivery to = {.msg = p->msg,
		.answer = type_of(d->verdict),
		.address = ip_to_v4(&d->address),
		.behind_relay = p->segment->via};

	return dhcp_route_of(&to);
}

/* A client that lists what it wants gets that; one that lists nothing gets all. */
static bool wanted(const struct dhcp_message *m, uint8_t code)
{
	return !m->lists_wants || dhcp_wire_wants(m, code);
}

/* Of a site's own options: RFC 8925 3.3 (IPv6-only preferred: IPv4 goes), RFC 7618 (shared addresses). Who lists nothing
 * does not know them. */
static bool wanted_own(const struct dhcp_message *m, uint8_t code)
{
	return code == OPT_IPV6_ONLY || code == OPT_PORT_PARAMETERS ? dhcp_wire_wants(m, code)
								    : wanted(m, code);
}

static void put_times(struct dhcp_reply *r, uint32_t lease_s)
{
	if (!lease_s)
		return;
	dhcp_reply_u32(r, OPT_LEASE_TIME, lease_s);
	/* RFC 2131 4.4.5: a half, and seven eighths. */
	if (wanted(r->to, OPT_RENEWAL))
		dhcp_reply_u32(r, OPT_RENEWAL, lease_s / 2);
	if (wanted(r->to, OPT_REBINDING))
		dhcp_reply_u32(r, OPT_REBINDING, (uint32_t)((uint64_t)lease_s * 7 / 8));
}

void dhcp_answer_put_boot(struct dhcp_reply *r, const struct dhcp_boot *b)
{
	/* Encapsulated options of iPXE: 176, "no-pxedhcp". Saves it seconds of waiting. */
	static const uint8_t NO_PXEDHCP[] = {176, 1, 1};
	struct ip next = ip_from_v4(b->next_server);
	char text[IP_TEXT];

	dhcp_reply_text(r, OPT_VENDOR_CLASS, b->vendor_class);
	if (b->vendor_len > 0)
		dhcp_reply_bytes(r, OPT_VENDOR, b->vendor, b->vendor_len);
	if (b->no_proxy)
		dhcp_reply_bytes(r, OPT_IPXE, NO_PXEDHCP, sizeof(NO_PXEDHCP));
	if (dhcp_wire_wants(r->to, OPT_BOOTFILE) || strlen(b->file) >= DHCP_FILE_FIELD)
		(b->tftp ? dhcp_reply_c_string : dhcp_reply_text)(r, OPT_BOOTFILE, b->file);
	if (b->tftp && dhcp_wire_wants(r->to, OPT_TFTP_SERVER))
		dhcp_reply_c_string(r, OPT_TFTP_SERVER, ip_format(&next, text));
	if (b->tftp && dhcp_wire_wants(r->to, OPT_TFTP_ADDRESS))
		dhcp_reply_u32(r, OPT_TFTP_ADDRESS, b->next_server);
	/* RFC 4578 2.3: in all packets of PXE servers, too. */
	if (b->tftp)
		dhcp_reply_echo(r, OPT_UUID);
}

static void put_addresses(struct dhcp_reply *r, uint8_t code, const struct ip *ips, size_t n)
{
	uint8_t bytes[4 * (SEGMENT_DNS_MAX > SEGMENT_NTP_MAX ? SEGMENT_DNS_MAX : SEGMENT_NTP_MAX)];
	struct writer w;

	writer_init(&w, bytes, sizeof(bytes));
	for (size_t i = 0; i < n; i++)
		if (ips[i].family == IP_V4)
			writer_u32(&w, ip_to_v4(&ips[i]));
	if (w.len > 0 && wanted(r->to, code))
		dhcp_reply_bytes(r, code, bytes, w.len);
}

/* RFC 3442: the prefix's length, its significant octets, the gateway. */
static void write_route(struct writer *w, const struct segment_route *route)
{
	writer_u8(w, route->prefix_len);
	for (unsigned bits = 0; bits < route->prefix_len; bits += 8)
		writer_u8(w, (uint8_t)(route->to >> (24 - bits)));
	writer_u32(w, route->gateway);
}

/* True: the client has its default route among these. */
static bool put_routes(struct dhcp_reply *r, const struct segment *s)
{
	uint8_t bytes[9 * (SEGMENT_ROUTES_MAX + 1)];
	const struct segment_route through = {.gateway = ip_to_v4(&s->router)};
	unsigned left_out = r->left_out;
	struct writer w;

	if (!s->extra.n_routes)
		return false;
	writer_init(&w, bytes, sizeof(bytes));
	for (size_t i = 0; i < s->extra.n_routes; i++)
		write_route(&w, &s->extra.routes[i]);
	if (ip_is_set(&s->router))
		write_route(&w, &through);
	if (dhcp_wire_wants(r->to, OPT_MS_ROUTES))
		dhcp_reply_bytes(r, OPT_MS_ROUTES, bytes, w.len);
	if (!dhcp_wire_wants(r->to, OPT_CLASSLESS_ROUTES))
		return false;
	dhcp_reply_bytes(r, OPT_CLASSLESS_ROUTES, bytes, w.len);
	return r->left_out == left_out;
}

/* RFC 3397, without compression (which is the server's choice). */
static void put_search(struct dhcp_reply *r, const char *domains)
{
	uint8_t bytes[2 * SEGMENT_SEARCH];
	struct writer w;

	writer_init(&w, bytes, sizeof(bytes));
	if (!dns_name_put(&w, domains) && w.len > 0 && !w.bad && wanted(r->to, OPT_DOMAIN_SEARCH))
		dhcp_reply_bytes(r, OPT_DOMAIN_SEARCH, bytes, w.len);
}

static void put_extra(struct dhcp_reply *r, const struct segment_extra *x)
{
	const uint8_t mtu[2] = {(uint8_t)(x->mtu >> 8), (uint8_t)x->mtu};

	if (x->mtu && wanted(r->to, OPT_MTU))
		dhcp_reply_bytes(r, OPT_MTU, mtu, sizeof(mtu));
	put_addresses(r, OPT_NTP, x->ntp, x->n_ntp);
	put_search(r, x->search);
	for (size_t at = 0; at < x->options.len; at += 2u + x->options.bytes[at + 1]) {
		const uint8_t *o = x->options.bytes + at;

		if (wanted_own(r->to, o[0]))
			dhcp_reply_bytes(r, o[0], o + 2, o[1]);
	}
}

static void put_network(struct dhcp_reply *r, const struct segment *s, const struct machine *m)
{
	/* RFC 3442: who takes its routes from option 121 is not told the router beside it. */
	bool routed = put_routes(r, s);

	if (!routed && ip_is_set(&s->router) && wanted(r->to, OPT_ROUTER))
		dhcp_reply_u32(r, OPT_ROUTER, ip_to_v4(&s->router));
	put_addresses(r, OPT_DNS, s->dns, s->n_dns);
	if (m && wanted(r->to, OPT_HOSTNAME))
		dhcp_reply_text(r, OPT_HOSTNAME, m->name);
	if (wanted(r->to, OPT_DOMAIN))
		dhcp_reply_text(r, OPT_DOMAIN, s->domain);
	if (wanted(r->to, OPT_BROADCAST))
		dhcp_reply_u32(r, OPT_BROADCAST, segment_net(s) | ~v4_mask(s->prefix_len));
	put_extra(r, &s->extra);
}

static struct dhcp_reply_head head(
	const struct dhcp_policy *p, const struct dhcp_decision *d, const struct dhcp_boot *boot)
{
	struct dhcp_reply_head h = {
		.type = type_of(d->verdict), .server_id = dhcp_policy_server(p)};

	if (h.type != DHCP_OFFER && h.type != DHCP_NAK)
		h.ciaddr = p->msg->ciaddr;
	if (d->verdict == DHCP_SEND_OFFER || d->verdict == DHCP_SEND_ACK ||
		d->verdict == DHCP_SEND_BOOTP)
		h.yiaddr = ip_to_v4(&d->address);
	if (boot && boot->boots) {
		h.siaddr = boot->next_server;
		h.file = boot->file;
	}
	return h;
}

int dhcp_answer_encode(const struct dhcp_policy *p, const struct dhcp_decision *d,
	const struct dhcp_boot *boot, uint8_t buf[DHCP_REPLY_MAX])
{
	struct dhcp_reply_head h;
	struct dhcp_reply r;

	if (d->verdict == DHCP_SEND_NAK)
		boot = NULL;
	h = head(p, d, boot);
	dhcp_reply_begin(&r, buf, p->msg, &h);
	if (d->verdict == DHCP_SEND_NAK) {
		dhcp_reply_text(&r, OPT_MESSAGE, dhcp_reason_text(d->reason));
		return dhcp_reply_end(&r);
	}
	put_times(&r, d->lease_s);
	dhcp_reply_u32(&r, OPT_NETMASK, v4_mask(p->segment->prefix_len));
	if (boot && boot->boots)
		dhcp_answer_put_boot(&r, boot);
	put_network(&r, p->segment, d->machine);
	return dhcp_reply_end(&r);
}
