#ifndef USHER_SERVICE_API_CREATE_H
#define USHER_SERVICE_API_CREATE_H

#include <stdbool.h>
#include <stdint.h>

struct http_request;
struct ip;
struct machine;
struct service;

void create_handle(struct service *s, struct http_request *r);
/* The action of a machine that is being created: makes volume and domain first. False: it is none. */
bool create_continue(struct service *s, const struct machine *m);
/* Is somebody in the middle of making this name, or using this address? */
bool create_reserves(
	const struct service *s, const char *name, uint32_t segment, const struct ip *ip);
void create_drop_all(struct service *s);

#endif
