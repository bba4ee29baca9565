/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a machine has come by what it asks of DHCP and is answered, for machine/causes.h. Both families. */
#ifndef USHER_DHCPD_DHCP_FACTS_H
#define USHER_DHCPD_DHCP_FACTS_H

#include "dhcpd/dhcp_boot.h"
#include "dhcpd/dhcp_choose.h"

/* It asked for an address. `m` may be NULL in all of these. */
void dhcp_facts_asked(const struct machine *m, struct dhcp_firmware w);
/* The same by a message of IPv4, whose UUID tells two machines with one MAC apart, later too. */
void dhcp_facts_message(const struct machine *m, const struct dhcp_message *msg);
/* It is given `address`, and told to boot so; NULL: another server leases, dhcp_facts_told() says the rest. */
void dhcp_facts_leased(
	const struct machine *m, const struct ip *address, const struct dhcp_boot *boot);
/* It is told what to boot; another server leases. */
void dhcp_facts_told(const struct machine *m, const struct dhcp_boot *boot);
/* It is given no address. */
void dhcp_facts_refused(const struct machine *m, enum dhcp_reason reason);

/* It is told nothing, since somebody else may ask in its name: `text` says why. On its timeline, too. */
void dhcp_facts_withheld(const struct machine *m, const char *text);

#endif
