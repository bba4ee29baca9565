#include "dhcpd/arp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	FRAME_MAX = 64, /* of interest; Ethernet's padding may follow */
	AT_ONCE = 16,   /* frames a wake-up: a flood must not hold up the clients */
};

static struct sockaddr_ll address_of(unsigned ifindex)
{
	return (struct sockaddr_ll){.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = (int)ifindex,
		.sll_halen = ETH_ALEN,
		.sll_addr = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
}

static void readable(struct loop_fd *w, uint32_t events)
{
	struct arp *a = w->arg;
	uint8_t frame[FRAME_MAX];

	(void)events;
	for (int i = 0; i < AT_ONCE; i++) {
		struct sockaddr_ll from;
		socklen_t size = sizeof(from);
		ssize_t len =
			recvfrom(a->fd, frame, sizeof(frame), 0, (struct sockaddr *)&from, &size);
		struct arp_neighbour n;

		if (len < 0)
			return;
		if (from.sll_pkttype != PACKET_OUTGOING &&
			!arp_wire_decode(frame, (size_t)len, &n) && !mac_eq(&n.mac, &a->mac))
			a->heard(a->arg, &n);
	}
}

/* Protocol 0 until it is bound: of other links it hears nothing. */
static int open_socket(unsigned ifindex, int *ret)
{
	struct sockaddr_ll to = address_of(ifindex);
	int rc, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		rc = -errno;
		close(fd);
		return rc;
	}
	*ret = fd;
	return 0;
}

int arp_open(struct arp *a, struct loop *l, unsigned ifindex, const struct mac *mac,
	void (*heard)(void *arg, const struct arp_neighbour *n), void *arg)
{
	int fd = -1, rc = open_socket(ifindex, &fd);

	if (rc)
		return rc;
	*a = (struct arp){
		.loop = l, .fd = fd, .ifindex = ifindex, .mac = *mac, .heard = heard, .arg = arg};
	rc = loop_watch(l, &a->watch, fd, EPOLLIN, readable, a);
	if (rc) {
		close(fd);
		*a = ARP_CLOSED;
	}
	return rc;
}

void arp_close(struct arp *a)
{
	if (a->fd < 0)
		return;
	if (a->watch.watched)
		loop_unwatch(a->loop, &a->watch);
	close(a->fd);
	*a = ARP_CLOSED;
}

int arp_probe(const struct arp *a, const struct ip *ips, size_t n)
{
	struct sockaddr_ll to = address_of(a->ifindex);
	uint8_t frames[ARP_BATCH][ARP_WIRE_PROBE];
	struct mmsghdr msgs[ARP_BATCH] = {0};
	struct iovec iov[ARP_BATCH];
	int sent;

	for (size_t i = 0; i < n; i++) {
		arp_wire_encode(&a->mac, &ips[i], frames[i]);
		iov[i] = (struct iovec){frames[i], ARP_WIRE_PROBE};
		msgs[i].msg_hdr = (struct msghdr){.msg_name = &to,
			.msg_namelen = sizeof(to),
			.msg_iov = &iov[i],
			.msg_iovlen = 1};
	}
	sent = sendmmsg(a->fd, msgs, (unsigned)n, MSG_DONTWAIT);
	if (sent < 0)
		return -errno;
	return (size_t)sent == n ? 0 : -ENOBUFS;
}
