/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcp6_world.h"

#include <errno.h>
#include <stdlib.h>

static struct world w;
static const struct ip NONE;

static void setup(void)
{
	world_begin(&w);
}

static void teardown(void)
{
	world_end(&w);
}

static bool gives(struct ip want)
{
	return ip_eq(&w.last.choice.address, &want);
}

/* The last byte of the MAC of who holds it; 0: nobody. */
static unsigned holder(const struct segment *s, struct ip a)
{
	struct mac m = {0};

	(void)lease_holder(w.leases, s->id, &a, w.now, &m);
	return m.b[5];
}

/* --- every message, of everybody -------------------------------------------------------------------------------------- */

enum who { RECORD, COMPUTED, POOL, STRANGER, OTHER_SERVER, ASTRAY, WHOS };
#define N DHCP6_IGNORE
#define A DHCP6_SEND_ADVERTISE
#define L DHCP6_SEND_LEASE
#define S DHCP6_SEND_STATUS
#define C DHCP6_SEND_CONFIRM
#define I DHCP6_SEND_INFO
#define TR DHCP6_TAKE_RELEASE
#define NR DHCP6_NOTE_RELEASE
#define TD DHCP6_TAKE_DECLINE
#define ND DHCP6_NOTE_DECLINE

static const struct {
	enum dhcp6_type type;
	enum dhcp6_verdict of[WHOS];
} table[] = {
	{DHCP6_SOLICIT, {A, A, A, N, A, N}},
	{DHCP6_REQUEST, {L, L, L, S, N, N}},
	{DHCP6_RENEW, {L, L, L, S, N, N}},
	{DHCP6_REBIND, {L, L, L, N, L, N}},
	{DHCP6_CONFIRM, {C, C, C, C, C, N}},
	{DHCP6_RELEASE, {NR, NR, TR, S, N, N}},
	{DHCP6_DECLINE, {ND, ND, TD, S, N, N}},
	{DHCP6_INFORMATION_REQUEST, {I, I, I, I, I, N}},
	{DHCP6_ADVERTISE, {N, N, N, N, N, N}},
	{DHCP6_REPLY, {N, N, N, N, N, N}},
	{DHCP6_RECONFIGURE, {N, N, N, N, N, N}},
};

/* Each has its lease already, but the stranger where there is no pool. */
START_TEST(test_table)
{
	const struct {
		const struct segment *s;
		struct mac mac;
		struct ip ip;
	} whos[WHOS] = {
		[RECORD] = {w.lab, mac(1), six(20)},
		[COMPUTED] = {w.lab, computed(50), six(50)},
		[POOL] = {w.lab, mac(3), six(POOL_FIRST)},
		[STRANGER] = {w.bare, mac(4), six(60)},
		[OTHER_SERVER] = {w.lab, mac(1), six(20)},
		[ASTRAY] = {w.lab, mac(1), six(20)},
	};

	world_machine(&w, "web01", w.lab, mac(1), four(20));
	ck_assert_uint_eq(world_get(&w, w.lab, mac(1)), 20);
	ck_assert_uint_eq(world_get(&w, w.lab, computed(50)), 50);
	ck_assert_uint_eq(world_get(&w, w.lab, mac(3)), POOL_FIRST);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		for (int k = 0; k < WHOS; k++) {
			struct dhcp6_policy p = {
				.msg = world_message(&w, table[i].type, whos[k].ip),
				.segment = whos[k].s,
				.machines = w.machines,
				.leases = w.leases,
				.mac = whos[k].mac,
				.ours = k != OTHER_SERVER,
				.astray = k == ASTRAY,
				.now = w.now};
			struct dhcp6_decision d = dhcp6_policy_decide(&p);

			ck_assert_msg(d.verdict == table[i].of[k], "%s of %d: %d, not %d",
				dhcp6_type_name(table[i].type), k, d.verdict, table[i].of[k]);
			if (d.verdict == A || d.verdict == L)
				ck_assert(ip_eq(&d.choice.address, &whos[k].ip));
			else if (d.verdict == S)
				ck_assert_int_ne(d.status, DHCP6_SUCCESS);
		}
}
END_TEST

START_TEST(test_status_says_why)
{
	ck_assert_int_eq(world_say(&w, w.bare, mac(4), DHCP6_REQUEST, six(60)), DHCP6_SEND_STATUS);
	ck_assert_int_eq(w.last.status, DHCP6_NO_ADDRS_AVAIL);
	ck_assert_int_eq(w.last.reason, DHCP_STRANGER);
	ck_assert_int_eq(world_say(&w, w.bare, mac(4), DHCP6_RENEW, six(60)), DHCP6_SEND_STATUS);
	ck_assert_int_eq(w.last.status, DHCP6_NO_BINDING);
	ck_assert_int_eq(world_say(&w, w.bare, mac(4), DHCP6_RELEASE, six(60)), DHCP6_SEND_STATUS);
	ck_assert_int_eq(w.last.status, DHCP6_NO_BINDING);
}
END_TEST

/* --- one machine, one address --------------------------------------------------------------------------------------------- */

START_TEST(test_record)
{
	world_machine(&w, "four", w.lab, mac(1), four(20));
	world_machine(&w, "six", w.lab, mac(2), six(21));
	ck_assert_uint_eq(world_get(&w, w.lab, mac(1)), 20);
	ck_assert_str_eq(w.last.machine->name, "four");
	ck_assert_uint_eq(world_get(&w, w.lab, mac(2)), 21);
	/* what is a machine's is nobody else's, not even by its MAC */
	ck_assert_int_eq(world_say(&w, w.lab, computed(20), DHCP6_SOLICIT, six(20)), A);
	ck_assert(gives(six(POOL_FIRST)));
}
END_TEST

START_TEST(test_record_elsewhere)
{
	world_machine(&w, "web01", w.lab, mac(1), elsewhere(20));
	ck_assert_int_eq(world_say(&w, w.lab, mac(1), DHCP6_SOLICIT, NONE), N);
	ck_assert_int_eq(w.last.reason, DHCP_MISPLACED);
}
END_TEST

/* Firmware, installer and system have IAIDs of their own, and one message may have several. */
START_TEST(test_one_address_for_two_ias)
{
	struct dhcp6_message *m = world_message(&w, DHCP6_SOLICIT, NONE);
	size_t before;

	m->n_ias = 3;
	m->ias[1] = (struct dhcp6_ia){.code = OPT6_IA_NA, .iaid = 8};
	m->ias[2] = (struct dhcp6_ia){.code = OPT6_IA_NA, .iaid = 9};
	ck_assert_int_eq(world_decide(&w, w.lab, mac(3)), A);
	ck_assert(gives(six(POOL_FIRST)));
	before = leases_count(w.leases);
	m = world_message(&w, DHCP6_REQUEST, six(POOL_FIRST));
	m->ias[0].iaid = 10;
	ck_assert_int_eq(world_decide(&w, w.lab, mac(3)), L);
	ck_assert(gives(six(POOL_FIRST)));
	ck_assert_uint_eq(world_get(&w, w.lab, mac(3)), POOL_FIRST);
	ck_assert_uint_eq(leases_count(w.leases), before);
}
END_TEST

/* Of one machine the numbers are the same in both families, where they can be. */
START_TEST(test_number_of_its_ipv4_lease)
{
	const struct ip a = four(POOL_FIRST + 2);
	const struct mac m = mac(3);

	ck_assert_int_eq(lease_bind(w.leases, w.lab->id, &a, &m, w.now + HOUR, "", 0, w.now), 0);
	ck_assert_uint_eq(world_get(&w, w.lab, mac(3)), POOL_FIRST + 2);
	/* what it asks for goes first */
	ck_assert_int_eq(world_say(&w, w.lab, mac(4), DHCP6_SOLICIT, six(POOL_FIRST + 3)), A);
	ck_assert(gives(six(POOL_FIRST + 3)));
}
END_TEST

/* (segment, MAC) and (segment, address): the same ones are others elsewhere. */
START_TEST(test_segments_are_apart)
{
	world_machine(&w, "here", w.lab, mac(1), four(20));
	world_machine(&w, "there", w.bare, mac(1), four(30));
	world_machine(&w, "twin", w.bare, mac(2), four(20));
	ck_assert_uint_eq(world_get(&w, w.lab, mac(1)), 20);
	ck_assert_uint_eq(world_get(&w, w.bare, mac(1)), 30);
	ck_assert_uint_eq(world_get(&w, w.bare, mac(2)), 20);
	ck_assert_uint_eq(holder(w.lab, six(20)), 1);
	ck_assert_uint_eq(holder(w.bare, six(20)), 2);
	ck_assert_uint_eq(world_get(&w, w.lab, mac(3)), POOL_FIRST);
	ck_assert_int_eq(world_say(&w, w.bare, mac(3), DHCP6_RENEW, six(POOL_FIRST)), S);
	ck_assert_int_eq(world_say(&w, w.bare, mac(3), DHCP6_RELEASE, six(POOL_FIRST)), S);
	ck_assert_uint_eq(holder(w.lab, six(POOL_FIRST)), 3);
	/* a computed MAC means nothing where none is computed */
	ck_assert_int_eq(world_say(&w, w.bare, computed(50), DHCP6_SOLICIT, NONE), N);
}
END_TEST

/* --- a lease goes on -------------------------------------------------------------------------------------------------------- */

START_TEST(test_renew)
{
	struct machine *m;

	ck_assert_uint_eq(world_get(&w, w.lab, mac(1)), POOL_FIRST);
	w.now += HOUR / 2;
	ck_assert_int_eq(world_say(&w, w.lab, mac(1), DHCP6_RENEW, six(POOL_FIRST)), L);
	ck_assert(!w.last.news);
	ck_assert_uint_eq(w.last.lease_s, LEASE_S);
	w.now += HOUR * 3 / 4;
	ck_assert_uint_eq(holder(w.lab, six(POOL_FIRST)), 1);
	/* a record moves it: the answer gives the new one, and says of the old that it is over (test_dhcp6_answer.c) */
	m = world_machine(&w, "web01", w.lab, mac(1), four(20));
	ck_assert_int_eq(world_say(&w, w.lab, mac(1), DHCP6_RENEW, six(POOL_FIRST)), L);
	ck_assert(gives(six(20)));
	ck_assert_ptr_eq(w.last.machine, m);
}
END_TEST

START_TEST(test_rebind)
{
	ck_assert_uint_eq(world_get(&w, w.lab, mac(1)), POOL_FIRST);
	ck_assert_int_eq(world_say(&w, w.lab, mac(1), DHCP6_REBIND, six(POOL_FIRST)), L);
	ck_assert(gives(six(POOL_FIRST)));
	/* an address of this link that we never gave it may be another server's */
	ck_assert_int_eq(world_say(&w, w.lab, mac(2), DHCP6_REBIND, six(90)), N);
	ck_assert_int_eq(holder(w.lab, six(90)), 0);
	/* unless it can have that one */
	ck_assert_int_eq(world_say(&w, w.lab, mac(2), DHCP6_REBIND, six(POOL_FIRST + 1)), L);
	ck_assert(gives(six(POOL_FIRST + 1)));
	/* of another link it is over in any case */
	ck_assert_int_eq(world_say(&w, w.lab, mac(3), DHCP6_REBIND, elsewhere(9)), L);
	ck_assert(gives(six(POOL_FIRST + 2)));
}
END_TEST

START_TEST(test_confirm)
{
	struct dhcp6_message *m;

	ck_assert_int_eq(world_say(&w, w.lab, mac(1), DHCP6_CONFIRM, six(90)), C);
	ck_assert_int_eq(w.last.status, DHCP6_SUCCESS);
	ck_assert_int_eq(world_say(&w, w.lab, mac(1), DHCP6_CONFIRM, elsewhere(90)), C);
	ck_assert_int_eq(w.last.status, DHCP6_NOT_ON_LINK);
	ck_assert_int_eq(world_say(&w, w.lab, mac(1), DHCP6_CONFIRM, six(1)), C);
	ck_assert_int_eq(w.last.status, DHCP6_NOT_ON_LINK);
	/* all of them have to be */
	m = world_message(&w, DHCP6_CONFIRM, six(90));
	m->ias[0].addresses[m->ias[0].n_addresses++].ip = elsewhere(90);
	ck_assert_int_eq(world_decide(&w, w.lab, mac(1)), C);
	ck_assert_int_eq(w.last.status, DHCP6_NOT_ON_LINK);
	/* and none another's */
	ck_assert_uint_eq(world_get(&w, w.lab, mac(2)), POOL_FIRST);
	ck_assert_int_eq(world_say(&w, w.lab, mac(2), DHCP6_CONFIRM, six(POOL_FIRST)), C);
	ck_assert_int_eq(w.last.status, DHCP6_SUCCESS);
	ck_assert_int_eq(world_say(&w, w.lab, mac(1), DHCP6_CONFIRM, six(POOL_FIRST)), C);
	ck_assert_int_eq(w.last.status, DHCP6_NOT_ON_LINK);
	ck_assert_int_eq(world_say(&w, w.lab, mac(1), DHCP6_CONFIRM, NONE), N);
}
END_TEST

START_TEST(test_rapid_commit)
{
	world_message(&w, DHCP6_SOLICIT, NONE)->rapid_commit = true;
	ck_assert_int_eq(world_decide(&w, w.lab, mac(1)), L);
	ck_assert(w.last.rapid && w.last.news);
	ck_assert_uint_eq(holder(w.lab, six(POOL_FIRST)), 1);
	world_message(&w, DHCP6_SOLICIT, NONE)->rapid_commit = true;
	ck_assert_int_eq(world_decide(&w, w.bare, mac(1)), N);
	/* a REQUEST is not rapid, whatever it says */
	world_message(&w, DHCP6_REQUEST, six(POOL_FIRST))->rapid_commit = true;
	ck_assert_int_eq(world_decide(&w, w.lab, mac(1)), L);
	ck_assert(!w.last.rapid);
}
END_TEST

START_TEST(test_news)
{
	ck_assert_uint_eq(world_get(&w, w.lab, mac(1)), POOL_FIRST);
	ck_assert(w.last.news);
	ck_assert_uint_eq(world_get(&w, w.lab, mac(1)), POOL_FIRST);
	ck_assert(!w.last.news);
	world_message(&w, DHCP6_REQUEST, six(POOL_FIRST))->ipxe = true;
	ck_assert_int_eq(world_decide(&w, w.lab, mac(1)), L);
	ck_assert(w.last.news);
}
END_TEST

/* --- and ends ---------------------------------------------------------------------------------------------------------------- */

START_TEST(test_release)
{
	struct dhcp6_policy p;

	world_machine(&w, "web01", w.lab, mac(1), four(20));
	ck_assert_uint_eq(world_get(&w, w.lab, mac(1)), 20);
	ck_assert_uint_eq(world_get(&w, w.lab, computed(50)), 50);
	ck_assert_uint_eq(world_get(&w, w.lab, mac(3)), POOL_FIRST);
	/* nobody gives back another's */
	ck_assert_int_eq(world_say(&w, w.lab, mac(3), DHCP6_RELEASE, six(20)), S);
	ck_assert_int_eq(world_say(&w, w.lab, mac(1), DHCP6_RELEASE, six(20)), NR);
	ck_assert_uint_eq(holder(w.lab, six(20)), 1);
	ck_assert_int_eq(world_say(&w, w.lab, computed(50), DHCP6_RELEASE, six(50)), NR);
	ck_assert_uint_eq(holder(w.lab, six(50)), 50);
	/* anybody may say that he is a relay */
	p = (struct dhcp6_policy){.msg = world_message(&w, DHCP6_RELEASE, six(POOL_FIRST)),
		.segment = w.lab,
		.machines = w.machines,
		.leases = w.leases,
		.mac = mac(3),
		.now = w.now,
		.ours = true};
	w.msg.n_relays = 1;
	ck_assert_int_eq(dhcp6_policy_decide(&p).verdict, DHCP6_IGNORE);
	w.msg.n_relays = 0;
	ck_assert_int_eq(world_say(&w, w.lab, mac(3), DHCP6_RELEASE, six(POOL_FIRST)), TR);
	ck_assert_uint_eq(holder(w.lab, six(POOL_FIRST)), 0);
	ck_assert_int_eq(world_say(&w, w.lab, mac(3), DHCP6_RELEASE, six(POOL_FIRST)), S);
}
END_TEST

START_TEST(test_decline)
{
	world_machine(&w, "web01", w.lab, mac(1), four(20));
	ck_assert_uint_eq(world_get(&w, w.lab, mac(1)), 20);
	ck_assert_int_eq(world_say(&w, w.lab, mac(1), DHCP6_DECLINE, six(20)), ND);
	ck_assert_uint_eq(world_get(&w, w.lab, mac(1)), 20);
	ck_assert_uint_eq(world_get(&w, w.lab, mac(3)), POOL_FIRST);
	ck_assert_int_eq(world_say(&w, w.lab, mac(3), DHCP6_DECLINE, six(POOL_FIRST)), TD);
	ck_assert_uint_eq(world_get(&w, w.lab, mac(3)), POOL_FIRST + 1);
	ck_assert_int_eq(world_say(&w, w.lab, mac(4), DHCP6_SOLICIT, six(POOL_FIRST)), A);
	ck_assert(!gives(six(POOL_FIRST)));
}
END_TEST

/* What a neighbour may have is asked for first; not behind a relay, where nobody would hear it. */
START_TEST(test_doubtful)
{
	const struct {
		struct mac mac;
		enum dhcp6_type type;
		struct ip ip;
		int64_t later;
		bool relayed, doubtful;
	} rows[] = {
		{mac(1), DHCP6_SOLICIT, {0}, 0, false, false},      /* by its record */
		{computed(50), DHCP6_SOLICIT, {0}, 0, false, true}, /* new */
		{computed(51), DHCP6_SOLICIT, {0}, 0, true, true},
		{mac(3), DHCP6_RENEW, six(POOL_FIRST), 0, false, false}, /* it has it */
		{mac(4), DHCP6_SOLICIT, {0}, 0, false, true},
		{mac(4), DHCP6_REQUEST, six(POOL_FIRST + 1), 0, false,
			false}, /* it was offered it */
		{mac(3), DHCP6_CONFIRM, six(POOL_FIRST), 0, false, false},
		{mac(3), DHCP6_DECLINE, six(POOL_FIRST), 0, false, true},
		{mac(3), DHCP6_DECLINE, six(POOL_FIRST), 0, true, true},
		{mac(4), DHCP6_SOLICIT, {0}, LEASE_S * 1000 + LEASE_PROVEN_MS, false, true},
		{mac(1), DHCP6_REQUEST, six(20), 0, false, false},
		{mac(1), DHCP6_DECLINE, six(20), 0, false, true},
	};

	world_machine(&w, "web01", w.lab, mac(1), four(20));
	ck_assert_uint_eq(world_get(&w, w.lab, mac(3)), POOL_FIRST);
	((struct segment *)w.lab)->probe_ms = 100;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct dhcp6_policy p = {.segment = w.lab,
			.machines = w.machines,
			.leases = w.leases,
			.mac = rows[i].mac,
			.now = w.now += rows[i].later,
			.ours = true};
		struct dhcp6_decision d;

		p.msg = world_message(&w, rows[i].type, rows[i].ip);
		w.msg.n_relays = rows[i].relayed;
		d = dhcp6_policy_decide(&p);
		ck_assert_msg(d.doubtful == rows[i].doubtful, "row %zu", i);
		if (!dhcp6_decision_declines(&d))
			ck_assert_int_eq(dhcp6_policy_apply(&p, &d), 0);
	}
	((struct segment *)w.lab)->probe_ms = 0;
	ck_assert_int_eq(world_say(&w, w.lab, computed(52), DHCP6_SOLICIT, NONE), A);
	ck_assert(!w.last.doubtful);
}
END_TEST

/* One that waits for an answer is nobody else's meanwhile. */
START_TEST(test_keep)
{
	struct ip ahead[4];

	ck_assert_int_eq(world_say(&w, w.lab, mac(9), DHCP6_CONFIRM, elsewhere(1)), C);
	w.policy.mac = mac(1);
	w.last.verdict = A;
	w.last.choice = (struct dhcp_choice){.address = six(POOL_FIRST)};
	dhcp6_policy_keep(&w.policy, &w.last);
	ck_assert_int_eq(world_say(&w, w.lab, mac(2), DHCP6_SOLICIT, NONE), A);
	ck_assert(gives(six(POOL_FIRST + 1)));
	ck_assert_uint_eq(dhcp6_policy_ahead(&w.policy, ahead, 4), 2);
	ck_assert(ip_eq(&ahead[0], &(struct ip[]){six(POOL_FIRST + 2)}[0]));
}
END_TEST

START_TEST(test_other_server)
{
	struct dhcp6_policy p = {.segment = w.lab,
		.machines = w.machines,
		.leases = w.leases,
		.mac = mac(1),
		.now = w.now};
	const struct lease *l;
	struct dhcp6_decision d;
	struct ip a = six(POOL_FIRST);

	ck_assert_int_eq(world_say(&w, w.lab, mac(1), DHCP6_SOLICIT, NONE), A);
	p.msg = world_message(&w, DHCP6_REQUEST, elsewhere(5));
	d = dhcp6_policy_decide(&p);
	ck_assert_int_eq(d.verdict, N);
	ck_assert_int_eq(d.reason, DHCP_OTHER_SERVER);
	ck_assert_int_eq(dhcp6_policy_apply(&p, &d), 0);
	l = lease_by_ip(w.leases, w.lab->id, &a);
	ck_assert(l && l->state == LEASE_RELEASED);
}
END_TEST

START_TEST(test_pool_full)
{
	uint32_t got[POOL_LAST - POOL_FIRST + 1];
	unsigned n = sizeof(got) / sizeof(*got);

	for (unsigned i = 0; i < n; i++) {
		got[i] = world_get(&w, w.lab, mac(1 + i));
		for (unsigned k = 0; k < i; k++)
			ck_assert_uint_ne(got[i], got[k]);
		ck_assert(got[i] >= POOL_FIRST && got[i] <= POOL_LAST);
	}
	ck_assert_int_eq(world_say(&w, w.lab, mac(50), DHCP6_SOLICIT, NONE), N);
	ck_assert_int_eq(w.last.reason, DHCP_POOL_FULL);
	ck_assert_int_eq(world_say(&w, w.lab, mac(50), DHCP6_REQUEST, six(POOL_FIRST)), S);
	ck_assert_int_eq(w.last.status, DHCP6_NO_ADDRS_AVAIL);
	w.now += HOUR;
	ck_assert_uint_ne(world_get(&w, w.lab, mac(50)), 0);
}
END_TEST

/* What is refused is refused politely: the rest of the message is answered. */
START_TEST(test_prefixes)
{
	struct dhcp6_message *m = world_message(&w, DHCP6_SOLICIT, NONE);

	m->ias[0].code = OPT6_IA_PD;
	ck_assert_int_eq(world_decide(&w, w.lab, mac(1)), A);
	ck_assert(gives(NONE));
	ck_assert_uint_eq(leases_count(w.leases), 0);
	m = world_message(&w, DHCP6_SOLICIT, NONE);
	m->n_ias = 2;
	m->ias[1] = (struct dhcp6_ia){.code = OPT6_IA_PD, .iaid = 7};
	ck_assert_int_eq(world_decide(&w, w.lab, mac(1)), A);
	ck_assert(gives(six(POOL_FIRST)));
	world_message(&w, DHCP6_SOLICIT, NONE)->n_ias = 0;
	ck_assert_int_eq(world_decide(&w, w.lab, mac(1)), N);
}
END_TEST

/* A stranger's claim gives way to the record, and to nothing less. */
START_TEST(test_record_overrides_claim)
{
	ck_assert_uint_eq(world_get(&w, w.lab, computed(50)), 50);
	world_machine(&w, "web01", w.lab, mac(1), four(50));
	ck_assert_int_eq(world_say(&w, w.lab, mac(1), DHCP6_SOLICIT, NONE), A);
	ck_assert(w.last.evicts && gives(six(50)));
	ck_assert_uint_eq(world_get(&w, w.lab, mac(1)), 50);
	ck_assert_int_eq(world_say(&w, w.lab, computed(50), DHCP6_RENEW, six(50)), L);
	ck_assert(gives(six(POOL_FIRST)));
	/* but not who has it by chance */
	world_machine(&w, "web02", w.lab, mac(2), four(POOL_FIRST));
	ck_assert_int_eq(world_say(&w, w.lab, mac(2), DHCP6_SOLICIT, NONE), N);
	ck_assert_int_eq(w.last.reason, DHCP_TAKEN);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dhcp6_policy");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_table);
	tcase_add_test(t, test_status_says_why);
	tcase_add_test(t, test_record);
	tcase_add_test(t, test_record_elsewhere);
	tcase_add_test(t, test_one_address_for_two_ias);
	tcase_add_test(t, test_number_of_its_ipv4_lease);
	tcase_add_test(t, test_segments_are_apart);
	tcase_add_test(t, test_renew);
	tcase_add_test(t, test_rebind);
	tcase_add_test(t, test_confirm);
	tcase_add_test(t, test_rapid_commit);
	tcase_add_test(t, test_news);
	tcase_add_test(t, test_release);
	tcase_add_test(t, test_decline);
	tcase_add_test(t, test_doubtful);
	tcase_add_test(t, test_keep);
	tcase_add_test(t, test_other_server);
	tcase_add_test(t, test_pool_full);
	tcase_add_test(t, test_prefixes);
	tcase_add_test(t, test_record_overrides_claim);
	suite_add_tcase(suite, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
