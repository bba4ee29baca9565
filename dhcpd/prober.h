/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A segment's prober: sends the questions (acd.h), keeps what they found (probe.h), and serves what
 * waited when its time has come. Nothing else waits for it. Main thread only.
 */
#ifndef USHER_DHCPD_PROBER_H
#define USHER_DHCPD_PROBER_H

#include "dhcpd/acd.h"
#include "dhcpd/probe.h"

struct prober {
	struct loop *loop;
	struct acd acd;
	struct probes probes;
	struct loop_timer timer;
	/* A message that waited is served again. */
	void (*again)(void *arg, const void *bytes, size_t len);
	/* Somebody has an address that was asked for (`declined`: since a client declined it): is it
	 * to be set aside? Then what waited for it is served again. */
	bool (*answered)(void *arg, const struct ip *ip, const struct mac *mac, bool declined);
	/* Up to `most` addresses that strangers are given next: they are asked for in advance. How many. */
	size_t (*next)(void *arg, struct ip *ret, size_t most);
	void (*done)(void *arg); /* after all of a wake-up; has to call prober_flush() */
	void *arg;
	size_t ahead;    /* that were asked for in advance and are not yet given */
	bool look_ahead; /* this wake-up took some of them */
};

#define PROBER_CLOSED ((struct prober){.acd = ACD_CLOSED})

/* Opens a closed one whose callbacks and `loop` are set. `from`: acd_open()'s. `wait_ms`: how long an answer may take.
 * -errno, and it is still closed. */
int prober_open(struct prober *p, unsigned ifindex, const struct mac *mac, const struct ip *from,
	unsigned wait_ms);
void prober_close(struct prober *p); /* what waits is dropped; closed is fine */
static inline bool prober_is_open(const struct prober *p)
{
	return p->acd.frames.fd >= 0;
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
/* After all messages of a wake-up: the questions leave. */
void prober_flush(struct prober *p);

#endif
