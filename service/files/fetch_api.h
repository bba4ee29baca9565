/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /api/v1/fetches */
#ifndef USHER_SERVICE_FILES_FETCH_API_H
#define USHER_SERVICE_FILES_FETCH_API_H

struct http_request;
struct content;

void fetch_api_handle(struct content *content, struct http_request *r);

#endif
