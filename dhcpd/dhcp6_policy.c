/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp6_policy.h"

#include "dhcpd/dhcp_boot.h"

#include <errno.h>

/* What it asks for, else what goes with its IPv4 lease. */
static struct ip wish_of(const struct dhcp6_policy *p)
{
	const struct lease *four = lease_by_mac(p->leases, p->segment->id, IP_V4, &p->mac, p->now);
	uint32_t n;

	for (size_t i = 0; i < p->msg->n_ias; i++)
		if (p->msg->ias[i].code == OPT6_IA_NA && p->msg->ias[i].n_addresses)
			return p->msg->ias[i].addresses[0].ip;
	if (four && lease_is_live(four, p->now) && segment_number(p->segment, &four->ip, &n))
		return segment_at(p->segment, IP_V6, n);
	return (struct ip){0};
}

/* Without what is looked up. */
static struct dhcp_asker plain_asker(const struct dhcp6_policy *p)
{
	return (struct dhcp_asker){.family = IP_V6,
		.segment = p->segment,
		.machines = p->machines,
		.leases = p->leases,
		.now = p->now,
		.guests = p->guests,
		.guests_arg = p->guests_arg,
		.mac = p->mac,
		.holder = p->mac};
}

static struct dhcp_asker asker_of(const struct dhcp6_policy *p)
{
	struct dhcp_asker c = plain_asker(p);
	struct nic *nic = NULL;

	c.wanted = wish_of(p);
	c.machine = machines_by_mac(p->machines, p->segment->id, &p->mac, &nic);
	if (c.machine && nic)
		c.own = nic_address6(nic, p->segment);
	return c;
}

static bool asks_for_address(const struct dhcp6_message *m)
{
	for (size_t i = 0; i < m->n_ias; i++)
		if (m->ias[i].code == OPT6_IA_NA)
			return true;
	return false;
}

/* The first of its addresses for which `fits` says so; not set: none. */
static struct ip address_that(const struct dhcp6_message *m, const struct dhcp_asker *c,
	bool (*fits)(const struct dhcp_asker *c, const struct ip *ip))
{
	for (size_t i = 0; i < m->n_ias; i++)
		for (size_t k = 0; m->ias[i].code == OPT6_IA_NA && k < m->ias[i].n_addresses; k++)
			if (fits(c, &m->ias[i].addresses[k].ip))
				return m->ias[i].addresses[k].ip;
	return (struct ip){0};
}

static bool is_held(const struct dhcp_asker *c, const struct ip *ip)
{
	const struct lease *l = lease_by_ip(c->leases, c->segment->id, ip);

	return l && mac_eq(&l->mac, &c->holder) && l->expires > c->now;
}

static struct dhcp6_decision ignore(enum dhcp_reason why)
{
	return (struct dhcp6_decision){.verdict = DHCP6_IGNORE, .reason = why};
}

static struct dhcp6_decision refuse(enum dhcp_reason why, enum dhcp6_status status)
{
	return (struct dhcp6_decision){
		.verdict = DHCP6_SEND_STATUS, .reason = why, .status = status};
}

/* RFC 8415 18.3.4 and 18.3.5: the same software goes on, whatever it says of itself. */
static bool goes_on(const struct dhcp6_message *m)
{
	return m->type == DHCP6_RENEW || m->type == DHCP6_REBIND;
}

static struct dhcp6_decision lease(
	const struct dhcp6_policy *p, const struct dhcp_asker *c, const struct dhcp_choice *choice)
{
	const struct lease *l = lease_by_ip(p->leases, p->segment->id, &choice->address);
	bool live = l && lease_is_live(l, p->now) && mac_eq(&l->mac, &c->holder);
	struct dhcp6_decision d = {.verdict = DHCP6_SEND_LEASE,
		.choice = *choice,
		.lease_s = p->segment->lease_s,
		.stage = dhcp_boot_stage(dhcp6_firmware_of(p->msg))};

	if (live && goes_on(p->msg))
		d.stage = l->stage;
	d.news = !live || l->stage != d.stage;
	return d;
}

/* What an ADVERTISE without an address does to firmware is worse than silence: OVMF gives up. */
static struct dhcp6_decision solicit(const struct dhcp6_policy *p, const struct dhcp_asker *c)
{
	struct dhcp6_decision d = {.verdict = DHCP6_SEND_ADVERTISE, .status = DHCP6_NO_ADDRS_AVAIL};

	if (!asks_for_address(p->msg))
		return p->msg->n_ias ? d : ignore(DHCP_NO_ADDRESS);
	d.reason = dhcp_choose(c, &d.choice);
	if (d.reason != DHCP_FINE)
		return ignore(d.reason);
	if (p->msg->rapid_commit) {
		d = lease(p, c, &d.choice);
		d.rapid = true;
	}
	d.lease_s = p->segment->lease_s;
	return d;
}

static bool is_off_link(const struct dhcp_asker *c, const struct ip *ip)
{
	return !segment_accepts(c->segment, ip);
}

/* It may be told that it is over: it is no address of this link, or is or was its own by our word. */
static bool is_ours_to_end(const struct dhcp_asker *c, const struct ip *ip)
{
	const struct lease *l = lease_by_ip(c->leases, c->segment->id, ip);

	return is_off_link(c, ip) || (l && mac_eq(&l->mac, &c->holder));
}

static bool has_address(const struct dhcp6_message *m, const struct ip *ip)
{
	for (size_t i = 0; i < m->n_ias; i++)
		for (size_t k = 0; m->ias[i].code == OPT6_IA_NA && k < m->ias[i].n_addresses; k++)
			if (ip_eq(&m->ias[i].addresses[k].ip, ip))
				return true;
	return false;
}

/* RFC 8415 18.3.5: a REBIND goes to all servers, and that of its address may be another. */
static bool is_anothers_client(
	const struct dhcp6_message *m, const struct dhcp_asker *c, const struct ip *chosen)
{
	const struct ip end = address_that(m, c, is_ours_to_end);

	return m->type == DHCP6_REBIND && !has_address(m, chosen) && !ip_is_set(&end);
}

static struct dhcp6_decision request(const struct dhcp6_policy *p, const struct dhcp_asker *c)
{
	bool rebinds = p->msg->type == DHCP6_REBIND;
	struct dhcp_choice choice = {.address = address_that(p->msg, c, dhcp_may_keep)};
	struct dhcp6_decision d;

	if (!rebinds && !p->ours) {
		d = ignore(DHCP_OTHER_SERVER);
		d.cancel_offers = true;
		return d;
	}
	if (!asks_for_address(p->msg))
		return refuse(DHCP_NO_ADDRESS, DHCP6_NO_ADDRS_AVAIL);
	d.reason = DHCP_FINE;
	if (!ip_is_set(&choice.address))
		d.reason = dhcp_choose(c, &choice);
	if (d.reason == DHCP_FINE && !is_anothers_client(p->msg, c, &choice.address))
		return lease(p, c, &choice);
	if (rebinds)
		return ignore(d.reason ? d.reason : DHCP_NOT_HELD);
	return refuse(
		d.reason, p->msg->type == DHCP6_RENEW ? DHCP6_NO_BINDING : DHCP6_NO_ADDRS_AVAIL);
}

/* Not of this link; or it is another's now, then the client has to begin anew too. */
static bool may_not_go_on(const struct dhcp_asker *c, const struct ip *ip)
{
	const struct lease *l = lease_by_ip(c->leases, c->segment->id, ip);

	return is_off_link(c, ip) ||
		(l && lease_is_live(l, c->now) && !mac_eq(&l->mac, &c->holder));
}

static bool is_any(const struct dhcp_asker *c, const struct ip *ip)
{
	(void)c, (void)ip;
	return true;
}

/* RFC 8415 18.3.3: only whether the addresses are of this link. */
static struct dhcp6_decision confirm(const struct dhcp6_policy *p, const struct dhcp_asker *c)
{
	struct ip any = address_that(p->msg, c, is_any);
	struct ip off = address_that(p->msg, c, may_not_go_on);

	if (!ip_is_set(&any))
		return ignore(DHCP_NO_ADDRESS);
	return (struct dhcp6_decision){.verdict = DHCP6_SEND_CONFIRM,
		.status = ip_is_set(&off) ? DHCP6_NOT_ON_LINK : DHCP6_SUCCESS};
}

/* An address that is a machine's by its record, or a guest's by its MAC, is nobody else's. */
static bool is_kept(const struct dhcp_asker *c, const struct ip *ip)
{
	return ip_eq(&c->own, ip) || !segment_in_pool(c->segment, ip);
}

static struct dhcp6_decision give_up(const struct dhcp6_policy *p, const struct dhcp_asker *c,
	enum dhcp6_verdict take, enum dhcp6_verdict note)
{
	struct ip held = address_that(p->msg, c, is_held);

	if (!p->ours)
		return ignore(DHCP_OTHER_SERVER);
	if (!ip_is_set(&held))
		return refuse(DHCP_NOT_HELD, DHCP6_NO_BINDING);
	return (struct dhcp6_decision){
		.verdict = is_kept(c, &held) ? note : take, .choice.address = held};
}

/* As in dhcp_policy.c. */
static struct dhcp6_decision release(const struct dhcp6_policy *p, const struct dhcp_asker *c)
{
	return p->msg->n_relays && !p->segment->via
		? ignore(DHCP_RELAYED)
		: give_up(p, c, DHCP6_TAKE_RELEASE, DHCP6_NOTE_RELEASE);
}

static struct dhcp6_decision decide(const struct dhcp6_policy *p, const struct dhcp_asker *c)
{
	if (p->astray)
		return ignore(DHCP_OFF_LINK);
	switch (p->msg->type) {
	case DHCP6_SOLICIT:
		return solicit(p, c);
	case DHCP6_REQUEST:
	case DHCP6_RENEW:
	case DHCP6_REBIND:
		return request(p, c);
	case DHCP6_CONFIRM:
		return confirm(p, c);
	case DHCP6_RELEASE:
		return release(p, c);
	case DHCP6_DECLINE:
		return give_up(p, c, DHCP6_TAKE_DECLINE, DHCP6_NOTE_DECLINE);
	case DHCP6_INFORMATION_REQUEST:
		return (struct dhcp6_decision){.verdict = DHCP6_SEND_INFO};
	default:
		return ignore(DHCP_FINE);
	}
}

bool dhcp6_decision_declines(const struct dhcp6_decision *d)
{
	return d->verdict == DHCP6_TAKE_DECLINE || d->verdict == DHCP6_NOTE_DECLINE;
}

/* As in dhcp_policy.c. */
static bool is_doubtful(
	const struct dhcp6_policy *p, const struct dhcp_asker *c, const struct dhcp6_decision *d)
{
	if (!p->segment->probe_ms || p->segment->via)
		return false;
	if (dhcp6_decision_declines(d))
		return true;
	return (d->verdict == DHCP6_SEND_ADVERTISE || d->verdict == DHCP6_SEND_LEASE) &&
		ip_is_set(&d->choice.address) && dhcp_is_doubtful(c, &d->choice.address, d->evicts);
}

struct dhcp6_decision dhcp6_policy_decide(const struct dhcp6_policy *p)
{
	const struct dhcp_asker c = asker_of(p);
	struct dhcp6_decision d = decide(p, &c);

	d.machine = c.machine;
	d.evicts = (d.verdict == DHCP6_SEND_ADVERTISE || d.verdict == DHCP6_SEND_LEASE) &&
		dhcp_contested(&c, &d.choice.address);
	d.doubtful = is_doubtful(p, &c, &d);
	return d;
}

int dhcp6_policy_apply(const struct dhcp6_policy *p, const struct dhcp6_decision *d)
{
	const struct dhcp_asker c = plain_asker(p);
	const struct ip *ip = &d->choice.address;
	uint32_t segment = p->segment->id;
	int rc = 0;

	if (d->cancel_offers)
		lease_cancel_offers(p->leases, segment, IP_V6, &p->mac);
	if (!ip_is_set(ip))
		return 0;
	dhcp_choice_count(&c, &d->choice);
	if (d->evicts)
		rc = lease_evict(p->leases, segment, ip, p->now);
	if (rc < 0)
		return rc;
	switch (d->verdict) {
	case DHCP6_SEND_ADVERTISE:
		return lease_offer(p->leases, segment, ip, &p->mac, p->now);
	case DHCP6_SEND_LEASE:
		return lease_bind(p->leases, segment, ip, &p->mac,
			p->now + (int64_t)d->lease_s * 1000,
			d->machine ? d->machine->name : p->msg->hostname, d->stage, p->now);
	case DHCP6_TAKE_RELEASE:
		return lease_release(p->leases, segment, ip, &p->mac, p->now);
	case DHCP6_TAKE_DECLINE:
		return lease_decline(p->leases, segment, ip, &p->mac, p->now);
	default:
		return 0;
	}
}

void dhcp6_policy_keep(const struct dhcp6_policy *p, const struct dhcp6_decision *d)
{
	const struct dhcp_asker c = plain_asker(p);

	if (!d->evicts)
		dhcp_choice_keep(&c, &d->choice);
}

size_t dhcp6_policy_ahead(const struct dhcp6_policy *p, struct ip *ret, size_t most)
{
	const struct dhcp_asker c = plain_asker(p);

	return dhcp_choose_ahead(&c, ret, most);
}
