/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which addresses of a segment nobody has: those that were asked for by ARP, and what waits for the
 * answer. One table per segment. Pure.
 *
 * A question that nobody answers for `wait_ms` is over, and its address counts as nobody's for
 * PROBE_FRESH_MS. No address is asked for again before that: what a flood of made-up clients can
 * make us send is bounded by the size of the subnet. Only a client that declines an address has it
 * asked for anew, once in PROBE_AGAIN_MS.
 *
 * `now`: any clock in ms that only goes forward.
 */
#ifndef USHER_DHCPD_PROBE_H
#define USHER_DHCPD_PROBE_H

#include "core/addr.h"
#include "core/table.h"

enum {
	PROBE_FRESH_MS = 60 * 1000,
	PROBE_AGAIN_MS = 10 *
		1000, /* a client that declines waits as long before it begins anew, RFC 2131 3.1.5 */
	PROBE_MOST = 8192,         /* addresses remembered; one more, and the oldest is forgotten */
	PROBE_WAITING_MOST = 4096, /* messages that wait, some 1.5 MB: 20,000 strangers a second */
};

enum probe_state {
	PROBE_UNKNOWN, /* not asked for lately, or answered */
	PROBE_RUNNING,
	PROBE_FREE,
};

/* A client's message, as it came, which is served when the question is over or answered. */
struct probe_message {
	size_t len;
	uint8_t bytes[];
};

struct probe;

struct probes {
	unsigned wait_ms;
	struct table by_ip;
	struct probe *first, *last;     /* in order of time */
	struct probe *running, *unsent; /* the first that is not over, the first not yet sent */
	size_t waiting;
};

void probes_init(struct probes *p, unsigned wait_ms);
void probes_fini(struct probes *p); /* messages that wait are freed */

enum probe_state probe_state(const struct probes *p, const struct ip *ip, int64_t now);
/* One that is not known is asked for: 0, or -ENOMEM, -ENOBUFS (too many at once). */
int probe_begin(struct probes *p, const struct ip *ip, int64_t now);
/* Somebody declined it: asked for anew, unless that is under way or was done just now: then nobody answered. As
 * probe_begin(). */
int probe_begin_declined(struct probes *p, const struct ip *ip, int64_t now);
bool probe_is_declined(const struct probes *p, const struct ip *ip);
/* It was given to somebody: that nobody had it is no longer true. One that is running goes on. */
void probe_given(struct probes *p, const struct ip *ip, int64_t now);
/* Keeps a message for the end of a running question. -EALREADY: one waits already, -ENOBUFS,
 * -ENOMEM. */
int probe_wait(struct probes *p, const struct ip *ip, const void *bytes, size_t len);
/* Questions to be sent now, each told once; how many. */
size_t probes_unsent(struct probes *p, struct ip *ret, size_t most);
/* Somebody has the address: it is no longer known. The message that waited is the caller's to
 * free(), or NULL. */
struct probe_message *probe_answered(struct probes *p, const struct ip *ip);
/* The next question that is over; false: none. `*ret`: the message that waited, the caller's to
 * free(), or NULL. */
bool probes_next_over(struct probes *p, int64_t now, struct probe_message **ret);
/* When the next question is over; false: none is running. */
bool probes_deadline(const struct probes *p, int64_t *ret);

#endif
