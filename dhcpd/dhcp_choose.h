/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which address a client may have, for both families. Pure.
 *
 * In this order: the machine's own; the one computed from the MAC; the lease it had; one from the pool. Never one that
 * another MAC holds, but for a machine's own that a stranger took by a computed MAC (dhcp_claim.h): the record wins, once
 * nobody answers for it. A machine whose own is in use by a neighbour is given one from the pool instead, and keeps that
 * until it begins anew.
 *
 * An IPv6 address is a prefix and a number (machine/segment.h). The number of a machine's IPv4 address is its own in IPv6
 * too, if its record says nothing else.
 */
#ifndef USHER_DHCPD_DHCP_CHOOSE_H
#define USHER_DHCPD_DHCP_CHOOSE_H

#include "dhcpd/dhcp_claim.h"
#include "dhcpd/lease.h"
#include "machine/machine.h"
#include "machine/segment.h"

enum dhcp_reason {
	DHCP_FINE,
	DHCP_OTHER_SERVER, /* it chose another server */
	DHCP_STRANGER,     /* nobody's MAC, and no pool here */
	DHCP_POOL_FULL,
	DHCP_TAKEN,          /* the machine's own address is held by another MAC, or was declined */
	DHCP_MISPLACED,      /* the machine's own address does not belong to this segment */
	DHCP_OFF_LINK,       /* came by a relay of another subnet, or from nowhere here */
	DHCP_NOT_YOURS,      /* asks for an address that it may not have */
	DHCP_NOT_HELD,       /* gives back or declines what it does not have */
	DHCP_NO_ADDRESS,     /* a message that must name an address and does not */
	DHCP_BOOTP_STRANGER, /* BOOTP, and no record has an address for it */
	DHCP_NO_GUEST,       /* a computed MAC, and libvirt knows no guest with it */
	DHCP_SHARE_FULL,     /* a computed MAC, and strangers hold as many as they may */
	DHCP_RELAYED,        /* given back by a relay, on a wire that we hear ourselves */
};

/* Who asks, and where. */
struct dhcp_asker {
	enum ip_family family;
	const struct segment *segment;
	const struct machines *machines;
	struct leases *leases; /* choosing moves only its search position */
	int64_t now;           /* steady ms */
	dhcp_guests guests;    /* NULL: nobody to ask */
	void *guests_arg;
	const struct machine *machine; /* NULL: no record of this MAC */
	struct ip own;                 /* the address that its record says; not set: none */
	struct mac mac;                /* the card's */
	struct mac holder;             /* the leases' key: the same, or what stands for it */
	struct ip wanted;              /* one of the pool that it would like; not set: any */
};

struct dhcp_choice {
	struct ip address;
	bool claims; /* a new one of the strangers' share */
	enum dhcp_reason
		no_claim; /* why it was not given its computed one; DHCP_FINE: it has none */
	enum dhcp_reason
		not_own; /* why it is not the one of its record; DHCP_FINE: it is, or has none */
};

/* What it would be given now. DHCP_FINE, or why nothing. */
enum dhcp_reason dhcp_choose(const struct dhcp_asker *c, struct dhcp_choice *ret);
/* Of one whose record has an address: that one, or nothing. */
enum dhcp_reason dhcp_choose_own(const struct dhcp_asker *c, struct ip *ret);
/* A client that runs on its lease keeps it, even when it would get another address if it began
 * anew; only its machine's record can move it, to one that it can have. */
bool dhcp_may_keep(const struct dhcp_asker *c, const struct ip *ip);
/* The lease of another on the client's own address that the client's record overrides; NULL: there is none. */
const struct lease *dhcp_contested(const struct dhcp_asker *c, const struct ip *ip);
/* A neighbour answered for the machine's own address, and nobody knows whether it is gone. */
bool dhcp_was_in_use(const struct dhcp_asker *c);

/* It is offered: counts against the strangers' share if it is of it. */
void dhcp_choice_count(const struct dhcp_asker *c, const struct dhcp_choice *choice);
/* Is it to be asked for before the client is given it? Proven: what its record says, unless another has it (`evicts`, or it
 * was in use); what this client holds or held until just now, and what we offered it. */
bool dhcp_is_doubtful(const struct dhcp_asker *c, const struct ip *ip, bool evicts);
/* It waits for a neighbour's answer: it is kept for the client meanwhile, and counted. */
void dhcp_choice_keep(const struct dhcp_asker *c, const struct dhcp_choice *choice);
/* Pool addresses that the next strangers would be given, up to `most`: to be asked for in advance. */
size_t dhcp_choose_ahead(const struct dhcp_asker *c, struct ip *ret, size_t most);

const char *dhcp_reason_text(enum dhcp_reason r); /* "no machine has this MAC, and ..." */

/* The machine whose record has this address, or the IPv4 one that it is computed from. NULL: none. */
const struct machine *dhcp_owner_of(
	const struct machines *ms, const struct segment *s, const struct ip *ip);

#endif
