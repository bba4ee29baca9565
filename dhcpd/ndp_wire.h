/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Neighbour discovery on Ethernet (RFC 4861): solicitations and advertisements of routers and neighbours, decoded and encoded
 * with the same struct. Pure. Times are in seconds where nothing else is said.
 */
#ifndef USHER_DHCPD_NDP_WIRE_H
#define USHER_DHCPD_NDP_WIRE_H

#include "core/addr.h"

enum {
	NDP_FRAME_MAX = 1514, /* one Ethernet frame; longer ones are not made */
	NDP_PREFIXES = 8,     /* in one advertisement; the rest is not read */
	NDP_DNS = 8,
	NDP_SEARCH = 256, /* bytes of its search domains as text; longer ones are not read */
};

#define NDP_FOREVER UINT32_MAX /* a lifetime without end (RFC 4861 4.6.2) */

enum ndp_type {
	NDP_ROUTER_SOLICIT = 133,
	NDP_ROUTER_ADVERT,
	NDP_NEIGHBOUR_SOLICIT,
	NDP_NEIGHBOUR_ADVERT,
};

enum ndp_preference { NDP_MEDIUM = 0, NDP_HIGH = 1, NDP_LOW = 3 }; /* RFC 4191 2.1 */

/* From whom to whom: Ethernet's and IPv6's addresses. */
struct ndp_way {
	struct mac from_mac, to_mac;
	struct ip from, to;
};

struct ndp_prefix {
	struct ip ip;
	uint8_t len;
	bool on_link;    /* L: its addresses are reached without a router */
	bool autonomous; /* A: make yourself an address in it (RFC 4862) */
	uint32_t valid_s, preferred_s;
};

/* What a router says of its link. */
struct ndp_router {
	uint8_t hop_limit;                    /* 0: not said */
	bool managed, other;                  /* M: addresses by DHCPv6; O: the rest by DHCPv6 */
	uint8_t preference;                   /* enum ndp_preference */
	uint16_t lifetime_s;                  /* as a default router; 0: it is none */
	uint32_t reachable_ms, retransmit_ms; /* 0: not said */
	uint32_t mtu;                         /* 0: not said */
	struct ndp_prefix prefixes[NDP_PREFIXES];
	size_t n_prefixes;
	struct ip dns[NDP_DNS]; /* RFC 8106 5.1 */
	size_t n_dns;
	uint32_t dns_s;          /* read: of the first */
	char search[NDP_SEARCH]; /* domains, a blank between two (RFC 8106 5.2) */
	uint32_t search_s;
};

/* Who is asked for, or says to have it. */
struct ndp_neighbour {
	struct ip target;
	bool is_router, solicited, overrides; /* of an advertisement (RFC 4861 4.4) */
};

struct ndp_message {
	enum ndp_type type;
	struct ndp_way way;
	bool has_link; /* the link-layer address option: of the sender, in a neighbour's advertisement of the target */
	struct mac link;
	struct ndp_router router;       /* of NDP_ROUTER_ADVERT */
	struct ndp_neighbour neighbour; /* of NDP_NEIGHBOUR_… */
};

/* A frame with its Ethernet header, without VLAN tags. -ENOMSG: another kind of frame, or cut; -EBADMSG: one that RFC 4861
 * wants dropped (6.1.1, 6.1.2, 7.1.1, 7.1.2), or from a group. An option of an odd size or kind is skipped. */
int ndp_wire_decode(const void *frame, size_t len, struct ndp_message *ret);
/* The length of the frame; -ENOSPC: it is longer than `size`; -EINVAL: `search` is not names. Addresses are IPv6. */
int ndp_wire_encode(const struct ndp_message *m, void *frame, size_t size);

/* ff02::1:ff…, where who has this address listens (RFC 4291 2.7.1). */
struct ip ndp_wire_solicited_node(const struct ip *ip);
/* 33:33:…, where a group's frames go (RFC 2464 7). */
struct mac ndp_wire_group_mac(const struct ip *group);

/* To all nodes of the link; `mac` and `from` (link-local, of a router's advertisement) are ours. */
struct ndp_way ndp_wire_to_all(const struct mac *mac, const struct ip *from);
/* To the machine that sent `asked` and to no other; while it has no link-local address, to all nodes in a frame to its MAC,
 * which it hears. */
struct ndp_way ndp_wire_back(
	const struct ndp_message *asked, const struct mac *mac, const struct ip *from);

/*
 * The answer that says "no router here, go on". iPXE configures IPv4 and IPv6 at once and goes on when both are done. Where
 * no router answers, it asks for 16 s, long after its IPv4 lease. An advertisement with a router lifetime of 0, without a
 * prefix (RFC 4861 4.2: not a default router), ends that at once, and gives nobody an address or a route. It comes from a
 * link-local address that nobody else has, made of `mac`, which is ours.
 */
struct ndp_message ndp_wire_no_router(const struct ndp_message *asked, const struct mac *mac);
/* Who has `target`? With `from` not set nobody learns who asks: the probe before an address is used (RFC 4862 5.4.2). */
struct ndp_message ndp_wire_ask(
	const struct mac *mac, const struct ip *from, const struct ip *target);
/* "I have it", to who asked for it; to all nodes when it was such a probe (RFC 4861 7.2.4). */
struct ndp_message ndp_wire_claim(const struct ndp_message *asked, const struct mac *mac);

#endif
