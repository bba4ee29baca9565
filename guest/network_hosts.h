/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has which address in a libvirt network, as XML says: its reservations, and guests whose MACs
 * are computed from addresses. Pure.
 */
#ifndef USHER_GUEST_NETWORK_HOSTS_H
#define USHER_GUEST_NETWORK_HOSTS_H

#include "guest/guest.h"

enum { NETWORK_HOSTS_MAX = 1 << 18 }; /* a /16 with leases, reservations and guests */

/* Zeroed is empty. */
struct network_hosts {
	struct guest_seat *all;
	size_t n, cap;
};

void network_hosts_fini(struct network_hosts *h);
/* 0, -ENOMEM or -ENOSPC. */
int network_hosts_add(struct network_hosts *h, const struct guest_seat *s);
/* The <host>s of its IPv4 <dhcp>: fills a zeroed one. 0, or -errno with a line in `why`. */
int network_hosts_parse(const char *xml, struct network_hosts *ret, char *why, size_t why_size);
/* Adds the computed MACs of a domain's NICs on this network, or straight on its bridge. A domain
 * that does not parse has none. */
int network_hosts_computed(struct network_hosts *h, const char *domain_xml, const char *name,
	bool ours, const char *network, const char *bridge);
/* Has this domain a NIC on this network, or straight on its bridge? */
bool network_hosts_uses(const char *domain_xml, const char *network, const char *bridge);

#endif
