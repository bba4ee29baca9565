/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is who asks under a machine's token, or by its name, the machine itself? Decides by what was seen of the address that
 * asks; looks at nothing. Pure.
 *
 * An address is the machine's when its record says so or its lease. A MAC answers for an address, and a MAC sits behind
 * a port: of bare metal the first is all that can be seen, and who owns the wire can forge it. A guest's port is libvirt's.
 */
#ifndef USHER_SERVICE_BOOT_PLACE_H
#define USHER_SERVICE_BOOT_PLACE_H

#include <stdbool.h>

/* Of a MAC, of a bridge's port. */
enum place_seen {
	PLACE_SEEN_NOT, /* not known now: it may be soon */
	PLACE_SEEN_ITS,
	PLACE_SEEN_ANOTHERS,
	PLACE_SEEN_CANNOT, /* never known here: an old kernel, a bridge that is not the kernel's */
};

struct place_view {
	bool card;     /* the machine has a card on that segment */
	bool recorded; /* its record has the address there */
	bool leased;   /* it holds the address by a lease of ours, or held it and nobody since */
	bool anothers; /* another machine's record has it, or another MAC's lease in force */
	bool others_lease; /* another DHCP server leases there: we need not know the address */
	bool relayed; /* behind a relay: its neighbour is the router, so neither MAC nor port tell anything */
	bool guest; /* of this host's libvirt: its port can be seen */
	enum place_seen mac, port;
};

enum place_fault {
	PLACE_FINE,
	PLACE_NO_CARD,
	PLACE_NOT_HELD,
	PLACE_ANOTHERS,
	PLACE_WRONG_MAC,
	PLACE_WRONG_PORT,
	/* to be looked at again, and a refusal when it stays so */
	PLACE_NO_MAC,
	PLACE_NO_PORT,
};

enum place_fault place_judge(const struct place_view *v);
bool place_is_open(enum place_fault f); /* looking again may tell */

#endif
