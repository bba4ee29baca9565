/* /api/v1/fetches */
#ifndef USHER_SERVICE_FILES_FETCH_API_H
#define USHER_SERVICE_FILES_FETCH_API_H

struct http_request;
struct service;

void fetch_api_handle(struct service *s, struct http_request *r);

#endif
