/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A segment where we lease IPv6 addresses: a frame in, its client known by the MAC that sent it, decided, the answer into the
 * outbox that IPv4's go through too. Main thread only.
 */
#ifndef USHER_DHCPD_DHCP6_OWN_H
#define USHER_DHCPD_DHCP6_OWN_H

#include "dhcpd/dhcp6_answer.h"
#include "dhcpd/dhcp6_foreign.h"
#include "dhcpd/dhcp6_socket.h"
#include "dhcpd/dhcp_own.h"
#include "dhcpd/ra.h"

/* What all segments share; dhcpd.c's. */
struct dhcp6_lessor {
	struct dhcp_lessor *four; /* leases, outbox, events, statistics: of both families */
	struct dhcp6_message msg; /* the one that is being worked on */
	struct dhcp6_inbox inbox;
	struct dhcp_meter receive_errors;
};

/* Initialised once, opened and closed in place, and not freed before the outbox: what is parked there names its socket. */
struct dhcp6_own {
	struct dhcp6_lessor *lessor;
	const struct segment *segment;
	struct dhcp6_socket socket;
	struct loop_fd watch;
	struct dhcp_pace pace;
	struct prober prober;
	struct ra ra;
	struct dhcp6_foreign foreign;
	struct dhcp_meter malformed, nobodys;
	struct dhcp_notices routers; /* others', that were told of */
	struct ip server;            /* the segment's, when it was opened */
	uint8_t prefix_len;
	uint8_t duid[DHCP6_SERVER_DUID];
};

void dhcp6_own_init(struct dhcp6_own *own, struct dhcp6_lessor *l, const struct segment *s);
/* Still on the segment's link, with its prefix? Then what a setting may have changed is opened anew. */
bool dhcp6_own_fits(struct dhcp6_own *own);
/* Of a closed one. -errno with one line in `why`. */
int dhcp6_own_open(struct dhcp6_own *own, char *why, size_t why_size);
void dhcp6_own_close(struct dhcp6_own *own); /* closed is fine */

#endif
