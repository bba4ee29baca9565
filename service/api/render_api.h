/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Below /api/v1/machines/NAME/render/. */
#ifndef USHER_SERVICE_API_RENDER_API_H
#define USHER_SERVICE_API_RENDER_API_H

struct http_request;
struct machine;
struct api;

/* `what` is part of the request's path. */
void render_handle(struct api *api, struct http_request *r, struct machine *m, const char *what);

#endif
