/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PATCH of a guest, and starting and stopping it. */
#ifndef USHER_SERVICE_OPERATIONS_PATCH_H
#define USHER_SERVICE_OPERATIONS_PATCH_H

#include <jansson.h>

struct http_request;
struct machine;
struct operations;

void patch_handle(struct operations *ops, struct http_request *r, struct machine *m);
/* PATCH of any machine, when `body` has only what labels_alone() says. */
void patch_labels(
	struct operations *ops, struct http_request *r, struct machine *m, const json_t *body);
void patch_start_machine(struct operations *ops, struct http_request *r, struct machine *m);
void patch_stop_machine(struct operations *ops, struct http_request *r, struct machine *m);
/* The guest stopped. Starts it again if a patch asked for a restart. */
void patch_guest_stopped(struct operations *ops, struct machine *m);
void patch_drop_all(struct operations *ops);

#endif
