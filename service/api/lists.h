/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /machines, /leases and /discovered, in slices (listing.h). */
#ifndef USHER_SERVICE_API_LISTS_H
#define USHER_SERVICE_API_LISTS_H

struct http_request;
struct api;

void lists_machines(struct api *api, struct http_request *r);
void lists_leases(struct api *api, struct http_request *r);
void lists_discovered(struct api *api, struct http_request *r);

#endif
