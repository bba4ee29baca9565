/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys are pairs: (segment, MAC), (segment, address). Two segments with the same addresses, and on each a machine with the
 * same MAC and address as the other's; a third machine has a card on each. What is done on one is seen on no other. */
#include "dhcpd/dhcp_answer.h"
#include "dhcpd/dhcp_events.h"
#include "dhcpd/dhcp_notice.h"
#include "dhcpd/dhcp_policy.h"
#include "dhcpd/dhcp_proxy_answer.h"
#include "dhcpd/lease_record.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NET = 0x0a4d0000, HOUR = 3600 * 1000, OWN = 20, POOL = 100 };
static const char *const names[2] = {"lab", "rack"};
static const char *const owners[2] = {"web-lab", "web-rack"};

static struct segments segments;
static const struct segment *seg[2];
static struct timeline *timeline;
static struct machines *machines;
static struct machine *m[2], *both;
static struct leases *leases;
static const struct mac MAC = {{2, 0, 0, 0, 0, 1}}, BOTH = {{2, 0, 0, 0, 0, 2}},
			STRANGER = {{2, 0, 0, 0, 0, 3}};
static int64_t now;
static dhcp_guests guests; /* libvirt's word; NULL: it is not asked */

static struct ip ip(uint32_t host)
{
	return ip_from_v4(NET + host);
}

static void add_nic(struct machine *to, int k, const struct mac *mac, uint32_t host)
{
	struct nic *nic = &to->nics[to->n_nics++];

	strcpy(nic->segment, names[k]);
	nic->mac = *mac;
	nic->addrs[0] = ip(host);
	nic->n_addrs = 1;
}

static struct machine *make(const char *name, int k, const struct mac *mac, uint32_t host)
{
	struct machine *ret = machine_new();

	strcpy(ret->name, name);
	add_nic(ret, k, mac, host);
	return ret;
}

static const struct segment *add_segment(int k)
{
	struct segment s = {.server = ip(1),
		.prefix_len = 24,
		.lease_s = 3600,
		.probe_ms = 100,
		.computed = true,
		.pool_first = NET + POOL,
		.pool_last = NET + POOL + 3,
		.http_port = (uint16_t)(8067 + k)};
	const struct segment *ret;

	strcpy(s.name, names[k]);
	ck_assert_int_eq(segments_add(&segments, &s, &ret), 0);
	return ret;
}

static void setup(void)
{
	segments = (struct segments){0};
	now = 1700000000000;
	guests = NULL;
	for (int k = 0; k < 2; k++)
		seg[k] = add_segment(k);
	ck_assert_int_eq(timeline_new(NULL, &timeline), 0);
	ck_assert_int_eq(machines_new(NULL, timeline, &segments, &machines), 0);
	ck_assert_int_eq(leases_new(&segments, NULL, &leases), 0);
	for (int k = 0; k < 2; k++) {
		m[k] = make(owners[k], k, &MAC, OWN);
		ck_assert_int_eq(machines_add(machines, m[k]), 0);
	}
	both = make("both", 0, &BOTH, OWN + 1);
	add_nic(both, 1, &BOTH, OWN + 2);
	ck_assert_int_eq(machines_add(machines, both), 0);
}

static void teardown(void)
{
	leases_free(leases);
	machines_free(machines);
	timeline_free(timeline);
	segments_fini(&segments);
}

static struct machine *at(int k, uint32_t host)
{
	struct ip a = ip(host);

	return machines_by_ip(machines, seg[k]->id, &a);
}

static struct machine *with(int k, const struct mac *mac)
{
	return machines_by_mac(machines, seg[k]->id, mac, NULL);
}

/* --- records: machine.c, machine_keys.c, registry.c --------------------------------------------------------------------- */

START_TEST(records_are_found)
{
	int k = _i, other = !_i;
	struct nic *nic = NULL;

	ck_assert_ptr_eq(with(k, &MAC), m[k]);
	ck_assert_ptr_eq(machines_by_mac(machines, seg[k]->id, &MAC, &nic), m[k]);
	ck_assert_ptr_eq(nic, &m[k]->nics[0]);
	ck_assert_uint_eq(nic->segment_id, seg[k]->id);
	ck_assert_ptr_eq(at(k, OWN), m[k]);
	ck_assert_ptr_eq(at(k, OWN + 1 + (uint32_t)k), both);
	ck_assert_ptr_null(at(other, OWN + 1 + (uint32_t)k));
	ck_assert_ptr_eq(machines_by_mac(machines, seg[k]->id, &BOTH, &nic), both);
	ck_assert_ptr_eq(nic, &both->nics[k]);
	ck_assert_ptr_null(machines_by_mac(machines, 0, &MAC, NULL));
	ck_assert_ptr_null(machines_by_mac(machines, 3, &MAC, NULL));
}
END_TEST

START_TEST(cards_are_found)
{
	int k = _i, other = !_i;
	struct ip own = ip(OWN), its = ip(OWN + 1 + (uint32_t)k);

	ck_assert_ptr_eq(machine_nic_on(m[k], seg[k]->id), &m[k]->nics[0]);
	ck_assert_ptr_null(machine_nic_on(m[k], seg[other]->id));
	ck_assert_ptr_eq(machine_nic_on(both, seg[k]->id), &both->nics[k]);
	ck_assert_ptr_null(machine_nic_on(both, 3));
	ck_assert_ptr_eq(machine_nic_of(m[k], seg[k]->id, &MAC), &m[k]->nics[0]);
	ck_assert_ptr_null(machine_nic_of(m[k], seg[other]->id, &MAC));
	ck_assert_ptr_null(machine_nic_of(m[k], seg[k]->id, &BOTH));
	ck_assert_ptr_eq(machine_nic_of(both, seg[k]->id, &BOTH), &both->nics[k]);
	ck_assert(machine_nic_with(m[k], seg[k]->id, &own));
	ck_assert(!machine_nic_with(m[k], seg[other]->id, &own));
	ck_assert(machine_nic_with(both, seg[k]->id, &its));
	ck_assert(!machine_nic_with(both, seg[other]->id, &its));
}
END_TEST

START_TEST(clashes_are_of_one_segment)
{
	int k = _i, other = !_i;
	struct machine *again = make("again", k, &MAC, OWN + 9),
		       *there = make("there", k, &STRANGER, OWN),
		       *free_there = make("free-there", other, &STRANGER, OWN + 1 + (uint32_t)k);

	ck_assert_int_eq(machines_add(machines, again), -EEXIST);
	ck_assert_int_eq(machines_add(machines, there), -EEXIST);
	/* the address is taken on the other segment only */
	ck_assert_int_eq(machines_add(machines, free_there), 0);
	machine_free(again);
	machine_free(there);
	/* two cards of one machine: not with one MAC on one segment */
	add_nic(free_there, other, &STRANGER, OWN + 10);
	ck_assert_int_eq(machines_save(machines, free_there), -EEXIST);
	strcpy(free_there->nics[1].segment, names[k]);
	ck_assert_int_eq(machines_save(machines, free_there), 0);
	ck_assert_ptr_eq(with(0, &STRANGER), free_there);
	ck_assert_ptr_eq(with(1, &STRANGER), free_there);
}
END_TEST

START_TEST(a_card_moves)
{
	int k = _i, other = !_i;

	strcpy(m[k]->nics[0].segment, names[other]);
	ck_assert_int_eq(machines_save(machines, m[k]), -EEXIST);
	machines_remove(machines, m[other]);
	ck_assert_ptr_null(with(other, &MAC));
	ck_assert_ptr_eq(with(k, &MAC), m[k]); /* as it was last saved */
	ck_assert_int_eq(machines_save(machines, m[k]), 0);
	ck_assert_ptr_eq(with(other, &MAC), m[k]);
	ck_assert_ptr_eq(at(other, OWN), m[k]);
	ck_assert_ptr_null(with(k, &MAC));
	ck_assert_ptr_null(at(k, OWN));
}
END_TEST

/* Ids are of this run: a record names its segment. */
START_TEST(segments_change_their_ids)
{
	uint32_t old[2] = {seg[0]->id, seg[1]->id};
	const char *name = NULL;

	for (int k = 0; k < 2; k++)
		segments_remove(&segments, old[k]);
	ck_assert_int_eq(machines_segments_changed(machines, &name), 0);
	for (int k = 0; k < 2; k++)
		ck_assert_ptr_null(machines_by_mac(machines, old[k], &MAC, NULL));
	seg[1] = add_segment(1);
	seg[0] = add_segment(0);
	ck_assert_uint_eq(seg[1]->id, old[0]);
	ck_assert_int_eq(machines_segments_changed(machines, &name), 0);
	for (int k = 0; k < 2; k++) {
		ck_assert_ptr_eq(with(k, &MAC), m[k]);
		ck_assert_ptr_eq(at(k, OWN), m[k]);
		ck_assert_ptr_eq(machine_nic_on(both, seg[k]->id), &both->nics[k]);
	}
	segments_remove(&segments, seg[1]->id);
	ck_assert_int_eq(machines_segments_changed(machines, &name), 0);
	ck_assert_ptr_eq(with(0, &MAC), m[0]);
	ck_assert_uint_eq(both->nics[1].segment_id, 0);
	ck_assert_ptr_null(machines_by_mac(machines, 0, &BOTH, NULL));
	seg[1] = add_segment(1);
}
END_TEST

/* --- leases ------------------------------------------------------------------------------------------------------------- */

static int bind(int k, uint32_t host, const struct mac *mac)
{
	struct ip a = ip(host);

	return lease_bind(leases, seg[k]->id, &a, mac, now + HOUR, owners[k], 7, now);
}

static const struct lease *lease(int k, uint32_t host)
{
	struct ip a = ip(host);

	return lease_by_ip(leases, seg[k]->id, &a);
}

static bool holds(int k, uint32_t host, const struct mac *mac)
{
	struct ip a = ip(host);
	struct mac holder;

	return lease_holder(leases, seg[k]->id, &a, now, &holder) && mac_eq(&holder, mac);
}

static bool is_kept(int k, const struct mac *mac)
{
	const struct lease *l = lease_by_mac(leases, seg[k]->id, IP_V4, mac, now);

	return l && l->expires > now;
}

START_TEST(leases_are_found)
{
	int k = _i, other = !_i;
	const struct lease **all;
	size_t n;

	ck_assert_int_eq(bind(k, OWN, &MAC), 0);
	ck_assert(holds(k, OWN, &MAC) && !holds(other, OWN, &MAC));
	ck_assert_ptr_null(lease(other, OWN));
	ck_assert_ptr_null(lease_by_mac(leases, seg[other]->id, IP_V4, &MAC, now));
	/* the same address to another there, the same client another address */
	ck_assert_int_eq(bind(other, OWN, &STRANGER), 0);
	ck_assert_int_eq(bind(other, OWN + 5, &MAC), 0);
	ck_assert(holds(k, OWN, &MAC) && holds(other, OWN, &STRANGER));
	ck_assert_ptr_eq(lease_by_mac(leases, seg[k]->id, IP_V4, &MAC, now), lease(k, OWN));
	ck_assert_ptr_eq(
		lease_by_mac(leases, seg[other]->id, IP_V4, &MAC, now), lease(other, OWN + 5));
	ck_assert_str_eq(lease(k, OWN)->hostname, owners[k]);
	ck_assert_int_eq(bind(k, OWN, &STRANGER), -EBUSY);
	ck_assert_int_eq(leases_list(leases, &all, &n), 0);
	ck_assert_uint_eq(n, 3);
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(all[i]->segment, (i < (k ? 2u : 1u)) ? seg[0]->id : seg[1]->id);
	free(all);
}
END_TEST

START_TEST(leases_end)
{
	int k = _i, other = !_i;
	struct ip own = ip(OWN), pool = ip(POOL);

	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(bind(i, OWN, &MAC), 0);
		ck_assert_int_eq(bind(i, POOL, &STRANGER), 0);
	}
	ck_assert_int_eq(lease_release(leases, seg[k]->id, &own, &MAC, now), 0);
	ck_assert(!holds(k, OWN, &MAC) && holds(other, OWN, &MAC));
	ck_assert_int_eq(lease_decline(leases, seg[k]->id, &pool, &STRANGER, now), 0);
	ck_assert(!holds(k, POOL, &STRANGER) && holds(other, POOL, &STRANGER));
	ck_assert(!lease_grantable(leases, seg[k]->id, &pool, &STRANGER, now));
	ck_assert(lease_grantable(leases, seg[other]->id, &pool, &STRANGER, now));
	ck_assert_int_eq(lease_evict(leases, seg[other]->id, &own, now), 0);
	ck_assert(!holds(other, OWN, &MAC));
	ck_assert_int_eq(lease_set_aside(leases, seg[other]->id, &own, &BOTH, now), 0);
	ck_assert(!lease_grantable(leases, seg[other]->id, &own, &MAC, now));
	ck_assert(lease_grantable(leases, seg[k]->id, &own, &MAC, now));
}
END_TEST

START_TEST(offers_are_cancelled)
{
	int k = _i, other = !_i;
	struct ip a = ip(POOL);

	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(lease_offer(leases, seg[i]->id, &a, &STRANGER, now), 0);
	lease_cancel_offers(leases, seg[k]->id, IP_V4, &STRANGER);
	ck_assert(!is_kept(k, &STRANGER) && is_kept(other, &STRANGER));
}
END_TEST

static bool any(void *arg, const struct lease *l)
{
	(void)arg, (void)l;
	return true;
}

static bool taken(void *arg, const struct ip *a)
{
	(void)arg, (void)a;
	return false;
}

START_TEST(pools_are_apart)
{
	int k = _i, other = !_i;
	struct ip got, next[4], none = {0};

	for (uint32_t i = 0; i < 4; i++) {
		struct mac who = {{2, 0, 0, 0, 1, (uint8_t)i}};

		ck_assert_int_eq(
			lease_pick(leases, seg[k], IP_V4, &none, now, taken, NULL, &got), 0);
		ck_assert_uint_eq(ip_to_v4(&got), NET + POOL + i);
		ck_assert_int_eq(bind(k, POOL + i, &who), 0);
	}
	ck_assert_int_eq(lease_pick(leases, seg[k], IP_V4, &none, now, taken, NULL, &got), -ENOSPC);
	ck_assert_int_eq(lease_pick(leases, seg[other], IP_V4, &none, now, taken, NULL, &got), 0);
	ck_assert_uint_eq(ip_to_v4(&got), NET + POOL);
	ck_assert_uint_eq(lease_candidates(leases, seg[k], IP_V4, now, taken, NULL, next, 4), 0);
	ck_assert_uint_eq(
		lease_candidates(leases, seg[other], IP_V4, now, taken, NULL, next, 4), 4);
	ck_assert_uint_eq(leases_held(leases, seg[k], IP_V4, now, any, NULL), 4);
	ck_assert_uint_eq(leases_held(leases, seg[other], IP_V4, now, any, NULL), 0);
	ck_assert_int_eq(lease_next_free(leases, seg[k], IP_V4), now + HOUR);
	ck_assert_int_eq(lease_next_free(leases, seg[other], IP_V4), 0);
	ck_assert_ptr_ne(leases_share(leases, seg[k]->id, IP_V4),
		leases_share(leases, seg[other]->id, IP_V4));
	leases_forget_segment(leases, seg[k]->id);
	ck_assert_uint_eq(leases_count(leases), 0);
}
END_TEST

START_TEST(a_segment_is_forgotten)
{
	int k = _i, other = !_i;

	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(bind(i, OWN, &MAC), 0);
	leases_forget_segment(leases, seg[k]->id);
	ck_assert_ptr_null(lease(k, OWN));
	ck_assert(holds(other, OWN, &MAC));
	ck_assert_int_eq(bind(k, OWN, &MAC), 0);
	ck_assert_uint_eq(leases_forget(leases, &MAC), 2); /* a machine was deleted: all of its */
}
END_TEST

/* What is stored names the segment, whatever its id is in the next run. */
START_TEST(leases_are_restored)
{
	uint8_t key[2][LEASE_RECORD_KEY_MAX], value[2][LEASE_RECORD_MAX];
	size_t key_len[2], len[2];
	struct ip a = ip(OWN);

	for (int k = 0; k < 2; k++) {
		ck_assert_int_eq(bind(k, OWN, k ? &MAC : &STRANGER), 0);
		key_len[k] = lease_record_key(names[k], &a, key[k]);
		len[k] = lease_record_encode(lease(k, OWN), value[k]);
	}
	leases_free(leases);
	for (int k = 0; k < 2; k++)
		segments_remove(&segments, seg[k]->id);
	seg[1] = add_segment(1);
	seg[0] = add_segment(0);
	ck_assert_int_eq(leases_new(&segments, NULL, &leases), 0);
	for (int k = 0; k < 2; k++)
		ck_assert_int_eq(leases_restore(leases, key[k], key_len[k], value[k], len[k]), 0);
	ck_assert(holds(0, OWN, &STRANGER) && holds(1, OWN, &MAC));
}
END_TEST

/* --- policy ------------------------------------------------------------------------------------------------------------- */

static struct dhcp_message msg;
static struct dhcp_decision last;

static enum dhcp_guest no_guest(void *arg, const struct segment *s, const struct mac *mac)
{
	(void)arg, (void)s, (void)mac;
	return DHCP_GUEST_NONE;
}

static struct dhcp_policy policy_on(int k)
{
	return (struct dhcp_policy){.msg = &msg,
		.segment = seg[k],
		.machines = machines,
		.leases = leases,
		.now = now,
		.guests = guests};
}

static struct mac computed(uint32_t a)
{
	return (struct mac){{0x52, 0x54, 10, 77, 0, (uint8_t)a}};
}

static enum dhcp_verdict say(
	int k, const struct mac *mac, enum dhcp_type type, uint32_t requested, uint32_t ciaddr)
{
	struct dhcp_policy p = policy_on(k);

	memset(&msg, 0, offsetof(struct dhcp_message, arena));
	msg.type = type;
	msg.mac = *mac;
	msg.requested = requested ? NET + requested : 0;
	msg.ciaddr = ciaddr ? NET + ciaddr : 0;
	last = dhcp_policy_decide(&p);
	ck_assert_int_eq(dhcp_policy_apply(&p, &last), 0);
	return last.verdict;
}

static uint32_t host(void)
{
	return ip_to_v4(&last.address) & 0xff;
}

static uint32_t get(int k, const struct mac *mac)
{
	if (say(k, mac, DHCP_DISCOVER, 0, 0) != DHCP_SEND_OFFER)
		return 0;
	return say(k, mac, DHCP_REQUEST, host(), 0) == DHCP_SEND_ACK ? host() : 0;
}

START_TEST(each_has_its_own)
{
	int k = _i, other = !_i;

	ck_assert_uint_eq(get(k, &MAC), OWN);
	ck_assert_ptr_eq(last.machine, m[k]);
	ck_assert_uint_eq(get(other, &MAC), OWN);
	ck_assert_ptr_eq(last.machine, m[other]);
	ck_assert_uint_eq(get(0, &BOTH), OWN + 1);
	ck_assert_uint_eq(get(1, &BOTH), OWN + 2);
	ck_assert_ptr_eq(last.machine, both);
	/* what is a machine's there is not here */
	ck_assert_int_eq(say(k, &BOTH, DHCP_REQUEST, OWN + 2 - (uint32_t)k, 0), DHCP_SEND_NAK);
	machines_remove(machines, m[other]);
	ck_assert_uint_eq(get(other, &STRANGER), POOL);
	ck_assert_int_eq(say(k, &MAC, DHCP_REQUEST, 0, OWN), DHCP_SEND_ACK);
	ck_assert_ptr_eq(last.machine, m[k]);
}
END_TEST

START_TEST(strangers_on_each)
{
	int k = _i, other = !_i;
	struct mac fifty = computed(50);

	ck_assert_uint_eq(get(k, &STRANGER), POOL);
	ck_assert_uint_eq(get(other, &BOTH), OWN + 1 + (uint32_t)other);
	ck_assert_uint_eq(get(other, &STRANGER), POOL);
	ck_assert_uint_eq(get(k, &fifty), 50);
	ck_assert_uint_eq(get(other, &fifty), 50);
	/* given back on one, held on the other */
	ck_assert_int_eq(say(k, &STRANGER, DHCP_RELEASE, 0, POOL), DHCP_TAKE_RELEASE);
	ck_assert(!holds(k, POOL, &STRANGER) && holds(other, POOL, &STRANGER));
	ck_assert_int_eq(say(other, &STRANGER, DHCP_REQUEST, 0, POOL), DHCP_SEND_ACK);
	ck_assert_int_eq(say(other, &STRANGER, DHCP_DECLINE, POOL, 0), DHCP_TAKE_DECLINE);
	ck_assert_uint_eq(get(k, &STRANGER), POOL);
}
END_TEST

/* A neighbour has the address on one wire. */
START_TEST(in_use_on_one)
{
	int k = _i, other = !_i;
	struct ip own = ip(OWN);

	ck_assert_int_eq(lease_set_aside(leases, seg[k]->id, &own, &STRANGER, now), 0);
	ck_assert_uint_eq(get(k, &MAC), POOL);
	ck_assert_uint_eq(get(other, &MAC), OWN);
}
END_TEST

START_TEST(other_servers_offers)
{
	int k = _i, other = !_i;
	struct dhcp_policy p = policy_on(k);

	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(say(i, &STRANGER, DHCP_DISCOVER, 0, 0), DHCP_SEND_OFFER);
	memset(&msg, 0, offsetof(struct dhcp_message, arena));
	msg.type = DHCP_REQUEST;
	msg.mac = STRANGER;
	msg.requested = NET + POOL;
	msg.server_id = NET + 9;
	last = dhcp_policy_decide(&p);
	ck_assert(last.cancel_offers);
	ck_assert_int_eq(dhcp_policy_apply(&p, &last), 0);
	ck_assert(!is_kept(k, &STRANGER) && is_kept(other, &STRANGER));
}
END_TEST

/* A stranger's claim by a computed MAC gives way to a record, unless that MAC is a machine's: of the same segment. */
START_TEST(claims_are_of_one_segment)
{
	int k = _i, other = !_i;
	struct mac fifty = computed(50);

	ck_assert_int_eq(machines_add(machines, make("fifty", other, &fifty, 50)), 0);
	ck_assert_uint_eq(get(k, &fifty), 50);
	ck_assert_int_eq(machines_add(machines, make("wants", k, &(struct mac){{2, 9}}, 50)), 0);
	ck_assert_uint_eq(get(k, &(struct mac){{2, 9}}), 50);
	ck_assert(holds(k, 50, &(struct mac){{2, 9}}));
	/* held there is not held here */
	fifty = computed(51);
	ck_assert_uint_eq(get(k, &fifty), 51);
	guests = no_guest;
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(say(i, &fifty, DHCP_DISCOVER, 0, 0), DHCP_SEND_OFFER);
		ck_assert_uint_eq(host(), i == k ? 51 : POOL);
		ck_assert_int_eq(last.no_claim, i == k ? DHCP_FINE : DHCP_NO_GUEST);
	}
	/* who runs on a lease keeps it, where it has it */
	ck_assert_int_eq(say(other, &fifty, DHCP_REQUEST, POOL, 0), DHCP_SEND_ACK);
	guests = NULL;
	ck_assert_int_eq(say(other, &fifty, DHCP_REQUEST, 0, POOL), DHCP_SEND_ACK);
	ck_assert_int_eq(say(k, &fifty, DHCP_REQUEST, 0, POOL), DHCP_SEND_NAK);
}
END_TEST

/* A stranger asks by the MAC of this address, which is told it, or kept for a probe. */
static enum dhcp_reason claim(int k, uint32_t a, bool probed)
{
	struct dhcp_policy p = policy_on(k);

	memset(&msg, 0, offsetof(struct dhcp_message, arena));
	msg.type = DHCP_DISCOVER;
	msg.mac = computed(a);
	last = dhcp_policy_decide(&p);
	if (probed)
		dhcp_policy_keep(&p, &last);
	else
		ck_assert_int_eq(dhcp_policy_apply(&p, &last), 0);
	return last.no_claim;
}

/* Strangers' share: a flood on one wire takes none of the other's. */
START_TEST(shares_are_apart)
{
	int k = _i % 2, other = !k;
	bool probed = _i / 2;

	for (uint32_t i = 0; i < DHCP_SHARE_A_MINUTE; i++)
		ck_assert_int_eq(claim(k, 130 + i, probed), DHCP_FINE);
	ck_assert_int_eq(claim(k, 240, probed), DHCP_SHARE_FULL);
	ck_assert_int_eq(claim(other, 240, probed), DHCP_FINE);
}
END_TEST

/* Asked for before it is told: proven on one wire is not proven on the other. */
START_TEST(proofs_are_of_one_segment)
{
	int k = _i, other = !_i;
	struct dhcp_policy p = policy_on(k);

	ck_assert_uint_eq(get(k, &STRANGER), POOL);
	(void)say(k, &STRANGER, DHCP_DISCOVER, 0, 0);
	ck_assert(!last.doubtful);
	(void)say(other, &STRANGER, DHCP_REQUEST, POOL, 0);
	ck_assert(last.doubtful);
	/* kept for it meanwhile, where it asked */
	memset(&msg, 0, offsetof(struct dhcp_message, arena));
	msg.type = DHCP_DISCOVER;
	msg.mac = (struct mac){{2, 9}};
	last = dhcp_policy_decide(&p);
	dhcp_policy_keep(&p, &last);
	ck_assert(is_kept(k, &msg.mac) && !is_kept(other, &msg.mac));
}
END_TEST

/* RFC 1534: a record's address, of the segment where it asks. */
START_TEST(bootp_on_each)
{
	int k = _i, other = !_i;

	ck_assert_int_eq(say(k, &BOTH, DHCP_BOOTP, 0, 0), DHCP_SEND_BOOTP);
	ck_assert_uint_eq(host(), OWN + 1 + (uint32_t)k);
	machines_remove(machines, m[other]);
	ck_assert_int_eq(say(k, &MAC, DHCP_BOOTP, 0, 0), DHCP_SEND_BOOTP);
	ck_assert_int_eq(say(other, &MAC, DHCP_BOOTP, 0, 0), DHCP_IGNORE);
	ck_assert_int_eq(last.reason, DHCP_BOOTP_STRANGER);
}
END_TEST

/* A record may lie in the pool: it is nobody else's there, and anybody's here. */
START_TEST(a_record_in_the_pool)
{
	int k = _i, other = !_i;

	ck_assert_int_eq(
		machines_add(machines, make("in-pool", k, &(struct mac){{2, 9}}, POOL)), 0);
	ck_assert_uint_eq(get(k, &STRANGER), POOL + 1);
	ck_assert_uint_eq(get(other, &STRANGER), POOL);
	ck_assert_int_eq(say(k, &STRANGER, DHCP_REQUEST, POOL, 0), DHCP_SEND_NAK);
}
END_TEST

/* --- what is told, and what is booted ------------------------------------------------------------------------------------ */

START_TEST(events_are_its_own)
{
	static struct dhcp_events events;
	int k = _i, other = !_i;
	struct dhcp_policy p = policy_on(k);

	dhcp_events_init(&events, timeline);
	ck_assert_uint_eq(get(k, &MAC), OWN);
	ck_assert(dhcp_events_note(&events, &p, &last));
	ck_assert_ptr_nonnull(timeline_last(timeline, owners[k], "leased"));
	ck_assert_ptr_null(timeline_last(timeline, owners[other], "leased"));
	ck_assert_ptr_null(timeline_last(timeline, "both", NULL));
	ck_assert_ptr_null(timeline_last(timeline, "", NULL));
	p.segment = seg[other];
	ck_assert_uint_eq(get(other, &MAC), OWN);
	ck_assert(dhcp_events_note(&events, &p, &last));
	ck_assert_ptr_nonnull(timeline_last(timeline, owners[other], "leased"));
}
END_TEST

/* A neighbour that answers for a machine's address on one wire is told of on that machine's timeline. */
START_TEST(who_has_it_is_told_to_its_owner)
{
	static struct dhcp_events events;
	int k = _i, other = !_i;
	struct dhcp_in_use u = {seg[k], at(k, OWN), ip(OWN), STRANGER, {{0}}};
	const struct timeline_event *e;

	dhcp_events_init(&events, timeline);
	ck_assert(dhcp_events_note_in_use(&events, &u));
	e = timeline_last(timeline, owners[k], "in-use");
	ck_assert_ptr_nonnull(e);
	ck_assert_ptr_nonnull(strstr(e->text, names[k]));
	ck_assert_ptr_null(timeline_last(timeline, owners[other], "in-use"));
	/* the same neighbour on the other wire is another matter */
	u = (struct dhcp_in_use){seg[other], at(other, OWN), ip(OWN), STRANGER, {{0}}};
	ck_assert(dhcp_events_note_in_use(&events, &u));
}
END_TEST

/* How much is told of a client is counted on each segment. */
START_TEST(what_is_told_is_counted_apart)
{
	static struct dhcp_events events;
	int k = _i, other = !_i;
	const int order[] = {k, k, other};
	struct ip own = ip(OWN);
	struct dhcp_policy p;
	struct dhcp_in_use u;

	dhcp_events_init(&events, timeline);
	/* refused: once a minute */
	for (int i = 0; i < 3; i++) {
		p = policy_on(order[i]);
		ck_assert_int_eq(say(order[i], &STRANGER, DHCP_REQUEST, OWN, 0), DHCP_SEND_NAK);
		ck_assert_int_eq(dhcp_events_note(&events, &p, &last), i != 1);
	}
	/* its own address is in use */
	for (int i = 0; i < 3; i++) {
		p = policy_on(order[i]);
		if (i != 1)
			ck_assert_int_eq(
				lease_set_aside(leases, seg[order[i]]->id, &own, &STRANGER, now),
				0);
		ck_assert_int_eq(say(order[i], &MAC, DHCP_DISCOVER, 0, 0), DHCP_SEND_OFFER);
		ck_assert_uint_eq(last.not_own, DHCP_TAKEN);
		ck_assert_int_eq(dhcp_events_note(&events, &p, &last), i != 1);
	}
	/* so many events of a machine's leases, and of who has its address */
	for (int i = 0; i < 21; i++) {
		p = policy_on(k);
		ck_assert_uint_eq(get(k, &BOTH), OWN + 1 + (uint32_t)k);
		last.news = true;
		ck_assert_int_eq(dhcp_events_note(&events, &p, &last), i < 20);
	}
	p = policy_on(other);
	ck_assert_uint_eq(get(other, &BOTH), OWN + 1 + (uint32_t)other);
	ck_assert(dhcp_events_note(&events, &p, &last));
	for (int i = 0; i < 21; i++) {
		u = (struct dhcp_in_use){seg[k], m[k], own, STRANGER, {{0}}};
		ck_assert_int_eq(dhcp_events_note_in_use(&events, &u), i < 20);
	}
	u = (struct dhcp_in_use){seg[other], m[other], own, STRANGER, {{0}}};
	ck_assert(dhcp_events_note_in_use(&events, &u));
}
END_TEST

START_TEST(full_pools_are_told_apart)
{
	static struct dhcp_events events;
	const int order[] = {_i, _i, !_i};

	dhcp_events_init(&events, timeline);
	for (int i = 0; i < 2; i++)
		for (uint32_t a = 0; a < 4; a++)
			ck_assert_int_eq(
				bind(i, POOL + a, &(struct mac){{2, 0, 0, 0, 1, (uint8_t)a}}), 0);
	for (int i = 0; i < 3; i++) {
		struct dhcp_policy p = policy_on(order[i]);

		ck_assert_int_eq(say(order[i], &STRANGER, DHCP_DISCOVER, 0, 0), DHCP_IGNORE);
		ck_assert_int_eq(last.reason, DHCP_POOL_FULL);
		ck_assert_int_eq(dhcp_events_note(&events, &p, &last), i != 1);
	}
}
END_TEST

START_TEST(notices_are_of_one_segment)
{
	static struct dhcp_notices n;
	int k = _i, other = !_i;

	n = (struct dhcp_notices){0};
	ck_assert(dhcp_notice_due(&n, seg[k]->id, &MAC, 1000000));
	ck_assert(!dhcp_notice_due(&n, seg[k]->id, &MAC, 1000001));
	ck_assert(dhcp_notice_due(&n, seg[other]->id, &MAC, 1000002));
	ck_assert(!dhcp_notice_due(&n, seg[other]->id, &MAC, 1000003));
}
END_TEST

START_TEST(each_boots_its_own)
{
	int k = _i, other = !_i;
	char url[128];
	struct dhcp_boot b;

	memset(&msg, 0, offsetof(struct dhcp_message, arena));
	msg.mac = MAC;
	msg.ipxe = true;
	m[k]->state = LIFE_ARMED;
	strcpy(m[k]->attempt.next_token, owners[k]);
	b = dhcp_boot_machine(dhcp_firmware_of(&msg), IP_V4, seg[k], with(k, &MAC), NULL);
	snprintf(url, sizeof url, "http://10.77.0.1:%u/m/%s/boot.ipxe", 8067 + k, owners[k]);
	ck_assert_str_eq(b.file, url);
	b = dhcp_boot_machine(dhcp_firmware_of(&msg), IP_V4, seg[other], with(other, &MAC), NULL);
	ck_assert(!b.boots && !b.secret);
}
END_TEST

/* Beside another server, too. */
START_TEST(proxies_tell_their_own)
{
	int k = _i, other = !_i;
	uint8_t buf[DHCP_REPLY_MAX];
	struct dhcp_boot b;

	memset(&msg, 0, offsetof(struct dhcp_message, arena));
	msg.type = DHCP_DISCOVER;
	msg.max_size = DHCP_DATAGRAM_MIN;
	msg.mac = MAC;
	msg.ipxe = true;
	m[k]->state = LIFE_ARMED;
	strcpy(m[k]->attempt.next_token, owners[k]);
	ck_assert_int_gt(dhcp_proxy_answer(&msg, seg[k], with(k, &MAC), NULL, 67, buf, &b), 0);
	ck_assert(b.secret && strstr(b.file, owners[k]));
	ck_assert_int_eq(
		dhcp_proxy_answer(&msg, seg[other], with(other, &MAC), NULL, 67, buf, &b), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {records_are_found, cards_are_found,
		clashes_are_of_one_segment, a_card_moves, leases_are_found, leases_end,
		offers_are_cancelled, pools_are_apart, a_segment_is_forgotten, each_has_its_own,
		strangers_on_each, in_use_on_one, other_servers_offers, events_are_its_own,
		who_has_it_is_told_to_its_owner, notices_are_of_one_segment, each_boots_its_own,
		bootp_on_each, a_record_in_the_pool, proxies_tell_their_own,
		full_pools_are_told_apart, what_is_told_is_counted_apart, claims_are_of_one_segment,
		proofs_are_of_one_segment};
	Suite *s = suite_create("pairs");
	TCase *t = tcase_create("pairs");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_loop_test(t, tests[i], 0, 2); /* on one of the two, and on the other */
	tcase_add_loop_test(t, shares_are_apart, 0, 4);
	tcase_add_test(t, segments_change_their_ids);
	tcase_add_test(t, leases_are_restored);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
