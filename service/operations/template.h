/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POST /machines/NAME/template: making a template of a guest. */
#ifndef USHER_SERVICE_OPERATIONS_TEMPLATE_H
#define USHER_SERVICE_OPERATIONS_TEMPLATE_H

#include <stdbool.h>

struct http_request;
struct machine;
struct operations;

void template_handle(struct operations *ops, struct http_request *r, struct machine *m);
/* An event of libvirt's; true: it was one of a guest that is becoming a template. */
bool template_event(struct operations *ops, struct machine *m, int what);
bool template_under_way(const struct operations *ops, const char *name);
/* If the machine is a template, or is becoming one, replies with 409, which names what cannot be done ("installed
 * again"). */
bool template_refuses(
	struct operations *ops, struct http_request *r, const struct machine *m, const char *what);
/* If guests are linked to its disk, replies with 409 and some of their names. */
bool template_is_needed(struct operations *ops, struct http_request *r, const struct machine *m);
void template_drop_all(struct operations *ops);

#endif
