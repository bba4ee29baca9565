/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does a request with a machine's token or name come from the machine itself? Decides from what was observed about the
 * sender's address; observes nothing itself. Pure.
 *
 * An address belongs to the machine if its record or its lease says so. A MAC answers for an address, by ARP or neighbour
 * discovery, and a bridge has that MAC behind a port. For bare metal only the MAC can be observed, and anyone on the wire can forge it. For a
 * guest, libvirt sets the port.
 */
#ifndef USHER_SERVICE_BOOT_PLACE_H
#define USHER_SERVICE_BOOT_PLACE_H

#include <stdbool.h>

/* Of a MAC, of a bridge's port. */
enum place_seen {
	PLACE_SEEN_NOT, /* not known yet */
	PLACE_SEEN_ITS,
	PLACE_SEEN_ANOTHERS,
	PLACE_SEEN_CANNOT, /* never known here: an old kernel, a bridge that is not the kernel's */
};

struct place_view {
	bool card;         /* the machine has a card on that segment */
	bool recorded;     /* its record has the address there */
	bool leased;       /* it holds usher's lease of the address, or held the last one */
	bool anothers;     /* another machine's record has it, or another MAC's lease in force */
	bool others_lease; /* another DHCP server leases there: usher may not know the address */
	bool self_made;    /* made by whoever has it: an IPv6 address, link-local or by RFC 4862 */
	bool relayed;      /* behind a relay: usher sees the router's MAC and port instead */
	bool guest;        /* of this host's libvirt: its port can be seen */
	enum place_seen mac, port;
};

enum place_fault {
	PLACE_FINE,
	PLACE_NO_CARD,
	PLACE_NOT_HELD,
	PLACE_ANOTHERS,
	PLACE_WRONG_MAC,
	PLACE_WRONG_PORT,
	/* check again; refuse if the result stays the same */
	PLACE_NO_MAC,
	PLACE_NO_PORT,
};

/* The kernel told nothing, with this error of core/neighbour.h: one that may pass is no reason to let anybody in. */
enum place_seen place_seen_not(int error);
enum place_fault place_judge(const struct place_view *v);
bool place_is_open(enum place_fault f); /* checking again may decide it */

#endif
