/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of a client's message: who gets which address. Decides and does in two steps, so
 * that the first can be tested alone. Touches no socket, clock or log.
 *
 * Which address, dhcp_choose.h says. The client-id is ignored: firmware, installer and system of one machine must get the same
 * address. Only where the segment says so, a stranger's client-id stands for its MAC; records and computed addresses go by
 * the MAC always.
 *
 * We are the authority on our segments: a client that asks for what is not its own is told so
 * (DHCPNAK), where RFC 2131 4.3.2 would have a server without a record of it be silent. A BOOTP
 * client has no lease that could end (RFC 1534 2): it is given its record's address, or nothing.
 */
#ifndef USHER_DHCPD_DHCP_POLICY_H
#define USHER_DHCPD_DHCP_POLICY_H

#include "dhcpd/dhcp_choose.h"
#include "dhcpd/dhcp_wire.h"
#include "machine/machine.h"
#include "machine/segment.h"

enum dhcp_verdict {
	DHCP_IGNORE,
	DHCP_SEND_OFFER,
	DHCP_SEND_ACK, /* only after the lease is on disk */
	DHCP_SEND_NAK,
	DHCP_SEND_INFO, /* the ACK to an INFORM: options, no lease */
	DHCP_SEND_BOOTP,
	DHCP_TAKE_RELEASE,
	DHCP_TAKE_DECLINE, /* of the pool: it rests */
	DHCP_NOTE_DECLINE, /* its holder keeps it: anybody can say this in its name */
};

/* A client may ask for less than the segment's time, but not for less than this: it would only keep
 * us busy. */
enum { DHCP_LEASE_MIN_S = 60 };

struct dhcp_policy {
	const struct dhcp_message *msg;
	const struct segment *segment;
	const struct machines *machines;
	struct leases *leases; /* deciding moves only its search position */
	bool astray;           /* not dhcp_policy_belongs() */
	int64_t now;           /* steady ms */
	dhcp_guests guests;    /* NULL: nobody to ask */
	void *guests_arg;
};

struct dhcp_decision {
	enum dhcp_verdict verdict;
	enum dhcp_reason reason;       /* of DHCP_IGNORE and DHCP_SEND_NAK */
	const struct machine *machine; /* borrowed; NULL: no record of this MAC */
	struct mac holder; /* whose the lease is: the client's MAC, or what stands for it */
	struct ip address; /* that it is about; a NAK is about none */
	uint32_t lease_s;
	uint32_t stage;     /* dhcp_policy_stage(), or the one of the lease that is renewed */
	bool cancel_offers; /* it chose another server */
	bool doubtful;      /* nobody knows whether a neighbour uses the address: ask first */
	bool evicts;        /* the address is the machine's by its record, and another has it */
	bool claims;        /* a new one of the strangers' share */
	enum dhcp_reason
		no_claim; /* why it was not given its computed one; DHCP_FINE: it has none */
	enum dhcp_reason
		not_own; /* why it is not the one of its record; DHCP_FINE: it is, or has none */
	bool news;       /* a lease begins, or other software than before took it up */
};

static inline bool dhcp_decision_declines(const struct dhcp_decision *d)
{
	return d->verdict == DHCP_TAKE_DECLINE || d->verdict == DHCP_NOTE_DECLINE;
}

/* Which segment a message that came in on `link` is about: its own, or one behind a relay. */
const struct segment *dhcp_policy_segment(
	const struct segments *ss, const struct segment *link, const struct dhcp_message *m);
/*
 * Does it come from where it says? A relay (giaddr) is one of the subnets that we serve on that link or behind it, else
 * nobody need heed what it says, in option 82 neither. Its source address tells nothing: relays send from whatever
 * interface leads to us. A client that has an address sends from it. The address is in one of these subnets, unless the client
 * asks to keep one from another network. One that has none sends from 0.0.0.0 (RFC 2131 4.1).
 * What a card on our own wire sends from another address is served all the same, if its frame shows that: dhcp_own.c asks
 * dhcp_origin.h.
 * `from`: the datagram's source.
 */
bool dhcp_policy_belongs(const struct segments *ss, const struct segment *link,
	const struct dhcp_message *m, uint32_t from);
/* The address that stands for us in option 54: ours, or the relay's (RFC 5107). */
uint32_t dhcp_policy_server(const struct dhcp_policy *p);
struct dhcp_decision dhcp_policy_decide(const struct dhcp_policy *p);
/* Changes the leases as decided. 0 or -errno, then no answer may leave. */
int dhcp_policy_apply(const struct dhcp_policy *p, const struct dhcp_decision *d);
/* The address waits for a neighbour's answer: it is kept for the client meanwhile. Another's lease is not touched before. */
void dhcp_policy_keep(const struct dhcp_policy *p, const struct dhcp_decision *d);

/* Pool addresses that the next strangers would be given, up to `most`: to be asked for in advance.
 * `msg` may be NULL. */
size_t dhcp_policy_ahead(const struct dhcp_policy *p, struct ip *ret, size_t most);

/* A mark of the software that speaks: architecture, user and vendor class. Stored, so the same on
 * every run. */
uint32_t dhcp_policy_stage(const struct dhcp_message *m);

#endif
