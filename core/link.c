/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/link.h"

#include "core/netlink.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/cache.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

/* if_indextoname() without <net/if.h>, which does not go together with <linux/if.h>. */
char *if_indextoname(unsigned index, char *name);

enum {
	NAMES_MOST = 16,  /* told apart in one read; with more, all are to be looked at */
	BUFFER = 1 << 20, /* a lab that starts sends some thousand messages before we read again */
};

struct link_monitor {
	struct loop *loop;
	struct loop_fd watch;
	struct nl_sock *sock;
	void (*changed)(void *arg, const char *name);
	void *arg;
	char names[NAMES_MOST][IFNAMSIZ]; /* changed in the read that is under way */
	size_t n_names;
	bool all; /* names or messages were lost */
};

/* Look-up */

static void read_link(struct rtnl_link *link, struct link_state *ret)
{
	uint8_t oper = rtnl_link_get_operstate(link);
	struct nl_addr *hw = rtnl_link_get_addr(link);

	*ret = (struct link_state){0};
	strncpy(ret->name, rtnl_link_get_name(link), sizeof ret->name - 1);
	ret->index = (unsigned)rtnl_link_get_ifindex(link);
	ret->up = rtnl_link_get_flags(link) & IFF_UP &&
		(oper == IF_OPER_UP || oper == IF_OPER_UNKNOWN);
	ret->mtu = rtnl_link_get_mtu(link);
	if (hw && nl_addr_get_len(hw) == sizeof ret->mac.b)
		memcpy(ret->mac.b, nl_addr_get_binary_addr(hw), sizeof ret->mac.b);
}

static bool is_usable(struct rtnl_addr *a, unsigned index)
{
	struct nl_addr *local = rtnl_addr_get_local(a);

	return rtnl_addr_get_ifindex(a) == (int)index && rtnl_addr_get_family(a) == AF_INET &&
		rtnl_addr_get_scope(a) == RT_SCOPE_UNIVERSE && local && nl_addr_get_len(local) == 4;
}

static bool is_usable6(struct rtnl_addr *a, unsigned index)
{
	const unsigned never = IFA_F_DADFAILED | IFA_F_DEPRECATED | IFA_F_TEMPORARY;
	struct nl_addr *local = rtnl_addr_get_local(a);

	return rtnl_addr_get_ifindex(a) == (int)index && rtnl_addr_get_family(a) == AF_INET6 &&
		rtnl_addr_get_scope(a) == RT_SCOPE_UNIVERSE && local &&
		nl_addr_get_len(local) == 16 && !(rtnl_addr_get_flags(a) & never);
}

/* The kernel has the newest first. */
static void take6(struct link_state *ret, struct rtnl_addr *a)
{
	struct link_address *to = ret->addresses6;

	if (ret->n_addresses6 == LINK_ADDRESSES)
		ret->n_addresses6--;
	memmove(to + 1, to, ret->n_addresses6++ * sizeof *to);
	*to = (struct link_address){ip_from_v6(nl_addr_get_binary_addr(rtnl_addr_get_local(a))),
		(uint8_t)rtnl_addr_get_prefixlen(a), rtnl_addr_get_flags(a) & IFA_F_TENTATIVE};
}

static struct link_address address_of(struct rtnl_addr *a)
{
	struct link_address ret = {
		.ip.family = IP_V4, .prefix_len = (uint8_t)rtnl_addr_get_prefixlen(a)};

	memcpy(ret.ip.b, nl_addr_get_binary_addr(rtnl_addr_get_local(a)), 4);
	return ret;
}

static int read_addresses(struct nl_sock *sock, struct link_state *ret)
{
	struct nl_cache *cache;
	struct nl_object *o;
	int rc = rtnl_addr_alloc_cache(sock, &cache);

	if (rc < 0)
		return netlink_errno(rc);
	for (o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o)) {
		struct rtnl_addr *a = (struct rtnl_addr *)o;

		if (is_usable(a, ret->index) && ret->n_addresses < LINK_ADDRESSES)
			ret->addresses[ret->n_addresses++] = address_of(a);
		else if (is_usable6(a, ret->index))
			take6(ret, a);
	}
	nl_cache_free(cache);
	return 0;
}

int link_lookup(const char *name, struct link_state *ret)
{
	struct link_state state;
	struct rtnl_link *link = NULL;
	struct nl_sock *sock;
	int rc;

	if (!name[0] || strlen(name) >= IFNAMSIZ)
		return -ENODEV;
	rc = netlink_connect(&sock);
	if (rc < 0)
		return rc;
	rc = rtnl_link_get_kernel(sock, 0, name, &link);
	if (rc < 0) {
		rc = netlink_errno(rc);
		goto out;
	}
	read_link(link, &state);
	rc = read_addresses(sock, &state);
	if (!rc)
		*ret = state;
out:
	rtnl_link_put(link);
	nl_socket_free(sock);
	return rc;
}

static bool is_in_subnet(struct rtnl_addr *a, const struct link_state *of)
{
	struct link_address other;

	if (!is_usable(a, (unsigned)rtnl_addr_get_ifindex(a)) ||
		rtnl_addr_get_ifindex(a) == (int)of->index)
		return false;
	other = address_of(a);
	for (size_t i = 0; i < of->n_addresses; i++) {
		uint32_t mask = v4_mask(of->addresses[i].prefix_len);

		if (mask && !((ip_to_v4(&other.ip) ^ ip_to_v4(&of->addresses[i].ip)) & mask))
			return true;
	}
	return false;
}

/* Of the link that this address is on. */
static int read_beside(struct nl_sock *sock, struct rtnl_addr *a, struct link_state *ret)
{
	struct rtnl_link *link = NULL;
	int rc = rtnl_link_get_kernel(sock, rtnl_addr_get_ifindex(a), NULL, &link);

	if (rc < 0)
		return netlink_errno(rc);
	read_link(link, ret);
	ret->n_addresses = 1;
	ret->addresses[0] = address_of(a);
	rc = ret->up && !(rtnl_link_get_flags(link) & (IFF_LOOPBACK | IFF_NOARP | IFF_POINTOPOINT))
		? 0
		: -ENOENT;
	rtnl_link_put(link);
	return rc;
}

int link_beside(const struct link_state *of, struct link_state *ret)
{
	struct nl_cache *cache;
	struct nl_sock *sock;
	int rc = of->n_addresses ? netlink_connect(&sock) : -ENOENT;

	if (rc < 0)
		return rc;
	rc = rtnl_addr_alloc_cache(sock, &cache);
	if (rc < 0) {
		nl_socket_free(sock);
		return netlink_errno(rc);
	}
	rc = -ENOENT;
	for (struct nl_object *o = nl_cache_get_first(cache); o && rc; o = nl_cache_get_next(o))
		if (is_in_subnet((struct rtnl_addr *)o, of) &&
			read_beside(sock, (struct rtnl_addr *)o, ret) == 0)
			rc = 0;
	nl_cache_free(cache);
	nl_socket_free(sock);
	return rc;
}

/* Monitor */

static void note_name(struct link_monitor *m, const char *name)
{
	for (size_t i = 0; i < m->n_names; i++)
		if (!strcmp(m->names[i], name))
			return;
	if (m->n_names == NAMES_MOST) {
		m->all = true;
		return;
	}
	memset(m->names[m->n_names], 0, IFNAMSIZ);
	strncpy(m->names[m->n_names++], name, IFNAMSIZ - 1);
}

static void note_link(struct link_monitor *m, struct nlmsghdr *h)
{
	struct nlattr *name;

	if (!nlmsg_valid_hdr(h, sizeof(struct ifinfomsg)))
		return;
	name = nlmsg_find_attr(h, sizeof(struct ifinfomsg), IFLA_IFNAME);
	if (name && nla_len(name) > 0 && memchr(nla_data(name), 0, (size_t)nla_len(name)))
		note_name(m, nla_get_string(name));
}

static void note_address(struct link_monitor *m, struct nlmsghdr *h)
{
	const struct ifaddrmsg *a = nlmsg_data(h);
	char name[IFNAMSIZ];

	/* A link that is gone by now says so with its own name. */
	if (nlmsg_valid_hdr(h, sizeof *a) && if_indextoname(a->ifa_index, name))
		note_name(m, name);
}

static int on_message(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);

	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		note_link(arg, h);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		note_address(arg, h);
		break;
	}
	return NL_OK;
}

static void on_ready(struct loop_fd *w, uint32_t events)
{
	struct link_monitor *m = w->arg;
	int rc;

	(void)events;
	m->n_names = 0;
	m->all = false;
	rc = nl_recvmsgs_default(m->sock);
	/* Any failure but "nothing there" is ENOBUFS: the kernel dropped messages that we did not
	 * read in time. */
	if (rc < 0 && rc != -NLE_AGAIN && rc != -NLE_INTR)
		m->all = true;
	if (m->all) /* one that is gone may be among them: no list of those that are there has it */
		m->changed(m->arg, NULL);
	else
		for (size_t i = 0; i < m->n_names; i++)
			m->changed(m->arg, m->names[i]);
}

static int join(struct link_monitor *m)
{
	int rc = nl_socket_add_memberships(
		m->sock, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, 0);

	if (!rc)
		rc = nl_socket_set_nonblocking(m->sock);
	if (!rc)
		rc = nl_socket_modify_cb(m->sock, NL_CB_VALID, NL_CB_CUSTOM, on_message, m);
	/* Less is not an error: what is lost is made good for. */
	nl_socket_set_buffer_size(m->sock, BUFFER, 0);
	/* What is told to a group answers nothing, and has no sequence. */
	nl_socket_disable_seq_check(m->sock);
	return rc < 0 ? netlink_errno(rc) : 0;
}

int link_monitor_new(struct loop *l, void (*changed)(void *arg, const char *name), void *arg,
	struct link_monitor **ret)
{
	struct link_monitor *m = calloc(1, sizeof *m);
	int rc;

	if (!m)
		return -ENOMEM;
	m->loop = l;
	m->changed = changed;
	m->arg = arg;
	rc = netlink_connect(&m->sock);
	if (!rc)
		rc = join(m);
	if (!rc)
		rc = loop_watch(l, &m->watch, nl_socket_get_fd(m->sock), EPOLLIN, on_ready, m);
	if (rc < 0) {
		link_monitor_free(m);
		return rc;
	}
	*ret = m;
	return 0;
}

void link_monitor_free(struct link_monitor *m)
{
	if (!m)
		return;
	loop_unwatch(m->loop, &m->watch);
	nl_socket_free(m->sock);
	free(m);
}
