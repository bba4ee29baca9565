/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Neighbours on a link as the kernel knows them (libnl-3). Each call is one or two queries that the kernel answers at
 * once, without a dump, so the main loop may use it. -EOPNOTSUPP: this kernel (before 5.0) or link never tells. Any other error may
 * be over at the next call: who decides by the answer is to look again, and not to take it for -EOPNOTSUPP.
 */
#ifndef USHER_CORE_NEIGHBOUR_H
#define USHER_CORE_NEIGHBOUR_H

#include "core/addr.h"

#include <stdbool.h>

/* The MAC that answers for this address there, by ARP or neighbour discovery. -ENOENT: not known; -ENODEV: no such link. */
int neighbour_mac(const char *link, const struct ip *ip, struct mac *ret);
/* Is what neighbour_mac() says known of now? Else it is what once was, and that host may be gone. */
bool neighbour_is_there(const char *link, const struct ip *ip);
/* Who packets to this address are given to on the link: a router, or the address itself where it is on the link. -ENOENT, or
 * another error: no route goes there by this link. */
int neighbour_next_hop(const char *link, const struct ip *to, struct ip *ret);
/* Are packets to both given to the same host on the link? It may be named by two of its addresses. */
bool neighbour_same_way(const char *link, const struct ip *a, const struct ip *b);
/* Makes the kernel ask the wire for `ip`: sends an empty datagram from usher's address `from`, of the same family, to its
 * discard port (RFC 863), which leaves only if a host answers. 0 or -errno. */
int neighbour_provoke(const char *link, const struct ip *from, const struct ip *ip);

enum { NEIGHBOUR_PORT = 16 }; /* IFNAMSIZ */
/* The port of a bridge behind which a MAC was heard last: its link's name and its own MAC. -ENOENT: not heard, or it is
 * the bridge's own; -EOPNOTSUPP: `bridge` is none. */
int neighbour_port(const char *bridge, const struct mac *mac, char ret_name[NEIGHBOUR_PORT],
	struct mac *ret_mac);

#endif
