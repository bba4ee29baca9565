/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/route.h"

#include "core/sys_number.h"

#include <errno.h>
#include <net/if.h>
#include <netlink/addr.h>
#include <netlink/cache.h>
#include <netlink/netlink.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_wanted(struct rtnl_route *r)
{
	return rtnl_route_get_type(r) == RTN_UNICAST && rtnl_route_get_dst(r) &&
		nl_addr_get_prefixlen(rtnl_route_get_dst(r)) > 0 &&
		nl_addr_get_len(rtnl_route_get_dst(r)) == 4;
}

static struct route read_route(struct rtnl_route *r)
{
	struct nl_addr *dst = rtnl_route_get_dst(r);
	const uint8_t *b = nl_addr_get_binary_addr(dst);
	struct route ret = {
		{(uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3],
			(uint8_t)nl_addr_get_prefixlen(dst)},
		""};

	if (rtnl_route_get_nnexthops(r) == 1)
		if_indextoname((unsigned)rtnl_route_nh_get_ifindex(rtnl_route_nexthop_n(r, 0)),
			ret.ifname);
	return ret;
}

static int read_all(struct nl_cache *cache, struct route **ret, size_t *ret_n)
{
	struct route *all = calloc((size_t)nl_cache_nitems(cache) + 1, sizeof *all);
	size_t n = 0;

	if (!all)
		return -ENOMEM;
	for (struct nl_object *o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o))
		if (is_wanted((struct rtnl_route *)o))
			all[n++] = read_route((struct rtnl_route *)o);
	*ret = all;
	*ret_n = n;
	return 0;
}

int routes_list(struct route **ret, size_t *ret_n)
{
	struct nl_sock *sock = nl_socket_alloc();
	struct nl_cache *cache = NULL;
	int rc = -EIO;

	if (!sock)
		return -ENOMEM;
	if (!nl_connect(sock, NETLINK_ROUTE) && !rtnl_route_alloc_cache(sock, AF_INET, 0, &cache))
		rc = read_all(cache, ret, ret_n);
	if (cache)
		nl_cache_free(cache);
	nl_socket_free(sock);
	return rc;
}

enum {
	/* <linux/ipv6_route.h>, <linux/route.h> */
	LEARNT = 0x00040000, /* from a router's advertisement */
	REJECTED = 0x0200,
	ACCEPTS_ALWAYS = 2, /* accept_ra */
};

/* Destination and its length, source and its length, next hop, metric, two counts, flags, link. */
bool route6_line_is_learnt(const char *line, char ret_ifname[16])
{
	char to[33];
	unsigned len, flags;

	return sscanf(line, "%32s %x %*s %*x %*s %*x %*x %*x %x %15s", to, &len, &flags,
		       ret_ifname) == 4 &&
		!len && strspn(to, "0") == strlen(to) && (flags & LEARNT) && !(flags & REJECTED);
}

static long accept_ra(const char *ifname)
{
	return sys_number(0, "/proc/sys/net/ipv6/conf/%.15s/accept_ra", ifname);
}

bool route6_is_learnt(char ret_ifname[16])
{
	FILE *f = fopen("/proc/net/ipv6_route", "re");
	char line[256];
	bool found = false;

	while (f && !found && fgets(line, sizeof line, f))
		found = route6_line_is_learnt(line, ret_ifname) &&
			accept_ra(ret_ifname) != ACCEPTS_ALWAYS;
	if (f)
		fclose(f);
	return found;
}
