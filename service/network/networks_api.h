/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /api/v1/networks, and what follows: "", "/NAME" */
#ifndef USHER_SERVICE_NETWORK_NETWORKS_API_H
#define USHER_SERVICE_NETWORK_NETWORKS_API_H

#include <jansson.h>
#include <stddef.h>

struct guest_network_spec;
struct http_request;
struct segment;
struct network;

void networks_handle(struct network *nw, struct http_request *r, const char *rest);
/* Other DHCP servers heard on this segment (NULL: none), where usher leases. New reference. */
json_t *networks_others(struct network *nw, const struct segment *seg);
void networks_drop_all(struct network *nw);

#endif
