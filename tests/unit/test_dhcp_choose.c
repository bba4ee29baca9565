/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which address, for both families; the whole of IPv4's order stands in test_dhcp_policy.c. */
#include "dhcp6_world.h"

#include "dhcpd/dhcp_choose.h"

#include <stdlib.h>

static struct world w;
static enum dhcp_guest guest_says;
static const enum ip_family families[] = {IP_V4, IP_V6};

static void setup(void)
{
	world_begin(&w);
	guest_says = DHCP_GUEST_MAYBE;
}

static void teardown(void)
{
	world_end(&w);
}

static enum dhcp_guest guest(void *arg, const struct segment *s, const struct mac *m)
{
	(void)arg, (void)s, (void)m;
	return guest_says;
}

static struct ip at(enum ip_family family, uint32_t n)
{
	return family == IP_V6 ? six(n) : four(n);
}

static struct dhcp_asker asker(enum ip_family family, const struct segment *s, struct mac m)
{
	return (struct dhcp_asker){.family = family,
		.segment = s,
		.machines = w.machines,
		.leases = w.leases,
		.now = w.now,
		.guests = guest,
		.machine = machines_by_mac(w.machines, s->id, &m, NULL),
		.mac = m,
		.holder = m};
}

static bool is(const struct dhcp_choice *c, struct ip want)
{
	return ip_eq(&c->address, &want);
}

static void bind_(const struct segment *s, struct ip a, struct mac m, int64_t ms)
{
	ck_assert_int_eq(lease_bind(w.leases, s->id, &a, &m, w.now + ms, "", 0, w.now), 0);
}

/* In this order: own, computed, the one it had, one from the pool. */
START_TEST(test_order)
{
	enum ip_family f = families[_i];
	struct dhcp_choice got = {0};
	struct dhcp_asker c = asker(f, w.lab, computed(50));

	c.own = at(f, 20);
	ck_assert_int_eq(dhcp_choose(&c, &got), DHCP_FINE);
	ck_assert(is(&got, at(f, 20)));
	c = asker(f, w.lab, computed(50));
	got = (struct dhcp_choice){0};
	ck_assert_int_eq(dhcp_choose(&c, &got), DHCP_FINE);
	ck_assert(is(&got, at(f, 50)) && got.claims);
	bind_(w.lab, at(f, POOL_FIRST + 1), c.mac, HOUR);
	got = (struct dhcp_choice){0};
	ck_assert_int_eq(dhcp_choose(&c, &got), DHCP_FINE);
	ck_assert(is(&got, at(f, 50)));
	c = asker(f, w.lab, mac(3));
	bind_(w.lab, at(f, POOL_FIRST + 2), c.mac, HOUR);
	got = (struct dhcp_choice){0};
	ck_assert_int_eq(dhcp_choose(&c, &got), DHCP_FINE);
	ck_assert(is(&got, at(f, POOL_FIRST + 2)));
	c = asker(f, w.lab, mac(4));
	c.wanted = at(f, POOL_FIRST + 3);
	got = (struct dhcp_choice){0};
	ck_assert_int_eq(dhcp_choose(&c, &got), DHCP_FINE);
	ck_assert(is(&got, at(f, POOL_FIRST + 3)));
	/* what it wants counts only in the pool, and of its family */
	c.wanted = at(f, 60);
	ck_assert_int_eq(dhcp_choose(&c, &got), DHCP_FINE);
	ck_assert(is(&got, at(f, POOL_FIRST)));
	c.wanted = at(f == IP_V4 ? IP_V6 : IP_V4, POOL_FIRST + 3);
	ck_assert_int_eq(dhcp_choose(&c, &got), DHCP_FINE);
	ck_assert(is(&got, at(f, POOL_FIRST)));
}
END_TEST

START_TEST(test_nothing)
{
	enum ip_family f = families[_i];
	struct dhcp_choice got = {0};
	struct dhcp_asker c = asker(f, w.bare, mac(3));

	ck_assert_int_eq(dhcp_choose(&c, &got), DHCP_STRANGER);
	c.own = f == IP_V6 ? elsewhere(5) : ip_from_v4(NET + 0x1000);
	ck_assert_int_eq(dhcp_choose(&c, &got), DHCP_MISPLACED);
	c.own = at(f, 1); /* ours */
	ck_assert_int_eq(dhcp_choose(&c, &got), DHCP_MISPLACED);
	for (uint32_t i = POOL_FIRST; i <= POOL_LAST; i++)
		bind_(w.lab, at(f, i), mac(10 + i), HOUR);
	c = asker(f, w.lab, mac(3));
	ck_assert_int_eq(dhcp_choose(&c, &got), DHCP_POOL_FULL);
	guest_says = DHCP_GUEST_NONE;
	c = asker(f, w.lab, computed(50));
	ck_assert_int_eq(dhcp_choose(&c, &got), DHCP_POOL_FULL);
	ck_assert_int_eq(got.no_claim, DHCP_NO_GUEST);
}
END_TEST

/* A full pool of one family, and a lease in it, say nothing of the other. */
START_TEST(test_families_are_apart)
{
	enum ip_family f = families[_i], other = f == IP_V4 ? IP_V6 : IP_V4;
	struct dhcp_choice got = {0};
	struct dhcp_asker c = asker(other, w.lab, mac(3));

	for (uint32_t i = POOL_FIRST; i <= POOL_LAST; i++)
		bind_(w.lab, at(f, i), mac(10 + i), HOUR);
	ck_assert_int_eq(dhcp_choose(&c, &got), DHCP_FINE);
	ck_assert(is(&got, at(other, POOL_FIRST)));
}
END_TEST

/* What is computed from a record's IPv4 address is the machine's, whoever asks for it and however. */
START_TEST(test_computed_of_a_record)
{
	struct dhcp_choice got = {0};
	struct dhcp_asker c = asker(IP_V6, w.lab, computed(50));

	world_machine(&w, "web01", w.lab, mac(1), four(50));
	world_machine(&w, "web02", w.lab, mac(2), four(POOL_FIRST));
	ck_assert_int_eq(dhcp_choose(&c, &got), DHCP_FINE);
	ck_assert(is(&got, six(POOL_FIRST + 1)));
	c = asker(IP_V6, w.lab, mac(3));
	c.wanted = six(POOL_FIRST);
	ck_assert_int_eq(dhcp_choose(&c, &got), DHCP_FINE);
	ck_assert(is(&got, six(POOL_FIRST + 1)));
	bind_(w.lab, six(POOL_FIRST), c.mac, HOUR); /* from before the record */
	c.wanted = six(POOL_FIRST);
	ck_assert(!dhcp_may_keep(&c, &c.wanted));
}
END_TEST

START_TEST(test_may_keep)
{
	enum ip_family f = families[_i];
	struct dhcp_asker c = asker(f, w.lab, mac(3));
	struct ip a = at(f, POOL_FIRST);

	ck_assert(!dhcp_may_keep(&c, &a));
	bind_(w.lab, a, c.mac, HOUR);
	ck_assert(dhcp_may_keep(&c, &a));
	c.segment = w.bare;
	ck_assert(!dhcp_may_keep(&c, &a));
	c = asker(f, w.lab, mac(4));
	ck_assert(!dhcp_may_keep(&c, &a));
	c = asker(f, w.lab, mac(3));
	c.own = at(f, 20); /* its record moves it */
	ck_assert(!dhcp_may_keep(&c, &a));
	c = asker(f, w.lab, mac(3));
	c.now += HOUR;
	ck_assert(!dhcp_may_keep(&c, &a));
}
END_TEST

/* The share of strangers is each family's own, and a lease in it goes on. */
START_TEST(test_share)
{
	enum ip_family f = families[_i], other = f == IP_V4 ? IP_V6 : IP_V4;
	struct dhcp_choice got;
	struct dhcp_asker c;
	unsigned n = 0;

	for (uint8_t i = 2; i < 90; i++) {
		c = asker(f, w.lab, computed(i));
		got = (struct dhcp_choice){0};
		if (dhcp_choose(&c, &got) != DHCP_FINE || !is(&got, at(f, i)))
			break;
		dhcp_choice_count(&c, &got);
		bind_(w.lab, got.address, c.mac, HOUR);
		n++;
	}
	ck_assert_uint_gt(n, 0);
	ck_assert_uint_lt(n, 88);
	ck_assert_int_eq(got.no_claim, DHCP_SHARE_FULL);
	c = asker(f, w.lab, computed(2));
	got = (struct dhcp_choice){0};
	ck_assert_int_eq(dhcp_choose(&c, &got), DHCP_FINE);
	ck_assert(is(&got, at(f, 2)) && !got.claims);
	c = asker(other, w.lab, computed(99));
	got = (struct dhcp_choice){0};
	ck_assert_int_eq(dhcp_choose(&c, &got), DHCP_FINE);
	ck_assert(is(&got, at(other, 99)) && got.claims);
}
END_TEST

START_TEST(test_contested)
{
	enum ip_family f = families[_i];
	struct ip a = at(f, 50);
	struct dhcp_choice got = {0};
	struct dhcp_asker c = asker(f, w.lab, mac(1));

	c.own = a;
	ck_assert_ptr_null(dhcp_contested(&c, &a));
	bind_(w.lab, a, computed(50), HOUR);
	ck_assert_ptr_nonnull(dhcp_contested(&c, &a));
	ck_assert_int_eq(dhcp_choose(&c, &got), DHCP_FINE);
	ck_assert(is(&got, a));
	guest_says = DHCP_GUEST_KNOWN; /* libvirt knows whose it is */
	ck_assert_ptr_null(dhcp_contested(&c, &a));
	ck_assert_int_eq(dhcp_choose(&c, &got), DHCP_TAKEN);
	guest_says = DHCP_GUEST_MAYBE;
	c.own = at(f, 51);
	ck_assert_ptr_null(dhcp_contested(&c, &a));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dhcp_choose");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, test_order, 0, 2);
	tcase_add_loop_test(t, test_nothing, 0, 2);
	tcase_add_loop_test(t, test_families_are_apart, 0, 2);
	tcase_add_test(t, test_computed_of_a_record);
	tcase_add_loop_test(t, test_may_keep, 0, 2);
	tcase_add_loop_test(t, test_share, 0, 2);
	tcase_add_loop_test(t, test_contested, 0, 2);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
