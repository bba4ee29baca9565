/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_socket.h"

#include "core/link.h"
#include "dhcpd/dhcp_proxy_answer.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* FORCE needs CAP_NET_ADMIN, which the service gives up; without it the kernel cuts to its own
 * limit. */
void dhcp_socket_widen(int fd, int force, int plain)
{
	int size = DHCP_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, plain, &size, sizeof(size));
}

/* The device before the address: other servers may hold port 67 on other links. */
static int open_udp(const char *ifname, uint32_t to, uint16_t port, int *ret)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(to)};
	int one = 1, rc, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname, (socklen_t)strlen(ifname)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one)) < 0 ||
		bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0) {
		rc = -errno;
		close(fd);
		return rc;
	}
	dhcp_socket_widen(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	dhcp_socket_widen(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	*ret = fd;
	return 0;
}

/* Protocol 0: it hears nothing. */
static int open_raw(int *ret)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	dhcp_socket_widen(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	*ret = fd;
	return 0;
}

static int open_both(struct dhcp_socket *s, const char *ifname, uint32_t server, uint32_t to,
	uint16_t port, char *why, size_t why_size)
{
	struct dhcp_socket next = DHCP_SOCKET_CLOSED;
	const char *what = "there is no such link";
	char cannot[40];
	struct link_state link;
	int rc = link_lookup(ifname, &link);

	if (rc < 0)
		goto out;
	memcpy(next.name, link.name, sizeof(next.name));
	next.ifindex = link.index;
	next.mac = link.mac;
	next.server = server;
	snprintf(cannot, sizeof(cannot), "cannot open UDP port %u on it", port);
	what = cannot;
	rc = open_udp(ifname, to, port, &next.udp);
	if (rc < 0)
		goto out;
	what = "cannot open a packet socket";
	rc = open_raw(&next.raw);
out:
	if (rc < 0) {
		dhcp_socket_close(&next);
		snprintf(why, why_size, "%s: %s: %s", ifname, what, strerror(-rc));
		return rc;
	}
	*s = next;
	return 0;
}

int dhcp_socket_open(
	struct dhcp_socket *s, const char *ifname, uint32_t server, char *why, size_t why_size)
{
	return open_both(s, ifname, server, INADDR_ANY, DHCP_SERVER_PORT, why, why_size);
}

int dhcp_socket_open_beside(
	struct dhcp_socket *s, const char *ifname, uint32_t server, char *why, size_t why_size)
{
	return open_both(s, ifname, server, INADDR_BROADCAST, DHCP_SERVER_PORT, why, why_size);
}

int dhcp_socket_open_proxy(
	struct dhcp_socket *s, const char *ifname, uint32_t server, char *why, size_t why_size)
{
	return open_both(s, ifname, server, INADDR_ANY, DHCP_PROXY_PORT, why, why_size);
}

bool dhcp_socket_fits(struct dhcp_socket *s, const char *ifname)
{
	struct link_state link;

	if (s->udp < 0 || link_lookup(ifname, &link) < 0 || link.index != s->ifindex)
		return false;
	s->mac = link.mac;
	return true;
}

void dhcp_socket_close(struct dhcp_socket *s)
{
	if (s->udp >= 0)
		close(s->udp);
	if (s->raw >= 0)
		close(s->raw);
	*s = DHCP_SOCKET_CLOSED;
}

void dhcp_inbox_init(struct dhcp_inbox *in)
{
	for (size_t i = 0; i < DHCP_BATCH; i++) {
		in->iov[i] = (struct iovec){.iov_base = in->bytes[i], .iov_len = DHCP_SLOT};
		in->msgs[i].msg_hdr = (struct msghdr){.msg_iov = &in->iov[i],
			.msg_iovlen = 1,
			.msg_name = &in->from[i],
			.msg_namelen = sizeof(in->from[i])};
	}
}

int dhcp_socket_receive(const struct dhcp_socket *s, struct dhcp_inbox *in)
{
	int n;

	for (size_t i = 0; i < DHCP_BATCH; i++)
		in->msgs[i].msg_hdr.msg_namelen = sizeof(in->from[i]);
	n = recvmmsg(s->udp, in->msgs, DHCP_BATCH, MSG_DONTWAIT, NULL);
	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

size_t dhcp_socket_send_all(int fd, struct mmsghdr *msgs, size_t n, int *ret_error)
{
	size_t sent = 0;

	while (sent < n) {
		int k = sendmmsg(fd, msgs + sent, (unsigned)(n - sent), MSG_DONTWAIT);

		if (k > 0) {
			sent += (size_t)k;
		} else if (errno != EINTR) {
			*ret_error = -errno;
			break;
		}
	}
	return sent;
}

static struct sockaddr_ll link_address(const struct dhcp_socket *s, const struct mac *to)
{
	struct sockaddr_ll a = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)s->ifindex,
		.sll_halen = sizeof(to->b)};

	memcpy(a.sll_addr, to->b, sizeof(to->b));
	return a;
}

static size_t send_frames(
	const struct dhcp_socket *s, struct dhcp_packet *const *packets, size_t n, int *ret_error)
{
	struct mmsghdr msgs[DHCP_BATCH] = {0};
	struct sockaddr_ll to[DHCP_BATCH];
	struct iovec iov[DHCP_BATCH];

	for (size_t i = 0; i < n; i++) {
		struct dhcp_packet *p = packets[i];
		struct dhcp_frame f = {.from = s->mac,
			.to = p->route.mac,
			.from_ip = s->server,
			.to_ip = p->route.ip,
			.from_port = DHCP_SERVER_PORT,
			.to_port = p->route.port};
		int len = dhcp_frame_wrap(&f, p->buf, p->len);

		to[i] = link_address(s, &f.to);
		iov[i] = (struct iovec){p->buf, len > 0 ? (size_t)len : 0};
		msgs[i].msg_hdr = (struct msghdr){.msg_name = &to[i],
			.msg_namelen = sizeof(to[i]),
			.msg_iov = &iov[i],
			.msg_iovlen = 1};
	}
	return dhcp_socket_send_all(s->raw, msgs, n, ret_error);
}

/* Each says from which address it comes: a link may have several, and clients compare. */
union from_address {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

static void say_from(const struct dhcp_socket *s, struct msghdr *m, union from_address *c)
{
	struct in_pktinfo info = {
		.ipi_ifindex = (int)s->ifindex, .ipi_spec_dst.s_addr = htonl(s->server)};
	struct cmsghdr *h;

	memset(c, 0, sizeof(*c));
	m->msg_control = c->bytes;
	m->msg_controllen = sizeof(c->bytes);
	h = CMSG_FIRSTHDR(m);
	h->cmsg_level = IPPROTO_IP;
	h->cmsg_type = IP_PKTINFO;
	h->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(h), &info, sizeof(info));
}

static size_t send_datagrams(
	const struct dhcp_socket *s, struct dhcp_packet *const *packets, size_t n, int *ret_error)
{
	struct mmsghdr msgs[DHCP_BATCH] = {0};
	struct sockaddr_in to[DHCP_BATCH];
	struct iovec iov[DHCP_BATCH];
	union from_address from[DHCP_BATCH];

	for (size_t i = 0; i < n; i++) {
		struct dhcp_packet *p = packets[i];

		to[i] = (struct sockaddr_in){.sin_family = AF_INET,
			.sin_port = htons(p->route.port),
			.sin_addr.s_addr = htonl(p->route.ip)};
		iov[i] = (struct iovec){p->buf + DHCP_FRAME_HEADER, p->len};
		msgs[i].msg_hdr = (struct msghdr){.msg_name = &to[i],
			.msg_namelen = sizeof(to[i]),
			.msg_iov = &iov[i],
			.msg_iovlen = 1};
		say_from(s, &msgs[i].msg_hdr, &from[i]);
	}
	return dhcp_socket_send_all(s->udp, msgs, n, ret_error);
}

size_t dhcp_socket_send(
	const struct dhcp_socket *s, struct dhcp_packet *const *packets, size_t n, int *ret_error)
{
	if (s->udp < 0) {
		*ret_error = -ENODEV;
		return 0;
	}
	return packets[0]->route.frame ? send_frames(s, packets, n, ret_error)
				       : send_datagrams(s, packets, n, ret_error);
}
