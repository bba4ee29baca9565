/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reservations and names in the networks where libvirt leases. */
#ifndef USHER_SERVICE_NETWORK_SEATS_H
#define USHER_SERVICE_NETWORK_SEATS_H

#include "guest/guest.h"

#include <stdbool.h>

struct machine;
struct segment;
struct network;

/* A libvirt network whose own dnsmasq leases. NULL: no. */
bool seats_are_theirs(const struct segment *seg);
/* Adds or removes a machine's name in its network's DNS and, where libvirt leases, its reservation. `done` may be NULL.
 * -errno: `done` is not called; -ENOENT: it is on no libvirt network. */
int seats_publish(
	struct network *nw, const struct machine *m, bool add, guest_done done, void *arg);
/* A domain (all: "") may have come, changed or gone: guests of others with computed MACs. */
void seats_look(struct network *nw, const char *domain);

#endif
