/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /status: the service, its segments, and its machines in numbers; those that need somebody, and those that install. */
#ifndef USHER_SERVICE_API_STATUS_H
#define USHER_SERVICE_API_STATUS_H

struct http_request;
struct api;

void status_handle(struct api *api, struct http_request *r);

#endif
