/*
 * What becomes of a client's message: who gets which address. Decides and does in two steps, so
 * that the first can be tested alone. Touches no socket, clock or log.
 *
 * Which address, in this order: the machine's own; the one computed from the MAC; the lease it had;
 * one from the pool. Never one that another MAC holds. The client-id is ignored: firmware,
 * installer and system of one machine must get the same address.
 */
#ifndef USHER_DHCPD_DHCP_POLICY_H
#define USHER_DHCPD_DHCP_POLICY_H

#include "dhcpd/dhcp_wire.h"
#include "dhcpd/lease.h"
#include "machine/machine.h"
#include "machine/segment.h"

enum dhcp_verdict {
	DHCP_IGNORE,
	DHCP_SEND_OFFER,
	DHCP_SEND_ACK, /* only after the lease is on disk */
	DHCP_SEND_NAK,
	DHCP_SEND_INFO, /* the ACK to an INFORM: options, no lease */
	DHCP_TAKE_RELEASE,
	DHCP_TAKE_DECLINE,
};

enum dhcp_reason {
	DHCP_FINE,
	DHCP_OTHER_SERVER, /* it chose another server */
	DHCP_STRANGER,     /* nobody's MAC, and no pool here */
	DHCP_POOL_FULL,
	DHCP_TAKEN,      /* the machine's own address is held by another MAC, or was declined */
	DHCP_MISPLACED,  /* the machine's own address does not belong to this segment */
	DHCP_OFF_LINK,   /* came by a relay of another subnet */
	DHCP_NOT_YOURS,  /* asks for an address that it may not have */
	DHCP_NOT_HELD,   /* gives back or declines what it does not have */
	DHCP_NO_ADDRESS, /* a message that must name an address and does not */
};

struct dhcp_policy {
	const struct dhcp_message *msg;
	const struct segment *segment;
	const struct machines *machines;
	struct leases *leases; /* deciding moves only its search position */
	int64_t now;           /* wall ms */
};

struct dhcp_decision {
	enum dhcp_verdict verdict;
	enum dhcp_reason reason;       /* of DHCP_IGNORE and DHCP_SEND_NAK */
	const struct machine *machine; /* borrowed; NULL: no record of this MAC */
	struct ip address;
	uint32_t lease_s;
	uint32_t stage;     /* dhcp_policy_stage(), or the one of the lease that is renewed */
	bool cancel_offers; /* it chose another server */
	bool news;          /* a lease begins, or other software than before took it up */
};

struct dhcp_decision dhcp_policy_decide(const struct dhcp_policy *p);
/* Changes the leases as decided. 0 or -errno, then no answer may leave. */
int dhcp_policy_apply(const struct dhcp_policy *p, const struct dhcp_decision *d);

/* A mark of the software that speaks: architecture, user and vendor class. Stored, so the same on
 * every run. */
uint32_t dhcp_policy_stage(const struct dhcp_message *m);
const char *dhcp_reason_text(enum dhcp_reason r); /* "no machine has this MAC, and ..." */

#endif
