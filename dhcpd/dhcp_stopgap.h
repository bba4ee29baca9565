/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv4 for firmware on a link that is served by IPv6 alone. Pure. iPXE and UEFI ask for IPv4 first, and wait 15 s and 66 s where
 * nobody answers. They are given a link-local address (RFC 3927), which is good for nothing, and nothing to boot: then they go
 * on with IPv6 at once. Nothing is leased or stored, and no operating system is answered.
 */
#ifndef USHER_DHCPD_DHCP_STOPGAP_H
#define USHER_DHCPD_DHCP_STOPGAP_H

#include "dhcpd/dhcp_answer.h"

enum {
	DHCP_STOPGAP_SERVER = 0xa9fe0001, /* 169.254.0.1, host order: what we say that we are */
	DHCP_STOPGAP_S = 600,
};

/* To a machine's DISCOVER or REQUEST: the length of the answer in `buf`, and its route; 0: none is due. -EMSGSIZE. */
int dhcp_stopgap_answer(const struct dhcp_message *m, const struct segment *s,
	const struct machine *machine, uint8_t buf[DHCP_REPLY_MAX], struct dhcp_route *ret_route);

#endif
