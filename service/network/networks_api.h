/* /api/v1/networks, and what follows: "", "/NAME" */
#ifndef USHER_SERVICE_NETWORK_NETWORKS_API_H
#define USHER_SERVICE_NETWORK_NETWORKS_API_H

#include <stddef.h>

struct guest_network_spec;
struct http_request;
struct service;

void networks_handle(struct service *s, struct http_request *r, const char *rest);
void networks_drop_all(struct service *s);
/* What a request to make one leaves out, as it was made before. 0; -EEXIST, -ENOSPC … with the line: it cannot be made. */
int networks_complete(
	const struct service *s, struct guest_network_spec *spec, char *why, size_t size);

#endif
