/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/neighbour.h"

#include "core/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	DISCARD = 9,        /* RFC 863 */
	QUESTION_MAX = 128, /* bytes, as a message of netlink; an entry's answer takes some 90 */
	ANSWER_MAX = 1024,
};

struct answer {
	int index;
	struct mac mac;
	unsigned state;   /* a neighbour's: NUD_ bits */
	struct ip router; /* a route's; none: what is asked for is on the link itself */
	bool heard;
};

/* What else may go wrong says nothing of the kernel: the next question may be answered. */
static int errno_of(int nl_rc)
{
	switch (-nl_rc) {
	case 0:
		return 0;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_OBJ_NOTFOUND:
	case NLE_NOADDR:
		return -ENOENT;
	case NLE_NODEV:
		return -ENODEV;
	case NLE_OPNOTSUPP:
		return -EOPNOTSUPP;
	default:
		return -EIO;
	}
}

static void take_neighbour(struct nlmsghdr *h, struct answer *a)
{
	struct nlattr *hw = nlmsg_find_attr(h, sizeof(struct ndmsg), NDA_LLADDR);

	if (!hw || nla_len(hw) != (int)sizeof a->mac.b)
		return;
	memcpy(a->mac.b, nla_data(hw), sizeof a->mac.b);
	a->index = ((const struct ndmsg *)nlmsg_data(h))->ndm_ifindex;
	a->state = ((const struct ndmsg *)nlmsg_data(h))->ndm_state;
	a->heard = true;
}

static void take_route(struct nlmsghdr *h, struct answer *a)
{
	const struct rtmsg *route = nlmsg_data(h);
	struct nlattr *out = nlmsg_find_attr(h, sizeof *route, RTA_OIF),
		      *by = nlmsg_find_attr(h, sizeof *route, RTA_GATEWAY);
	bool six = route->rtm_family == AF_INET6;

	if (route->rtm_type != RTN_UNICAST || !out || nla_len(out) != (int)sizeof a->index)
		return;
	if (by && nla_len(by) == (six ? 16 : 4)) {
		a->router.family = six ? IP_V6 : IP_V4;
		memcpy(a->router.b, nla_data(by), six ? 16 : 4);
	}
	memcpy(&a->index, nla_data(out), sizeof a->index);
	a->heard = true;
}

static int on_answer(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);

	if (h->nlmsg_type == RTM_NEWNEIGH && nlmsg_valid_hdr(h, sizeof(struct ndmsg)))
		take_neighbour(h, arg);
	else if (h->nlmsg_type == RTM_NEWROUTE && nlmsg_valid_hdr(h, sizeof(struct rtmsg)))
		take_route(h, arg);
	return NL_OK;
}

/* Kept open, since making one costs more than a question: main thread only. One that had an error is made anew, so that no
 * answer is left in it. */
static struct nl_sock *socket_kept;

static void socket_drop(void)
{
	if (socket_kept)
		nl_socket_free(socket_kept);
	socket_kept = NULL;
}

static int socket_open(void)
{
	int rc;

	if (socket_kept)
		return 0;
	socket_kept = nl_socket_alloc();
	rc = socket_kept ? nl_connect(socket_kept, NETLINK_ROUTE) : -NLE_NOMEM;
	if (rc) {
		socket_drop();
		return rc;
	}
	nl_socket_disable_auto_ack(socket_kept);
	nl_socket_disable_msg_peek(socket_kept);
	nl_socket_set_msg_buf_size(socket_kept, ANSWER_MAX);
	return 0;
}

/* if_nametoindex() makes a socket for each call. 0 where there is no such link. */
static int index_of(const char *link)
{
	struct ifreq r = {.ifr_ifindex = 0};

	snprintf(r.ifr_name, sizeof r.ifr_name, "%s", link);
	return !socket_open() && !ioctl(nl_socket_get_fd(socket_kept), SIOCGIFINDEX, &r)
		? r.ifr_ifindex
		: 0;
}

/* Takes the message. The answer to it is one message, or an error. */
static int ask(struct nl_msg *msg, struct answer *a)
{
	int rc = socket_open();

	if (!rc)
		rc = nl_socket_modify_cb(socket_kept, NL_CB_VALID, NL_CB_CUSTOM, on_answer, a);
	if (!rc)
		rc = nl_send_auto(socket_kept, msg);
	if (rc >= 0)
		rc = nl_recvmsgs_default(socket_kept);
	if (rc < 0)
		socket_drop();
	nlmsg_free(msg);
	return rc < 0 ? errno_of(rc) : a->heard ? 0 : -ENOENT;
}

static struct nl_msg *question(int type, const void *of, size_t size)
{
	struct nl_msg *msg = nlmsg_alloc_size(QUESTION_MAX); /* unasked, it takes a page */
	struct nlmsghdr *h =
		msg ? nlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, type, (int)size, 0) : NULL;

	if (h)
		memcpy(nlmsg_data(h), of, size);
	return msg;
}

static struct nl_msg *neighbour_question(int family, int index)
{
	struct ndmsg of = {.ndm_family = (uint8_t)family, .ndm_ifindex = index};

	return question(RTM_GETNEIGH, &of, sizeof of);
}

int neighbour_next_hop(const char *link, const struct ip *to, struct ip *ret)
{
	bool six = to->family == IP_V6;
	struct rtmsg of = {.rtm_family = six ? AF_INET6 : AF_INET, .rtm_dst_len = six ? 128 : 32};
	struct nl_msg *msg = question(RTM_GETROUTE, &of, sizeof of);
	struct answer a = {.heard = false};
	int index = index_of(link), rc;

	/* a link that is asked for is taken, with a route or without */
	if (!index || !msg || nla_put(msg, RTA_DST, six ? 16 : 4, to->b) < 0 ||
		(ip_is_link_local(to) && nla_put_u32(msg, RTA_OIF, (uint32_t)index) < 0)) {
		nlmsg_free(msg);
		return index ? -ENOMEM : -ENODEV;
	}
	rc = ask(msg, &a);
	if (rc)
		return rc;
	if (a.index != index)
		return -ENOENT;
	*ret = ip_is_set(&a.router) ? a.router : *to;
	return 0;
}

/* What ARP knows, in one system call (arp(7)). False: not this way, netlink has the last word. */
static bool ask_arp(const char *link, const struct ip *ip, struct mac *ret)
{
	static int fd = -1; /* kept open, as the other */
	struct arpreq r = {.arp_flags = 0};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(ip_to_v4(ip))};

	if (fd < 0)
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ip->family != IP_V4)
		return false;
	memcpy(&r.arp_pa, &to, sizeof to);
	snprintf(r.arp_dev, sizeof r.arp_dev, "%s", link);
	if (ioctl(fd, SIOCGARP, &r) < 0 || !(r.arp_flags & ATF_COM) ||
		r.arp_ha.sa_family != ARPHRD_ETHER)
		return false;
	memcpy(ret->b, r.arp_ha.sa_data, sizeof ret->b);
	return true;
}

static int ask_netlink(const char *link, const struct ip *ip, struct answer *ret)
{
	bool six = ip->family == IP_V6;
	int index = index_of(link);
	struct nl_msg *msg;

	if (!index || !ip_is_set(ip))
		return index ? -ENOENT : -ENODEV;
	msg = neighbour_question(six ? AF_INET6 : AF_INET, index);
	if (!msg || nla_put(msg, NDA_DST, six ? 16 : 4, ip->b) < 0) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	return ask(msg, ret);
}

int neighbour_mac(const char *link, const struct ip *ip, struct mac *ret)
{
	struct answer a = {.heard = false};
	int rc;

	if (ask_arp(link, ip, ret))
		return 0;
	rc = ask_netlink(link, ip, &a);
	if (!rc)
		*ret = a.mac;
	return rc;
}

bool neighbour_is_there(const char *link, const struct ip *ip)
{
	struct answer a = {.heard = false};

	return !ask_netlink(link, ip, &a) && a.state & (NUD_REACHABLE | NUD_PERMANENT | NUD_NOARP);
}

static socklen_t sockaddr_of(
	const struct ip *ip, uint16_t port, int index, struct sockaddr_storage *ret)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(ip_to_v4(ip))};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_scope_id = ip_is_link_local(ip) ? (uint32_t)index : 0};

	if (ip->family != IP_V6) {
		memcpy(ret, &in, sizeof in);
		return sizeof in;
	}
	memcpy(&in6.sin6_addr, ip->b, sizeof in6.sin6_addr);
	memcpy(ret, &in6, sizeof in6);
	return sizeof in6;
}

/* Two names of one neighbour: routes name a router by its link-local address, relays another of its addresses. */
static bool is_same_neighbour(const char *link, const struct ip *a, const struct ip *b)
{
	struct mac of_a, of_b;

	return ip_eq(a, b) ||
		(!neighbour_mac(link, a, &of_a) && !neighbour_mac(link, b, &of_b) &&
			mac_eq(&of_a, &of_b));
}

bool neighbour_same_way(const char *link, const struct ip *a, const struct ip *b)
{
	struct ip to_a, to_b;

	return !neighbour_next_hop(link, a, &to_a) && !neighbour_next_hop(link, b, &to_b) &&
		is_same_neighbour(link, &to_a, &to_b);
}

int neighbour_provoke(const char *link, const struct ip *from, const struct ip *ip)
{
	int index = index_of(link), rc = 0, fd;
	struct sockaddr_storage own = {0}, to = {0};
	socklen_t len = sockaddr_of(from, 0, index, &own);

	if (from->family != ip->family)
		return -EAFNOSUPPORT;
	sockaddr_of(ip, DISCARD, index, &to);
	fd = socket(own.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, link, (socklen_t)strlen(link)) < 0 ||
		bind(fd, (struct sockaddr *)&own, len) < 0 ||
		sendto(fd, "", 0, 0, (struct sockaddr *)&to, len) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

int neighbour_port(const char *bridge, const struct mac *mac, char ret_name[NEIGHBOUR_PORT],
	struct mac *ret_mac)
{
	uint32_t index = (uint32_t)index_of(bridge);
	struct answer a = {.heard = false};
	char name[IF_NAMESIZE];
	struct link_state port;
	struct nl_msg *msg;
	int rc;

	if (!index)
		return -ENODEV;
	msg = neighbour_question(AF_BRIDGE, 0);
	if (!msg || nla_put(msg, NDA_LLADDR, sizeof mac->b, mac->b) < 0 ||
		nla_put_u32(msg, NDA_MASTER, index) < 0) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	rc = ask(msg, &a);
	if (rc)
		return rc;
	if (a.index == (int)index || !if_indextoname((unsigned)a.index, name))
		return -ENOENT;
	rc = link_lookup(name, &port);
	if (rc)
		return rc;
	memcpy(ret_name, port.name, NEIGHBOUR_PORT);
	*ret_mac = port.mac;
	return 0;
}
