/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POST /machines: making a machine. */
#ifndef USHER_SERVICE_OPERATIONS_CREATE_H
#define USHER_SERVICE_OPERATIONS_CREATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct http_request;
struct ip;
struct machine;
struct operations;

/* `body` (stolen) is the request's. */
void create_handle(struct operations *ops, struct http_request *r, json_t *body);
/* Handles an action of a machine that is being created: creates its volume and domain first. False: the machine is not
 * being created. */
bool create_continue(void *arg, const struct machine *m);
void create_drop_all(struct operations *ops);

#endif
