/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_choose.h"

#include <errno.h>

static bool is_own(const struct dhcp_asker *c, const struct ip *ip)
{
	return ip_is_set(&c->own) && ip_eq(&c->own, ip);
}

const struct machine *dhcp_owner_of(
	const struct machines *ms, const struct segment *s, const struct ip *ip)
{
	const struct machine *m = machines_by_ip(ms, s->id, ip);
	struct ip v4;
	uint32_t n;

	if (m || ip->family != IP_V6 || !segment_number(s, ip, &n))
		return m;
	v4 = ip_from_v4(n);
	return machines_by_ip(ms, s->id, &v4);
}

static const struct machine *owner_of(const struct dhcp_asker *c, const struct ip *ip)
{
	return dhcp_owner_of(c->machines, c->segment, ip);
}

static bool is_anothers(const struct dhcp_asker *c, const struct ip *ip)
{
	const struct machine *m = owner_of(c, ip);

	return m && m != c->machine;
}

static enum dhcp_guest guest_of(const struct dhcp_asker *c, const struct mac *mac)
{
	return c->guests ? c->guests(c->guests_arg, c->segment, mac) : DHCP_GUEST_MAYBE;
}

/* Somebody has it by a computed MAC alone: no record of ours and no guest of libvirt's. */
static bool is_claimed(void *arg, const struct lease *l)
{
	const struct dhcp_asker *c = arg;
	struct ip ip;

	return segment_computed(c->segment, c->family, &l->mac, &ip) && ip_eq(&ip, &l->ip) &&
		!machines_by_mac(c->machines, c->segment->id, &l->mac, NULL) &&
		guest_of(c, &l->mac) != DHCP_GUEST_KNOWN;
}

/* A machine's own address that another has may be its own again: a stranger's claim, which a record
 * overrides, or a neighbour that may have gone. */
static bool is_contestable(const struct dhcp_asker *c, const struct lease *l)
{
	if (l->state == LEASE_IN_USE)
		return c->now - (l->expires - LEASE_DECLINE_MS) >= LEASE_ASK_AGAIN_MS;
	return lease_is_live(l, c->now) && is_claimed((void *)c, l);
}

const struct lease *dhcp_contested(const struct dhcp_asker *c, const struct ip *ip)
{
	const struct lease *l = is_own(c, ip) ? lease_by_ip(c->leases, c->segment->id, ip) : NULL;

	return l && !mac_eq(&l->mac, &c->holder) && is_contestable(c, l) ? l : NULL;
}

static bool may_have(const struct dhcp_asker *c, const struct ip *ip)
{
	bool own = is_own(c, ip);

	if (!(own ? segment_accepts(c->segment, ip) : segment_offers(c->segment, ip)))
		return false;
	return !is_anothers(c, ip) &&
		lease_grantable(c->leases, c->segment->id, ip, &c->holder, c->now);
}

enum dhcp_reason dhcp_choose_own(const struct dhcp_asker *c, struct ip *ret)
{
	if (!segment_accepts(c->segment, &c->own))
		return DHCP_MISPLACED;
	if (!may_have(c, &c->own) && !dhcp_contested(c, &c->own))
		return DHCP_TAKEN;
	*ret = c->own;
	return DHCP_FINE;
}

static size_t count_claims(void *arg)
{
	const struct dhcp_asker *c = arg;

	return leases_held(c->leases, c->segment, c->family, c->now, is_claimed, arg);
}

/* What it holds already it may go on with. */
static enum dhcp_reason claim(
	const struct dhcp_asker *c, const struct ip *ip, struct dhcp_choice *ret)
{
	const struct lease *l = lease_by_ip(c->leases, c->segment->id, ip);
	enum dhcp_guest guest;

	if (l && l->expires > c->now && mac_eq(&l->mac, &c->mac))
		return DHCP_FINE;
	guest = guest_of(c, &c->mac);
	if (guest == DHCP_GUEST_NONE)
		return DHCP_NO_GUEST;
	ret->claims = guest == DHCP_GUEST_MAYBE;
	return !ret->claims ||
			dhcp_share_has_room(leases_share(c->leases, c->segment->id, c->family),
				c->segment, c->now, count_claims, (void *)c)
		? DHCP_FINE
		: DHCP_SHARE_FULL;
}

static bool computed_address(const struct dhcp_asker *c, struct dhcp_choice *ret)
{
	struct ip ip;

	if (!segment_computed(c->segment, c->family, &c->mac, &ip) || !may_have(c, &ip))
		return false;
	ret->no_claim = claim(c, &ip, ret);
	if (ret->no_claim != DHCP_FINE) {
		ret->claims = false;
		return false;
	}
	ret->address = ip;
	return true;
}

/* One from outside the pool (a machine's or a computed one, when that was so) is not handed out
 * anew. */
static bool former_address(const struct dhcp_asker *c, struct ip *ret)
{
	const struct lease *l =
		lease_by_mac(c->leases, c->segment->id, c->family, &c->holder, c->now);

	if (!l || !may_have(c, &l->ip))
		return false;
	if (!lease_is_live(l, c->now) && !segment_in_pool(c->segment, &l->ip))
		return false;
	*ret = l->ip;
	return true;
}

static bool is_machines(void *arg, const struct ip *ip)
{
	return owner_of(arg, ip);
}

static enum dhcp_reason pool_address(const struct dhcp_asker *c, struct ip *ret)
{
	switch (lease_pick(c->leases, c->segment, c->family, &c->wanted, c->now, is_machines,
		(void *)c, ret)) {
	case 0:
		return DHCP_FINE;
	case -ENOENT:
		return DHCP_STRANGER;
	default:
		return DHCP_POOL_FULL;
	}
}

bool dhcp_was_in_use(const struct dhcp_asker *c)
{
	const struct lease *l = lease_by_ip(c->leases, c->segment->id, &c->own);

	return l && l->state == LEASE_IN_USE && !mac_eq(&l->mac, &c->holder);
}

bool dhcp_is_doubtful(const struct dhcp_asker *c, const struct ip *ip, bool evicts)
{
	const struct lease *l;

	if (is_own(c, ip))
		return evicts || dhcp_was_in_use(c);
	l = lease_by_ip(c->leases, c->segment->id, ip);
	return !l || !mac_eq(&l->mac, &c->holder) || c->now - l->expires >= LEASE_PROVEN_MS;
}

/* The neighbour may be anybody who does not want the machine to be installed. */
static enum dhcp_reason choose_instead(const struct dhcp_asker *c, struct dhcp_choice *ret)
{
	if (!former_address(c, &ret->address) && pool_address(c, &ret->address) != DHCP_FINE)
		return DHCP_TAKEN;
	ret->not_own = DHCP_TAKEN;
	return DHCP_FINE;
}

/* Into ret->address. */
enum dhcp_reason dhcp_choose(const struct dhcp_asker *c, struct dhcp_choice *ret)
{
	enum dhcp_reason why;

	if (ip_is_set(&c->own)) {
		why = dhcp_choose_own(c, &ret->address);
		return why == DHCP_TAKEN && dhcp_was_in_use(c) ? choose_instead(c, ret) : why;
	}
	if (computed_address(c, ret) || former_address(c, &ret->address))
		return DHCP_FINE;
	why = pool_address(c, &ret->address);
	return why == DHCP_STRANGER && ret->no_claim != DHCP_FINE ? ret->no_claim : why;
}

/* Was it given this one since it could not have its own? */
static bool is_instead(const struct dhcp_asker *c, const struct ip *ip)
{
	return ip_is_set(&c->own) && !is_own(c, ip) && dhcp_was_in_use(c);
}

bool dhcp_may_keep(const struct dhcp_asker *c, const struct ip *ip)
{
	const struct lease *l = lease_by_ip(c->leases, c->segment->id, ip);
	bool instead = is_instead(c, ip);

	if (!l || !mac_eq(&l->mac, &c->holder))
		return false;
	if (!lease_is_live(l, c->now) && (!instead || l->expires <= c->now))
		return false;
	return (!ip_is_set(&c->own) || ip_eq(&c->own, ip) || instead) && may_have(c, ip);
}

size_t dhcp_choose_ahead(const struct dhcp_asker *c, struct ip *ret, size_t most)
{
	return lease_candidates(
		c->leases, c->segment, c->family, c->now, is_machines, (void *)c, ret, most);
}

void dhcp_choice_keep(const struct dhcp_asker *c, const struct dhcp_choice *choice)
{
	if (lease_offer(c->leases, c->segment->id, &choice->address, &c->holder, c->now) == 0)
		dhcp_choice_count(c, choice);
}

void dhcp_choice_count(const struct dhcp_asker *c, const struct dhcp_choice *choice)
{
	if (choice->claims)
		dhcp_share_take(leases_share(c->leases, c->segment->id, c->family), c->now);
}

const char *dhcp_reason_text(enum dhcp_reason r)
{
	static const char *const text[] = {
		[DHCP_FINE] = "fine",
		[DHCP_OTHER_SERVER] = "the client chose another server",
		[DHCP_STRANGER] = "no machine has this MAC, and the segment has no pool",
		[DHCP_POOL_FULL] = "the pool is full",
		[DHCP_TAKEN] = "the machine's address is leased to another MAC, or in use by a "
			       "neighbour",
		[DHCP_MISPLACED] = "the machine's address does not belong to this segment",
		[DHCP_OFF_LINK] =
			"the request came through a relay of another subnet, or from an address in "
			"one",
		[DHCP_NOT_YOURS] = "the address is not this client's",
		[DHCP_NOT_HELD] = "the client does not hold the address",
		[DHCP_NO_ADDRESS] = "the request names no usable address",
		[DHCP_BOOTP_STRANGER] =
			"a BOOTP client, and no machine's record has an address for it",
		[DHCP_NO_GUEST] = "no guest of libvirt's has this computed MAC",
		[DHCP_SHARE_FULL] =
			"unknown clients with computed MACs have reached their limit of addresses, "
			"or too many came in a minute",
		[DHCP_RELAYED] =
			"the release came through a relay, but the client is on usher's own wire",
	};

	return text[r];
}
