/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who sends DHCP messages in another's name: a client's MAC (chaddr) is a claim in the message, and the frame says which
 * card sent it. A UDP socket does not tell, so a packet socket beside it hears the frames that say the same as their message
 * (a filter in the kernel), and of each the message is remembered for a while. A message that no such frame brought is
 * forged: by another card, or in pieces, which no client sends. What others send, or the kernel drops, is not heard or
 * counts for nothing: it keeps no machine from its answer. The kernel queues a frame there before the UDP socket gets its
 * message.
 *
 * Main thread only. Who forges the frame's MAC too is not seen here: who owns the wire owns the MAC.
 */
#ifndef USHER_DHCPD_DHCP_ORIGIN_H
#define USHER_DHCPD_DHCP_ORIGIN_H

#include "core/loop.h"
#include "dhcpd/dhcp_pace.h"
#include "dhcpd/dhcp_wire.h"

enum {
	DHCP_ORIGIN_FRAME = 14 + 60 + 8 + DHCP_PACKET_MAX, /* bytes: with all of IP's options */
	DHCP_ORIGIN_MARKS = 16384, /* messages remembered: racks that boot at once */
	DHCP_ORIGIN_WAYS = 4,      /* places for each, of which the oldest makes room */
	/* longer than a message may wait for ARP (probe, at most 5 s) until it is served */
	DHCP_ORIGIN_MS = 6000,
};

/* A message that its client's own card sent. */
struct dhcp_mark {
	uint64_t hash; /* of all its bytes */
	int64_t at;    /* mono ms, of its last frame; 0: none */
};

/* The marks themselves, by hash: pure. Zeroed is empty. */
struct dhcp_marks {
	struct dhcp_mark_set {
		struct dhcp_mark marks[DHCP_ORIGIN_WAYS];
		unsigned next; /* the oldest */
	} sets[DHCP_ORIGIN_MARKS / DHCP_ORIGIN_WAYS];
};

/* Of a frame that the filter let through: the message in it, which is part of the frame. False: it is in pieces, or not from
 * the card that it names. */
bool dhcp_origin_decode(
	const void *frame, size_t len, const uint8_t **ret_message, size_t *ret_len);
void dhcp_marks_add(struct dhcp_marks *ms, const void *message, size_t len, int64_t now);
bool dhcp_marks_has(struct dhcp_marks *ms, const void *message, size_t len, int64_t now);

struct dhcp_origin {
	int fd; /* -1: closed */
	struct loop *loop;
	struct loop_fd watch;
	struct dhcp_pace pace;
	struct dhcp_marks marks;
};

#define DHCP_ORIGIN_CLOSED ((struct dhcp_origin){.fd = -1})

/* Fills a closed one. Needs CAP_NET_RAW. -errno, and it is still closed. `l` NULL (tests): it is read only when it is
 * asked. */
int dhcp_origin_open(struct dhcp_origin *o, struct loop *l, unsigned ifindex);
void dhcp_origin_close(struct dhcp_origin *o); /* closed is fine */
/* Was this message, straight from a client (no giaddr), which came in at most DHCP_ORIGIN_MS ago, sent by another card than
 * it says? A closed one says no. */
bool dhcp_origin_is_forged(struct dhcp_origin *o, const void *message, size_t len, int64_t now);

#endif
