/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/arp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/socket.h>

static void heard(void *arg, const uint8_t *frame, size_t len)
{
	struct arp *a = arg;
	struct arp_neighbour n;

	if (!arp_wire_decode(frame, len, &n) && !mac_eq(&n.mac, &a->mac))
		a->heard(a->arg, &n);
}

int arp_open(struct arp *a, struct loop *l, unsigned ifindex, const struct mac *mac,
	void (*neighbour)(void *arg, const struct arp_neighbour *n), void *arg)
{
	*a = (struct arp){
		.frames = {.loop = l, .fd = -1, .ifindex = ifindex, .heard = heard, .arg = a},
		.mac = *mac,
		.heard = neighbour,
		.arg = arg};
	return frames_open(&a->frames, ETH_P_ARP, NULL);
}

void arp_close(struct arp *a)
{
	frames_close(&a->frames);
}

static struct sockaddr_ll everybody(unsigned ifindex)
{
	return (struct sockaddr_ll){.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = (int)ifindex,
		.sll_halen = ETH_ALEN,
		.sll_addr = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
}

int arp_probe(const struct arp *a, const struct ip *ips, size_t n)
{
	struct sockaddr_ll to = everybody(a->frames.ifindex);
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
	sent = sendmmsg(a->frames.fd, msgs, (unsigned)n, MSG_DONTWAIT);
	if (sent < 0)
		return -errno;
	return (size_t)sent == n ? 0 : -ENOBUFS;
}
