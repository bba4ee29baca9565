/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DISCOVERs that wait while more comes than can be served: REQUESTs go first, since each that is
 * answered is a client less, and each that is not comes back as a DISCOVER. Bounded, and the newest
 * are kept: who asked long ago has asked again. Pure.
 */
#ifndef USHER_DHCPD_DHCP_BACKLOG_H
#define USHER_DHCPD_DHCP_BACKLOG_H

#include "dhcpd/dhcp_wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DHCP_BACKLOG = 2048 }; /* messages, 3 MB once it is needed: 0.2 s of work at 10,000/s */

struct dhcp_backlog_slot;

/* Zeroed is empty. */
struct dhcp_backlog {
	struct dhcp_backlog_slot *slots; /* NULL until the first put */
	size_t first, n;
};

void dhcp_backlog_fini(struct dhcp_backlog *b); /* empty again */
/* Copies a message of at most DHCP_PACKET_MAX bytes. 0; 1 when the oldest had to go for it;
 * -EMSGSIZE, -ENOMEM. */
int dhcp_backlog_put(struct dhcp_backlog *b, const void *bytes, size_t len);
/* The oldest, borrowed until the next put; false when there is none. */
bool dhcp_backlog_take(struct dhcp_backlog *b, const uint8_t **ret_bytes, size_t *ret_len);

#endif
