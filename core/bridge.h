/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ports of the kernel's bridges, by netlink. Short, and does not wait for anything. */
#ifndef USHER_CORE_BRIDGE_H
#define USHER_CORE_BRIDGE_H

#include "core/addr.h"

#include <stdbool.h>
#include <stddef.h>

enum { BRIDGE_PORTS = 1024 }; /* that are looked at; more are left out */

struct bridge_port {
	char name[16];  /* IFNAMSIZ */
	struct mac mac; /* the port's own, on the host's side */
	int state;      /* BR_STATE_FORWARDING and others, <linux/if_bridge.h> */
};

/* All ports of all bridges of this network namespace. How many, or -errno. */
int bridge_ports(struct bridge_port *ret, size_t most);
/* How many frames came in by it, since it was made. -1: the kernel does not say. */
long bridge_port_frames(const struct bridge_port *p);
const char *bridge_state_name(int state); /* "listening" */
/* Is a port with this MAC the tap of a guest's card? libvirt gives it the card's own, but for the first byte. */
bool bridge_is_tap_of(const struct mac *port, const struct mac *nic);

#endif
