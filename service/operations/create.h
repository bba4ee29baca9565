#ifndef USHER_SERVICE_OPERATIONS_CREATE_H
#define USHER_SERVICE_OPERATIONS_CREATE_H

#include <stdbool.h>
#include <stdint.h>

struct http_request;
struct ip;
struct machine;
struct service;

void create_handle(struct service *s, struct http_request *r);
/* The action of a machine that is being created: makes volume and domain first. False: it is none. */
bool create_continue(struct service *s, const struct machine *m);
void create_drop_all(struct service *s);

#endif
