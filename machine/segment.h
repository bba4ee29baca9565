/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A segment: one served L2 network, with the subnet that is leased on it. Not the same as an
 * interface: a relay may lie between, then the segment names the one whose link leads there.
 * Segments are made from configuration, libvirt's word and what the store remembers; most live as
 * long as the service, one whose network is deleted goes. Readers borrow them for a call, and
 * keep ids.
 */
#ifndef USHER_MACHINE_SEGMENT_H
#define USHER_MACHINE_SEGMENT_H

#include "core/addr.h"

enum {
	SEGMENT_MAX = 64, /* per service: one socket pair and one pool each */
	SEGMENT_NAME = 64,
	SEGMENT_LEASE_S = 3600, /* of a segment that says nothing of it */
	SEGMENT_DNS_MAX = 4,
	SEGMENT_NTP_MAX = 4,
	SEGMENT_ROUTES_MAX = 16,
	SEGMENT_SEARCH = 254,  /* bytes of all search domains: one option 119 */
	SEGMENT_OPTIONS = 512, /* bytes of the site's own options */
	SEGMENT_PREFIX6 =
		64, /* of IPv6, the shortest and the longest prefix that is served: more bits leave no… */
	SEGMENT_PREFIX6_MAX = 96, /* …room for numbers */
	SEGMENT_ROUTER_S =
		1800, /* RFC 4861 6.2.1: three times the longest time between two advertisements */
};

struct segment_route {
	uint32_t to, gateway; /* host order */
	uint8_t prefix_len;
};

/* The site's own, one by one: code, length and value, as DHCP writes them, or DHCPv6 (of two bytes each). */
struct segment_options {
	uint8_t bytes[SEGMENT_OPTIONS];
	size_t len;
};

/* What clients are told that ask for it, as the configuration says it. */
struct segment_extra {
	struct ip ntp[SEGMENT_NTP_MAX];
	size_t n_ntp;
	struct segment_route routes[SEGMENT_ROUTES_MAX]; /* beside the default one */
	size_t n_routes;
	char search[SEGMENT_SEARCH]; /* domains, a blank between two */
	uint16_t mtu;                /* 0: not told */
	struct segment_options options;
};

/* Who leases there. */
enum segment_mode {
	SEGMENT_OWN,   /* we do */
	SEGMENT_PROXY, /* somebody else does: we add the boot information */
	SEGMENT_AUTO,  /* not known yet; becomes one of the others once */
};

/* IPv6 on the same link. Its addresses are the prefix and a number in the low 32 bits: the IPv4 address of the same
 * machine where it has one, so 2001:db8:7a::c0a8:7a03 for 192.168.122.3 (core/addr.h). */
struct segment6 {
	struct ip
		server; /* our own address on it, global or unique local; not set: no IPv6 is served */
	struct ip subnet;   /* behind a relay: its network address; else it is the server's */
	uint8_t prefix_len; /* 64 to 96 */
	struct ip dns[SEGMENT_DNS_MAX];
	size_t n_dns;
	uint32_t pool_first, pool_last; /* numbers, inclusive; 0,0: no pool */
	uint16_t
		router_s; /* how long we are a default router, in our advertisements; 0: we are none */
	struct segment_options options;
	bool autonomous; /* machines are told to make themselves addresses too (RFC 4862) */
	bool yields;     /* where another DHCPv6 server leases, we do not */
};

struct segment {
	uint32_t id;             /* 1..SEGMENT_MAX within this run; 0 is "none"; one that went gives
				    its id to the next that comes */
	char name[SEGMENT_NAME]; /* the libvirt network's or the interface's: what is stored */
	bool is_network; /* a libvirt network of that name, guests are attached to it by name */
	bool bridged; /* that network only names a bridge of this host's (<forward mode='bridge'/>):
			     libvirt has no address there and leases nothing */
	uint32_t via; /* id of the segment where its relay's packets come in; 0: no relay */
	struct ip subnet; /* behind a relay: its network address; else it is the server's */
	char ifname[16];  /* bridge or interface served */
	struct ip server; /* our own address on it */
	uint8_t prefix_len;
	struct ip router; /* default gateway told to clients; not set: none */
	struct ip dns[SEGMENT_DNS_MAX];
	size_t n_dns;
	bool no_dns; /* none is known: it is our own address, for want of another */
	char domain[254];
	uint32_t pool_first, pool_last; /* host order, inclusive; 0,0: no pool */
	uint32_t lease_s;               /* seconds */
	uint16_t probe_ms; /* how long an address is asked for before it is offered; 0: not */
	enum segment_mode mode;
	struct ip lessor;  /* who leases where we do not; not set: somebody on the segment */
	bool computed;     /* an address may be computed from a 52:54 MAC */
	bool by_client_id; /* a stranger's client-id says who it is, not its MAC */
	bool discover;     /* machines without a record that boot there are discovered */
	bool sealed; /* boots of its machines are confirmed by the user, unless a record says otherwise */
	struct segment_extra extra;
	struct segment6 six;
	uint16_t http_port;
	uint16_t log_port;    /* where syslog messages are to be taken, UDP and TCP; 0: nowhere */
	bool no_log, no_log6; /* they are not, on our IPv4 or IPv6 address: another has the port */
};

const char *segment_mode_name(enum segment_mode m); /* "own" */
uint32_t segment_net(const struct segment *s);      /* network address, host order */
bool segment_contains(const struct segment *s, uint32_t address);
/* Our address there of this family; not set: that family is not served. */
const struct ip *segment_server(const struct segment *s, enum ip_family family);
/* Where syslog messages are taken on our address of this family; 0: nowhere. */
uint16_t segment_log_port(const struct segment *s, enum ip_family family);
/* We have an address there, of either family: else it is not served yet. */
bool segment_is_known(const struct segment *s);
/* The one for who asks by this family: where there is none of it, or it is IP_NONE, that of IPv4, else of IPv6. */
const struct ip *segment_asked(const struct segment *s, enum ip_family family);
/* An address of ours there with the HTTP port: "http://192.168.122.1:8067", "http://[2001:db8:7a::1]:8067". */
void segment_url(const struct segment *s, const struct ip *server, char *buf, size_t size);
/* The same with another port. */
void segment_url_of(const struct ip *server, uint16_t http_port, char *buf, size_t size);
/* The same of our IPv4 address; where there is none, of our IPv6 one. */
void segment_base_url(const struct segment *seg, char *buf, size_t size);
/* The id of the segment whose link and sockets it uses: its own, or its relay's. */
uint32_t segment_link(const struct segment *s);
/* In the subnet of its family, and neither network, broadcast (subnet-router, RFC 4291 2.6.1) nor server address. */
bool segment_accepts(const struct segment *s, const struct ip *ip);
/* The same, and not the router's: that is had by a record only, never by chance. */
bool segment_offers(const struct segment *s, const struct ip *ip);
bool segment_in_pool(const struct segment *s, const struct ip *ip);
/* An address by its number: IPv4 in host order; IPv6 in the low 32 bits, behind the prefix. Not set: that family is not
 * served. */
struct ip segment_at(const struct segment *s, enum ip_family family, uint32_t number);
/* The number of an address there: false where it has none (another subnet, or an IPv6 address that is more than its prefix and
 * 32 bits). */
bool segment_number(const struct segment *s, const struct ip *ip, uint32_t *ret);
/* An address that machines make themselves there: link-local, or one of the prefix where they are told to (RFC 4862). Whose
 * it is only its MAC says. */
bool segment_self_made(const struct segment *s, const struct ip *ip);
/* The IPv4 address of the subnet that an IPv6 one there is computed from. */
bool segment_v4_of(const struct segment *s, const struct ip *ip6, struct ip *ret);
/* The numbers of the family's pool; false: it has none, or it lies in another subnet now. */
bool segment_pool(const struct segment *s, enum ip_family family, uint32_t *first, uint32_t *last);
/* The address of this family that a computed MAC stands for there. False: it is not computed. Whether it may be had,
 * segment_offers() says. */
bool segment_computed(
	const struct segment *s, enum ip_family family, const struct mac *mac, struct ip *ret);

struct segments {
	struct segment *all[SEGMENT_MAX]; /* in the order they came */
	size_t count;
	struct segment *by_id[SEGMENT_MAX]; /* by id - 1; NULL: none has it */
};

/* Keeps a heap copy of `s` with the lowest free id. -EEXIST (name), -ENOSPC, -ENOMEM. */
int segments_add(struct segments *ss, const struct segment *s, const struct segment **ret);
/* Takes it out and frees it; whoever knows it by its id has forgotten it before. */
void segments_remove(struct segments *ss, uint32_t id);
const struct segment *segments_by_name(const struct segments *ss, const char *name);
const struct segment *segments_by_id(const struct segments *ss, uint32_t id);
/* Of the subnets on the link of `link` and behind it, the one where the address lies; NULL: none.
 */
const struct segment *segments_by_address(
	const struct segments *ss, const struct segment *link, uint32_t address);
/* The same for either family. A link-local address is the link's. */
const struct segment *segments_by_ip(
	const struct segments *ss, const struct segment *link, const struct ip *ip);
void segments_fini(struct segments *ss);

#endif
