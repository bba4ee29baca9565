/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/ndp_wire.h"

#include "core/cursor.h"
#include "dhcpd/dns_name.h"

#include <errno.h>
#include <string.h>

enum {
	ETHERTYPE_IPV6 = 0x86dd,
	ETHER_LEN = 14,
	IPV6_LEN = 40,
	IPV6_VERSION = 6,
	IPV6_ADDR = 16,
	NEXT_ICMPV6 = 58,
	HOP_LIMIT = 255, /* RFC 4861: nothing that a router has forwarded */
	ICMP_HEAD = 4,
	LENGTH_AT = ETHER_LEN + 4,
	ICMP_AT = ETHER_LEN + IPV6_LEN,
	CHECKSUM_AT = ICMP_AT + 2,
};

/* Options (RFC 4861 4.6, RFC 8106 5), with their lengths in units of eight bytes. */
enum {
	OPT_SOURCE_LINK = 1,
	OPT_TARGET_LINK = 2,
	OPT_PREFIX = 3,
	OPT_MTU = 5,
	OPT_DNS = 25,
	OPT_SEARCH = 31,
	OPT_UNIT = 8,
	LINK_UNITS = 1,
	PREFIX_UNITS = 4,
	MTU_UNITS = 1,
};

/* Bits of the flag bytes (RFC 4861 4.2, 4.4, 4.6.2; RFC 4191 2.2). */
enum {
	ROUTER_M = 0x80,
	ROUTER_O = 0x40,
	ROUTER_PREFERENCE_AT = 3,
	PREFIX_L = 0x80,
	PREFIX_A = 0x40,
	NEIGHBOUR_R = 0x80,
	NEIGHBOUR_S = 0x40,
	NEIGHBOUR_O = 0x20,
};

static const struct ip ALL_NODES = {.family = IP_V6, .b = {0xff, 0x02, [15] = 1}};

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

struct ip ndp_wire_solicited_node(const struct ip *ip)
{
	struct ip group = {.family = IP_V6, .b = {0xff, 0x02, [11] = 1, [12] = 0xff}};

	memcpy(group.b + 13, ip->b + 13, 3);
	return group;
}

static bool is_solicited_node(const struct ip *ip)
{
	const struct ip group = ndp_wire_solicited_node(ip);

	return ip_eq(ip, &group);
}

struct mac ndp_wire_group_mac(const struct ip *group)
{
	return (struct mac){{0x33, 0x33, group->b[12], group->b[13], group->b[14], group->b[15]}};
}

/* Decoding */

static struct ip take_address(struct reader *r)
{
	uint8_t b[IPV6_ADDR];

	reader_copy(r, b, sizeof(b));
	return ip_from_v6(b);
}

struct option {
	uint8_t code;
	struct reader value;
};

/* 1: an option in `ret`; 0: the end; -EBADMSG: without a length, or past the end. */
static int next_option(struct reader *r, struct option *ret)
{
	size_t len;

	if (r->left == 0)
		return 0;
	ret->code = reader_u8(r);
	len = (size_t)reader_u8(r) * OPT_UNIT;
	if (r->bad || !len)
		return -EBADMSG;
	ret->value = reader_sub(r, len - 2);
	return r->bad ? -EBADMSG : 1;
}

static void take_link(struct ndp_message *m, struct reader r)
{
	if (r.left != LINK_UNITS * OPT_UNIT - 2)
		return;
	m->has_link = true;
	reader_copy(&r, m->link.b, sizeof(m->link.b));
}

static void take_prefix(struct ndp_router *router, struct reader r)
{
	struct ndp_prefix p = {.len = reader_u8(&r)};
	uint8_t flags = reader_u8(&r);

	if (r.left != PREFIX_UNITS * OPT_UNIT - 4 || p.len > 128 ||
		router->n_prefixes == NDP_PREFIXES)
		return;
	p.on_link = flags & PREFIX_L;
	p.autonomous = flags & PREFIX_A;
	p.valid_s = reader_u32(&r);
	p.preferred_s = reader_u32(&r);
	reader_u32(&r);
	p.ip = take_address(&r);
	router->prefixes[router->n_prefixes++] = p;
}

static void take_mtu(struct ndp_router *router, struct reader r)
{
	if (r.left != MTU_UNITS * OPT_UNIT - 2)
		return;
	reader_u16(&r);
	router->mtu = reader_u32(&r);
}

static void take_dns(struct ndp_router *router, struct reader r)
{
	uint32_t lifetime;

	reader_u16(&r);
	lifetime = reader_u32(&r);
	if (r.bad || !r.left || r.left % IPV6_ADDR)
		return;
	if (!router->n_dns)
		router->dns_s = lifetime;
	while (r.left > 0 && router->n_dns < NDP_DNS)
		router->dns[router->n_dns++] = take_address(&r);
}

static void take_search(struct ndp_router *router, struct reader r)
{
	uint32_t lifetime;

	reader_u16(&r);
	lifetime = reader_u32(&r);
	if (r.bad || *router->search || dns_name_take(r, router->search, NDP_SEARCH) < 0)
		return;
	if (*router->search)
		router->search_s = lifetime;
}

static void take_option(struct ndp_message *m, const struct option *o)
{
	if (o->code == (m->type == NDP_NEIGHBOUR_ADVERT ? OPT_TARGET_LINK : OPT_SOURCE_LINK))
		take_link(m, o->value);
	if (m->type != NDP_ROUTER_ADVERT)
		return;
	if (o->code == OPT_PREFIX)
		take_prefix(&m->router, o->value);
	else if (o->code == OPT_MTU)
		take_mtu(&m->router, o->value);
	else if (o->code == OPT_DNS)
		take_dns(&m->router, o->value);
	else if (o->code == OPT_SEARCH)
		take_search(&m->router, o->value);
}

static void take_router(struct ndp_router *router, struct reader *r)
{
	uint8_t flags;

	router->hop_limit = reader_u8(r);
	flags = reader_u8(r);
	router->managed = flags & ROUTER_M;
	router->other = flags & ROUTER_O;
	router->preference = flags >> ROUTER_PREFERENCE_AT & 3;
	router->lifetime_s = reader_u16(r);
	router->reachable_ms = reader_u32(r);
	router->retransmit_ms = reader_u32(r);
}

static void take_neighbour(struct ndp_message *m, struct reader *r)
{
	struct ndp_neighbour *n = &m->neighbour;
	uint8_t flags = (uint8_t)(reader_u32(r) >> 24);

	n->target = take_address(r);
	if (m->type != NDP_NEIGHBOUR_ADVERT)
		return;
	n->is_router = flags & NEIGHBOUR_R;
	n->solicited = flags & NEIGHBOUR_S;
	n->overrides = flags & NEIGHBOUR_O;
}

/* What each type forbids beside what all do (RFC 4861 6.1.1, 6.1.2, 7.1.1, 7.1.2). */
static bool is_sound(const struct ndp_message *m)
{
	const struct ndp_way *way = &m->way;
	bool from_nobody = ip_is_any6(&way->from);

	if (mac_is_group(&way->from_mac) || ip_is_group(&way->from))
		return false;
	switch (m->type) {
	case NDP_ROUTER_SOLICIT:
		return !from_nobody || !m->has_link;
	case NDP_ROUTER_ADVERT:
		return ip_is_link_local(&way->from);
	case NDP_NEIGHBOUR_SOLICIT:
		return !ip_is_group(&m->neighbour.target) &&
			(!from_nobody || (!m->has_link && is_solicited_node(&way->to)));
	case NDP_NEIGHBOUR_ADVERT:
		return !ip_is_group(&m->neighbour.target) &&
			!(ip_is_group(&way->to) && m->neighbour.solicited);
	}
	return false;
}

static int take_message(struct ndp_message *m, struct reader r)
{
	struct option o;
	int rc;

	if (m->type == NDP_ROUTER_SOLICIT)
		reader_u32(&r);
	else if (m->type == NDP_ROUTER_ADVERT)
		take_router(&m->router, &r);
	else
		take_neighbour(m, &r);
	if (r.bad)
		return -EBADMSG;
	while ((rc = next_option(&r, &o)) > 0)
		take_option(m, &o);
	return rc < 0 || !is_sound(m) ? -EBADMSG : 0;
}

int ndp_wire_decode(const void *frame, size_t len, struct ndp_message *ret)
{
	struct ndp_message m = {.type = 0};
	struct reader r, icmp;
	const uint8_t *addresses, *message;
	uint8_t version, next, hops, type;
	uint16_t icmp_len;
	int rc;

	reader_init(&r, frame, len);
	reader_copy(&r, m.way.to_mac.b, sizeof(m.way.to_mac.b));
	reader_copy(&r, m.way.from_mac.b, sizeof(m.way.from_mac.b));
	if (reader_u16(&r) != ETHERTYPE_IPV6)
		return -ENOMSG;
	version = (uint8_t)(reader_u32(&r) >> 28);
	icmp_len = reader_u16(&r);
	next = reader_u8(&r);
	hops = reader_u8(&r);
	addresses = r.at;
	m.way.from = take_address(&r);
	m.way.to = take_address(&r);
	message = r.at;
	icmp = reader_sub(&r, icmp_len);
	type = reader_u8(&icmp);
	if (r.bad || version != IPV6_VERSION || next != NEXT_ICMPV6 || type < NDP_ROUTER_SOLICIT ||
		type > NDP_NEIGHBOUR_ADVERT)
		return -ENOMSG;
	m.type = type;
	if (hops != HOP_LIMIT || reader_u8(&icmp) || checksum(addresses, message, icmp_len))
		return -EBADMSG;
	reader_u16(&icmp);
	rc = take_message(&m, icmp);
	if (rc == 0)
		*ret = m;
	return rc;
}

/* Encoding */

static void put_option(struct writer *w, uint8_t code, size_t units)
{
	writer_u8(w, code);
	writer_u8(w, (uint8_t)units);
}

static void put_address(struct writer *w, const struct ip *ip)
{
	writer_bytes(w, ip->b, IPV6_ADDR);
}

static void put_link(struct writer *w, const struct ndp_message *m)
{
	if (!m->has_link)
		return;
	put_option(
		w, m->type == NDP_NEIGHBOUR_ADVERT ? OPT_TARGET_LINK : OPT_SOURCE_LINK, LINK_UNITS);
	writer_bytes(w, m->link.b, sizeof(m->link.b));
}

static void put_prefix(struct writer *w, const struct ndp_prefix *p)
{
	put_option(w, OPT_PREFIX, PREFIX_UNITS);
	writer_u8(w, p->len);
	writer_u8(w, (uint8_t)((p->on_link ? PREFIX_L : 0) | (p->autonomous ? PREFIX_A : 0)));
	writer_u32(w, p->valid_s);
	writer_u32(w, p->preferred_s);
	writer_u32(w, 0);
	put_address(w, &p->ip);
}

static void put_dns(struct writer *w, const struct ndp_router *router)
{
	if (!router->n_dns)
		return;
	put_option(w, OPT_DNS, 1 + 2 * router->n_dns);
	writer_u16(w, 0);
	writer_u32(w, router->dns_s);
	for (size_t i = 0; i < router->n_dns; i++)
		put_address(w, &router->dns[i]);
}

/* Filled up with empty names to a whole unit. */
static int put_search(struct writer *w, const struct ndp_router *router)
{
	size_t start = w->len, len;
	int rc;

	if (!*router->search)
		return 0;
	put_option(w, OPT_SEARCH, 0);
	writer_u16(w, 0);
	writer_u32(w, router->search_s);
	rc = dns_name_put(w, router->search);
	if (rc < 0 || w->bad)
		return rc;
	len = w->len - start;
	writer_zero(w, (OPT_UNIT - len % OPT_UNIT) % OPT_UNIT);
	if (!w->bad)
		w->start[start + 1] = (uint8_t)((w->len - start) / OPT_UNIT);
	return 0;
}

static int put_router(struct writer *w, const struct ndp_message *m)
{
	const struct ndp_router *router = &m->router;

	writer_u8(w, router->hop_limit);
	writer_u8(w,
		(uint8_t)((router->managed ? ROUTER_M : 0) | (router->other ? ROUTER_O : 0) |
			(router->preference & 3) << ROUTER_PREFERENCE_AT));
	writer_u16(w, router->lifetime_s);
	writer_u32(w, router->reachable_ms);
	writer_u32(w, router->retransmit_ms);
	put_link(w, m);
	if (router->mtu) {
		put_option(w, OPT_MTU, MTU_UNITS);
		writer_u16(w, 0);
		writer_u32(w, router->mtu);
	}
	for (size_t i = 0; i < router->n_prefixes; i++)
		put_prefix(w, &router->prefixes[i]);
	put_dns(w, router);
	return put_search(w, router);
}

static void put_neighbour(struct writer *w, const struct ndp_message *m)
{
	const struct ndp_neighbour *n = &m->neighbour;
	uint8_t flags = 0;

	if (m->type == NDP_NEIGHBOUR_ADVERT)
		flags = (uint8_t)((n->is_router ? NEIGHBOUR_R : 0) |
			(n->solicited ? NEIGHBOUR_S : 0) | (n->overrides ? NEIGHBOUR_O : 0));
	writer_u32(w, (uint32_t)flags << 24);
	put_address(w, &n->target);
	put_link(w, m);
}

static void put_head(struct writer *w, const struct ndp_way *way)
{
	writer_bytes(w, way->to_mac.b, sizeof(way->to_mac.b));
	writer_bytes(w, way->from_mac.b, sizeof(way->from_mac.b));
	writer_u16(w, ETHERTYPE_IPV6);
	writer_u32(w, (uint32_t)IPV6_VERSION << 28);
	writer_u16(w, 0);
	writer_u8(w, NEXT_ICMPV6);
	writer_u8(w, HOP_LIMIT);
	put_address(w, &way->from);
	put_address(w, &way->to);
}

int ndp_wire_encode(const struct ndp_message *m, void *frame, size_t size)
{
	struct writer w;
	int rc = 0;

	writer_init(&w, frame, size < NDP_FRAME_MAX ? size : NDP_FRAME_MAX);
	put_head(&w, &m->way);
	writer_u8(&w, (uint8_t)m->type);
	writer_zero(&w, ICMP_HEAD - 1);
	if (m->type == NDP_ROUTER_ADVERT) {
		rc = put_router(&w, m);
	} else if (m->type == NDP_ROUTER_SOLICIT) {
		writer_u32(&w, 0);
		put_link(&w, m);
	} else {
		put_neighbour(&w, m);
	}
	if (rc < 0 || w.bad)
		return rc < 0 ? rc : -ENOSPC;
	writer_patch_u16(&w, LENGTH_AT, (uint16_t)(w.len - ICMP_AT));
	writer_patch_u16(&w, CHECKSUM_AT,
		checksum(w.start + ICMP_AT - 2 * IPV6_ADDR, w.start + ICMP_AT, w.len - ICMP_AT));
	return (int)w.len;
}

/* Messages of ours */

struct ndp_way ndp_wire_to_all(const struct mac *mac, const struct ip *from)
{
	return (struct ndp_way){.from_mac = *mac,
		.to_mac = ndp_wire_group_mac(&ALL_NODES),
		.from = *from,
		.to = ALL_NODES};
}

struct ndp_way ndp_wire_back(
	const struct ndp_message *asked, const struct mac *mac, const struct ip *from)
{
	const struct ip *to = &asked->way.from;

	return (struct ndp_way){.from_mac = *mac,
		.to_mac = asked->way.from_mac,
		.from = *from,
		.to = ip_is_link_local(to) ? *to : ALL_NODES};
}

/* Not the link's own, which has ff:fe in the middle (RFC 4291 appendix A): where this host is a
 * router (libvirt's IPv6 networks), "no router here" from that address would take it back. */
static struct ip link_local_of_nobody(const struct mac *mac)
{
	struct ip ip = ip6_from_mac(&IP6_LINK_LOCAL, mac);

	ip.b[11] = ip.b[12] = 0;
	return ip;
}

/* All zero: no hop limit, no flags (nothing to be had by DHCPv6 either), no router, no timers. */
struct ndp_message ndp_wire_no_router(const struct ndp_message *asked, const struct mac *mac)
{
	const struct ip from = link_local_of_nobody(mac);

	return (struct ndp_message){.type = NDP_ROUTER_ADVERT,
		.way = ndp_wire_back(asked, mac, &from),
		.has_link = true,
		.link = *mac};
}

struct ndp_message ndp_wire_ask(
	const struct mac *mac, const struct ip *from, const struct ip *target)
{
	const struct ip group = ndp_wire_solicited_node(target);
	bool says_who = ip_is_set(from) && !ip_is_any6(from);

	return (struct ndp_message){.type = NDP_NEIGHBOUR_SOLICIT,
		.way = {.from_mac = *mac,
			.to_mac = ndp_wire_group_mac(&group),
			.from = says_who ? *from : (struct ip){.family = IP_V6},
			.to = group},
		.has_link = says_who,
		.link = *mac,
		.neighbour = {.target = *target}};
}

struct ndp_message ndp_wire_claim(const struct ndp_message *asked, const struct mac *mac)
{
	const struct ip *target = &asked->neighbour.target;
	struct ndp_message m = {.type = NDP_NEIGHBOUR_ADVERT,
		.has_link = true,
		.link = *mac,
		.neighbour = {.target = *target, .overrides = true}};

	m.way = ndp_wire_to_all(mac, target);
	if (ip_is_any6(&asked->way.from))
		return m;
	m.way.to_mac = asked->way.from_mac;
	m.way.to = asked->way.from;
	m.neighbour.solicited = true;
	return m;
}
