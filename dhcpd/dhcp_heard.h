/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What DHCP servers say on a wire, read from whole frames, and the question that makes a silent one
 * speak. Pure.
 */
#ifndef USHER_DHCPD_DHCP_HEARD_H
#define USHER_DHCPD_DHCP_HEARD_H

#include "dhcpd/dhcp_frame.h"
#include "dhcpd/dhcp_wire.h"

/* A server's reply. Addresses in host order. */
struct dhcp_heard {
	enum dhcp_type type; /* DHCP_OFFER, DHCP_ACK or DHCP_NAK */
	struct mac from;     /* the frame's source */
	uint32_t from_ip;    /* the packet's */
	uint16_t from_port;  /* 67 or, of a proxy, 4011; of a forger, any: clients take it */
	uint32_t server;     /* option 54; without one, from_ip */
	uint32_t address;    /* given to the client; 0: boot information, or an INFORM's answer */
	struct mac client;
	uint32_t xid;
	uint64_t hash; /* hash_bytes() of the whole message */
};

/* A frame with its Ethernet header, without VLAN tags, that a client would listen to: on its port or, from a proxy to a
 * firmware, on 4011. -ENOMSG: something else; -EBADMSG: cut or malformed. */
int dhcp_heard_decode(const void *frame, size_t len, struct dhcp_heard *ret);

enum { DHCP_PROBE = DHCP_FRAME_HEADER + DHCP_REPLY_MIN };
/* A DISCOVER of `client`, broadcast from our MAC, that wants a broadcast answer. */
void dhcp_heard_probe(
	const struct mac *from, const struct mac *client, uint32_t xid, uint8_t frame[DHCP_PROBE]);

#endif
