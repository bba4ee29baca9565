/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A segment's sockets for DHCPv6: a packet socket that hears what comes to UDP ports 547 and 546, with the MAC that sent it, and sends
 * frames; and a UDP socket that holds the port and the servers' group, and sends to relays. Rim: system calls, no
 * decisions.
 */
#ifndef USHER_DHCPD_DHCP6_SOCKET_H
#define USHER_DHCPD_DHCP6_SOCKET_H

#include "dhcpd/dhcp6_frame.h"
#include "dhcpd/dhcp6_wire.h"
#include "dhcpd/dhcp_socket.h"

#include <linux/if_packet.h>
#include <sys/socket.h>

/* -1: closed. */
struct dhcp6_socket {
	int udp, raw;
	char name[16]; /* of the link */
	unsigned ifindex;
	struct mac mac;
	struct ip link_local; /* ours there */
};

enum { DHCP6_SLOT = DHCP6_FRAME_HEADER + DHCP6_PACKET_MAX + 1 };

/* Room for a batch of frames in; big: one for all sockets. */
struct dhcp6_inbox {
	struct mmsghdr msgs[DHCP_BATCH];
	struct iovec iov[DHCP_BATCH];
	struct sockaddr_ll from[DHCP_BATCH];
	unsigned ifindex; /* the link that this batch is of */
	union {
		struct cmsghdr align;
		uint8_t bytes[64];
	} control[DHCP_BATCH];
	uint8_t bytes[DHCP_BATCH][DHCP6_SLOT];
};

#define DHCP6_SOCKET_CLOSED ((struct dhcp6_socket){.udp = -1, .raw = -1})

/* Fills a closed one. -errno, one line in `why`, and it is still closed: -EADDRNOTAVAIL: the link has no link-local address
 * (IPv6 is switched off there, or the address is still being checked). */
int dhcp6_socket_open(struct dhcp6_socket *s, const char *ifname, char *why, size_t why_size);
/* Still on the link of this name, with the same MAC and link-local address? */
bool dhcp6_socket_fits(const struct dhcp6_socket *s, const char *ifname);
void dhcp6_socket_close(struct dhcp6_socket *s); /* closed is fine */

void dhcp6_inbox_init(struct dhcp6_inbox *in);
/* How many frames came, 0 when none waits, -errno. */
int dhcp6_socket_receive(const struct dhcp6_socket *s, struct dhcp6_inbox *in);
/* One of them: dhcp6_frame_open()'s, or -EXDEV: it is of another VLAN on the same cable. */
int dhcp6_inbox_open(const struct dhcp6_inbox *in, size_t i, struct dhcp6_frame *ret,
	const uint8_t **ret_payload, size_t *ret_len);
/* As dhcp_socket_send(): packets of one kind. */
size_t dhcp6_socket_send(
	const struct dhcp6_socket *s, struct dhcp_packet *const *packets, size_t n, int *ret_error);

#endif
