/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/station.h"

#include "core/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_bridge.h>
#include <linux/in6.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/cache.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/bridge.h>
#include <netlink/route/link/inet6.h>
#include <netlink/route/link/macvlan.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NO_ADDRESSES = 1 /* IN6_ADDR_GEN_MODE_NONE, <linux/if_link.h> */ };

struct station {
	struct nl_sock *outside, *inside;
	int bridge, port; /* indexes outside; 0: a macvlan */
	int index;        /* inside */
	struct rtnl_addr *address;
};

__attribute__((format(printf, 4, 5))) static int say(
	char *why, size_t size, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, size, fmt, ap);
	va_end(ap);
	return rc;
}

static void set(const char *what, const char *value)
{
	char path[96];
	int fd;

	snprintf(path, sizeof path, "/proc/sys/net/%s", what);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return; /* this kernel does not have it */
	(void)!write(fd, value, strlen(value));
	close(fd);
}

/* No address of IPv6 by itself: the station is silent until it is told to speak. And a connection that was closed, whose last
 * words do not come any more, does not keep the namespace for a minute. */
static void set_all(void)
{
	set("ipv6/conf/default/disable_ipv6", "1");
	set("ipv4/tcp_fin_timeout", "1");
	set("ipv4/tcp_orphan_retries", "1");
}

/* Puts the new end outside into the bridge, and up. A bridge takes the lowest MAC of its ports as its own, where it was given
 * none: the new one is higher than any, as those of libvirt's taps are. */
static int plug(struct station *s, const char *name, const struct mac *mac)
{
	const struct mac high = {{0xfe, mac->b[1], mac->b[2], mac->b[3], mac->b[4], mac->b[5]}};
	struct rtnl_link *port = NULL, *change = rtnl_link_alloc();
	struct nl_addr *hw = nl_addr_build(AF_LLC, high.b, sizeof high.b);
	int rc = change && hw ? rtnl_link_get_kernel(s->outside, 0, name, &port) : -NLE_NOMEM;

	if (rc == 0) {
		s->port = rtnl_link_get_ifindex(port);
		rtnl_link_inet6_set_addr_gen_mode(change, NO_ADDRESSES);
		rtnl_link_set_addr(change, hw);
		rtnl_link_set_master(change, s->bridge);
		rtnl_link_set_flags(change, IFF_UP);
		rc = rtnl_link_change(s->outside, port, change, 0);
	}
	nl_addr_put(hw);
	rtnl_link_put(port);
	rtnl_link_put(change);
	return rc;
}

static int make_veth(struct station *s, const struct mac *mac)
{
	char name[IFNAMSIZ];
	int rc;

	snprintf(name, sizeof name, "probe%d", (int)getpid());
	rc = rtnl_link_veth_add(s->outside, name, STATION_LINK, getpid());
	return rc < 0 ? rc : plug(s, name, mac);
}

static int make_macvlan(struct station *s, int on)
{
	struct rtnl_link *link = rtnl_link_macvlan_alloc();
	int rc;

	if (!link)
		return -NLE_NOMEM;
	rtnl_link_set_name(link, STATION_LINK);
	rtnl_link_set_link(link, on);
	rtnl_link_set_ns_pid(link, getpid());
	rtnl_link_macvlan_set_mode(link, rtnl_link_macvlan_str2mode("bridge"));
	rc = rtnl_link_add(s->outside, link, NLM_F_CREATE | NLM_F_EXCL);
	rtnl_link_put(link);
	return rc;
}

/* Its MAC, and up. */
static int wake(struct station *s, const char *name, const struct mac *mac)
{
	struct rtnl_link *link = NULL, *change = rtnl_link_alloc();
	struct nl_addr *hw = mac ? nl_addr_build(AF_LLC, mac->b, sizeof mac->b) : NULL;
	int rc = change && (hw || !mac) ? rtnl_link_get_kernel(s->inside, 0, name, &link)
					: -NLE_NOMEM;

	if (rc == 0) {
		if (hw)
			rtnl_link_set_addr(change, hw);
		rtnl_link_set_flags(change, IFF_UP);
		rc = rtnl_link_change(s->inside, link, change, 0);
		if (mac)
			s->index = rtnl_link_get_ifindex(link);
	}
	nl_addr_put(hw);
	rtnl_link_put(link);
	rtnl_link_put(change);
	return rc;
}

/* What the station is made of, if it can be made there. */
static int look_at(struct station *s, const char *on, int *ret_index, char *why, size_t size)
{
	struct rtnl_link *link = NULL;
	const char *type;
	int rc = strlen(on) < IFNAMSIZ && *on ? rtnl_link_get_kernel(s->outside, 0, on, &link)
					      : -NLE_NODEV;

	if (rc < 0)
		return say(why, size, netlink_errno(rc), "%s: there is no such interface", on);
	type = rtnl_link_get_type(link);
	*ret_index = rtnl_link_get_ifindex(link);
	if (type && !strcmp(type, "bridge"))
		s->bridge = *ret_index;
	if (!(rtnl_link_get_flags(link) & IFF_UP))
		rc = say(why, size, -ENETDOWN, "%s is down: ip link set %s up", on, on);
	else if (rtnl_link_get_master(link))
		rc = say(why, size, -EBUSY,
			"%s belongs to a bridge or a bond: name that one instead (ip link show %s)",
			on, on);
	else if (!s->bridge && rtnl_link_get_arptype(link) != 1)
		rc = say(why, size, -EOPNOTSUPP, "%s is no Ethernet link", on);
	rtnl_link_put(link);
	return rc;
}

static int make(
	struct station *s, const char *on, int index, const struct mac *mac, char *why, size_t size)
{
	int rc;

	if (unshare(CLONE_NEWNET) < 0)
		return say(why, size, -errno, "a network namespace of its own cannot be made: %s%s",
			strerror(errno),
			errno == EPERM ? ": that needs CAP_SYS_ADMIN (be root)" : "");
	set_all();
	rc = netlink_connect(&s->inside);
	if (rc < 0)
		return say(why, size, rc, "netlink: %s", strerror(-rc));
	rc = s->bridge ? make_veth(s, mac) : make_macvlan(s, index);
	if (rc == 0)
		rc = wake(s, "lo", NULL);
	if (rc == 0)
		rc = wake(s, STATION_LINK, mac);
	if (rc == 0)
		return 0;
	return say(why, size, netlink_errno(rc), "%s on %s cannot be made: %s%s",
		s->bridge ? "a veth" : "a macvlan", on, nl_geterror(rc),
		netlink_errno(rc) == -EPERM ? ": that needs CAP_NET_ADMIN (be root)" : "");
}

int station_enter(
	const char *on, const struct mac *mac, struct station **ret, char *why, size_t why_size)
{
	struct station *s = calloc(1, sizeof *s);
	int rc = s ? netlink_connect(&s->outside) : -ENOMEM, index = 0;

	if (rc < 0)
		say(why, why_size, rc, "netlink: %s", strerror(-rc));
	if (rc == 0)
		rc = look_at(s, on, &index, why, why_size);
	if (rc == 0)
		rc = make(s, on, index, mac, why, why_size);
	if (rc < 0) {
		station_free(s);
		return rc;
	}
	*ret = s;
	return 0;
}

void station_free(struct station *s)
{
	if (!s)
		return;
	rtnl_addr_put(s->address);
	nl_socket_free(s->inside);
	nl_socket_free(s->outside);
	free(s);
}

bool station_is_bridged(const struct station *s)
{
	return s->bridge;
}

unsigned station_index(const struct station *s)
{
	return (unsigned)s->index;
}

bool station_forwards(struct station *s)
{
	struct nl_cache *ports;
	struct rtnl_link *port;
	int state;

	if (!s->bridge || rtnl_link_alloc_cache(s->outside, AF_BRIDGE, &ports) < 0)
		return true;
	port = rtnl_link_get(ports, s->port);
	state = port ? rtnl_link_bridge_get_port_state(port) : -1;
	rtnl_link_put(port);
	nl_cache_free(ports);
	return state < 0 || state == BR_STATE_FORWARDING;
}

static int add_default(struct station *s, uint32_t router)
{
	uint32_t by = htonl(router), any = 0;
	struct nl_addr *gateway = nl_addr_build(AF_INET, &by, sizeof by);
	struct nl_addr *to = nl_addr_build(AF_INET, &any, sizeof any);
	struct rtnl_route *route = rtnl_route_alloc();
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	int rc = gateway && to && route && hop ? 0 : -NLE_NOMEM;

	if (rc == 0) {
		nl_addr_set_prefixlen(to, 0);
		rtnl_route_set_dst(route, to);
		rtnl_route_nh_set_gateway(hop, gateway);
		rtnl_route_nh_set_ifindex(hop, s->index);
		rtnl_route_add_nexthop(route, hop);
		hop = NULL;
		rc = rtnl_route_add(s->inside, route, NLM_F_CREATE | NLM_F_REPLACE);
	}
	if (hop)
		rtnl_route_nh_free(hop);
	rtnl_route_put(route);
	nl_addr_put(to);
	nl_addr_put(gateway);
	return netlink_errno(rc);
}

static int add_address(
	struct station *s, uint32_t address, unsigned prefix_len, struct rtnl_addr **ret)
{
	uint32_t bytes = htonl(address);
	struct nl_addr *local = nl_addr_build(AF_INET, &bytes, sizeof bytes);
	struct rtnl_addr *a = rtnl_addr_alloc();
	int rc = local && a ? 0 : -NLE_NOMEM;

	if (rc == 0) {
		nl_addr_set_prefixlen(local, (int)prefix_len);
		rtnl_addr_set_ifindex(a, s->index);
		rc = rtnl_addr_set_local(a, local);
	}
	if (rc == 0)
		rc = rtnl_addr_add(s->inside, a, NLM_F_CREATE | NLM_F_REPLACE);
	nl_addr_put(local);
	*ret = a;
	return rc;
}

int station_set_address(struct station *s, uint32_t address, unsigned prefix_len, uint32_t router)
{
	int rc;

	station_clear_address(s);
	rc = add_address(s, address, prefix_len, &s->address);
	return rc == 0 && router && router != address ? add_default(s, router) : netlink_errno(rc);
}

int station_add_address(struct station *s, uint32_t address, unsigned prefix_len)
{
	struct rtnl_addr *a = NULL;
	int rc = add_address(s, address, prefix_len, &a);

	rtnl_addr_put(a);
	return netlink_errno(rc);
}

int station_set_neighbour(struct station *s, uint32_t address, const struct mac *mac)
{
	uint32_t bytes = htonl(address);
	struct nl_addr *ip = nl_addr_build(AF_INET, &bytes, sizeof bytes);
	struct nl_addr *hw = nl_addr_build(AF_LLC, mac->b, sizeof mac->b);
	struct rtnl_neigh *n = rtnl_neigh_alloc();
	int rc = ip && hw && n ? 0 : -NLE_NOMEM;

	if (rc == 0) {
		rtnl_neigh_set_ifindex(n, s->index);
		rtnl_neigh_set_dst(n, ip);
		rtnl_neigh_set_lladdr(n, hw);
		rtnl_neigh_set_state(n, NUD_PERMANENT);
		rc = rtnl_neigh_add(s->inside, n, NLM_F_CREATE | NLM_F_REPLACE);
	}
	rtnl_neigh_put(n);
	nl_addr_put(hw);
	nl_addr_put(ip);
	return netlink_errno(rc);
}

void station_no_arp(void)
{
	set("ipv4/conf/all/arp_ignore", "8");
}

void station_clear_address(struct station *s)
{
	if (s->address)
		(void)rtnl_addr_delete(s->inside, s->address, 0);
	rtnl_addr_put(s->address);
	s->address = NULL;
}
