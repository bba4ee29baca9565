/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A segment's two sockets: UDP port 67 on its link, and a packet socket that only sends. Rim:
 * system calls, no decisions.
 */
#ifndef USHER_DHCPD_DHCP_SOCKET_H
#define USHER_DHCPD_DHCP_SOCKET_H

#include "dhcpd/dhcp6_frame.h"
#include "dhcpd/dhcp_answer.h"
#include "dhcpd/dhcp_frame.h"

#include <netinet/in.h>
#include <sys/socket.h>

enum {
	DHCP_BATCH = 64,       /* messages a system call: bounds the work of one wake-up */
	DHCP_BUFFER = 4 << 20, /* bytes asked for: a rack that powers on at once */
	DHCP_SLOT = DHCP_PACKET_MAX + 1, /* one more, to see what is too long */
};

/* -1: closed. */
struct dhcp_socket {
	int udp, raw;
	char name[16]; /* of the link */
	unsigned ifindex;
	struct mac mac;
	uint32_t server; /* our address there, host order */
};

/* A frame of either family. */
enum { DHCP_PACKET_ROOM = DHCP_FRAME_HEADER + DHCP_REPLY_MAX };

struct dhcp6_socket;

/* One message on its way out; `buf` leaves room for a frame's headers. */
struct dhcp_packet {
	struct dhcp_packet *next;
	int64_t begun;                    /* mono µs: its message was read; 0: not known */
	const struct dhcp_socket *socket; /* outlives it; NULL: IPv6 */
	const struct dhcp6_socket *six;   /* of IPv6 */
	struct dhcp_route route;          /* of IPv6: `frame` only */
	struct dhcp6_frame frame6;
	size_t len; /* of the message */
	uint8_t buf[DHCP_PACKET_ROOM];
};

/* Room for a batch of messages in; big: one for all sockets. */
struct dhcp_inbox {
	struct mmsghdr msgs[DHCP_BATCH];
	struct iovec iov[DHCP_BATCH];
	struct sockaddr_in from[DHCP_BATCH];
	uint8_t bytes[DHCP_BATCH][DHCP_SLOT];
};

#define DHCP_SOCKET_CLOSED ((struct dhcp_socket){.udp = -1, .raw = -1})

/* Fills a closed socket. -errno, one line in `why`, and it is still closed. */
int dhcp_socket_open(
	struct dhcp_socket *s, const char *ifname, uint32_t server, char *why, size_t why_size);
/* The same beside another server of this host's: hears broadcasts only, and leaves it the unicast
 * that renews its leases. Replies are frames. */
int dhcp_socket_open_beside(
	struct dhcp_socket *s, const char *ifname, uint32_t server, char *why, size_t why_size);
/* The same on port 4011 (dhcp_proxy_answer.h). Replies are datagrams. */
int dhcp_socket_open_proxy(
	struct dhcp_socket *s, const char *ifname, uint32_t server, char *why, size_t why_size);
/* Still on the link of this name? Then its MAC is looked up again, else nothing is changed. */
bool dhcp_socket_fits(struct dhcp_socket *s, const char *ifname);
void dhcp_socket_close(struct dhcp_socket *s); /* closed is fine */
void dhcp_inbox_init(struct dhcp_inbox *in);
/* How many messages came (their lengths in msgs[i].msg_len), 0 when none waits, -errno. */
int dhcp_socket_receive(const struct dhcp_socket *s, struct dhcp_inbox *in);
/* Sends up to DHCP_BATCH packets of one kind (all frames, or none). Returns how many left; when
 * fewer than `n`,
 * `*ret_error` is why the next one did not (-EAGAIN: no room now). */
size_t dhcp_socket_send(
	const struct dhcp_socket *s, struct dhcp_packet *const *packets, size_t n, int *ret_error);

/* For both families' sockets: DHCP_BUFFER bytes for the queue, beyond the system's limit where that is allowed. */
void dhcp_socket_widen(int fd, int force, int plain);
/* How many of them left; when fewer than `n`, `*ret_error` is why. */
size_t dhcp_socket_send_all(int fd, struct mmsghdr *msgs, size_t n, int *ret_error);

#endif
