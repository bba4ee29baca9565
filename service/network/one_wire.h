/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two cards of this host on one wire. Linux answers ARP for each of its addresses by each card (arp_ignore=0), and what then
 * comes by the other one reaches no socket that is bound to the first: a machine has its address, which is broadcast, and
 * hangs. And with rp_filter=1 the kernel drops what comes by the card that the route to the sender does not lead by.
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

/* Does the host lose what is sent to it there? Then one line in `why`, with the fix. Pure. */
bool one_wire_judge(const struct link_state *served, const struct link_state *other,
	const struct one_wire_sysctls *c, char *why, size_t size);
/* The same, as the kernel has it now: of another link with an address in this one's subnet. Blocking but short. */
bool one_wire_look(const char *ifname, char *why, size_t size);

#endif
