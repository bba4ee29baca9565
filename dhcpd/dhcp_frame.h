/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ethernet, IPv4 and UDP headers around a datagram, with all checksums: nobody on a bridge fills
 * them in for us, and clients that listen on packet sockets drop what has none.
 */
#ifndef USHER_DHCPD_DHCP_FRAME_H
#define USHER_DHCPD_DHCP_FRAME_H

#include "core/addr.h"
#include "core/cursor.h"

enum {
	DHCP_FRAME_HEADER = 14 + 20 + 8,
	DHCP_FRAME_PAYLOAD_MAX = 1500 - 20 - 8, /* one frame, no fragments */
};

struct dhcp_frame {
	struct mac from, to;
	uint32_t from_ip, to_ip; /* host order */
	uint16_t from_port, to_port;
};

/* Fills the DHCP_FRAME_HEADER bytes at `buf`, which the `payload_len` bytes of payload follow. The
 * frame's length, or -EMSGSIZE. */
int dhcp_frame_wrap(const struct dhcp_frame *f, uint8_t *buf, size_t payload_len);

/* The other way: fills `ret` and leaves `r` at UDP's length and checksum. -ENOMSG: no UDP by IPv4, without VLAN tags, or a
 * fragment; -EBADMSG: cut or malformed. */
int dhcp_frame_read(struct reader *r, struct dhcp_frame *ret);

#endif
