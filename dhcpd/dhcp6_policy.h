/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of a DHCPv6 client's message: who gets which address (RFC 8415 18.3). Decides and does in two steps, as
 * dhcp_policy.h does for IPv4. Touches no socket, clock or log.
 *
 * A machine is its MAC, and has one address on a segment: whatever DUID and IAIDs its firmware, installer and system show,
 * each IA_NA of it is given that one. So nothing that a client makes up lets it have more. Temporary addresses and prefixes
 * are refused.
 *
 * A RELEASE of a machine's own address is only told: OVMF gives back what the boot loader after it goes on using.
 */
#ifndef USHER_DHCPD_DHCP6_POLICY_H
#define USHER_DHCPD_DHCP6_POLICY_H

#include "dhcpd/dhcp6_wire.h"
#include "dhcpd/dhcp_choose.h"

enum dhcp6_verdict {
	DHCP6_IGNORE,
	DHCP6_SEND_ADVERTISE,
	DHCP6_SEND_LEASE,   /* a REPLY, only after the lease is on disk */
	DHCP6_SEND_STATUS,  /* a REPLY that gives nothing: its status says why */
	DHCP6_SEND_INFO,    /* to an INFORMATION-REQUEST */
	DHCP6_SEND_CONFIRM, /* to a CONFIRM */
	DHCP6_TAKE_RELEASE, /* and the REPLY to it; as the next three */
	DHCP6_NOTE_RELEASE, /* its holder keeps it */
	DHCP6_TAKE_DECLINE, /* of the pool: it rests */
	DHCP6_NOTE_DECLINE, /* its holder keeps it: anybody can say this in its name */
};

struct dhcp6_policy {
	const struct dhcp6_message *msg;
	const struct segment *segment;
	const struct machines *machines;
	struct leases *leases; /* deciding moves only its search position */
	struct mac mac;        /* whose message it is: dhcp6_who.h */
	bool astray;           /* it came by a relay of a subnet that is not served here */
	bool ours;             /* its server identifier is ours */
	int64_t now;           /* steady ms */
	dhcp_guests guests;    /* NULL: nobody to ask */
	void *guests_arg;
};

struct dhcp6_decision {
	enum dhcp6_verdict verdict;
	enum dhcp_reason reason;       /* of DHCP6_IGNORE and DHCP6_SEND_STATUS */
	enum dhcp6_status status;      /* of each IA_NA without an address, and of a CONFIRM */
	const struct machine *machine; /* borrowed; NULL: no record of this MAC */
	struct dhcp_choice choice;     /* `address` not set: it is about none */
	uint32_t lease_s, stage;
	bool rapid;         /* a REPLY to a SOLICIT */
	bool cancel_offers; /* it chose another server */
	bool evicts;        /* the address is the machine's by its record, and another has it */
	bool news;          /* a lease begins, or other software than before took it up */
	bool doubtful;      /* somebody else may have the address: it is asked for first */
};

struct dhcp6_decision dhcp6_policy_decide(const struct dhcp6_policy *p);
/* Changes the leases as decided. 0 or -errno, then no answer may leave. */
int dhcp6_policy_apply(const struct dhcp6_policy *p, const struct dhcp6_decision *d);
bool dhcp6_decision_declines(const struct dhcp6_decision *d);
/* As dhcp_policy_keep() and dhcp_policy_ahead(). */
void dhcp6_policy_keep(const struct dhcp6_policy *p, const struct dhcp6_decision *d);
size_t dhcp6_policy_ahead(const struct dhcp6_policy *p, struct ip *ret, size_t most);

#endif
