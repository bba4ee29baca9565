/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request to make a network, and what was made before. */
#ifndef USHER_SERVICE_NETWORK_NETWORKS_COMPLETE_H
#define USHER_SERVICE_NETWORK_NETWORKS_COMPLETE_H

#include <stddef.h>

struct guest_network_spec;
struct network;

/* What a request to make one leaves out, as it was made before. 0; -EEXIST, -ENOSPC … with the line: it cannot be made. */
int networks_complete(
	const struct network *nw, struct guest_network_spec *spec, char *why, size_t size);

#endif
