/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POST /machines/NAME/power: a bare machine's power, by what its record names. PATCH of bare metal: what that is. */
#ifndef USHER_SERVICE_OPERATIONS_POWER_SWITCH_H
#define USHER_SERVICE_OPERATIONS_POWER_SWITCH_H

struct http_request;
struct machine;
struct operations;

void power_switch_handle(struct operations *ops, struct http_request *r, struct machine *m);
void power_switch_patch(struct operations *ops, struct http_request *r, struct machine *m);
void power_switch_drop_all(struct operations *ops);

#endif
