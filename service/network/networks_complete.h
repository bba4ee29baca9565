/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Completes a request to create a network from the network that was created before. */
#ifndef USHER_SERVICE_NETWORK_NETWORKS_COMPLETE_H
#define USHER_SERVICE_NETWORK_NETWORKS_COMPLETE_H

#include <stddef.h>

struct guest_network_spec;
struct network;

/* Fills in what the request leaves out, with the earlier values. 0, or -EEXIST, -ENOSPC … with the line: the network
 * cannot be created. */
int networks_complete(
	const struct network *nw, struct guest_network_spec *spec, char *why, size_t size);

#endif
