/* /api/v1/fetches */
#ifndef USHER_SERVICE_API_FETCH_API_H
#define USHER_SERVICE_API_FETCH_API_H

#include <jansson.h>

struct http_request;
struct service;

void fetch_api_handle(struct service *s, struct http_request *r);
/* 202: ask again. Steals `missing`. */
void fetch_api_respond(struct http_request *r, json_t *missing);

#endif
