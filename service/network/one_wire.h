/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two cards of this host on one wire. With arp_ignore=0 Linux answers ARP for each of its addresses on each card, and
 * packets that then arrive on the other card do not reach sockets bound to the first: a machine gets its address, which
 * is broadcast, and then hangs. With rp_filter=1 the kernel drops packets that arrive on a card other than the one that
 * the route to the sender uses.
 */
#ifndef USHER_SERVICE_NETWORK_ONE_WIRE_H
#define USHER_SERVICE_NETWORK_ONE_WIRE_H

#include "core/link.h"

#include <stdbool.h>
#include <stddef.h>

/* sysctl net.ipv4.conf, as the kernel combines that of all with the link's */
struct one_wire_sysctls {
	int arp_ignore; /* of the other link */
	int rp_filter;  /* of the served one */
};

/* Does the host lose packets sent to it there? Then one line in `why`, with the fix. Pure. */
bool one_wire_judge(const struct link_state *served, const struct link_state *other,
	const struct one_wire_sysctls *c, char *why, size_t size);
/* The same for the kernel's current state: checks this link and another one with an address in its subnet. Blocking but
 * short. */
bool one_wire_look(const char *ifname, char *why, size_t size);

#endif
