/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where this host sends IPv4 packets: its routes, but for the default ones (libnl-3). */
#ifndef USHER_CORE_ROUTE_H
#define USHER_CORE_ROUTE_H

#include "core/subnet.h"

struct route {
	struct subnet to;
	char ifname[16]; /* "" when it has none, or several */
};

/* Of all tables; `*ret` is for free(). 0 or -errno. Blocking but short (two netlink dumps). */
int routes_list(struct route **ret, size_t *ret_n);

#endif
