/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A segment's prober: sends the questions (arp.h), keeps what they found (probe.h), and serves what
 * waited when its time has come. Nothing else waits for it. Main thread only.
 */
#ifndef USHER_DHCPD_PROBER_H
#define USHER_DHCPD_PROBER_H

#include "dhcpd/arp.h"
#include "dhcpd/probe.h"

struct prober {
	struct loop *loop;
	struct arp arp;
	struct probes probes;
	struct loop_timer timer;
	/* A message that waited is served again. */
	void (*again)(void *arg, const void *bytes, size_t len);
	/* Somebody has an address that was asked for (`declined`: since a client declined it): is it
	 * to be set aside? Then what waited for it is served again. */
	bool (*answered)(void *arg, const struct ip *ip, const struct mac *mac, bool declined);
	void (*done)(void *arg); /* after all of a wake-up; has to call prober_flush() */
	void *arg;
};

#define PROBER_CLOSED ((struct prober){.arp = ARP_CLOSED})

/* Opens a closed one whose callbacks and `loop` are set. `wait_ms`: how long an answer may take.
 * -errno, and it is still closed. */
int prober_open(struct prober *p, unsigned ifindex, const struct mac *mac, unsigned wait_ms);
void prober_close(struct prober *p); /* what waits is dropped; closed is fine */
static inline bool prober_is_open(const struct prober *p)
{
	return p->arp.frames.fd >= 0;
}

enum prober_verdict {
	PROBER_GIVE,  /* nobody has it */
	PROBER_WAITS, /* the message is served again later; or one of this address is already */
	PROBER_FULL,  /* too many wait: nothing is done */
};
/* May the address be told to the client now? `doubtful`: unless it was asked for lately, it is
 * asked for first, and the client's message waits. */
enum prober_verdict prober_ask(
	struct prober *p, const struct ip *ip, bool doubtful, const void *bytes, size_t len);
/* The client whose message this is declines the address: is it in use? PROBER_GIVE: nobody answers. */
enum prober_verdict prober_ask_declined(
	struct prober *p, const struct ip *ip, const void *bytes, size_t len);
/* It is somebody's from now on. */
void prober_given(struct prober *p, const struct ip *ip);
/* Asked for in advance; leaves with prober_flush(). */
void prober_begin(struct prober *p, const struct ip *ip);
/* After all messages of a wake-up: the questions leave. */
void prober_flush(struct prober *p);

#endif
