/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DHCPv6 datagrams in Ethernet frames (RFC 8200, RFC 768). Read as frames, since a client is known by the MAC that it sends
 * from, and sent as frames to that MAC: so no neighbour can have an answer sent to itself. Pure.
 */
#ifndef USHER_DHCPD_DHCP6_FRAME_H
#define USHER_DHCPD_DHCP6_FRAME_H

#include "core/addr.h"

enum {
	DHCP6_FRAME_HEADER = 14 + 40 + 8,
	DHCP6_FRAME_PAYLOAD_MAX = 1500 - 40 - 8, /* one frame, no fragments */
};

struct dhcp6_frame {
	struct mac from, to;
	struct ip from_ip, to_ip;
	uint16_t from_port, to_port;
};

/* A frame with its Ethernet header, without VLAN tags, extension headers or fragments. `ret_payload` points into it. -ENOMSG:
 * another kind of frame, or cut; -EBADMSG: its checksum is wrong, or there is none. `check` false: the kernel says that it
 * has not been computed yet, as of a guest on this host. */
int dhcp6_frame_open(const uint8_t *frame, size_t len, bool check, struct dhcp6_frame *ret,
	const uint8_t **ret_payload, size_t *ret_len);
/* Fills the DHCP6_FRAME_HEADER bytes at `buf`, which the `payload_len` bytes of payload follow. The frame's length, or
 * -EMSGSIZE. */
int dhcp6_frame_wrap(const struct dhcp6_frame *f, uint8_t *buf, size_t payload_len);

#endif
