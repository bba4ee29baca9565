/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_policy.h"

#include "dhcpd/lease_record.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct segments segments;
static const struct segment *lab, *bare;
static struct timeline *timeline;
static struct machines *machines;
static struct leases *leases;
static int64_t now;
static struct dhcp_message msg;
static struct dhcp_decision last;
static dhcp_guests asked_for_guests;
static enum dhcp_guest guest_says;

enum { MINUTE = 60000, HOUR = 3600000, LEASE_S = 3600 };
static const uint32_t NET = 0x0a4d0000; /* 10.77.0.0/25 */

static struct ip ip(uint32_t n)
{
	return ip_from_v4(NET + n);
}

static struct mac mac(unsigned n)
{
	return (struct mac){{2, 0, 0, 0, (uint8_t)(n >> 8), (uint8_t)n}};
}

static struct mac computed(uint8_t n)
{
	return (struct mac){{0x52, 0x54, 10, 77, 0, n}};
}

static const struct segment *add_segment(
	const char *name, uint32_t first, uint32_t last_, bool comp)
{
	struct segment s = {.server = ip(1),
		.prefix_len = 25,
		.lease_s = LEASE_S,
		.probe_ms = 100,
		.pool_first = first ? NET + first : 0,
		.pool_last = last_ ? NET + last_ : 0,
		.computed = comp,
		.http_port = 8080};
	const struct segment *ret;

	snprintf(s.name, sizeof(s.name), "%s", name);
	ck_assert_int_eq(segments_add(&segments, &s, &ret), 0);
	return ret;
}

/* Two networks with the same addresses: one with a pool and computed MACs, one with neither. */
static void setup(void)
{
	segments = (struct segments){0};
	lab = add_segment("lab", 100, 103, true);
	bare = add_segment("bare", 0, 0, false);
	ck_assert_int_eq(timeline_new(NULL, &timeline), 0);
	ck_assert_int_eq(machines_new(NULL, timeline, &segments, &machines), 0);
	ck_assert_int_eq(leases_new(&segments, NULL, &leases), 0);
	now = 1700000000000;
	asked_for_guests = NULL;
}

static void teardown(void)
{
	leases_free(leases);
	machines_free(machines);
	timeline_free(timeline);
	segments_fini(&segments);
}

static struct machine *add_machine(
	const char *name, const struct segment *s, struct mac m, uint32_t a)
{
	struct machine *r = machine_new();

	ck_assert_ptr_nonnull(r);
	snprintf(r->name, sizeof(r->name), "%s", name);
	snprintf(r->nics[0].segment, sizeof(r->nics[0].segment), "%s", s->name);
	r->nics[0].segment_id = s->id;
	r->nics[0].mac = m;
	r->nics[0].addrs[0] = ip(a);
	r->nics[0].n_addrs = a != 0;
	r->n_nics = 1;
	if (machines_add(machines, r) == 0)
		return r;
	machine_free(r);
	return NULL;
}

/* Decides and does; the decision is in `last`. */
static enum dhcp_verdict send_on(const struct segment *s, struct mac m, enum dhcp_type type,
	uint32_t requested, uint32_t ciaddr)
{
	struct dhcp_policy p = {.msg = &msg,
		.segment = s,
		.machines = machines,
		.leases = leases,
		.now = now,
		.guests = asked_for_guests,
		.guests_arg = &guest_says};

	msg.type = type;
	msg.mac = m;
	msg.requested = requested ? NET + requested : 0;
	msg.ciaddr = ciaddr ? NET + ciaddr : 0;
	last = dhcp_policy_decide(&p);
	ck_assert_int_eq(dhcp_policy_apply(&p, &last), 0);
	return last.verdict;
}

static void fresh(void)
{
	memset(&msg, 0, offsetof(struct dhcp_message, arena));
	msg.arch = DHCP_ARCH_NONE;
}

static uint32_t host(void)
{
	return ip_to_v4(&last.address) & 0xff;
}

/* The address offered, or 0. */
static uint32_t discover(const struct segment *s, struct mac m)
{
	fresh();
	return send_on(s, m, DHCP_DISCOVER, 0, 0) == DHCP_SEND_OFFER ? host() : 0;
}

static enum dhcp_verdict selecting(const struct segment *s, struct mac m, uint32_t a)
{
	fresh();
	msg.server_id = ip_to_v4(&s->server);
	return send_on(s, m, DHCP_REQUEST, a, 0);
}

static enum dhcp_verdict reboot(const struct segment *s, struct mac m, uint32_t a)
{
	fresh();
	return send_on(s, m, DHCP_REQUEST, a, 0);
}

static enum dhcp_verdict renew(const struct segment *s, struct mac m, uint32_t a)
{
	fresh();
	return send_on(s, m, DHCP_REQUEST, 0, a);
}

/* The whole exchange; the address, or 0. */
static uint32_t get(const struct segment *s, struct mac m)
{
	uint32_t a = discover(s, m);

	return a && selecting(s, m, a) == DHCP_SEND_ACK ? host() : 0;
}

START_TEST(test_machines_own)
{
	struct machine *m = add_machine("web01", lab, mac(1), 20);

	ck_assert_uint_eq(discover(lab, mac(1)), 20);
	ck_assert_ptr_eq(last.machine, m);
	ck_assert_uint_eq(last.lease_s, LEASE_S);
	ck_assert_int_eq(selecting(lab, mac(1), 20), DHCP_SEND_ACK);
	ck_assert(last.news);
	ck_assert_int_eq(selecting(lab, mac(1), 21), DHCP_SEND_NAK);
	ck_assert_int_eq(reboot(lab, mac(1), 20), DHCP_SEND_ACK);
	/* on another network the same MAC is a stranger */
	ck_assert_uint_eq(discover(bare, mac(1)), 0);
	ck_assert_int_eq(last.reason, DHCP_STRANGER);
	ck_assert_ptr_null(last.machine);
}
END_TEST

START_TEST(test_own_beats_offer_not_lease)
{
	ck_assert_uint_eq(get(lab, mac(9)), 100);
	ck_assert_uint_eq(discover(lab, mac(8)), 101);
	add_machine("a", lab, mac(1), 100);
	add_machine("b", lab, mac(2), 101);
	ck_assert_uint_eq(discover(lab, mac(1)), 0);
	ck_assert_int_eq(last.reason, DHCP_TAKEN);
	ck_assert_uint_eq(get(lab, mac(2)), 101);
	/* who was offered it first comes too late */
	ck_assert_int_eq(selecting(lab, mac(8), 101), DHCP_SEND_NAK);
	ck_assert_uint_eq(get(lab, mac(8)), 102);
	/* who has it keeps it until the lease is over, but is not renewed */
	ck_assert_int_eq(renew(lab, mac(9), 100), DHCP_SEND_NAK);
	now += HOUR - 1;
	ck_assert_uint_eq(discover(lab, mac(1)), 0);
	now += 1;
	ck_assert_uint_eq(get(lab, mac(1)), 100);
}
END_TEST

START_TEST(test_misplaced)
{
	add_machine("a", lab, mac(1), 200); /* 10.77.0.200 is not in 10.77.0.0/25 */
	ck_assert_uint_eq(discover(lab, mac(1)), 0);
	ck_assert_int_eq(last.reason, DHCP_MISPLACED);
}
END_TEST

START_TEST(test_computed)
{
	ck_assert_uint_eq(get(lab, computed(33)), 33);
	ck_assert_ptr_null(last.machine);
	ck_assert_uint_eq(get(lab, computed(102)), 102); /* from within the pool, too */
	/* not the server's, network's, broadcast's, or outside: these go to the pool */
	ck_assert_uint_eq(discover(lab, computed(1)), 100);
	ck_assert_uint_eq(discover(lab, computed(0)), 101);
	ck_assert_uint_eq(discover(lab, computed(127)), 103);
	ck_assert_uint_eq(discover(lab, computed(129)), 0);
	ck_assert_int_eq(last.reason, DHCP_POOL_FULL);
	/* where they are off */
	ck_assert_uint_eq(discover(bare, computed(33)), 0);
	ck_assert_int_eq(last.reason, DHCP_STRANGER);
}
END_TEST

START_TEST(test_computed_overrides_nothing)
{
	add_machine("web01", lab, mac(1), 20);
	ck_assert_uint_eq(discover(lab, computed(20)), 100); /* reserved */
	ck_assert_uint_eq(get(lab, mac(7)), 101);
	ck_assert_uint_eq(discover(lab, computed(101)), 102); /* leased */
	/* a record wins over what its own MAC says */
	add_machine("odd", lab, computed(40), 41);
	ck_assert_uint_eq(discover(lab, computed(40)), 41);
}
END_TEST

static enum dhcp_guest guests(void *arg, const struct segment *s, const struct mac *m)
{
	ck_assert_ptr_eq(arg, &guest_says);
	ck_assert_ptr_eq(s, lab);
	ck_assert_uint_eq(m->b[0], 0x52);
	return guest_says;
}

/* Where libvirt can be asked, it has to know the guest. */
START_TEST(test_claim_needs_a_guest)
{
	asked_for_guests = guests;
	guest_says = DHCP_GUEST_NONE;
	ck_assert_uint_eq(discover(lab, computed(33)), 100); /* a stranger like any other */
	ck_assert_int_eq(last.no_claim, DHCP_NO_GUEST);
	for (unsigned i = 0; i < 4; i++)
		get(lab, mac(i));
	ck_assert_uint_eq(discover(lab, computed(34)), 0);
	ck_assert_int_eq(last.reason, DHCP_POOL_FULL);
	segments.all[0]->pool_first = segments.all[0]->pool_last = 0;
	ck_assert_uint_eq(discover(lab, computed(34)), 0);
	ck_assert_int_eq(last.reason, DHCP_NO_GUEST);
	ck_assert_int_eq(reboot(lab, computed(34), 34), DHCP_IGNORE);
	ck_assert_int_eq(selecting(lab, computed(34), 34), DHCP_SEND_NAK);
	/* as many as it knows, and each for as long as it has its lease */
	guest_says = DHCP_GUEST_KNOWN;
	for (uint8_t i = 30; i < 100; i++)
		ck_assert_uint_eq(get(lab, computed(i)), i);
	guest_says = DHCP_GUEST_NONE;
	ck_assert_int_eq(renew(lab, computed(30), 30), DHCP_SEND_ACK);
	ck_assert_uint_eq(get(lab, computed(30)), 30);
	now += 2 * HOUR;
	ck_assert_uint_eq(get(lab, computed(30)), 0);
}
END_TEST

/* Where nobody can be asked: a quarter of the 126 hosts, however many try. */
START_TEST(test_share_of_strangers)
{
	unsigned n = 0;

	for (uint8_t i = 2; i < 99; i++)
		n += get(lab, computed(i)) == i;
	ck_assert_uint_eq(n, 31);
	ck_assert_int_eq(last.reason, DHCP_POOL_FULL);
	/* who has one keeps it; a record needs none of them */
	ck_assert_uint_eq(get(lab, computed(2)), 2);
	add_machine("web01", lab, computed(98), 98);
	ck_assert_uint_eq(get(lab, computed(98)), 98);
	/* one that is given back is another's, once they are counted again */
	fresh();
	ck_assert_int_eq(send_on(lab, computed(2), DHCP_RELEASE, 0, 2), DHCP_TAKE_RELEASE);
	now += DHCP_SHARE_MS;
	ck_assert_uint_eq(get(lab, computed(90)), 90);
	ck_assert_uint_ne(get(lab, computed(91)), 91);
	/* one that waits for ARP's answer counts from then on */
	now += 2 * HOUR;
	for (uint8_t i = 2; i < 99; i++) {
		struct dhcp_policy p = {.msg = &msg,
			.segment = lab,
			.machines = machines,
			.leases = leases,
			.now = now};

		fresh();
		msg.type = DHCP_DISCOVER;
		msg.mac = computed(i);
		last = dhcp_policy_decide(&p);
		if (last.verdict == DHCP_SEND_OFFER)
			dhcp_policy_keep(&p, &last);
	}
	n = 0;
	for (uint8_t i = 2; i < 98; i++)
		n += get(lab, computed(i)) == i;
	ck_assert_uint_eq(n, 31);
	/* offers alone hold none for long */
	now += 2 * HOUR;
	for (uint8_t i = 2; i < 99; i++)
		discover(lab, computed(i));
	now += LEASE_OFFER_MS + DHCP_SHARE_MS;
	ck_assert_uint_eq(get(lab, computed(91)), 91);
}
END_TEST

/* A stranger's claim gives way to a record, if nobody answers for the address. */
START_TEST(test_record_overrides_claim)
{
	struct ip at = ip(25);
	struct mac squatter = mac(9);

	ck_assert_uint_eq(get(lab, computed(25)), 25);
	add_machine("web02", lab, mac(1), 25);
	ck_assert_uint_eq(discover(lab, mac(1)), 25);
	ck_assert(last.evicts && last.doubtful);
	ck_assert_int_eq(selecting(lab, mac(1), 25), DHCP_SEND_ACK);
	ck_assert(!last.evicts && !last.doubtful);
	ck_assert_int_eq(renew(lab, computed(25), 25), DHCP_SEND_NAK);
	/* a guest of libvirt's is no stranger */
	asked_for_guests = guests;
	guest_says = DHCP_GUEST_KNOWN;
	ck_assert_uint_eq(get(lab, computed(26)), 26);
	add_machine("web03", lab, mac(2), 26);
	ck_assert_uint_eq(discover(lab, mac(2)), 0);
	ck_assert_int_eq(last.reason, DHCP_TAKEN);
	asked_for_guests = NULL;
	/* a neighbour that answered is asked again, after a while */
	add_machine("web04", lab, mac(3), 27);
	at = ip(27);
	ck_assert_int_eq(lease_set_aside(leases, lab->id, &at, &squatter, now), 0);
	ck_assert_uint_eq(discover(lab, mac(3)), 100);
	now += LEASE_ASK_AGAIN_MS;
	ck_assert_uint_eq(discover(lab, mac(3)), 27);
	ck_assert(last.evicts || last.doubtful);
	/* BOOTP has no lease that could wait for an answer */
	ck_assert_uint_eq(get(lab, computed(28)), 28);
	add_machine("web05", lab, mac(4), 28);
	fresh();
	ck_assert_int_eq(send_on(lab, mac(4), DHCP_BOOTP, 0, 0), DHCP_IGNORE);
	ck_assert_int_eq(last.reason, DHCP_TAKEN);
}
END_TEST

/* A crowd that asks and takes nothing. */
START_TEST(test_offers_do_not_fill_a_pool)
{
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_uint_eq(discover(lab, mac(i)), 100 + i);
		now++;
	}
	ck_assert_uint_eq(discover(lab, mac(50)), 0);
	ck_assert_int_eq(last.reason, DHCP_POOL_FULL);
	now += LEASE_OFFER_FIRM_MS - 4;
	ck_assert_uint_eq(get(lab, mac(50)), 100);
	/* who waited too long begins anew */
	ck_assert_int_eq(selecting(lab, mac(0), 100), DHCP_SEND_NAK);
	ck_assert_int_eq(selecting(lab, mac(1), 101), DHCP_SEND_ACK);
}
END_TEST

START_TEST(test_pool)
{
	uint32_t a;

	for (unsigned i = 0; i < 4; i++)
		ck_assert_uint_eq(get(lab, mac(i)), 100 + i);
	ck_assert_uint_eq(discover(lab, mac(50)), 0);
	ck_assert_int_eq(last.reason, DHCP_POOL_FULL);
	ck_assert_uint_eq(get(lab, mac(2)), 102); /* it has one */
	now += HOUR;
	/* all are over: each still gets its own, a new one what was free longest */
	ck_assert_uint_eq(get(lab, mac(3)), 103);
	a = get(lab, mac(50));
	ck_assert(a >= 100 && a < 103);
	/* free and asked for by name */
	a = a == 102 ? 101 : 102;
	fresh();
	ck_assert_int_eq(send_on(lab, mac(60), DHCP_DISCOVER, a, 0), DHCP_SEND_OFFER);
	ck_assert_uint_eq(host(), a);
}
END_TEST

START_TEST(test_offers_do_not_collide)
{
	ck_assert_uint_eq(discover(lab, mac(1)), 100);
	ck_assert_uint_eq(discover(lab, mac(2)), 101);
	ck_assert_uint_eq(discover(lab, mac(1)), 100);
	ck_assert_int_eq(selecting(lab, mac(2), 100), DHCP_SEND_NAK);
	ck_assert_int_eq(selecting(lab, mac(1), 100), DHCP_SEND_ACK);
}
END_TEST

START_TEST(test_other_server)
{
	ck_assert_uint_eq(discover(lab, mac(1)), 100);
	fresh();
	msg.server_id = NET + 5;
	ck_assert_int_eq(send_on(lab, mac(1), DHCP_REQUEST, 77, 0), DHCP_IGNORE);
	ck_assert_int_eq(last.reason, DHCP_OTHER_SERVER);
	/* our offer is free again, at once */
	fresh();
	ck_assert_int_eq(send_on(lab, mac(2), DHCP_DISCOVER, 100, 0), DHCP_SEND_OFFER);
	ck_assert_uint_eq(host(), 100);
}
END_TEST

START_TEST(test_init_reboot)
{
	ck_assert_uint_eq(get(lab, mac(1)), 100);
	ck_assert_int_eq(reboot(lab, mac(1), 100), DHCP_SEND_ACK);
	ck_assert_int_eq(reboot(lab, mac(1), 101), DHCP_SEND_NAK);
	ck_assert_int_eq(reboot(lab, mac(2), 100), DHCP_SEND_NAK);
	/* wrong network */
	fresh();
	msg.requested = 0xc0a80005;
	msg.type = DHCP_REQUEST;
	msg.mac = mac(1);
	last = dhcp_policy_decide(&(struct dhcp_policy){
		.msg = &msg, .segment = lab, .machines = machines, .leases = leases, .now = now});
	ck_assert_int_eq(last.verdict, DHCP_SEND_NAK);
	/* the store was lost: what is free and in the pool may go on */
	ck_assert_int_eq(reboot(lab, mac(3), 103), DHCP_SEND_ACK);
	/* a stranger where we have nothing for strangers may be another server's */
	ck_assert_int_eq(reboot(bare, mac(3), 50), DHCP_IGNORE);
	fresh();
	ck_assert_int_eq(send_on(lab, mac(1), DHCP_REQUEST, 0, 0), DHCP_IGNORE);
	ck_assert_int_eq(last.reason, DHCP_NO_ADDRESS);
}
END_TEST

START_TEST(test_renewing)
{
	ck_assert_uint_eq(get(lab, mac(1)), 100);
	now += 30 * MINUTE;
	ck_assert_int_eq(renew(lab, mac(1), 100), DHCP_SEND_ACK);
	ck_assert(!last.news);
	now += 59 * MINUTE;
	for (unsigned i = 2; i < 6; i++)
		get(lab, mac(i));
	ck_assert_int_eq(renew(lab, mac(1), 100), DHCP_SEND_ACK);
	ck_assert_int_eq(renew(lab, mac(2), 100), DHCP_SEND_NAK);
	/* it was moved */
	add_machine("a", lab, mac(1), 20);
	ck_assert_int_eq(renew(lab, mac(1), 100), DHCP_SEND_NAK);
	ck_assert_uint_eq(get(lab, mac(1)), 20);
	/* and 100 stays held until that lease is over */
	fresh();
	ck_assert_int_eq(send_on(lab, mac(70), DHCP_DISCOVER, 100, 0), DHCP_IGNORE);
}
END_TEST

/* A pool client that runs keeps its address though the computed one became free meanwhile. */
START_TEST(test_running_client_is_not_moved)
{
	add_machine("web01", lab, mac(1), 20);
	ck_assert_uint_eq(get(lab, computed(20)), 100);
	machines_remove(machines, machines_by_name(machines, "web01"));
	ck_assert_int_eq(renew(lab, computed(20), 100), DHCP_SEND_ACK);
	ck_assert_uint_eq(discover(lab, computed(20)), 20);
}
END_TEST

START_TEST(test_news)
{
	add_machine("web01", lab, mac(1), 20);
	discover(lab, mac(1));
	selecting(lab, mac(1), 20);
	ck_assert(last.news);
	selecting(lab, mac(1), 20);
	ck_assert(!last.news);
	/* firmware, then iPXE, then the system */
	fresh();
	msg.server_id = NET + 1;
	msg.arch = 0;
	strcpy(msg.vendor_class, "PXEClient");
	send_on(lab, mac(1), DHCP_REQUEST, 20, 0);
	ck_assert(last.news);
	msg.ipxe = true;
	send_on(lab, mac(1), DHCP_REQUEST, 20, 0);
	ck_assert(last.news);
	selecting(lab, mac(1), 20);
	ck_assert(last.news);
	renew(lab, mac(1), 20);
	ck_assert(!last.news);
	/* one that calls itself something else only when it renews */
	fresh();
	strcpy(msg.vendor_class, "dhcpcd");
	send_on(lab, mac(1), DHCP_REQUEST, 0, 20);
	ck_assert(!last.news);
	selecting(lab, mac(1), 20);
	ck_assert(!last.news);
	now += HOUR;
	selecting(lab, mac(1), 20);
	ck_assert(last.news);
}
END_TEST

START_TEST(test_release_decline_inform)
{
	ck_assert_uint_eq(get(lab, mac(1)), 100);
	fresh();
	ck_assert_int_eq(send_on(lab, mac(2), DHCP_RELEASE, 0, 100), DHCP_IGNORE);
	ck_assert_int_eq(last.reason, DHCP_NOT_HELD);
	msg.server_id = NET + 9;
	ck_assert_int_eq(send_on(lab, mac(1), DHCP_RELEASE, 0, 100), DHCP_IGNORE);
	msg.server_id = NET + 1;
	msg.giaddr = NET + 99; /* anybody may say that he is a relay */
	ck_assert_int_eq(send_on(lab, mac(1), DHCP_RELEASE, 0, 100), DHCP_IGNORE);
	ck_assert_int_eq(last.reason, DHCP_RELAYED);
	msg.giaddr = 0;
	ck_assert_int_eq(send_on(lab, mac(1), DHCP_RELEASE, 0, 100), DHCP_TAKE_RELEASE);
	ck_assert_int_eq(send_on(lab, mac(1), DHCP_RELEASE, 0, 0), DHCP_IGNORE);
	ck_assert_uint_eq(get(lab, mac(1)), 100);
	fresh();
	ck_assert_int_eq(send_on(lab, mac(2), DHCP_DECLINE, 100, 0), DHCP_IGNORE);
	ck_assert_int_eq(send_on(lab, mac(1), DHCP_DECLINE, 100, 0), DHCP_TAKE_DECLINE);
	ck_assert_uint_eq(get(lab, mac(1)), 101);
	fresh();
	ck_assert_int_eq(send_on(lab, mac(3), DHCP_INFORM, 0, 55), DHCP_SEND_INFO);
	ck_assert_uint_eq(last.lease_s, 0);
	ck_assert_int_eq(send_on(lab, mac(3), DHCP_INFORM, 0, 0), DHCP_IGNORE);
	msg.ciaddr = 0x08080808; /* answers go to our network only */
	last = dhcp_policy_decide(&(struct dhcp_policy){
		.msg = &msg, .segment = lab, .machines = machines, .leases = leases, .now = now});
	ck_assert_int_eq(last.verdict, DHCP_IGNORE);
}
END_TEST

START_TEST(test_declined_own_address)
{
	add_machine("web01", lab, mac(1), 20);
	ck_assert_uint_eq(get(lab, mac(1)), 20);
	fresh();
	ck_assert_int_eq(send_on(lab, mac(1), DHCP_DECLINE, 20, 0), DHCP_NOTE_DECLINE);
	ck_assert(last.doubtful); /* ARP is asked; this is what becomes of it when nobody answers */
	ck_assert_uint_eq(get(lab, mac(1)), 20);
	/* a relay on our own wire could be anybody */
	fresh();
	msg.giaddr = NET + 99;
	ck_assert_int_eq(send_on(lab, mac(1), DHCP_DECLINE, 20, 0), DHCP_NOTE_DECLINE);
	ck_assert(last.doubtful);
	/* behind one, and where nothing is probed, nobody can be asked */
	segments.all[0]->via = bare->id;
	ck_assert_int_eq(send_on(lab, mac(1), DHCP_DECLINE, 20, 0), DHCP_NOTE_DECLINE);
	ck_assert(!last.doubtful);
	segments.all[0]->via = 0;
	segments.all[0]->probe_ms = 0;
	fresh();
	ck_assert_int_eq(send_on(lab, mac(1), DHCP_DECLINE, 20, 0), DHCP_NOTE_DECLINE);
	ck_assert(!last.doubtful);
	ck_assert_uint_eq(get(lab, mac(1)), 20);
	/* a guest's that was computed stays its own, too */
	ck_assert_uint_eq(get(lab, computed(33)), 33);
	fresh();
	ck_assert_int_eq(send_on(lab, computed(33), DHCP_DECLINE, 33, 0), DHCP_NOTE_DECLINE);
	ck_assert_uint_eq(get(lab, computed(33)), 33);
	/* one of the pool rests, but not for long: a stranger has others to choose from */
	ck_assert_uint_eq(get(lab, mac(2)), 100);
	fresh();
	ck_assert_int_eq(send_on(lab, mac(2), DHCP_DECLINE, 100, 0), DHCP_TAKE_DECLINE);
	ck_assert_uint_eq(get(lab, mac(2)), 101);
	now += LEASE_REST_MS;
	ck_assert_int_eq(reboot(lab, mac(3), 100), DHCP_SEND_ACK);
}
END_TEST

/* ARP is, which dhcp_own hears. */
static void answered(const struct segment *s, uint32_t a)
{
	struct mac squatter = mac(9);
	struct ip at = ip(a);

	ck_assert_int_eq(lease_evict(leases, s->id, &at, now), 0);
	ck_assert_int_eq(lease_set_aside(leases, s->id, &at, &squatter, now), 0);
}

/* Somebody answers for a machine's own address: it gets one of the pool, and its own again once nobody does. */
START_TEST(test_own_in_use)
{
	struct mac web = mac(1);

	add_machine("web01", lab, web, 20);
	ck_assert_uint_eq(get(lab, web), 20);
	fresh();
	ck_assert_int_eq(send_on(lab, web, DHCP_DECLINE, 20, 0), DHCP_NOTE_DECLINE);
	answered(lab, 20);
	ck_assert_uint_eq(discover(lab, web), 100);
	ck_assert_int_eq(last.not_own, DHCP_TAKEN);
	ck_assert(last.doubtful);
	ck_assert_str_eq(last.machine->name, "web01");
	/* asked for again, and still answered */
	now += LEASE_ASK_AGAIN_MS;
	ck_assert_uint_eq(discover(lab, web), 20);
	ck_assert(last.doubtful && last.evicts && !last.not_own);
	answered(lab, 20);
	ck_assert_uint_eq(discover(lab, web), 100);
	now += LEASE_ASK_AGAIN_MS; /* no NAK, however slow it is */
	ck_assert_int_eq(selecting(lab, web, 100), DHCP_SEND_ACK);
	ck_assert_int_eq(reboot(lab, web, 100), DHCP_SEND_ACK);
	ck_assert_int_eq(selecting(lab, web, 20), DHCP_SEND_ACK);
	ck_assert(last.doubtful); /* not before nobody answers */
	answered(lab, 20);
	/* not moved while it installs, even when its own may be free again */
	now += LEASE_DECLINE_MS + 1;
	ck_assert_int_eq(renew(lab, web, 100), DHCP_SEND_ACK);
	/* a new start is told its own, after the probe */
	ck_assert_uint_eq(discover(lab, web), 20);
	ck_assert(last.doubtful && !last.not_own);
	ck_assert_int_eq(selecting(lab, web, 20), DHCP_SEND_ACK);
	ck_assert_uint_eq(discover(lab, web), 20);
	ck_assert(!last.doubtful);
	ck_assert_int_eq(renew(lab, web, 100), DHCP_SEND_NAK);
	/* without a pool there is nothing else, and it is told why */
	add_machine("web02", bare, mac(2), 21);
	answered(bare, 21);
	ck_assert_uint_eq(discover(bare, mac(2)), 0);
	ck_assert_int_eq(last.reason, DHCP_TAKEN);
	/* nobody else's record gives it */
	ck_assert_int_eq(selecting(lab, mac(3), 20), DHCP_SEND_NAK);
}
END_TEST

/* Asked for first: what nobody has proven. */
START_TEST(test_doubtful)
{
	struct mac a = mac(1), b = mac(2), own = mac(3);
	struct ip at = ip(100), in_use = ip(9);
	struct mac squatter = mac(9), guest = computed(9);

	ck_assert_uint_eq(discover(lab, a), 100);
	ck_assert(last.doubtful);
	/* it was offered: that was after the probe */
	ck_assert_int_eq(selecting(lab, a, 100), DHCP_SEND_ACK);
	ck_assert(!last.doubtful);
	ck_assert_uint_eq(discover(lab, a), 100);
	ck_assert(!last.doubtful);
	/* over for long: another may have it by now */
	now += LEASE_S * 1000 + LEASE_PROVEN_MS - 1;
	ck_assert_uint_eq(discover(lab, a), 100);
	ck_assert(!last.doubtful);
	now += LEASE_OFFER_MS + LEASE_PROVEN_MS;
	ck_assert_uint_eq(discover(lab, a), 100);
	ck_assert(last.doubtful);
	ck_assert_int_eq(reboot(lab, b, 101), DHCP_SEND_ACK); /* we never heard of it */
	ck_assert(last.doubtful);
	ck_assert_uint_eq(discover(lab, computed(8)), 8);
	ck_assert(last.doubtful);
	add_machine("web01", lab, own, 50);
	ck_assert_uint_eq(discover(lab, own), 50);
	ck_assert(!last.doubtful);
	fresh();
	msg.giaddr = NET + 99;
	/* anybody may say that he is a relay: the wire is ours */
	ck_assert_int_eq(send_on(lab, mac(4), DHCP_DISCOVER, 0, 0), DHCP_SEND_OFFER);
	ck_assert(last.doubtful);
	ck_assert_int_eq(selecting(lab, mac(4), host()), DHCP_SEND_ACK);
	ck_assert(!last.doubtful);
	fresh();
	msg.giaddr = NET + 99;
	ck_assert_int_eq(send_on(lab, a, DHCP_DECLINE, 100, 0), DHCP_TAKE_DECLINE);
	ck_assert(last.doubtful);
	/* it answered itself, and may have it */
	ck_assert_int_eq(lease_set_aside(leases, lab->id, &at, &squatter, now), 0);
	ck_assert_uint_eq(discover(lab, squatter), 100);
	ck_assert(!last.doubtful);
	ck_assert_uint_ne(discover(lab, a), 100);
	/* a computed address overrides no neighbour that answers */
	ck_assert_int_eq(lease_set_aside(leases, lab->id, &in_use, &squatter, now), 0);
	ck_assert_uint_ne(discover(lab, guest), 9);
}
END_TEST

START_TEST(test_relay)
{
	fresh();
	msg.giaddr = NET + 2;
	ck_assert_int_eq(send_on(lab, mac(1), DHCP_DISCOVER, 0, 0), DHCP_SEND_OFFER);
	msg.giaddr = 0x0a4e0001;
	ck_assert_int_eq(send_on(lab, mac(1), DHCP_DISCOVER, 0, 0), DHCP_IGNORE);
	ck_assert_int_eq(last.reason, DHCP_OFF_LINK);
}
END_TEST

/* 10.77.0.128/25 behind a relay on lab's link: the same NET, hosts from 128. */
static const struct segment *add_rack(void)
{
	struct segment s = {.name = "rack2",
		.via = lab->id,
		.server = ip(1),
		.subnet = ip(128),
		.router = ip(129),
		.prefix_len = 25,
		.lease_s = LEASE_S,
		.probe_ms = 100,
		.pool_first = NET + 129,
		.pool_last = NET + 140,
		.computed = true};
	const struct segment *ret;

	ck_assert_int_eq(segments_add(&segments, &s, &ret), 0);
	return ret;
}

static const struct segment *chosen(uint32_t giaddr, uint32_t link, uint32_t ciaddr)
{
	fresh();
	msg.type = DHCP_REQUEST;
	msg.giaddr = giaddr ? NET + giaddr : 0;
	msg.link = link ? NET + link : 0;
	msg.ciaddr = ciaddr ? NET + ciaddr : 0;
	return dhcp_policy_segment(&segments, lab, &msg);
}

START_TEST(test_segment_by_relay)
{
	const struct segment *rack = add_rack();

	ck_assert_ptr_eq(chosen(0, 0, 0), lab);
	ck_assert_ptr_eq(chosen(2, 0, 0), lab);
	ck_assert_ptr_eq(chosen(129, 0, 0), rack);
	ck_assert_ptr_eq(chosen(2, 128, 0), rack); /* RFC 3527 */
	ck_assert_ptr_eq(chosen(129, 2, 0), lab);
	ck_assert_ptr_eq(chosen(0, 0, 130), rack); /* renewing, from there */
	/* an address that it had there says nothing of where it is */
	msg.requested = NET + 100;
	ck_assert_ptr_eq(dhcp_policy_segment(&segments, lab, &msg), rack);
	msg.server_id = NET + 1;
	ck_assert_ptr_eq(dhcp_policy_segment(&segments, lab, &msg), lab);
	msg.type = DHCP_DISCOVER;
	ck_assert_ptr_eq(dhcp_policy_segment(&segments, lab, &msg), lab);
	ck_assert_ptr_eq(chosen(0, 0, 100), lab);
	ck_assert_ptr_eq(chosen(300, 0, 0), lab); /* a relay of nobody's: refused there */
	ck_assert_ptr_eq(dhcp_policy_segment(&segments, bare, &msg), bare);
}
END_TEST

START_TEST(test_behind_a_relay)
{
	const struct segment *rack = add_rack();

	fresh();
	msg.giaddr = NET + 129;
	ck_assert_int_eq(send_on(rack, mac(1), DHCP_DISCOVER, 0, 0), DHCP_SEND_OFFER);
	ck_assert_uint_eq(host(), 130); /* 129 is the router's */
	msg.server_id = NET + 1;
	ck_assert_int_eq(send_on(rack, mac(1), DHCP_REQUEST, 130, 0), DHCP_SEND_ACK);
	ck_assert_int_eq(renew(rack, mac(1), 130), DHCP_SEND_ACK);
	/* the same MAC elsewhere is another lease */
	ck_assert_uint_eq(get(lab, mac(1)), 100);
	ck_assert_uint_eq(discover(rack, computed(160)), 160);
	ck_assert_uint_eq(discover(rack, computed(129)), 131);
	/* a machine's own */
	add_machine("web01", rack, mac(5), 200);
	ck_assert_uint_eq(get(rack, mac(5)), 200);
	ck_assert_str_eq(last.machine->name, "web01");
	ck_assert_uint_eq(get(lab, mac(5)), 101);
	/* even the router itself, if a record says so */
	add_machine("gw", rack, mac(6), 129);
	ck_assert_uint_eq(get(rack, mac(6)), 129);
	/* told to the relay, and to who renews by way of a router (test_dhcp_route) */
	fresh();
	msg.giaddr = NET + 129;
	ck_assert_int_eq(send_on(rack, mac(1), DHCP_REQUEST, 100, 0), DHCP_SEND_NAK);
	ck_assert_int_eq(renew(rack, mac(2), 130), DHCP_SEND_NAK);
	ck_assert_int_eq(renew(lab, mac(2), 100), DHCP_SEND_NAK);
}
END_TEST

/* Where a message comes from: 10.77.0.0/25 is our wire, 10.77.0.128/25 behind a relay on it. */
START_TEST(test_belongs)
{
	static const struct {
		uint32_t giaddr, ciaddr, from;
		bool belongs;
	} table[] = {
		{0, 0, 0, true},
		{0, 0, 0x0a4d0005, true},
		{0, 0, 0x0a4d0085, false}, /* routed, from behind the relay */
		{0, 0, 0x0a630005, false}, /* from anywhere */
		{0, 0x0a4d0005, 0x0a4d0005, true},
		{0, 0x0a4d0085, 0x0a4d0085, true}, /* a renewal, which a router passes on */
		{0, 0x0a4d0085, 0x0a630005, false},
		{0, 0x0a4d0085, 0x0a4d0086, false},
		{0x0a4d0002, 0, 0x0a4d0002, true},
		{0x0a4d0081, 0, 0x0a4d0081, true},
		{0x0a4d0081, 0, 0x0a4d0002,
			true}, /* relays send from the interface that leads to us */
		{0x0a4d0081, 0, 0x0a630005, true},
		{0x0a630005, 0, 0x0a630005, false},
		{0x0a630005, 0, 0x0a4d0002, false},
	};

	(void)add_rack();
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		msg = (struct dhcp_message){.giaddr = table[i].giaddr, .ciaddr = table[i].ciaddr};
		ck_assert_msg(dhcp_policy_belongs(&segments, lab, &msg, table[i].from) ==
				table[i].belongs,
			"row %zu", i);
	}
	ck_assert(!dhcp_policy_belongs(
		&segments, bare, &(struct dhcp_message){.giaddr = 0x0a4d0081}, 0));
}
END_TEST

/* From an address of another network, which it says is its own. */
START_TEST(test_belongs_elsewhere)
{
	enum { ELSEWHERE = 0x0a630005, HERE = 0x0a4d0064 };
	static const struct {
		enum dhcp_type type;
		uint32_t requested;
		bool belongs;
	} table[] = {
		/* was in that network: it is told so */
		{DHCP_REQUEST, 0, true},
		{DHCP_REQUEST, ELSEWHERE, true},
		/* still is, and would begin here */
		{DHCP_REQUEST, HERE, false},
		{DHCP_DISCOVER, 0, false},
		{DHCP_DISCOVER, HERE, false},
		{DHCP_INFORM, 0, false},
		{DHCP_RELEASE, 0, false},
		{DHCP_DECLINE, HERE, false},
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		msg = (struct dhcp_message){.type = table[i].type,
			.ciaddr = ELSEWHERE,
			.requested = table[i].requested};
		ck_assert_msg(
			dhcp_policy_belongs(&segments, lab, &msg, ELSEWHERE) == table[i].belongs,
			"row %zu", i);
	}
}
END_TEST

START_TEST(test_astray)
{
	struct dhcp_policy p = {.msg = &msg,
		.segment = lab,
		.machines = machines,
		.leases = leases,
		.astray = true,
		.now = now};

	add_machine("web", lab, mac(1), 20);
	for (int type = DHCP_BOOTP; type <= DHCP_INFORM; type++) {
		fresh();
		msg.type = (enum dhcp_type)type;
		msg.mac = mac(1);
		last = dhcp_policy_decide(&p);
		ck_assert_int_eq(last.verdict, DHCP_IGNORE);
		ck_assert_int_eq(last.reason, DHCP_OFF_LINK);
	}
}
END_TEST

START_TEST(test_server_override)
{
	fresh();
	msg.giaddr = NET + 2;
	msg.server_override = NET + 2;
	ck_assert_int_eq(send_on(lab, mac(1), DHCP_DISCOVER, 0, 0), DHCP_SEND_OFFER);
	msg.server_id = NET + 1;
	ck_assert_int_eq(send_on(lab, mac(1), DHCP_REQUEST, 100, 0), DHCP_IGNORE);
	msg.server_id = NET + 2;
	ck_assert_int_eq(send_on(lab, mac(1), DHCP_DISCOVER, 100, 0), DHCP_SEND_OFFER);
	ck_assert_int_eq(send_on(lab, mac(1), DHCP_REQUEST, 100, 0), DHCP_SEND_ACK);
}
END_TEST

static uint32_t granted(uint32_t wish)
{
	fresh();
	msg.lease_s = wish;
	ck_assert_int_eq(send_on(lab, mac(1), DHCP_DISCOVER, 0, 0), DHCP_SEND_OFFER);
	return last.lease_s;
}

START_TEST(test_lease_time)
{
	ck_assert_uint_eq(granted(0), LEASE_S);
	ck_assert_uint_eq(granted(600), 600);
	ck_assert_uint_eq(granted(1), DHCP_LEASE_MIN_S);
	ck_assert_uint_eq(granted(LEASE_S + 1), LEASE_S);
	ck_assert_uint_eq(granted(0xffffffff), LEASE_S);
	get(lab, mac(1));
	fresh();
	msg.lease_s = 600;
	ck_assert_int_eq(send_on(lab, mac(1), DHCP_REQUEST, 0, 100), DHCP_SEND_ACK);
	ck_assert_uint_eq(last.lease_s, 600);
	/* it may miss this ACK, and go on with the time that it was told before */
	ck_assert_int_eq(lease_by_ip(leases, lab->id, &last.address)->expires, now + HOUR);
}
END_TEST

static void say_id(const void *id, size_t len)
{
	fresh();
	memcpy(msg.arena, id, len);
	msg.options[OPT_CLIENT_ID] = (struct dhcp_span){1, (uint16_t)len};
}

static uint32_t get_as(const void *id, size_t len, struct mac m)
{
	say_id(id, len);
	ck_assert_int_eq(send_on(lab, m, DHCP_DISCOVER, 0, 0), DHCP_SEND_OFFER);
	msg.server_id = NET + 1;
	ck_assert_int_eq(send_on(lab, m, DHCP_REQUEST, host(), 0), DHCP_SEND_ACK);
	return host();
}

START_TEST(test_client_id)
{
	static const uint8_t of_mac_2[] = {1, 2, 0, 0, 0, 0, 2};

	/* ignored by default */
	ck_assert_uint_eq(get_as("\377one", 4, mac(1)), 100);
	ck_assert_uint_eq(get_as("\377two", 4, mac(1)), 100);
	/* where it is asked for: by what it says, whatever card it comes with */
	segments.all[0]->by_client_id = true;
	ck_assert_uint_eq(get_as("\377one", 4, mac(7)), 101);
	ck_assert_uint_eq(get_as("\377one", 4, mac(8)), 101);
	ck_assert_uint_eq(get_as("\377two", 4, mac(8)), 102);
	ck_assert_int_eq(renew(lab, mac(7), 101), DHCP_SEND_NAK);
	say_id("\377one", 4);
	ck_assert_int_eq(send_on(lab, mac(9), DHCP_RELEASE, 0, 101), DHCP_TAKE_RELEASE);
	/* an id that is a MAC is that MAC */
	ck_assert_uint_eq(get_as(of_mac_2, 7, mac(9)), 103);
	ck_assert_uint_eq(get(lab, mac(2)), 103);
	/* a record's machine goes by its MAC, and so does a computed address */
	add_machine("web01", lab, mac(5), 20);
	ck_assert_uint_eq(get_as("\377one", 4, mac(5)), 20);
	ck_assert_uint_eq(get_as("\377two", 4, mac(5)), 20);
	ck_assert_uint_eq(get_as("\377six", 4, computed(33)), 33);
	ck_assert_uint_eq(get_as("\377ten", 4, computed(33)), 33);
}
END_TEST

/* What stands for hardware without a MAC is nobody's by a record, is not computed, and is the same on every segment. */
START_TEST(test_without_a_mac)
{
	const struct mac one = dhcp_wire_mark(3, (const uint8_t *)"one", 3),
			 two = dhcp_wire_mark(3, (const uint8_t *)"two", 3);

	ck_assert_uint_eq(get(lab, one), 100);
	ck_assert_uint_eq(get(lab, two), 101);
	ck_assert_ptr_null(last.machine);
	ck_assert_uint_eq(get(lab, one), 100);
	segments.all[0]->by_client_id = true;
	fresh();
	msg.by_id = true;
	ck_assert_int_eq(send_on(lab, one, DHCP_DISCOVER, 0, 0), DHCP_SEND_OFFER);
	ck_assert_uint_eq(host(), 100);
	ck_assert(mac_eq(&last.holder, &one));
	fresh();
	ck_assert_int_eq(send_on(lab, two, DHCP_RELEASE, 0, 100), DHCP_IGNORE);
}
END_TEST

/* RFC 1534: an address for good, so only a record's. */
START_TEST(test_bootp)
{
	fresh();
	ck_assert_int_eq(send_on(lab, mac(1), DHCP_BOOTP, 0, 0), DHCP_IGNORE);
	ck_assert_int_eq(last.reason, DHCP_BOOTP_STRANGER);
	ck_assert_int_eq(send_on(lab, computed(33), DHCP_BOOTP, 0, 0), DHCP_IGNORE);
	add_machine("web01", lab, mac(1), 20);
	ck_assert_int_eq(send_on(lab, mac(1), DHCP_BOOTP, 0, 0), DHCP_SEND_BOOTP);
	ck_assert_uint_eq(host(), 20);
	ck_assert_uint_eq(last.lease_s, 0);
	ck_assert_uint_eq(leases_count(leases), 0);
}
END_TEST

/*
 * The property: no address is acknowledged to two MACs at overlapping times, whatever 300 MACs
 * send, in whatever order, with machines that come and go, declines, expiries and restarts. `told`
 * is what the clients believe.
 */
enum { MACS = 300, HOSTS = 128, TURNS = 60000 };

static struct told {
	unsigned who; /* MAC's number */
	int64_t until, declined_until;
} told[2][HOSTS];
static uint32_t offered[2][MACS], held[2][MACS];
static unsigned acks, naks, restarts, moved;
static uint64_t seed;

static uint32_t draw(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % below;
}

static struct mac any_mac(unsigned n)
{
	return n < 140 ? computed((uint8_t)n) : mac(n);
}

static const struct segment *any_segment(unsigned k)
{
	return k ? bare : lab;
}

static void check_ack(unsigned k, unsigned who)
{
	struct told *t = &told[k][host()];
	struct mac m = any_mac(who);
	const struct machine *owner = machines_by_ip(machines, any_segment(k)->id, &last.address);

	ck_assert(segment_accepts(any_segment(k), &last.address));
	ck_assert_msg(t->until <= now || t->who == who,
		"step to %u: 10.77.0.%u is %u's until %lld, now %lld", who, host(), t->who,
		(long long)t->until, (long long)now);
	ck_assert_msg(t->declined_until <= now, "declined 10.77.0.%u given", host());
	ck_assert_msg(!owner || mac_eq(&owner->nics[0].mac, &m), "10.77.0.%u is reserved", host());
	moved += held[k][who] != host();
	/* an ACK may be lost: then the client goes on with what it was told before */
	if (t->who != who || t->until < now + (int64_t)last.lease_s * 1000)
		t->until = now + (int64_t)last.lease_s * 1000;
	t->who = who;
	held[k][who] = host();
	acks++;
}

static void after(unsigned k, unsigned who)
{
	struct told *t = &told[k][host()];

	if (last.evicts) { /* a record overrides a claim, and nothing else */
		ck_assert(t->until <= now || (last.machine && t->who == host()));
		t->until = 0;
	}
	switch (last.verdict) {
	case DHCP_SEND_OFFER:
		offered[k][who] = host();
		break;
	case DHCP_SEND_ACK:
		check_ack(k, who);
		break;
	case DHCP_SEND_NAK:
		naks++;
		break;
	case DHCP_TAKE_DECLINE:
		t->declined_until = now + LEASE_REST_MS;
		/* fall through */
	case DHCP_TAKE_RELEASE:
		if (t->who == who)
			t->until = 0;
		break;
	default:
		break;
	}
}

static uint32_t mostly(uint32_t likely)
{
	return likely && draw(10) ? likely : draw(HOSTS);
}

static void one_message(void)
{
	unsigned k = draw(4) == 0, who = draw(MACS);
	const struct segment *s = any_segment(k);
	struct mac m = any_mac(who);
	uint32_t what = draw(100);

	fresh();
	if (draw(3) == 0)
		msg.ipxe = true;
	if (what < 30) {
		send_on(s, m, DHCP_DISCOVER, draw(4) ? 0 : draw(HOSTS), 0);
	} else if (what < 60) {
		msg.server_id = draw(10) ? NET + 1 : NET + 2;
		send_on(s, m, DHCP_REQUEST, mostly(offered[k][who]), 0);
	} else if (what < 72) {
		send_on(s, m, DHCP_REQUEST, mostly(held[k][who]), 0);
	} else if (what < 88) {
		send_on(s, m, DHCP_REQUEST, 0, mostly(held[k][who]));
	} else if (what < 95) {
		send_on(s, m, DHCP_RELEASE, 0, mostly(held[k][who]));
	} else {
		send_on(s, m, DHCP_DECLINE, mostly(held[k][who]), 0);
	}
	after(k, who);
}

/* What is stored goes through bytes into a new table; offers are lost. */
static void restart(void)
{
	uint8_t key[LEASE_RECORD_KEY_MAX], value[LEASE_RECORD_MAX];
	const struct lease **all;
	struct leases *next;
	size_t n;

	ck_assert_int_eq(leases_new(&segments, NULL, &next), 0);
	ck_assert_int_eq(leases_list(leases, &all, &n), 0);
	for (size_t i = 0; i < n; i++) {
		const char *name = segments_by_id(&segments, all[i]->segment)->name;

		if (all[i]->state == LEASE_OFFERED || !all[i]->stored)
			continue;
		ck_assert_int_eq(leases_restore(next, key, lease_record_key(name, &all[i]->ip, key),
					 value, lease_record_encode(all[i], value)),
			0);
	}
	free(all);
	leases_free(leases);
	leases = next;
	restarts++;
	/* and with another lease time in its configuration */
	segments.all[0]->lease_s = 60 + draw(7200);
}

static void forget(unsigned who)
{
	struct mac m = any_mac(who);

	leases_forget(leases, &m);
	for (unsigned k = 0; k < 2; k++)
		for (unsigned a = 0; a < HOSTS; a++)
			if (told[k][a].who == who)
				told[k][a].until = 0;
}

static void change_machines(void)
{
	char name[16];
	unsigned who = draw(MACS);
	struct machine *m;

	snprintf(name, sizeof(name), "m%u", draw(30));
	m = machines_by_name(machines, name);
	if (m)
		machines_remove(machines, m);
	else
		add_machine(name, any_segment(draw(2)), any_mac(who), draw(8) ? draw(HOSTS) : 0);
	if (draw(3) == 0)
		forget(who);
}

START_TEST(test_property)
{
	seed = 12345 + (uint64_t)_i;
	memset(told, 0, sizeof(told));
	memset(offered, 0, sizeof(offered));
	memset(held, 0, sizeof(held));
	acks = naks = restarts = moved = 0;
	segments_fini(&segments);
	segments = (struct segments){0};
	lab = add_segment("lab", 40, 100, true);
	bare = add_segment("bare", 90, 99, false);
	for (int i = 0; i < TURNS; i++) {
		now += draw(5000);
		if (draw(300) == 0)
			now += draw(2 * HOUR);
		if (draw(1000) == 0)
			restart();
		if (draw(200) == 0)
			change_machines();
		one_message();
	}
	ck_assert_uint_gt(acks, TURNS / 20);
	ck_assert_uint_gt(naks, TURNS / 50);
	ck_assert_uint_gt(moved, TURNS / 100);
	ck_assert_uint_gt(restarts, 20);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dhcp_policy");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, test_machines_own);
	tcase_add_test(t, test_own_beats_offer_not_lease);
	tcase_add_test(t, test_misplaced);
	tcase_add_test(t, test_computed);
	tcase_add_test(t, test_computed_overrides_nothing);
	tcase_add_test(t, test_claim_needs_a_guest);
	tcase_add_test(t, test_share_of_strangers);
	tcase_add_test(t, test_record_overrides_claim);
	tcase_add_test(t, test_offers_do_not_fill_a_pool);
	tcase_add_test(t, test_pool);
	tcase_add_test(t, test_offers_do_not_collide);
	tcase_add_test(t, test_other_server);
	tcase_add_test(t, test_init_reboot);
	tcase_add_test(t, test_renewing);
	tcase_add_test(t, test_running_client_is_not_moved);
	tcase_add_test(t, test_news);
	tcase_add_test(t, test_release_decline_inform);
	tcase_add_test(t, test_declined_own_address);
	tcase_add_test(t, test_own_in_use);
	tcase_add_test(t, test_doubtful);
	tcase_add_test(t, test_relay);
	tcase_add_test(t, test_segment_by_relay);
	tcase_add_test(t, test_behind_a_relay);
	tcase_add_test(t, test_belongs);
	tcase_add_test(t, test_belongs_elsewhere);
	tcase_add_test(t, test_astray);
	tcase_add_test(t, test_server_override);
	tcase_add_test(t, test_lease_time);
	tcase_add_test(t, test_client_id);
	tcase_add_test(t, test_without_a_mac);
	tcase_add_test(t, test_bootp);
	tcase_add_loop_test(t, test_property, 0, 4);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
