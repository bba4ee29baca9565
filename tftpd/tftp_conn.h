/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket of one transfer: connected to the client, bound to the address that it asked. */
#ifndef USHER_TFTPD_TFTP_CONN_H
#define USHER_TFTPD_TFTP_CONN_H

#include "core/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

enum {
	TFTP_SEND_BYTES = 65507, /* the most that one segmented send takes: a UDP datagram */
};

struct tftp_conn {
	int fd;
	bool segmenting; /* the kernel may cut a window into blocks (UDP_SEGMENT) */
	int mtu;         /* of the path when the transfer began */
	size_t headers;  /* bytes of IP and UDP before a block */
};

socklen_t tftp_address(
	const struct ip *ip, uint16_t port, const char *ifname, struct sockaddr_storage *ret);
/* The other way; the family is IP_NONE when it is neither IPv4 nor IPv6. */
struct ip tftp_address_ip(const struct sockaddr_storage *a, uint16_t *ret_port);

/* A UDP socket bound to ip:port (0: any) that hears and speaks on `ifname` only ("": any link).
 * Returns the descriptor or -errno. */
int tftp_socket(const char *ifname, const struct ip *ip, uint16_t port);

/* 0 or -errno. */
int tftp_conn_init(struct tftp_conn *c, const char *ifname, const struct ip *server,
	const struct sockaddr_storage *peer);
void tftp_conn_fini(struct tftp_conn *c); /* closed already is fine: fd -1 */

/*
 * Sends `len` bytes of packets that lie one after the other, each `each` bytes long but perhaps the
 * last; at most TFTP_SEND_BYTES and 64 packets. Returns how many packets went out, or -errno when
 * none did (-EAGAIN).
 */
int tftp_conn_send(struct tftp_conn *c, uint8_t *packets, size_t len, size_t each);

#endif
