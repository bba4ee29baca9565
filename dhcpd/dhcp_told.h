/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's side of DHCP (RFC 2131, 4578): what a firmware asks, and what a server tells it. For `usher probe`, which plays
 * one. Pure. Addresses are in host order.
 */
#ifndef USHER_DHCPD_DHCP_TOLD_H
#define USHER_DHCPD_DHCP_TOLD_H

#include "dhcpd/dhcp_frame.h"
#include "dhcpd/dhcp_wire.h"

/* A server's message, as a client reads it. */
struct dhcp_told {
	enum dhcp_type
		type;       /* DHCP_OFFER, DHCP_ACK or DHCP_NAK; DHCP_BOOTP: an answer of RFC 951 */
	struct mac from;    /* the frame's source */
	uint32_t from_ip;   /* the packet's */
	uint16_t from_port; /* 67; of a proxy, 4011 */
	uint32_t xid;
	struct mac client;
	uint32_t address;                           /* 0: none is given: a proxy's */
	uint32_t server;                            /* option 54; without one from_ip */
	uint32_t next_server, router, netmask, dns; /* 0: not said */
	uint32_t lease_s;
	char file[DHCP_FILE_MAX + 1]; /* option 67, or the field; "" */
	char tftp_name[64];           /* option 66, or the field sname, cut; "" */
	char vendor_class[64];        /* option 60, printable, cut */
	char message[128];            /* option 56: why not; printable, cut */
	bool takes_file; /* option 43: PXE_DISCOVERY_CONTROL says to ask no boot server (PXE 2.1, table 2-1) */
};

/* A frame with its Ethernet header. `scratch` is big, and holds nothing afterwards. -ENOMSG: something else; -EBADMSG: cut or
 * malformed. */
int dhcp_told_decode(
	const void *frame, size_t len, struct dhcp_message *scratch, struct dhcp_told *ret);

/* What a client says of itself. */
struct dhcp_asking {
	enum dhcp_type type; /* DHCP_DISCOVER, DHCP_REQUEST or DHCP_RELEASE */
	struct mac mac;
	uint32_t xid;
	uint16_t secs;
	uint32_t address, server; /* of a REQUEST and a RELEASE */
	uint16_t arch;            /* DHCP_ARCH_NONE: a system, no firmware */
	const char *vendor_class; /* or NULL */
	bool ipxe;                /* user class, and its features with HTTP among them */
	bool broadcast;           /* it can take only a broadcast */
	uint8_t uuid[UUID_BYTES]; /* option 97, of firmware */
};

enum { DHCP_ASKING_FRAME = DHCP_FRAME_HEADER + 548 };
/* The whole frame: DISCOVER and REQUEST to everybody, a RELEASE to `server_mac`. Its length, or -EMSGSIZE. */
int dhcp_asking_frame(const struct dhcp_asking *a, const struct mac *server_mac,
	uint8_t frame[DHCP_ASKING_FRAME]);
/* The message alone, for a socket (port 4011, PXE 2.1 2.2.3). */
int dhcp_asking_message(const struct dhcp_asking *a, uint8_t *buf, size_t cap);

#endif
