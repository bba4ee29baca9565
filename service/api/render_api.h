/* Below /api/v1/machines/NAME/render/. */
#ifndef USHER_SERVICE_API_RENDER_API_H
#define USHER_SERVICE_API_RENDER_API_H

struct http_request;
struct machine;
struct service;

void render_handle(
	struct service *s, struct http_request *r, const struct machine *m, const char *what);

#endif
