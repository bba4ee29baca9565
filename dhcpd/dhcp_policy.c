/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_policy.h"

#include "dhcpd/dhcp_boot.h"

#include <errno.h>
#include <string.h>

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
static bool goes_by_id(const struct dhcp_policy *p, const struct machine *m)
{
	struct ip ip;

	if (!p->segment->by_client_id || m || p->msg->by_id)
		return false;
	return !segment_computed(p->segment, IP_V4, &p->msg->mac, &ip) ||
		!segment_offers(p->segment, &ip);
}

static struct dhcp_asker client_of(const struct dhcp_policy *p)
{
	const struct dhcp_message *m = p->msg;
	struct dhcp_asker c = {.family = IP_V4,
		.segment = p->segment,
		.machines = p->machines,
		.leases = p->leases,
		.now = p->now,
		.guests = p->guests,
		.guests_arg = p->guests_arg,
		.mac = m->mac,
		.wanted = ip_from_v4(m->requested ? m->requested : m->ciaddr)};
	struct nic *nic = NULL;

	c.machine = machines_by_mac(p->machines, p->segment->id, &m->mac, &nic);
	for (size_t i = 0; c.machine && nic && i < nic->n_addrs && !ip_is_set(&c.own); i++)
		if (nic->addrs[i].family == IP_V4)
			c.own = nic->addrs[i];
	c.holder = goes_by_id(p, c.machine) ? mac_of_id(m) : m->mac;
	return c;
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

static void take(struct dhcp_decision *d, const struct dhcp_choice *c)
{
	d->address = c->address;
	d->claims = c->claims;
	d->no_claim = c->no_claim;
	d->not_own = c->not_own;
}

static struct dhcp_decision discover(const struct dhcp_policy *p, const struct dhcp_asker *c)
{
	struct dhcp_decision d = {.verdict = DHCP_SEND_OFFER, .lease_s = lease_time(p)};
	struct dhcp_choice choice = {0};

	d.reason = dhcp_choose(c, &choice);
	take(&d, &choice);
	return d.reason == DHCP_FINE ? d : ignore(d.reason);
}

static struct dhcp_decision ack(
	const struct dhcp_policy *p, const struct dhcp_asker *c, const struct ip *ip)
{
	const struct lease *l = lease_by_ip(p->leases, p->segment->id, ip);
	bool goes_on = l && lease_is_live(l, p->now) && mac_eq(&l->mac, &c->holder);
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
static struct dhcp_decision request(const struct dhcp_policy *p, const struct dhcp_asker *c)
{
	const struct dhcp_message *m = p->msg;
	struct ip wanted = ip_from_v4(m->requested ? m->requested : m->ciaddr);
	struct dhcp_choice chosen = {0};
	struct dhcp_decision d;
	enum dhcp_reason why;

	if (m->server_id && m->server_id != dhcp_policy_server(p)) {
		d = ignore(DHCP_OTHER_SERVER);
		d.cancel_offers = true;
		return d;
	}
	if (!m->requested && !m->ciaddr)
		return ignore(DHCP_NO_ADDRESS);
	if (dhcp_may_keep(c, &wanted))
		return ack(p, c, &wanted);
	why = dhcp_choose(c, &chosen);
	if (is_strangers(why) && !m->server_id)
		return ignore(why);
	if (why != DHCP_FINE)
		return nak(why);
	if (!ip_eq(&chosen.address, &wanted))
		return nak(chosen.no_claim == DHCP_FINE ? DHCP_NOT_YOURS : chosen.no_claim);
	d = ack(p, c, &wanted);
	d.claims = chosen.claims;
	return d;
}

static struct dhcp_decision give_up(const struct dhcp_policy *p, const struct dhcp_asker *c,
	enum dhcp_verdict verdict, uint32_t address)
{
	struct dhcp_decision d = {.verdict = verdict, .address = ip_from_v4(address)};
	const struct lease *l = lease_by_ip(p->leases, p->segment->id, &d.address);

	if (!address)
		return ignore(DHCP_NO_ADDRESS);
	if (p->msg->server_id && p->msg->server_id != dhcp_policy_server(p))
		return ignore(DHCP_OTHER_SERVER);
	if (!l || !mac_eq(&l->mac, &c->holder) || l->expires <= p->now)
		return ignore(DHCP_NOT_HELD);
	return d;
}

/* An address that is a machine's by its record, or a guest's by its MAC, is nobody else's: to set it aside would only shut
 * its holder out, and the packet may be anybody's. For strangers there are more in the pool. */
static struct dhcp_decision decline(const struct dhcp_policy *p, const struct dhcp_asker *c)
{
	struct dhcp_decision d = give_up(p, c, DHCP_TAKE_DECLINE, p->msg->requested);

	if (d.verdict == DHCP_TAKE_DECLINE &&
		((ip_eq(&c->own, &d.address)) || !segment_in_pool(p->segment, &d.address)))
		d.verdict = DHCP_NOTE_DECLINE;
	return d;
}

/* A client releases by unicast. On a wire that we hear, a relay could be anybody. */
static struct dhcp_decision release(const struct dhcp_policy *p, const struct dhcp_asker *c)
{
	return p->msg->giaddr && !p->segment->via
		? ignore(DHCP_RELAYED)
		: give_up(p, c, DHCP_TAKE_RELEASE, p->msg->ciaddr);
}

static struct dhcp_decision inform(const struct dhcp_policy *p)
{
	struct dhcp_decision d = {.verdict = DHCP_SEND_INFO, .address = ip_from_v4(p->msg->ciaddr)};

	return segment_accepts(p->segment, &d.address) ? d : ignore(DHCP_NO_ADDRESS);
}

static struct dhcp_decision bootp(const struct dhcp_asker *c)
{
	struct dhcp_decision d = {.verdict = DHCP_SEND_BOOTP};

	d.reason = ip_is_set(&c->own) ? dhcp_choose_own(c, &d.address) : DHCP_BOOTP_STRANGER;
	if (d.reason == DHCP_FINE && dhcp_contested(c, &d.address))
		d.reason = DHCP_TAKEN;
	return d.reason == DHCP_FINE ? d : ignore(d.reason);
}

static bool on_link(const struct dhcp_policy *p)
{
	uint32_t where = dhcp_wire_relayed(p->msg);

	return !where || segment_contains(p->segment, where);
}

static struct dhcp_decision decide(const struct dhcp_policy *p, const struct dhcp_asker *c)
{
	if (p->astray || !on_link(p))
		return ignore(DHCP_OFF_LINK);
	switch (p->msg->type) {
	case DHCP_BOOTP:
		return bootp(c);
	case DHCP_DISCOVER:
		return discover(p, c);
	case DHCP_REQUEST:
		return request(p, c);
	case DHCP_DECLINE:
		return decline(p, c);
	case DHCP_RELEASE:
		return release(p, c);
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

/* From an address that it says is its own: one of a subnet here, or it had it elsewhere and asks to go on with it, which it is
 * told that it cannot. */
static bool is_from_its_own(const struct segments *ss, const struct segment *link,
	const struct dhcp_message *m, uint32_t from)
{
	bool goes_on = m->type == DHCP_REQUEST && (!m->requested || m->requested == m->ciaddr);

	return from == m->ciaddr && (goes_on || segments_by_address(ss, link, from));
}

bool dhcp_policy_belongs(const struct segments *ss, const struct segment *link,
	const struct dhcp_message *m, uint32_t from)
{
	if (m->giaddr)
		return segments_by_address(ss, link, m->giaddr);
	return !from || segment_contains(link, from) || is_from_its_own(ss, link, m, from);
}

uint32_t dhcp_policy_server(const struct dhcp_policy *p)
{
	return p->msg->server_override ? p->msg->server_override : ip_to_v4(&p->segment->server);
}

/* Who declines is not taken at its word. Behind a relay nobody hears our question; on our own wire anybody may say that he is
 * one. */
static bool is_doubtful(
	const struct dhcp_policy *p, const struct dhcp_asker *c, const struct dhcp_decision *d)
{
	if (!p->segment->probe_ms || p->segment->via)
		return false;
	if (dhcp_decision_declines(d))
		return true;
	return (d->verdict == DHCP_SEND_OFFER || d->verdict == DHCP_SEND_ACK) &&
		dhcp_is_doubtful(c, &d->address, d->evicts);
}

struct dhcp_decision dhcp_policy_decide(const struct dhcp_policy *p)
{
	const struct dhcp_asker c = client_of(p);
	struct dhcp_decision d = decide(p, &c);

	d.machine = c.machine;
	d.holder = c.holder;
	d.evicts = (d.verdict == DHCP_SEND_OFFER || d.verdict == DHCP_SEND_ACK) &&
		dhcp_contested(&c, &d.address);
	d.doubtful = is_doubtful(p, &c, &d);
	return d;
}

int dhcp_policy_apply(const struct dhcp_policy *p, const struct dhcp_decision *d)
{
	const struct mac *mac = &d->holder;
	uint32_t segment = p->segment->id;
	const char *name = d->machine ? d->machine->name : p->msg->hostname;
	int rc;

	if (d->cancel_offers)
		lease_cancel_offers(p->leases, segment, IP_V4, mac);
	if (d->claims)
		dhcp_share_take(leases_share(p->leases, segment, IP_V4), p->now);
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
	const struct dhcp_asker c = client_of(p);

	if (!d->evicts)
		dhcp_choice_keep(
			&c, &(struct dhcp_choice){.address = d->address, .claims = d->claims});
}

size_t dhcp_policy_ahead(const struct dhcp_policy *p, struct ip *ret, size_t most)
{
	const struct dhcp_asker c = {.family = IP_V4,
		.segment = p->segment,
		.machines = p->machines,
		.leases = p->leases,
		.now = p->now};

	return dhcp_choose_ahead(&c, ret, most);
}

uint32_t dhcp_policy_stage(const struct dhcp_message *m)
{
	return dhcp_boot_stage(dhcp_firmware_of(m));
}
