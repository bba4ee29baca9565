/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_conflict.h"

#include "dhcp6_world.h"

#include <stdlib.h>

static struct world w;
static struct loop *loop;
static struct dhcpd_config config;
static struct dhcp_lessor lessor;

static void setup(void)
{
	struct dhcp_outbox_config outbox = {0};

	world_begin(&w);
	ck_assert_int_eq(loop_new(&loop), 0);
	config = (struct dhcpd_config){.loop = loop,
		.segments = &w.segments,
		.machines = w.machines,
		.timeline = w.timeline};
	outbox.loop = loop;
	lessor.c = &config;
	lessor.leases = w.leases;
	ck_assert_int_eq(dhcp_outbox_new(&outbox, &lessor.outbox), 0);
	dhcp_events_init(&lessor.events, w.timeline);
	world_machine(&w, "web01", w.lab, mac(1), four(20));
	ck_assert_uint_eq(world_get(&w, w.lab, mac(1)), 20);
	ck_assert_uint_eq(world_get(&w, w.lab, mac(3)), POOL_FIRST);
	ck_assert_int_eq(
		world_say(&w, w.lab, mac(4), DHCP6_SOLICIT, (struct ip){0}), DHCP6_SEND_ADVERTISE);
}

static void teardown(void)
{
	dhcp_outbox_free(lessor.outbox);
	loop_free(loop);
	world_end(&w);
}

static bool found(struct ip ip, struct mac by, bool declined)
{
	return dhcp_conflict_found(
		&lessor, w.lab, &(struct dhcp_conflict){ip, by, declined}, w.now);
}

/* Who has it, and is it set aside? */
static bool is_aside(struct ip ip, struct mac by)
{
	const struct lease *l = lease_by_ip(w.leases, w.lab->id, &ip);

	return l && l->state == LEASE_IN_USE && mac_eq(&l->mac, &by);
}

static const struct timeline_event *last_event(void)
{
	const struct timeline_event *e =
		timeline_after(w.timeline, timeline_newest(w.timeline) - 1, NULL);

	ck_assert_ptr_nonnull(e);
	return e;
}

START_TEST(test_nobodys)
{
	ck_assert(found(six(90), mac(9), false));
	ck_assert(is_aside(six(90), mac(9)));
	ck_assert_str_eq(last_event()->text,
		"2001:db8:7a::a4d:5a on lab is in use by 02:00:00:00:00:09 without a lease; set aside "
		"for 10 minutes");
}
END_TEST

/* What a neighbour says unasked ends no lease; an offer it does; and its holder may say so of itself. */
START_TEST(test_leased)
{
	ck_assert(!found(six(POOL_FIRST), mac(9), false));
	ck_assert(!found(six(POOL_FIRST), mac(3), false));
	ck_assert(!found(six(POOL_FIRST), mac(3), true));
	ck_assert(!is_aside(six(POOL_FIRST), mac(9)));
	ck_assert(!found(six(POOL_FIRST + 1), mac(4), false)); /* offered to it */
	ck_assert(found(six(POOL_FIRST + 1), mac(9), false));
	ck_assert(is_aside(six(POOL_FIRST + 1), mac(9)));
	/* its client has declined it, and another has it */
	ck_assert(found(six(POOL_FIRST), mac(9), true));
	ck_assert(is_aside(six(POOL_FIRST), mac(9)));
	ck_assert_str_eq(last_event()->text,
		"2001:db8:7a::a4d:64 declined by 02:00:00:00:00:03 on lab: in use by "
		"02:00:00:00:00:09; set aside for 10 minutes");
}
END_TEST

/* Of IPv6 also what goes with the record's IPv4 address. */
START_TEST(test_machines_own)
{
	ck_assert(!found(six(20), mac(9), false));
	ck_assert(!found(six(20), mac(1), true));
	ck_assert_uint_eq(world_get(&w, w.lab, mac(1)), 20);
	ck_assert(found(six(20), mac(9), true));
	ck_assert(is_aside(six(20), mac(9)));
	ck_assert_str_eq(last_event()->machine, "web01");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dhcp_conflict");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_nobodys);
	tcase_add_test(t, test_leased);
	tcase_add_test(t, test_machines_own);
	suite_add_tcase(suite, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
