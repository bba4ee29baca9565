/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers on their way out. OFFERs leave with the wake-up that made them; ACKs are parked until the
 * store says that their leases are on disk, and dropped when it says that they are not: the clients
 * ask again. While one commit is under way the next one's gather. Main thread only.
 */
#ifndef USHER_DHCPD_DHCP_OUTBOX_H
#define USHER_DHCPD_DHCP_OUTBOX_H

#include "core/histogram.h"
#include "core/loop.h"
#include "core/store.h"
#include "dhcpd/dhcp_socket.h"

struct dhcp_outbox;

/* Borrowed for as long as the outbox lives. */
struct dhcp_outbox_config {
	struct loop *loop;
	struct store *store; /* NULL (tests): nothing waits */
	unsigned gather_ms;  /* at most one commit in this time; 0: only one after the other */
};

struct dhcp_outbox_stats {
	uint64_t out;     /* packets */
	uint64_t dropped; /* did not leave: commit or send failed */
	size_t parked;    /* wait for the store now */
	/* From reading the message to sending its answer: those that left with their wake-up, and those that waited for the
	 * store. What waited for something else first (a probe, a crowd) is in neither. */
	struct histogram direct, stored;
};

int dhcp_outbox_new(const struct dhcp_outbox_config *c, struct dhcp_outbox **ret);
/* What is parked is dropped; may be called before or after store_close(). NULL is fine. The sockets
 * are not touched. */
void dhcp_outbox_free(struct dhcp_outbox *o);

/* Messages are about to be read: answers are timed from here to the next flush. */
void dhcp_outbox_begin(struct dhcp_outbox *o);
/* Room for one answer: asked for before anything is decided. NULL: there is
 * none. Given to one of the three below. */
struct dhcp_packet *dhcp_outbox_room(struct dhcp_outbox *o);
void dhcp_outbox_put_back(struct dhcp_outbox *o, struct dhcp_packet *p);
void dhcp_outbox_send(
	struct dhcp_outbox *o, struct dhcp_packet *p); /* leaves with the next flush */
void dhcp_outbox_park(struct dhcp_outbox *o, struct dhcp_packet *p); /* leaves when it is on disk */
/* Something was put into the store that no ACK waits for. */
void dhcp_outbox_touch(struct dhcp_outbox *o);
/* After all messages of a wake-up. */
void dhcp_outbox_flush(struct dhcp_outbox *o);

struct dhcp_outbox_stats dhcp_outbox_stats(const struct dhcp_outbox *o);

#endif
