/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp6_socket.h"

#include "core/link.h"
#include "dhcpd/frames.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

/* ff02::1:2, all servers and relays (RFC 8415 7.1), and its MAC (RFC 2464 7). */
static const struct in6_addr SERVERS = {{{0xff, 0x02, [13] = 1, [15] = 2}}};
static const uint8_t SERVERS_MAC[] = {0x33, 0x33, 0, 1, 0, 2};

static int set_filter(int fd, struct sock_filter *code, size_t n)
{
	const struct sock_fprog program = {(unsigned short)n, code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno
											   : 0;
}

/* The kernel passes on IPv6 without extension headers, UDP, to port 547; and to 546, what answers us. */
static int take_dhcp_only(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 14 + 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 4),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 14 + 40 + 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, DHCP6_SERVER_PORT, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, DHCP6_CLIENT_PORT, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, DHCP6_SLOT),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};

	return set_filter(fd, code, sizeof(code) / sizeof(*code));
}

static int prepare_raw(int fd, unsigned ifindex)
{
	struct packet_mreq group = {
		.mr_ifindex = (int)ifindex, .mr_type = PACKET_MR_MULTICAST, .mr_alen = ETH_ALEN};
	const struct sockaddr_ll to = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IPV6),
		.sll_ifindex = (int)ifindex};
	int one = 1, rc = take_dhcp_only(fd);

	memcpy(group.mr_address, SERVERS_MAC, ETH_ALEN);
	if (rc < 0)
		return rc;
	if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) < 0 ||
		setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) < 0 ||
		setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return -errno;
	dhcp_socket_widen(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	dhcp_socket_widen(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	return bind(fd, (const struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : 0;
}

/* Protocol 0 until all is in place: nothing else gets into its queue. */
static int open_raw(unsigned ifindex, int *ret)
{
	int rc, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	rc = prepare_raw(fd, ifindex);
	if (rc < 0)
		close(fd);
	else
		*ret = fd;
	return rc;
}

/* It only sends: what comes is read from the packet socket. Without it the kernel would say that the port is closed. */
static int prepare_udp(int fd, const char *ifname, unsigned ifindex)
{
	struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
	const struct sockaddr_in6 at = {
		.sin6_family = AF_INET6, .sin6_port = htons(DHCP6_SERVER_PORT)};
	const struct ipv6_mreq group = {.ipv6mr_multiaddr = SERVERS, .ipv6mr_interface = ifindex};
	int one = 1, rc = set_filter(fd, nothing, 1);

	if (rc < 0)
		return rc;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname, (socklen_t)strlen(ifname)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) < 0 ||
		bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ||
		setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return -errno;
	dhcp_socket_widen(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	return 0;
}

static int open_udp(const char *ifname, unsigned ifindex, int *ret)
{
	int rc, fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	rc = prepare_udp(fd, ifname, ifindex);
	if (rc < 0)
		close(fd);
	else
		*ret = fd;
	return rc;
}

/* The kernel says it for a socket that is about to send there; nothing is sent. */
static int link_local_of(unsigned ifindex, struct ip *ret)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6,
		.sin6_port = htons(DHCP6_SERVER_PORT),
		.sin6_addr = SERVERS,
		.sin6_scope_id = ifindex};
	socklen_t size = sizeof(to);
	int rc = 0, fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&to, size) < 0 ||
		getsockname(fd, (struct sockaddr *)&to, &size) < 0)
		rc = -errno;
	close(fd);
	*ret = ip_from_v6(to.sin6_addr.s6_addr);
	return rc ? rc : ip_is_link_local(ret) ? 0 : -EADDRNOTAVAIL;
}

int dhcp6_socket_open(struct dhcp6_socket *s, const char *ifname, char *why, size_t why_size)
{
	struct dhcp6_socket next = DHCP6_SOCKET_CLOSED;
	const char *what = "there is no such link";
	struct link_state link;
	int rc = link_lookup(ifname, &link);

	if (rc < 0)
		goto out;
	memcpy(next.name, link.name, sizeof(next.name));
	next.ifindex = link.index;
	next.mac = link.mac;
	what = "it has no IPv6 link-local address";
	rc = link_local_of(link.index, &next.link_local);
	if (rc < 0)
		goto out;
	what = "cannot open UDP port 547 on it";
	rc = open_udp(ifname, link.index, &next.udp);
	if (rc < 0)
		goto out;
	what = "cannot open a packet socket";
	rc = open_raw(link.index, &next.raw);
out:
	if (rc < 0) {
		dhcp6_socket_close(&next);
		snprintf(why, why_size, "%s: %s: %s", ifname, what, strerror(-rc));
		return rc;
	}
	*s = next;
	return 0;
}

bool dhcp6_socket_fits(const struct dhcp6_socket *s, const char *ifname)
{
	struct link_state link;
	struct ip ip;

	return s->raw >= 0 && link_lookup(ifname, &link) == 0 && link.index == s->ifindex &&
		mac_eq(&link.mac, &s->mac) && link_local_of(link.index, &ip) == 0 &&
		ip_eq(&ip, &s->link_local);
}

void dhcp6_socket_close(struct dhcp6_socket *s)
{
	if (s->udp >= 0)
		close(s->udp);
	if (s->raw >= 0)
		close(s->raw);
	*s = DHCP6_SOCKET_CLOSED;
}

void dhcp6_inbox_init(struct dhcp6_inbox *in)
{
	for (size_t i = 0; i < DHCP_BATCH; i++) {
		in->iov[i] = (struct iovec){in->bytes[i], DHCP6_SLOT};
		in->msgs[i].msg_hdr = (struct msghdr){.msg_iov = &in->iov[i],
			.msg_iovlen = 1,
			.msg_name = &in->from[i],
			.msg_control = in->control[i].bytes};
	}
}

int dhcp6_socket_receive(const struct dhcp6_socket *s, struct dhcp6_inbox *in)
{
	int n;

	in->ifindex = s->ifindex;
	for (size_t i = 0; i < DHCP_BATCH; i++) {
		in->msgs[i].msg_hdr.msg_namelen = sizeof(in->from[i]);
		in->msgs[i].msg_hdr.msg_controllen = sizeof(in->control[i].bytes);
	}
	n = recvmmsg(s->raw, in->msgs, DHCP_BATCH, MSG_DONTWAIT, NULL);
	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

static bool has_checksum(const struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR((struct msghdr *)m, c)) {
		struct tpacket_auxdata aux;

		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		return !(aux.tp_status & (TP_STATUS_CSUMNOTREADY | TP_STATUS_CSUM_VALID));
	}
	return true;
}

int dhcp6_inbox_open(const struct dhcp6_inbox *in, size_t i, struct dhcp6_frame *ret,
	const uint8_t **ret_payload, size_t *ret_len)
{
	const struct sockaddr_ll *from = &in->from[i];
	int rc;

	if ((unsigned)from->sll_ifindex != in->ifindex)
		return -EXDEV;
	rc = dhcp6_frame_open(in->bytes[i], in->msgs[i].msg_len, has_checksum(&in->msgs[i].msg_hdr),
		ret, ret_payload, ret_len);
	/* another server's answer to its client is for another host */
	return !rc && ret->to_port == DHCP6_SERVER_PORT && !frame_is_for(from, in->ifindex) ? -EXDEV
											    : rc;
}

static size_t send_frames(
	const struct dhcp6_socket *s, struct dhcp_packet *const *packets, size_t n, int *ret_error)
{
	struct mmsghdr msgs[DHCP_BATCH] = {0};
	struct iovec iov[DHCP_BATCH];

	for (size_t i = 0; i < n; i++) {
		struct dhcp_packet *p = packets[i];
		int len = dhcp6_frame_wrap(&p->frame6, p->buf, p->len);

		iov[i] = (struct iovec){p->buf, len > 0 ? (size_t)len : 0};
		msgs[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
	}
	return dhcp_socket_send_all(s->raw, msgs, n, ret_error);
}

static size_t send_datagrams(
	const struct dhcp6_socket *s, struct dhcp_packet *const *packets, size_t n, int *ret_error)
{
	struct mmsghdr msgs[DHCP_BATCH] = {0};
	struct sockaddr_in6 to[DHCP_BATCH];
	struct iovec iov[DHCP_BATCH];

	for (size_t i = 0; i < n; i++) {
		struct dhcp_packet *p = packets[i];

		to[i] = (struct sockaddr_in6){.sin6_family = AF_INET6,
			.sin6_port = htons(p->frame6.to_port),
			.sin6_scope_id = ip_is_link_local(&p->frame6.to_ip) ? s->ifindex : 0};
		memcpy(&to[i].sin6_addr, p->frame6.to_ip.b, sizeof(p->frame6.to_ip.b));
		iov[i] = (struct iovec){p->buf + DHCP6_FRAME_HEADER, p->len};
		msgs[i].msg_hdr = (struct msghdr){.msg_name = &to[i],
			.msg_namelen = sizeof(to[i]),
			.msg_iov = &iov[i],
			.msg_iovlen = 1};
	}
	return dhcp_socket_send_all(s->udp, msgs, n, ret_error);
}

size_t dhcp6_socket_send(
	const struct dhcp6_socket *s, struct dhcp_packet *const *packets, size_t n, int *ret_error)
{
	if (s->raw < 0) {
		*ret_error = -ENODEV;
		return 0;
	}
	return packets[0]->route.frame ? send_frames(s, packets, n, ret_error)
				       : send_datagrams(s, packets, n, ret_error);
}
