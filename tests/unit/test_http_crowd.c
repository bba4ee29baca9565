/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "httpd/http_crowd.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { ALL = 100, STRANGERS = 60, PER_ADDRESS = 8, MANY = 400 };

static struct crowd c;
static struct crowd_peer peers[MANY];
static size_t n_peers;

static void begin(bool trusting)
{
	const struct crowd_limits limits = {.all = ALL,
		.strangers = STRANGERS,
		.per_address = PER_ADDRESS,
		.request_ms = {150000, 15000},
		.takes_ms = {120000, 30000},
		.takes = 1000,
		.trusting = trusting};

	memset(peers, 0, sizeof peers);
	n_peers = 0;
	crowd_init(&c, &limits);
}

static void end(void)
{
	for (size_t i = 0; i < n_peers; i++)
		crowd_remove(&c, &peers[i]);
	crowd_fini(&c);
}

static struct crowd_peer *come(uint32_t ip, int64_t now)
{
	struct crowd_peer *p = &peers[n_peers++], *out;
	struct ip at = ip_from_v4(ip);

	ck_assert_int_eq(crowd_add(&c, p, &at, now, &out), 0);
	if (out)
		ck_assert_int_eq(out->state, CROWD_GONE);
	return p;
}

static void know(uint32_t ip, bool machine, int64_t now)
{
	struct ip at = ip_from_v4(ip);

	crowd_know(&c, &at, machine, now);
}

static struct crowd_peer *stranger_comes(uint32_t ip, int64_t now)
{
	struct crowd_peer *p = come(ip, now);

	know(ip, false, now);
	ck_assert_int_eq(p->kind, CROWD_STRANGER);
	return p;
}

/* All who have to go, how many. */
static unsigned go(int64_t now)
{
	enum crowd_why why;
	unsigned n = 0;

	while (crowd_put_out(&c, now, &why))
		n++;
	return n;
}

/* A thousand half requests of many addresses: machines come in, are not put out, and the crowd stays bounded. */
START_TEST(half_requests)
{
	struct crowd_peer *m;
	int64_t now = 1000;

	begin(false);
	for (uint32_t i = 0; i < 300; i++, now += 10) {
		stranger_comes(100 + i % 50, now);
		go(now);
		ck_assert_uint_le(c.n[CROWD_STRANGER], STRANGERS + CROWD_NEWCOMERS);
	}
	m = come(7, now);
	know(7, true, now);
	ck_assert_int_eq(m->kind, CROWD_MACHINE);
	ck_assert_uint_eq(go(now + 20000), c.limits.strangers);
	ck_assert_int_eq(m->state, CROWD_WAITS);
	end();
}
END_TEST

/* The one that waits longest, strangers before machines. */
START_TEST(who_goes)
{
	struct crowd_peer *machine, *first;
	enum crowd_why why;

	begin(false);
	know(1, true, 0); /* nobody of this address is here: forgotten */
	machine = come(1, 1000);
	know(1, true, 1000);
	first = stranger_comes(2, 1001);
	for (uint32_t i = 0; i < STRANGERS - 1; i++)
		stranger_comes(10 + i, 1002 + i);
	ck_assert_ptr_null(crowd_put_out(&c, 2000, &why));
	stranger_comes(3, 2000);
	ck_assert_ptr_eq(crowd_put_out(&c, 2000, &why), first);
	ck_assert_int_eq(why, CROWD_ROOM);
	ck_assert_ptr_null(crowd_put_out(&c, 2000, &why));
	ck_assert_int_eq(machine->state, CROWD_WAITS);
	end();
}
END_TEST

/* Where machines fill it, idle ones make room; those that are answered stay, whoever waits. */
START_TEST(machines_only)
{
	struct crowd_peer *idle;
	enum crowd_why why;

	begin(true);
	idle = come(1000, 500);
	for (uint32_t i = 0; i < ALL - 1; i++)
		crowd_turn(&c, come(2000 + i, 1000), CROWD_SENDS, 1001);
	ck_assert_ptr_null(crowd_put_out(&c, 5000, &why));
	come(1, 5000);
	ck_assert_ptr_eq(crowd_put_out(&c, 5000, &why), idle);
	come(2, 5000);
	ck_assert_ptr_null(crowd_put_out(&c, 5001, &why)); /* just come */
	ck_assert_ptr_nonnull(crowd_put_out(&c, 5000 + CROWD_NEWCOMER_MS, &why));
	ck_assert_ptr_null(crowd_put_out(&c, 5000 + CROWD_NEWCOMER_MS, &why));
	end();
}
END_TEST

/* Strangers who ask for files and take them slowly do not keep their places for ever, nor more than their share. */
START_TEST(slow_strangers)
{
	struct crowd_peer *machine;
	int64_t now = 1000;

	begin(false);
	for (uint32_t i = 0; i < 200; i++, now++) {
		crowd_turn(&c, stranger_comes(100 + i, now), CROWD_SENDS, now);
		go(now);
		ck_assert_uint_le(c.n[CROWD_STRANGER], STRANGERS + CROWD_NEWCOMERS);
	}
	ck_assert_uint_le(c.n[CROWD_STRANGER], ALL);
	machine = come(1, now);
	know(1, true, now);
	crowd_turn(&c, machine, CROWD_SENDS, now);
	go(now + 15000);
	ck_assert_uint_eq(c.n[CROWD_STRANGER], STRANGERS);
	ck_assert_int_eq(machine->state, CROWD_SENDS);
	end();
}
END_TEST

START_TEST(times)
{
	struct crowd_peer *machine, *stranger, *idle;
	enum crowd_why why;

	begin(false);
	machine = come(1, 1000);
	know(1, true, 1000);
	stranger = come(2, 1000);
	ck_assert_int_eq(crowd_due_in(&c, 2000), 14000);
	ck_assert_ptr_null(crowd_put_out(&c, 15999, &why));
	ck_assert_ptr_eq(crowd_put_out(&c, 16000, &why), stranger);
	ck_assert_int_eq(why, CROWD_SLOW);
	idle = come(3, 16000);
	crowd_turn(&c, idle, CROWD_SENDS, 16001);
	crowd_turn(&c, idle, CROWD_WAITS, 17000);
	ck_assert_ptr_null(crowd_put_out(&c, 31999, &why));
	ck_assert_ptr_eq(crowd_put_out(&c, 32000, &why), idle);
	ck_assert_int_eq(why, CROWD_IDLE);
	ck_assert_ptr_null(crowd_put_out(&c, 150999, &why));
	ck_assert_ptr_eq(crowd_put_out(&c, 151000, &why), machine);
	ck_assert_int_eq(crowd_due_in(&c, 151000), INT64_MAX);
	end();
}
END_TEST

/* Who is sent to takes some, or goes; one whose request the main thread has is left alone. */
START_TEST(takes)
{
	struct crowd_peer *machine, *stranger, *held;

	begin(false);
	machine = come(1, 1000);
	know(1, true, 1000);
	stranger = come(2, 1000);
	held = come(3, 1000);
	crowd_turn(&c, machine, CROWD_SENDS, 1000);
	crowd_turn(&c, stranger, CROWD_SENDS, 1000);
	crowd_turn(&c, held, CROWD_HELD, 1000);
	ck_assert(crowd_sends(&c));
	ck_assert_ptr_null(crowd_sent_to(&c, NULL, 30999));
	ck_assert_ptr_eq(crowd_sent_to(&c, NULL, 31000), stranger);
	ck_assert(!crowd_took(&c, stranger, 1000, 31000));
	ck_assert_ptr_null(crowd_sent_to(&c, NULL, 31000));
	ck_assert_ptr_eq(crowd_sent_to(&c, NULL, 121000), machine);
	ck_assert_ptr_eq(crowd_sent_to(&c, machine, 121000), stranger);
	ck_assert(crowd_took(&c, stranger, 1999, 121000));
	ck_assert(crowd_took(&c, machine, 0, 121000));
	ck_assert(!crowd_sends(&c));
	ck_assert_int_eq(held->state, CROWD_HELD);
	end();
}
END_TEST

/* One address with too many: its own that waits longest, or else the newest. */
START_TEST(one_address)
{
	struct crowd_peer *newest;

	begin(true);
	for (uint32_t i = 0; i < PER_ADDRESS + 1; i++)
		come(1, 1000 + i);
	ck_assert_int_eq(peers[0].state, CROWD_GONE);
	for (uint32_t i = 1; i <= PER_ADDRESS; i++)
		crowd_turn(&c, &peers[i], CROWD_SENDS, 2000);
	newest = come(1, 3000);
	ck_assert_int_eq(newest->state, CROWD_GONE);
	ck_assert_uint_eq(c.n[0], PER_ADDRESS);
	end();
}
END_TEST

/* 2001:db8:0:NET::HOST */
static struct crowd_peer *come6(uint8_t net, uint8_t host, int64_t now)
{
	struct crowd_peer *p = &peers[n_peers++], *out;
	struct ip at = {.family = IP_V6, .b = {0x20, 1, 0x0d, 0xb8, [7] = net, [15] = host}};

	ck_assert_int_eq(crowd_add(&c, p, &at, now, &out), 0);
	return p;
}

/* Who came with a token has no more places with all addresses of a /64 than with one. A stranger of it takes none of them. */
START_TEST(one_net)
{
	struct crowd_peer *p, *first, *stranger;

	begin(false);
	c.limits.per_net = PER_ADDRESS;
	first = come6(1, 0, 1000);
	ck_assert_ptr_null(crowd_vouch(&c, first, 1000));
	for (uint8_t i = 1; i < PER_ADDRESS; i++) {
		p = come6(1, i, 1001);
		crowd_turn(&c, p, CROWD_HELD, 1001);
		ck_assert_ptr_null(crowd_vouch(&c, p, 1001));
	}
	stranger = come6(1, 99, 1001);
	p = come6(2, 0, 1001);
	ck_assert_ptr_null(crowd_vouch(&c, p, 1001));
	ck_assert_int_eq(first->state, CROWD_WAITS);
	p = come6(1, 50, 1002);
	ck_assert_ptr_eq(crowd_vouch(&c, p, 1002), first); /* it waits longest */
	ck_assert_int_eq(first->state, CROWD_GONE);
	crowd_turn(&c, p, CROWD_SENDS, 1002);
	ck_assert_ptr_null(crowd_vouch(&c, p, 1003)); /* that is known */
	p = come6(1, 50, 1004);
	ck_assert_int_eq(p->state, CROWD_GONE); /* none of the others waits */
	p = come6(1, 51, 1004);
	crowd_turn(&c, p, CROWD_HELD, 1004);
	ck_assert_ptr_eq(crowd_vouch(&c, p, 1004), p);
	ck_assert_int_eq(stranger->state, CROWD_WAITS);
	ck_assert_uint_eq(c.n[CROWD_MACHINE], PER_ADDRESS + 1);
	end();
}
END_TEST

/* Each address is asked about once, and again when the answer is old; a token's word holds longer. */
START_TEST(asked)
{
	struct crowd_peer *p;
	struct ip ip;

	begin(false);
	p = come(1, 1000);
	come(1, 1000);
	ck_assert(crowd_ask(&c, &ip));
	ck_assert_uint_eq(ip_to_v4(&ip), 1);
	ck_assert(!crowd_ask(&c, &ip));
	know(1, false, 1000);
	come(1, 1001);
	ck_assert(!crowd_asks(&c));
	come(1, 1000 + CROWD_ASK_MS);
	ck_assert(crowd_asks(&c));
	crowd_vouch(&c, p, 7000);
	ck_assert_int_eq(p->kind, CROWD_MACHINE);
	know(1, false, 7001);
	ck_assert_int_eq(p->kind, CROWD_MACHINE);
	know(1, false, 7000 + CROWD_VOUCHED_MS);
	ck_assert_int_eq(p->kind, CROWD_STRANGER);
	end();
}
END_TEST

/* Any number of addresses is not remembered; a machine's is, though it is not connected. */
START_TEST(bounded)
{
	struct crowd_peer p = {0}, *out;
	struct ip ip;

	begin(false);
	for (uint32_t i = 1; i < 3 * CROWD_ADDRESSES; i++) {
		ip = ip_from_v4(i);
		p = (struct crowd_peer){0};
		ck_assert_int_eq(crowd_add(&c, &p, &ip, 1000, &out), 0);
		know(i, i == 1, 1000);
		crowd_remove(&c, &p);
		ck_assert_uint_le(c.addresses.count, CROWD_ADDRESSES);
	}
	ck_assert_int_eq(come(1, 2000)->kind, CROWD_MACHINE);
	end();
}
END_TEST

/* More machines than strangers have places, switched on at once, before anything is known of them: none goes, waiting or sent to.
 * What turns out to be a stranger has the strangers' share from then on. */
START_TEST(unknown)
{
	enum { N = ALL - 1 };
	int64_t now = 1000;

	begin(false);
	for (uint32_t i = 0; i < N; i++)
		crowd_turn(&c, come(1 + i, now), i % 2 ? CROWD_WAITS : CROWD_SENDS, now);
	ck_assert_uint_gt(N, STRANGERS + CROWD_NEWCOMERS);
	ck_assert_uint_eq(go(now + 14999), 0);
	for (uint32_t i = 0; i < N; i++)
		know(1 + i, i >= 30, now);
	ck_assert_uint_eq(c.n[CROWD_MACHINE], N - 30);
	ck_assert_uint_eq(c.n[CROWD_STRANGER], 30);
	ck_assert_uint_eq(c.n[CROWD_UNKNOWN], 0);
	ck_assert_uint_eq(go(now + 14999), 0);
	end();
}
END_TEST

/* Where there is no room, those of whom nothing is known go after the strangers and before the machines; and they are not waited
 * for as long as for machines. */
START_TEST(unknown_before_machines)
{
	struct crowd_peer *machine, *stranger, *first;
	enum crowd_why why;

	begin(false);
	machine = come(1, 1000);
	know(1, true, 1000);
	first = come(2, 1001);
	stranger = come(3, 1002);
	for (uint32_t i = 0; i < ALL - 3; i++)
		come(10 + i, 1003);
	ck_assert_ptr_null(crowd_put_out(&c, 2000, &why));
	know(3, false, 1002);
	come(4, 2000);
	ck_assert_ptr_eq(crowd_put_out(&c, 2000, &why), stranger);
	come(5, 2000);
	ck_assert_ptr_eq(crowd_put_out(&c, 2000, &why), first);
	ck_assert_int_eq(why, CROWD_ROOM);
	ck_assert_uint_eq(go(100000), ALL - 1);
	ck_assert_int_eq(machine->state, CROWD_WAITS);
	end();
}
END_TEST

/* The one that came first is asked about first. */
START_TEST(asked_in_order)
{
	struct ip ip;

	begin(false);
	for (uint32_t i = 1; i <= 5; i++)
		come(i, 1000);
	know(3, true, 1000); /* known meanwhile: not asked about */
	for (uint32_t i = 1; i <= 5; i += i == 2 ? 2 : 1) {
		ck_assert(crowd_ask(&c, &ip));
		ck_assert_uint_eq(ip_to_v4(&ip), i);
	}
	ck_assert(!crowd_asks(&c));
	end();
}
END_TEST

/* One address has its share of the room for bodies, those that are no machine's half of it, and machines all. */
START_TEST(bodies)
{
	struct crowd_peer *m[2], *s[6], *another;

	begin(false);
	c.limits.bodies = 1000;
	c.limits.bodies_per_address = 100;
	for (size_t i = 0; i < 2; i++)
		m[i] = come(1, 1000);
	ck_assert(crowd_hold(&c, m[0], 10)); /* not known yet */
	know(1, true, 1000);
	ck_assert(crowd_hold(&c, m[0], 50));
	ck_assert(!crowd_hold(&c, m[1], 41));
	ck_assert(crowd_hold(&c, m[1], 40));
	crowd_turn(&c, m[0], CROWD_HELD, 1000);
	ck_assert(!crowd_hold(&c, m[1], 1));
	crowd_turn(&c, m[0], CROWD_WAITS, 1000);
	ck_assert(crowd_hold(&c, m[1], 60));
	for (uint32_t i = 0; i < 4; i++)
		ck_assert(crowd_hold(&c, s[i] = stranger_comes(10 + i, 1000), 100));
	ck_assert(!crowd_hold(&c, s[4] = stranger_comes(20, 1000), 1));
	ck_assert(!crowd_hold(&c, s[5] = come(21, 1000), 1));
	another = come(2, 1000);
	know(2, true, 1000);
	ck_assert(crowd_hold(&c, another, 100));
	crowd_remove(&c, s[0]);
	ck_assert(!crowd_hold(&c, s[0], 1));
	crowd_remove(&c, m[1]);
	ck_assert(crowd_hold(&c, s[4], 100));
	ck_assert(crowd_hold(&c, m[0], 100));
	end();
	ck_assert_uint_eq(c.bodies, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("http_crowd");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, half_requests);
	tcase_add_test(t, who_goes);
	tcase_add_test(t, machines_only);
	tcase_add_test(t, slow_strangers);
	tcase_add_test(t, times);
	tcase_add_test(t, takes);
	tcase_add_test(t, one_address);
	tcase_add_test(t, one_net);
	tcase_add_test(t, asked);
	tcase_add_test(t, asked_in_order);
	tcase_add_test(t, unknown);
	tcase_add_test(t, unknown_before_machines);
	tcase_add_test(t, bounded);
	tcase_add_test(t, bodies);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
