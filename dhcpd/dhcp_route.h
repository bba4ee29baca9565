/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where an answer goes: RFC 2131 4.1, 4.3.2, 4.3.5 and table 5, RFC 1542 4 for BOOTP, PXE 2.1 for boot offers. Pure.
 *
 *   a relay asks (giaddr)                      to it, port 67; it does the rest
 *   it came to port 4011                       to where it came from
 *   the client runs on the address             a datagram: it answers ARP
 *   its hardware has no MAC                    a broadcast datagram: the kernel makes the frame
 *   NAK, broadcast flag, no address to send to  a frame to everybody; behind a relay a NAK goes to ciaddr
 *   all else                                   a frame to the client's MAC: it cannot be asked for by ARP
 */
#ifndef USHER_DHCPD_DHCP_ROUTE_H
#define USHER_DHCPD_DHCP_ROUTE_H

#include "dhcpd/dhcp_wire.h"

enum { DHCP_SERVER_PORT = 67, DHCP_CLIENT_PORT = 68 };

/* A frame is made by us; all else is an ordinary datagram. */
struct dhcp_route {
	bool frame;
	struct mac mac; /* frames: destination */
	uint32_t ip;    /* host order */
	uint16_t port;
};

struct dhcp_delivery {
	const struct dhcp_message *msg;
	enum dhcp_type answer; /* DHCP_OFFER, DHCP_ACK, DHCP_NAK, or DHCP_BOOTP */
	uint32_t address;      /* that it is about; 0: none, as in a proxy's offer */
	bool behind_relay;     /* its segment is: no frame of ours reaches it */
	uint32_t from;         /* the datagram's source: of those to port 4011, else 0 */
	uint16_t from_port;
};

struct dhcp_route dhcp_route_of(const struct dhcp_delivery *d);

#endif
