/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The XML of a network that usher makes, and whether one that is there is as wanted. Pure. */
#ifndef USHER_GUEST_NETWORK_MAKE_H
#define USHER_GUEST_NETWORK_MAKE_H

#include "guest/guest.h"

/* NULL: out of memory; else for free(). Our address is the subnet's first. The bridge's name is libvirt's to choose;
 * its ports forward at once (no STP, no delay); there is no <dhcp>: we lease. */
char *network_make_xml(const struct guest_network_spec *spec);
/* 0; -EEXIST, with the line that says what of `spec` is otherwise. What `spec` leaves out may be as it is. */
int network_make_compare(const struct guest_network_spec *spec,
	const struct guest_network_spec *there, char *why, size_t why_size);
/* Its subnet; len 0: it has none. */
struct subnet network_make_subnet(const struct guest_network *n);
/* What would make it as it is. */
struct guest_network_spec network_make_spec(const struct guest_network *n);

#endif
