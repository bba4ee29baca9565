/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which machine a DHCPv6 message is from. Pure.
 *
 * A client names itself by a DUID, and one machine has several: firmware, installer and installed system each make their own.
 * Its MAC stays, and is what machines are known by.
 */
#ifndef USHER_DHCPD_DHCP6_WHO_H
#define USHER_DHCPD_DHCP6_WHO_H

#include "core/uuid.h"
#include "dhcpd/dhcp6_wire.h"

/* Where the MAC is from, the best first. */
enum dhcp6_who_by {
	DHCP6_WHO_FRAME, /* the Ethernet source of a client on our link */
	DHCP6_WHO_RELAY, /* what the relay next to it says of it (RFC 6939) */
	DHCP6_WHO_PEER, /* its own address, where that is made of the MAC; with one made by chance it is the DUID */
	DHCP6_WHO_DUID, /* DUID-LLT or DUID-LL: of one of its cards, maybe another than this one */
	DHCP6_WHO_NOBODY,
};

struct dhcp6_who {
	enum dhcp6_who_by by;
	struct mac mac; /* zero for DHCP6_WHO_NOBODY */
	/* DUID-UUID (RFC 6355), as it came, and with the bytes of its first three fields turned round, as SMBIOS stores them: iPXE
	 * sends the one, OVMF the other, of one guest. A system that makes it up (NetworkManager) has neither of the machine's. */
	bool has_uuid;
	uint8_t uuid[UUID_BYTES], uuid_turned[UUID_BYTES];
};

/* `frame`: the Ethernet source; NULL: not known. Behind a relay it is the relay's, and does not count. */
struct dhcp6_who dhcp6_who_is(const struct dhcp6_message *m, const struct mac *frame);
const char *dhcp6_who_by_name(enum dhcp6_who_by by); /* for people: "the relay's word" */

#endif
