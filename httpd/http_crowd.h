/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to httpd/: who is connected to a listener, and who has to go when there are too many. Pure: no socket, no
 * clock, no libmicrohttpd; for one thread.
 *
 * A peer waits (its next request has not come whole), is held (the main thread has its request) or is sent to. Peers
 * whose address no machine holds are strangers: they have less time, a share of the places, and go first. A peer that
 * goes is `gone`: the caller shuts its socket, and calls crowd_remove() when the connection has ended.
 *
 * Which addresses are machines' is asked of the caller, who may answer later: until then they are unknown. Those have a
 * stranger's time, and go after the strangers and before the machines; their share is not bounded, since thousands of machines
 * that are switched on at once are all unknown at first.
 */
#ifndef USHER_HTTPD_HTTP_CROWD_H
#define USHER_HTTPD_HTTP_CROWD_H

#include "core/addr.h"
#include "core/table.h"

enum {
	/* Just come: their request is under way. They are not put out for the others' sake while they are no more than
	   these, and for this long. Connections may be so many above the limits. */
	CROWD_NEWCOMERS = 32,
	CROWD_NEWCOMER_MS = 200,
	CROWD_ADDRESSES = 16384, /* remembered, connected or not: 2 MB */
	CROWD_KNOWN_MS =
		60 * 1000, /* an address's answer holds: a lease may end, a machine may come */
	CROWD_VOUCHED_MS =
		10 * 60 * 1000,  /* a token was right: from one boot program to the next */
	CROWD_ASK_MS = 5 * 1000, /* a stranger may have become a machine */
};

enum crowd_state { CROWD_GONE, CROWD_WAITS, CROWD_HELD, CROWD_SENDS };
enum crowd_kind { CROWD_MACHINE, CROWD_STRANGER, CROWD_UNKNOWN, CROWD_KINDS };

struct crowd_limits {
	unsigned all, strangers, per_address; /* connections; 0 per address: any number */
	unsigned per_net; /* of those that are no strangers, of one IPv6 /64; 0: any number */
	/* [1]: of all but machines. ms for a request to come whole from the end of the one before; and the time in which
	   one who is sent to takes at least `takes` bytes. */
	int64_t request_ms[2], takes_ms[2];
	uint64_t takes;
	/* Bytes of request bodies, of all and of one address; 0: any number. Who is no machine's finds room only while half is
	   free. */
	uint64_t bodies, bodies_per_address;
	bool trusting; /* nobody is a stranger; nobody is asked about */
};

struct crowd_address;

/* A connection: the caller's storage, zeroed. */
struct crowd_peer {
	int fd; /* the caller's */
	struct crowd_address *at;
	struct crowd_peer *prev,
		*next;             /* of the same state and kind, the one longest in it first */
	struct crowd_peer *beside; /* of the same address */
	enum crowd_state state;
	enum crowd_kind kind;
	bool served;    /* it was answered once */
	int64_t since;  /* mono ms: in this state */
	int64_t looked; /* mono ms: when `taken` was read */
	uint64_t taken; /* bytes that its peer had taken then */
	uint64_t body;  /* bytes held of its request */
};

struct crowd_list {
	struct crowd_peer *oldest, *newest;
	unsigned n;
};

struct crowd {
	struct crowd_limits limits;
	struct crowd_list lists[CROWD_SENDS + 1][CROWD_KINDS];
	struct table addresses;
	struct crowd_address *first[CROWD_KINDS],
		*last[CROWD_KINDS];             /* without connections; the oldest first */
	struct crowd_address *ask, *ask_newest; /* to be asked about; the oldest first */
	unsigned n[CROWD_KINDS];                /* connections that are not gone */
	uint64_t bodies;                        /* bytes that these hold */
};

void crowd_init(struct crowd *c, const struct crowd_limits *limits);
/* All peers were removed. */
void crowd_fini(struct crowd *c);

/* It waits for its first request. 0 or -ENOMEM. Its address, or its /64, may have too many now: *ret_out is the one of them that
 * waits longest, which is gone, or NULL. */
int crowd_add(struct crowd *c, struct crowd_peer *p, const struct ip *ip, int64_t now,
	struct crowd_peer **ret_out);
void crowd_remove(struct crowd *c, struct crowd_peer *p); /* fine for one that was not added */
const struct ip *crowd_ip(
	const struct crowd_peer *p); /* also of one that is gone, until the next call */
/* Nothing, when it is gone. To the same state again: its time begins anew. */
void crowd_turn(struct crowd *c, struct crowd_peer *p, enum crowd_state to, int64_t now);
/* So many bytes more are held of its request's body, until it waits for the next or is gone. False: there is no room, nothing
 * is counted. */
bool crowd_hold(struct crowd *c, struct crowd_peer *p, uint64_t more);

/* What the caller is to find out: does a machine hold this address? False: nothing. */
bool crowd_ask(struct crowd *c, struct ip *ret);
bool crowd_asks(const struct crowd *c);
/* The answer. */
void crowd_know(struct crowd *c, const struct ip *ip, bool machine, int64_t now);
/* A machine's, by a better proof than its address: it came with a token. Its /64 may have too many now: the one of them that waits
 * longest, or where none does `p` itself, is returned, and gone; else NULL. */
struct crowd_peer *crowd_vouch(struct crowd *c, struct crowd_peer *p, int64_t now);

enum crowd_why {
	CROWD_ROOM,  /* others need the place */
	CROWD_SLOW,  /* its request took too long */
	CROWD_STUCK, /* it takes nothing, or hardly */
	CROWD_IDLE,  /* it was answered once, and asked for nothing more */
};
/* One who has to go, gone from now on; NULL: nobody has. To be asked until then. */
struct crowd_peer *crowd_put_out(struct crowd *c, int64_t now, enum crowd_why *ret);
/* The next after `after` (NULL: the first) who is sent to and whose time for `takes` bytes is over: crowd_took() is to be told
 * what it has taken. */
struct crowd_peer *crowd_sent_to(
	const struct crowd *c, const struct crowd_peer *after, int64_t now);
/* True: too little, it is gone from now on. */
bool crowd_took(struct crowd *c, struct crowd_peer *p, uint64_t taken, int64_t now);

/* ms until crowd_put_out() may have somebody; INT64_MAX: nobody waits. */
int64_t crowd_due_in(const struct crowd *c, int64_t now);
bool crowd_sends(const struct crowd *c);

#endif
