/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /api/v1/media, and what follows: "", "/NAME" … */
#ifndef USHER_SERVICE_MEDIA_MEDIA_API_H
#define USHER_SERVICE_MEDIA_MEDIA_API_H

struct http_request;
struct imports;

void media_handle(struct imports *imports, struct http_request *r, const char *rest);

#endif
