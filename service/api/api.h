/* Requests below /api/v1/. */
#ifndef USHER_SERVICE_API_API_H
#define USHER_SERVICE_API_API_H

struct http_request;
struct service;

void api_handle(struct service *s, struct http_request *r);

#endif
