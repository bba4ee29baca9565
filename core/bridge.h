/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ports of the kernel's bridges, by netlink. Short, and does not wait for anything. */
#ifndef USHER_CORE_BRIDGE_H
#define USHER_CORE_BRIDGE_H

#include "core/addr.h"

#include <stddef.h>

enum { BRIDGE_PORTS = 1024 }; /* that are looked at; more are left out */

struct bridge_port {
	char name[16];   /* IFNAMSIZ */
	unsigned bridge; /* ifindex of its bridge */
	struct mac
		mac; /* the port's own: libvirt gives a guest's tap the guest's MAC with 0xfe as its first byte */
	int state; /* BR_STATE_FORWARDING and others, <linux/if_bridge.h> */
};

/* All ports of all bridges of this network namespace. How many, or -errno. */
int bridge_ports(struct bridge_port *ret, size_t most);
const char *bridge_state_name(int state); /* "listening" */

#endif
