/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Passes libvirt's connections, disconnections and events to the rooms that need them. */
#ifndef USHER_SERVICE_FOLLOW_LIBVIRT_EVENTS_H
#define USHER_SERVICE_FOLLOW_LIBVIRT_EVENTS_H

struct hosts_calls;
struct follow;

void libvirt_events_init(struct hosts_calls *ret, struct follow *follow);

#endif
