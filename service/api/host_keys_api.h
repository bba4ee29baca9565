/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /host-keys. */
#ifndef USHER_SERVICE_API_HOST_KEYS_API_H
#define USHER_SERVICE_API_HOST_KEYS_API_H

struct http_request;
struct api;

void host_keys_handle(struct api *api, struct http_request *r);

#endif
