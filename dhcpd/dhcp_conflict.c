/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_conflict.h"

#include "dhcpd/dhcp_choose.h"

/* Where a client-id stands for the MAC of a lease (in the segment, or of hardware that has none), the card that answers may
 * be its holder's. */
static bool may_be_holder(
	const struct segment *s, const struct lease *held, const struct dhcp_conflict *c)
{
	return mac_eq(&held->mac, &c->by) ||
		(c->ip.family == IP_V4 && (s->by_client_id || mac_is_group(&held->mac)));
}

/* May this answer take the address from who holds it? Not the holder's own. A lease ends when its
 * client says so, or when the address is a machine's by its record, and another has it. */
static bool takes(const struct machines *all, const struct segment *s, const struct lease *held,
	const struct machine *owner, const struct dhcp_conflict *c)
{
	if (owner)
		return machines_by_mac(all, s->id, &c->by, NULL) != owner &&
			(c->declined || machines_by_mac(all, s->id, &held->mac, NULL) != owner);
	return !may_be_holder(s, held, c) && (c->declined || held->state != LEASE_BOUND);
}

bool dhcp_conflict_found(
	struct dhcp_lessor *l, const struct segment *s, const struct dhcp_conflict *c, int64_t now)
{
	const struct machines *all = l->c->machines;
	const struct lease *held = lease_by_ip(l->leases, s->id, &c->ip);
	struct dhcp_in_use in_use = {s, dhcp_owner_of(all, s, &c->ip), c->ip, c->by, {{0}}};

	if (held && held->expires > now) {
		if (!takes(all, s, held, in_use.owner, c))
			return false;
		in_use.declined_by = c->declined ? held->mac : in_use.declined_by;
		if (lease_evict(l->leases, s->id, &c->ip, now) < 0)
			return false;
	}
	if (lease_set_aside(l->leases, s->id, &c->ip, &c->by, now) < 0)
		return false;
	(void)dhcp_events_note_in_use(&l->events, &in_use);
	dhcp_outbox_touch(l->outbox);
	return true;
}
