/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where this host sends IPv4 packets: its routes, but for the default ones (libnl-3). And its default route by IPv6. */
#ifndef USHER_CORE_ROUTE_H
#define USHER_CORE_ROUTE_H

#include "core/subnet.h"

struct route {
	struct subnet to;
	char ifname[16]; /* "" when it has none, or several */
};

/* Of all tables; `*ret` is for free(). 0 or -errno. Blocking but short (two netlink dumps). */
int routes_list(struct route **ret, size_t *ret_n);

/* Has this host an IPv6 default route from a router's advertisements, by a link that takes none once it forwards (accept_ra
 * is not 2)? Then it would lose it. `ret_ifname`: the link. Reads /proc; short. */
bool route6_is_learnt(char ret_ifname[16]);
/* Of a line of /proc/net/ipv6_route: is it such a default route? */
bool route6_line_is_learnt(const char *line, char ret_ifname[16]);

#endif
