/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who sends DHCP messages in another's name: a client's MAC (chaddr) is a claim in the message, and the frame says which
 * card sent it. A UDP socket does not tell, so a packet socket beside it hears the frames that say something else than
 * their message (a filter in the kernel: those of honest clients cost nothing). It is read when a message is about to be
 * answered with a secret, and whenever such frames come: a flood of them must not fill it. The kernel queues a frame there before the UDP socket gets its message.
 *
 * Main thread only. Who forges the frame's MAC too is not seen here: who owns the wire owns the MAC.
 */
#ifndef USHER_DHCPD_DHCP_ORIGIN_H
#define USHER_DHCPD_DHCP_ORIGIN_H

#include "core/loop.h"
#include "dhcpd/dhcp_wire.h"

enum {
	DHCP_ORIGIN_FRAME = 128, /* bytes of a frame that are read: IP options, and up to chaddr */
	/* a flood of a second: while some are lost, nobody is told */
	DHCP_ORIGIN_MARKS = 4096,
	DHCP_ORIGIN_MS =
		1000, /* a mark counts so long after it was read: its message is in the other socket */
};

/* A frame that was sent in another's name. */
struct dhcp_mark {
	bool any; /* too short to tell in whose: the first fragment of a message, which no client sends */
	struct mac client;
	uint32_t xid;
	int64_t at; /* mono ms; 0: none */
};

/* The marks themselves: pure. Zeroed is empty. */
struct dhcp_marks {
	struct dhcp_mark marks[DHCP_ORIGIN_MARKS];
	size_t next;
	int64_t lost; /* mono ms: when some were lost */
};

/* Of a frame that the filter let through, cut. False: it is none. */
bool dhcp_origin_decode(const void *frame, size_t len, struct dhcp_mark *ret);
void dhcp_marks_add(struct dhcp_marks *ms, const struct dhcp_mark *m, int64_t now);
/* Some were not heard: nobody can be told from a forger for a while. */
void dhcp_marks_lose(struct dhcp_marks *ms, int64_t now);
/* Each frame is one message: a mark that fits is taken. */
bool dhcp_marks_take(struct dhcp_marks *ms, const struct dhcp_message *m, int64_t now);

struct dhcp_origin {
	int fd; /* -1: closed */
	struct loop *loop;
	struct loop_fd watch;
	struct dhcp_marks marks;
};

#define DHCP_ORIGIN_CLOSED ((struct dhcp_origin){.fd = -1})

/* Fills a closed one. Needs CAP_NET_RAW. -errno, and it is still closed. `l` NULL (tests): it is read only when it is
 * asked. */
int dhcp_origin_open(struct dhcp_origin *o, struct loop *l, unsigned ifindex);
void dhcp_origin_close(struct dhcp_origin *o); /* closed is fine */
/* Was this message, which came in just now, sent by another card than it says? A closed one says no. */
bool dhcp_origin_is_forged(struct dhcp_origin *o, const struct dhcp_message *m, int64_t now);

#endif
