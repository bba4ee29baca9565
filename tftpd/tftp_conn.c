/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tftpd/tftp_conn.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103 /* linux/udp.h */
#endif

enum {
	PACKETS_MAX = 64, /* segments that every kernel with UDP_SEGMENT takes */
	V4_HEADERS = 28,
	V6_HEADERS = 48,
};

socklen_t tftp_address(
	const struct ip *ip, uint16_t port, const char *ifname, struct sockaddr_storage *ret)
{
	memset(ret, 0, sizeof *ret);
	if (ip->family == IP_V6) {
		struct sockaddr_in6 *a = (struct sockaddr_in6 *)ret;

		a->sin6_family = AF_INET6;
		a->sin6_port = htons(port);
		memcpy(&a->sin6_addr, ip->b, 16);
		if (IN6_IS_ADDR_LINKLOCAL(&a->sin6_addr))
			a->sin6_scope_id = if_nametoindex(ifname);
		return sizeof *a;
	}
	struct sockaddr_in *a = (struct sockaddr_in *)ret;

	a->sin_family = AF_INET;
	a->sin_port = htons(port);
	memcpy(&a->sin_addr, ip->b, 4);
	return sizeof *a;
}

struct ip tftp_address_ip(const struct sockaddr_storage *a, uint16_t *ret_port)
{
	struct ip ip = {.family = IP_NONE};

	if (a->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)a;

		ip.family = IP_V4;
		memcpy(ip.b, &in->sin_addr, 4);
		*ret_port = ntohs(in->sin_port);
	} else if (a->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)a;

		ip.family = IP_V6;
		memcpy(ip.b, &in6->sin6_addr, 16);
		*ret_port = ntohs(in6->sin6_port);
	}
	return ip;
}

/* A router may cut our packets (RFC 1191 is off): firmware asks for blocks as large as its own link takes, does not ask
 * for smaller ones, and the "fragmentation needed" of a narrower link on the way is often filtered. */
static int allow_fragments(int fd, int family)
{
	const int off = IP_PMTUDISC_DONT;

	return family == AF_INET ? setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &off, sizeof off)
				 : 0;
}

int tftp_socket(const char *ifname, const struct ip *ip, uint16_t port)
{
	struct sockaddr_storage a;
	socklen_t len = tftp_address(ip, port, ifname, &a);
	int fd = socket(a.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int on = 1;

	if (fd < 0)
		return -errno;
	/* An address of a bridge without ports stays tentative until the first guest comes. */
	if (a.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof on);
	if (allow_fragments(fd, a.ss_family) < 0 ||
		(*ifname &&
			setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname,
				(socklen_t)strlen(ifname) + 1) < 0) ||
		bind(fd, (struct sockaddr *)&a, len) < 0) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	return fd;
}

int tftp_conn_init(struct tftp_conn *c, const char *ifname, const struct ip *server,
	const struct sockaddr_storage *peer)
{
	bool v6 = peer->ss_family == AF_INET6;
	int fd = tftp_socket(ifname, server, 0), mtu = 0;
	socklen_t len = sizeof mtu;

	if (fd < 0)
		return fd;
	if (connect(fd, (const struct sockaddr *)peer,
		    v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in)) < 0) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	if (v6)
		getsockopt(fd, IPPROTO_IPV6, IPV6_MTU, &mtu, &len);
	else
		getsockopt(fd, IPPROTO_IP, IP_MTU, &mtu, &len);
	*c = (struct tftp_conn){fd, true, mtu, v6 ? V6_HEADERS : V4_HEADERS};
	return 0;
}

void tftp_conn_fini(struct tftp_conn *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

/* One send, cut by the kernel or the network card. A block with its headers must fit the MTU. */
static int send_segmented(const struct tftp_conn *c, uint8_t *packets, size_t len, size_t each)
{
	union {
		char bytes[CMSG_SPACE(sizeof(uint16_t))];
		struct cmsghdr align;
	} control = {0};
	struct iovec v = {packets, len};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
	uint16_t segment = (uint16_t)each;
	struct cmsghdr *h;

	m.msg_control = control.bytes;
	m.msg_controllen = sizeof control.bytes;
	h = CMSG_FIRSTHDR(&m);
	h->cmsg_level = SOL_UDP;
	h->cmsg_type = UDP_SEGMENT;
	h->cmsg_len = CMSG_LEN(sizeof segment);
	memcpy(CMSG_DATA(h), &segment, sizeof segment);
	return sendmsg(c->fd, &m, 0) < 0 ? -errno : 0;
}

static int send_many(const struct tftp_conn *c, uint8_t *packets, size_t len, size_t each)
{
	struct mmsghdr m[PACKETS_MAX];
	struct iovec v[PACKETS_MAX];
	unsigned n = 0;
	int sent;

	for (size_t at = 0; at < len && n < PACKETS_MAX; at += each, n++) {
		v[n] = (struct iovec){packets + at, len - at < each ? len - at : each};
		m[n] = (struct mmsghdr){.msg_hdr = {.msg_iov = &v[n], .msg_iovlen = 1}};
	}
	sent = sendmmsg(c->fd, m, n, 0);
	return sent < 0 ? -errno : sent;
}

/* What a kernel or a device says that cannot cut, not what a network says that is down. */
static bool cannot_segment(int rc)
{
	return rc == -EIO || rc == -EINVAL || rc == -EMSGSIZE || rc == -EOPNOTSUPP ||
		rc == -ENOPROTOOPT;
}

int tftp_conn_send(struct tftp_conn *c, uint8_t *packets, size_t len, size_t each)
{
	size_t count = (len + each - 1) / each;
	int rc;

	if (count == 1)
		return send(c->fd, packets, len, 0) < 0 ? -errno : 1;
	if (c->segmenting && each + c->headers <= (size_t)c->mtu && count <= PACKETS_MAX) {
		rc = send_segmented(c, packets, len, each);
		if (!cannot_segment(rc))
			return rc ? rc : (int)count;
		c->segmenting = false;
	}
	return send_many(c, packets, len, each);
}
