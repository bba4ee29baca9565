/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_policy.h"

#include <errno.h>
#include <string.h>

/* Whose message it is: the machine and its interface here, if there is a record. */
struct who {
	const struct machine *machine;
	const struct ip *own; /* the address that its record says; NULL none */
	struct mac mac;       /* the leases' key */
};

/* RFC 4361: whatever card it comes with. An id that is a MAC (type 1) stands for itself, another
 * for one that is the same on every run. */
static struct mac mac_of_id(const struct dhcp_message *m)
{
	size_t len;
	const uint8_t *id = dhcp_wire_option(m, OPT_CLIENT_ID, &len);
	struct mac mac = m->mac;

	if (!id || len < 2)
		return mac;
	if (id[0] == 1 && len == 7) {
		memcpy(mac.b, id + 1, sizeof(mac.b));
		return mac;
	}
	return dhcp_wire_mark(2, id, len); /* locally administered */
}

/* What a record or a computed MAC does not name. */
static bool goes_by_id(const struct dhcp_policy *p, const struct who *w)
{
	struct ip ip;

	if (!p->segment->by_client_id || w->machine || p->msg->by_id)
		return false;
	return !p->segment->computed || mac_to_ip(&p->msg->mac, &ip) < 0 ||
		!segment_offers(p->segment, &ip);
}

static struct who find_who(const struct dhcp_policy *p)
{
	struct who w = {0};
	struct nic *nic = NULL;

	w.machine = machines_by_mac(p->machines, p->segment->id, &p->msg->mac, &nic);
	for (size_t i = 0; w.machine && nic && i < nic->n_addrs && !w.own; i++)
		if (nic->addrs[i].family == IP_V4)
			w.own = &nic->addrs[i];
	w.mac = goes_by_id(p, &w) ? mac_of_id(p->msg) : p->msg->mac;
	return w;
}

static bool is_anothers(const struct dhcp_policy *p, const struct who *w, const struct ip *ip)
{
	const struct machine *m = machines_by_ip(p->machines, p->segment->id, ip);

	return m && m != w->machine;
}

static enum dhcp_guest guest_of(const struct dhcp_policy *p, const struct mac *mac)
{
	return p->guests ? p->guests(p->guests_arg, p->segment, mac) : DHCP_GUEST_MAYBE;
}

/* Somebody has it by a computed MAC alone: no record of ours and no guest of libvirt's. */
static bool is_claimed(void *arg, const struct lease *l)
{
	const struct dhcp_policy *p = arg;
	struct ip ip;

	return mac_to_ip(&l->mac, &ip) == 0 && ip_eq(&ip, &l->ip) &&
		!machines_by_mac(p->machines, p->segment->id, &l->mac, NULL) &&
		guest_of(p, &l->mac) != DHCP_GUEST_KNOWN;
}

/* A machine's own address that another has may be its own again: a stranger's claim, which a record
 * overrides, or a neighbour that may have gone. */
static bool is_contestable(const struct dhcp_policy *p, const struct lease *l)
{
	if (l->state == LEASE_IN_USE)
		return p->now - (l->expires - LEASE_DECLINE_MS) >= LEASE_ASK_AGAIN_MS;
	return lease_is_live(l, p->now) && is_claimed((void *)p, l);
}

static const struct lease *contested(
	const struct dhcp_policy *p, const struct who *w, const struct ip *ip)
{
	const struct lease *l =
		w->own && ip_eq(w->own, ip) ? lease_by_ip(p->leases, p->segment->id, ip) : NULL;

	return l && !mac_eq(&l->mac, &w->mac) && is_contestable(p, l) ? l : NULL;
}

static bool may_have(const struct dhcp_policy *p, const struct who *w, const struct ip *ip)
{
	bool own = w->own && ip_eq(w->own, ip);

	if (!(own ? segment_accepts(p->segment, ip) : segment_offers(p->segment, ip)))
		return false;
	return !is_anothers(p, w, ip) &&
		lease_grantable(p->leases, p->segment->id, ip, &w->mac, p->now);
}

static enum dhcp_reason own_address(
	const struct dhcp_policy *p, const struct who *w, struct ip *ret)
{
	if (!segment_accepts(p->segment, w->own))
		return DHCP_MISPLACED;
	if (!may_have(p, w, w->own) && !contested(p, w, w->own))
		return DHCP_TAKEN;
	*ret = *w->own;
	return DHCP_FINE;
}

static size_t count_claims(void *arg)
{
	const struct dhcp_policy *p = arg;

	return leases_held(p->leases, p->segment, p->now, is_claimed, arg);
}

/* What it holds already it may go on with. */
static enum dhcp_reason claim(
	const struct dhcp_policy *p, const struct ip *ip, struct dhcp_decision *d)
{
	const struct lease *l = lease_by_ip(p->leases, p->segment->id, ip);
	enum dhcp_guest guest;

	if (l && l->expires > p->now && mac_eq(&l->mac, &p->msg->mac))
		return DHCP_FINE;
	guest = guest_of(p, &p->msg->mac);
	if (guest == DHCP_GUEST_NONE)
		return DHCP_NO_GUEST;
	d->claims = guest == DHCP_GUEST_MAYBE;
	return !d->claims ||
			dhcp_share_has_room(leases_share(p->leases, p->segment->id), p->segment,
				p->now, count_claims, (void *)p)
		? DHCP_FINE
		: DHCP_SHARE_FULL;
}

static bool computed_address(
	const struct dhcp_policy *p, const struct who *w, struct dhcp_decision *d)
{
	struct ip ip;

	if (!p->segment->computed || mac_to_ip(&p->msg->mac, &ip) < 0 || !may_have(p, w, &ip))
		return false;
	d->no_claim = claim(p, &ip, d);
	if (d->no_claim != DHCP_FINE) {
		d->claims = false;
		return false;
	}
	d->address = ip;
	return true;
}

/* One from outside the pool (a machine's or a computed one, when that was so) is not handed out
 * anew. */
static bool former_address(const struct dhcp_policy *p, const struct who *w, struct ip *ret)
{
	const struct lease *l = lease_by_mac(p->leases, p->segment->id, &w->mac, p->now);

	if (!l || !may_have(p, w, &l->ip))
		return false;
	if (!lease_is_live(l, p->now) && !segment_in_pool(p->segment, &l->ip))
		return false;
	*ret = l->ip;
	return true;
}

static bool is_machines(void *arg, const struct ip *ip)
{
	const struct dhcp_policy *p = arg;

	return machines_by_ip(p->machines, p->segment->id, ip);
}

static enum dhcp_reason pool_address(const struct dhcp_policy *p, struct ip *ret)
{
	const struct dhcp_message *m = p->msg;
	struct ip wanted = ip_from_v4(m->requested ? m->requested : m->ciaddr);

	switch (lease_pick(p->leases, p->segment, &wanted, p->now, is_machines, (void *)p, ret)) {
	case 0:
		return DHCP_FINE;
	case -ENOENT:
		return DHCP_STRANGER;
	default:
		return DHCP_POOL_FULL;
	}
}

/* A neighbour answered for the machine's own address, and nobody knows whether it is gone. */
static bool was_in_use(const struct dhcp_policy *p, const struct who *w)
{
	const struct lease *l = lease_by_ip(p->leases, p->segment->id, w->own);

	return l && l->state == LEASE_IN_USE && !mac_eq(&l->mac, &w->mac);
}

/* The neighbour may be anybody who does not want the machine to be installed. */
static enum dhcp_reason choose_instead(
	const struct dhcp_policy *p, const struct who *w, struct dhcp_decision *d)
{
	if (!former_address(p, w, &d->address) && pool_address(p, &d->address) != DHCP_FINE)
		return DHCP_TAKEN;
	d->not_own = DHCP_TAKEN;
	return DHCP_FINE;
}

/* Into d->address. */
static enum dhcp_reason choose(
	const struct dhcp_policy *p, const struct who *w, struct dhcp_decision *d)
{
	enum dhcp_reason why;

	if (w->own) {
		why = own_address(p, w, &d->address);
		return why == DHCP_TAKEN && was_in_use(p, w) ? choose_instead(p, w, d) : why;
	}
	if (computed_address(p, w, d) || former_address(p, w, &d->address))
		return DHCP_FINE;
	why = pool_address(p, &d->address);
	return why == DHCP_STRANGER && d->no_claim != DHCP_FINE ? d->no_claim : why;
}

/* We have nothing for it, and it may be another server's. */
static bool is_strangers(enum dhcp_reason why)
{
	return why == DHCP_STRANGER || why == DHCP_NO_GUEST || why == DHCP_SHARE_FULL;
}

static struct dhcp_decision ignore(enum dhcp_reason why)
{
	return (struct dhcp_decision){.verdict = DHCP_IGNORE, .reason = why};
}

static struct dhcp_decision nak(enum dhcp_reason why)
{
	return (struct dhcp_decision){.verdict = DHCP_SEND_NAK, .reason = why};
}

/* RFC 2131 4.3.1: what the client asks for, within our limits. */
static uint32_t lease_time(const struct dhcp_policy *p)
{
	uint32_t most = p->segment->lease_s, wish = p->msg->lease_s;

	if (!wish || wish >= most)
		return most;
	return wish >= DHCP_LEASE_MIN_S || most <= DHCP_LEASE_MIN_S ? wish : DHCP_LEASE_MIN_S;
}

static struct dhcp_decision discover(const struct dhcp_policy *p, const struct who *w)
{
	struct dhcp_decision d = {.verdict = DHCP_SEND_OFFER, .lease_s = lease_time(p)};

	d.reason = choose(p, w, &d);
	return d.reason == DHCP_FINE ? d : ignore(d.reason);
}

/* Was it given this one since it could not have its own? */
static bool is_instead(const struct dhcp_policy *p, const struct who *w, const struct ip *ip)
{
	return w->own && !ip_eq(w->own, ip) && was_in_use(p, w);
}

/* A client that runs on its lease keeps it, even when it would get another address if it began
 * anew; only its machine's record can move it, to one that it can have. */
static bool may_keep(const struct dhcp_policy *p, const struct who *w, const struct ip *ip)
{
	const struct lease *l = lease_by_ip(p->leases, p->segment->id, ip);
	bool instead = is_instead(p, w, ip);

	if (!l || !mac_eq(&l->mac, &w->mac))
		return false;
	if (!lease_is_live(l, p->now) && (!instead || l->expires <= p->now))
		return false;
	return (!w->own || ip_eq(w->own, ip) || instead) && may_have(p, w, ip);
}

static struct dhcp_decision ack(
	const struct dhcp_policy *p, const struct who *w, const struct ip *ip)
{
	const struct lease *l = lease_by_ip(p->leases, p->segment->id, ip);
	bool goes_on = l && lease_is_live(l, p->now) && mac_eq(&l->mac, &w->mac);
	struct dhcp_decision d = {.verdict = DHCP_SEND_ACK,
		.address = *ip,
		.lease_s = lease_time(p),
		.stage = dhcp_policy_stage(p->msg)};

	/* Renewing and rebinding, RFC 2131 4.3.2: the same software goes on, whatever it says of
	 * itself. */
	if (goes_on && dhcp_wire_ciaddr(p->msg) != DHCP_CIADDR_NONE)
		d.stage = l->stage;
	d.news = !goes_on || l->stage != d.stage;
	return d;
}

/* RFC 2131 4.3.2. We are the authority here: what is wrong is told, only a stranger that we would
 * not serve at all is left alone, since it may be served by another. */
static struct dhcp_decision request(const struct dhcp_policy *p, const struct who *w)
{
	const struct dhcp_message *m = p->msg;
	struct ip wanted = ip_from_v4(m->requested ? m->requested : m->ciaddr);
	struct dhcp_decision d, chosen = {0};
	enum dhcp_reason why;

	if (m->server_id && m->server_id != dhcp_policy_server(p)) {
		d = ignore(DHCP_OTHER_SERVER);
		d.cancel_offers = true;
		return d;
	}
	if (!m->requested && !m->ciaddr)
		return ignore(DHCP_NO_ADDRESS);
	if (may_keep(p, w, &wanted))
		return ack(p, w, &wanted);
	why = choose(p, w, &chosen);
	if (is_strangers(why) && !m->server_id)
		return ignore(why);
	if (why != DHCP_FINE)
		return nak(why);
	if (!ip_eq(&chosen.address, &wanted))
		return nak(chosen.no_claim == DHCP_FINE ? DHCP_NOT_YOURS : chosen.no_claim);
	d = ack(p, w, &wanted);
	d.claims = chosen.claims;
	return d;
}

static struct dhcp_decision give_up(const struct dhcp_policy *p, const struct who *w,
	enum dhcp_verdict verdict, uint32_t address)
{
	struct dhcp_decision d = {.verdict = verdict, .address = ip_from_v4(address)};
	const struct lease *l = lease_by_ip(p->leases, p->segment->id, &d.address);

	if (!address)
		return ignore(DHCP_NO_ADDRESS);
	if (p->msg->server_id && p->msg->server_id != dhcp_policy_server(p))
		return ignore(DHCP_OTHER_SERVER);
	if (!l || !mac_eq(&l->mac, &w->mac) || l->expires <= p->now)
		return ignore(DHCP_NOT_HELD);
	return d;
}

/* An address that is a machine's by its record, or a guest's by its MAC, is nobody else's: to set it aside would only shut
 * its holder out, and the packet may be anybody's. For strangers there are more in the pool. */
static struct dhcp_decision decline(const struct dhcp_policy *p, const struct who *w)
{
	struct dhcp_decision d = give_up(p, w, DHCP_TAKE_DECLINE, p->msg->requested);

	if (d.verdict == DHCP_TAKE_DECLINE &&
		((w->own && ip_eq(w->own, &d.address)) || !segment_in_pool(p->segment, &d.address)))
		d.verdict = DHCP_NOTE_DECLINE;
	return d;
}

static struct dhcp_decision inform(const struct dhcp_policy *p)
{
	struct dhcp_decision d = {.verdict = DHCP_SEND_INFO, .address = ip_from_v4(p->msg->ciaddr)};

	return segment_accepts(p->segment, &d.address) ? d : ignore(DHCP_NO_ADDRESS);
}

static struct dhcp_decision bootp(const struct dhcp_policy *p, const struct who *w)
{
	struct dhcp_decision d = {.verdict = DHCP_SEND_BOOTP};

	d.reason = w->own ? own_address(p, w, &d.address) : DHCP_BOOTP_STRANGER;
	if (d.reason == DHCP_FINE && contested(p, w, &d.address))
		d.reason = DHCP_TAKEN;
	return d.reason == DHCP_FINE ? d : ignore(d.reason);
}

static bool on_link(const struct dhcp_policy *p)
{
	uint32_t where = dhcp_wire_relayed(p->msg);

	return !where || segment_contains(p->segment, where);
}

static struct dhcp_decision decide(const struct dhcp_policy *p, const struct who *w)
{
	if (p->astray || !on_link(p))
		return ignore(DHCP_OFF_LINK);
	switch (p->msg->type) {
	case DHCP_BOOTP:
		return bootp(p, w);
	case DHCP_DISCOVER:
		return discover(p, w);
	case DHCP_REQUEST:
		return request(p, w);
	case DHCP_DECLINE:
		return decline(p, w);
	case DHCP_RELEASE:
		return give_up(p, w, DHCP_TAKE_RELEASE, p->msg->ciaddr);
	case DHCP_INFORM:
		return inform(p);
	default:
		return ignore(DHCP_FINE);
	}
}

/* A renewal comes straight from the client, without its relay's words: its address tells. */
const struct segment *dhcp_policy_segment(
	const struct segments *ss, const struct segment *link, const struct dhcp_message *m)
{
	uint32_t where = dhcp_wire_relayed(m);
	const struct segment *s;

	if (!where && dhcp_wire_ciaddr(m) != DHCP_CIADDR_NONE)
		where = m->ciaddr;
	s = segments_by_address(ss, link, where);
	return s ? s : link;
}

bool dhcp_policy_belongs(const struct segments *ss, const struct segment *link,
	const struct dhcp_message *m, uint32_t from)
{
	if (m->giaddr)
		return segments_by_address(ss, link, m->giaddr);
	return !from || from == m->ciaddr || segment_contains(link, from);
}

uint32_t dhcp_policy_server(const struct dhcp_policy *p)
{
	return p->msg->server_override ? p->msg->server_override : ip_to_v4(&p->segment->server);
}

/* Proven: what its record says, unless another has it; what this client holds or held until just
 * now, and what we offered it. Who declines is not taken at its word. Behind a relay nobody hears
 * our question. */
static bool is_doubtful(
	const struct dhcp_policy *p, const struct who *w, const struct dhcp_decision *d)
{
	const struct lease *l;

	if (!p->segment->probe_ms || p->msg->giaddr || p->segment->via)
		return false;
	if (dhcp_decision_declines(d))
		return true;
	if (d->verdict != DHCP_SEND_OFFER && d->verdict != DHCP_SEND_ACK)
		return false;
	if (w->own && ip_eq(w->own, &d->address))
		return d->evicts || was_in_use(p, w);
	l = lease_by_ip(p->leases, p->segment->id, &d->address);
	return !l || !mac_eq(&l->mac, &w->mac) || p->now - l->expires >= LEASE_PROVEN_MS;
}

struct dhcp_decision dhcp_policy_decide(const struct dhcp_policy *p)
{
	struct who w = find_who(p);
	struct dhcp_decision d = decide(p, &w);

	d.machine = w.machine;
	d.holder = w.mac;
	d.evicts = (d.verdict == DHCP_SEND_OFFER || d.verdict == DHCP_SEND_ACK) &&
		contested(p, &w, &d.address);
	d.doubtful = is_doubtful(p, &w, &d);
	return d;
}

int dhcp_policy_apply(const struct dhcp_policy *p, const struct dhcp_decision *d)
{
	const struct mac *mac = &d->holder;
	uint32_t segment = p->segment->id;
	const char *name = d->machine ? d->machine->name : p->msg->hostname;
	int rc;

	if (d->cancel_offers)
		lease_cancel_offers(p->leases, segment, mac);
	if (d->claims)
		dhcp_share_take(leases_share(p->leases, segment), p->now);
	if (d->evicts && (rc = lease_evict(p->leases, segment, &d->address, p->now)) < 0)
		return rc;
	switch (d->verdict) {
	case DHCP_SEND_OFFER:
		return lease_offer(p->leases, segment, &d->address, mac, p->now);
	case DHCP_SEND_ACK:
		return lease_bind(p->leases, segment, &d->address, mac,
			p->now + (int64_t)d->lease_s * 1000, name, d->stage, p->now);
	case DHCP_TAKE_RELEASE:
		return lease_release(p->leases, segment, &d->address, mac, p->now);
	case DHCP_TAKE_DECLINE:
		return lease_decline(p->leases, segment, &d->address, mac, p->now);
	default:
		return 0;
	}
}

void dhcp_policy_keep(const struct dhcp_policy *p, const struct dhcp_decision *d)
{
	if (d->evicts || lease_offer(p->leases, p->segment->id, &d->address, &d->holder, p->now))
		return;
	if (d->claims)
		dhcp_share_take(leases_share(p->leases, p->segment->id), p->now);
}

size_t dhcp_policy_ahead(const struct dhcp_policy *p, struct ip *ret, size_t most)
{
	return lease_candidates(p->leases, p->segment, p->now, is_machines, (void *)p, ret, most);
}

uint32_t dhcp_policy_stage(const struct dhcp_message *m)
{
	const uint8_t what[3] = {m->ipxe, (uint8_t)(m->arch >> 8), (uint8_t)m->arch};

	return dhcp_wire_hash(dhcp_wire_hash(DHCP_HASH, what, sizeof(what)), m->vendor_class,
		strlen(m->vendor_class));
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
	};

	return text[r];
}
