/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POST /machines/NAME/power: a bare machine's power, by what its record names. PATCH of bare metal: what that is. */
#ifndef USHER_SERVICE_METAL_POWER_SWITCH_H
#define USHER_SERVICE_METAL_POWER_SWITCH_H

struct http_request;
struct machine;
struct metal;

void power_switch_handle(struct metal *metal, struct http_request *r, struct machine *m);
void power_switch_patch(struct metal *metal, struct http_request *r, struct machine *m);
void power_switch_drop_all(struct metal *metal);

#endif
