/* /api/v1/media, and what follows: "", "/NAME" … */
#ifndef USHER_SERVICE_MEDIA_MEDIA_API_H
#define USHER_SERVICE_MEDIA_MEDIA_API_H

struct http_request;
struct service;

void media_handle(struct service *s, struct http_request *r, const char *rest);

#endif
