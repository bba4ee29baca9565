/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What DHCP tells the timeline: leases of our machines, addresses declined or in use by a neighbour,
 * clients refused, full pools. Each MAC a bounded number of times a minute (dhcp_notice.h).
 */
#ifndef USHER_DHCPD_DHCP_EVENTS_H
#define USHER_DHCPD_DHCP_EVENTS_H

#include "dhcpd/dhcp_notice.h"
#include "dhcpd/dhcp_policy.h"
#include "dhcpd/dhcp_question.h"
#include "machine/timeline.h"

struct dhcp_events {
	struct timeline *timeline; /* borrowed */
	struct dhcp_notices refusals;
	struct dhcp_notices machines, guests; /* leases: of records, of computed MACs without one */
	struct dhcp_notices odd, hardware; /* messages that are read in part, cards without a MAC */
};

void dhcp_events_init(struct dhcp_events *e, struct timeline *timeline);
/* After the decision was applied. True: it put something into the store, which the caller
 * commits. */
bool dhcp_events_note(
	struct dhcp_events *e, const struct dhcp_policy *p, const struct dhcp_decision *dec);
/* Options of it that could not be read; a client without a MAC, or (`why`, with the message's hardware alone) one that is
 * not served. Log only: once a day for each client, or each kind of hardware that is not. */
void dhcp_events_note_message(
	struct dhcp_events *e, const struct segment *s, const struct dhcp_message *m);
void dhcp_events_note_hardware(struct dhcp_events *e, const struct segment *s,
	const struct dhcp_message *m, const char *why);
/* An armed machine's firmware, for which there is no boot program. */
void dhcp_events_note_unserved(
	const struct segment *s, const struct machine *machine, const struct dhcp_message *m);
/* A neighbour without a lease answered for an address, which is set aside. */
struct dhcp_in_use {
	const struct segment *segment;
	const struct machine *owner; /* whose it is by its record, or NULL */
	struct ip ip;
	struct mac by;
	struct mac declined_by; /* zero: nobody declined it */
};
/* True as above. */
bool dhcp_events_note_in_use(struct dhcp_events *e, const struct dhcp_in_use *u);
/* Who spoke when it was asked who leases, and does not count. */
void dhcp_events_note_question(struct dhcp_events *e, const struct segment *s,
	const struct dhcp_heard *forger, const struct dhcp_question *q);
/* The address is the one that is computed from the client's MAC. */
bool dhcp_events_is_computed(const struct dhcp_policy *p, const struct dhcp_decision *dec);

#endif
