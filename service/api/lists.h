#ifndef USHER_SERVICE_API_LISTS_H
#define USHER_SERVICE_API_LISTS_H

struct http_request;
struct service;

void lists_machines(struct service *s, struct http_request *r);
void lists_leases(struct service *s, struct http_request *r);

#endif
