/*
 * A segment: one served L2 network, with the subnet that is leased on it. Not the same as an
 * interface: later a relay may lie between. Segments are made at start from configuration and
 * libvirt's word, and live as long as the service; readers borrow them.
 */
#ifndef USHER_MACHINE_SEGMENT_H
#define USHER_MACHINE_SEGMENT_H

#include "core/addr.h"

enum {
	SEGMENT_MAX = 64, /* per service: one socket pair and one pool each */
	SEGMENT_NAME = 64,
	SEGMENT_DNS_MAX = 4,
};

struct segment {
	uint32_t id;             /* 1.. within this run; 0 is "none" */
	char name[SEGMENT_NAME]; /* the libvirt network's or the interface's: what is stored */
	bool is_network;  /* a libvirt network of that name, guests are attached to it by name */
	char ifname[16];  /* bridge or interface served */
	struct ip server; /* our own address on it */
	uint8_t prefix_len;
	struct ip router; /* default gateway told to clients; not set: none */
	struct ip dns[SEGMENT_DNS_MAX];
	size_t n_dns;
	char domain[254];
	uint32_t pool_first, pool_last; /* host order, inclusive; 0,0: no pool */
	uint32_t lease_s;               /* seconds */
	bool computed;                  /* an address may be computed from a 52:54 MAC */
	uint16_t http_port;
};

/* In the subnet, and neither network, broadcast nor server address. */
bool segment_accepts(const struct segment *s, const struct ip *ip);
bool segment_in_pool(const struct segment *s, const struct ip *ip);

struct segments {
	struct segment *all[SEGMENT_MAX];
	size_t count;
};

/* Takes ownership of a heap copy of `s`, gives it the next id. -EEXIST (name), -ENOSPC, -ENOMEM. */
int segments_add(struct segments *ss, const struct segment *s, const struct segment **ret);
const struct segment *segments_by_name(const struct segments *ss, const char *name);
const struct segment *segments_by_id(const struct segments *ss, uint32_t id);
void segments_fini(struct segments *ss);

#endif
