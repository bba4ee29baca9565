/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What DHCPv6 tells the timeline, with the limits of dhcp_events.h, which both families share. */
#ifndef USHER_DHCPD_DHCP6_EVENTS_H
#define USHER_DHCPD_DHCP6_EVENTS_H

#include "dhcpd/dhcp6_policy.h"
#include "dhcpd/dhcp_events.h"

/* After the decision was applied. True: it put something into the store, which the caller commits. */
bool dhcp6_events_note(
	struct dhcp_events *e, const struct dhcp6_policy *p, const struct dhcp6_decision *d);
/* An armed machine's firmware, for which there is no boot program. */
void dhcp6_events_note_unserved(const struct dhcp6_policy *p, const struct machine *machine);
/* The address is the one that is computed from the client's MAC. */
bool dhcp6_events_is_computed(const struct dhcp6_policy *p, const struct dhcp6_decision *d);

#endif
