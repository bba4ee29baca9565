/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_twice.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static struct dhcp_twice t;

static void setup(void)
{
	memset(&t, 0, sizeof t);
}

/* A message of this number, on two segments. */
static uint32_t both(int n, uint32_t first, uint32_t second, int64_t now, int64_t apart)
{
	char text[32];

	snprintf(text, sizeof text, "message %d", n);
	ck_assert_uint_eq(dhcp_twice_heard(&t, first, text, strlen(text), now), 0);
	return dhcp_twice_heard(&t, second, text, strlen(text), now + apart);
}

START_TEST(one_wire)
{
	int64_t now = 1000000;

	ck_assert_uint_eq(both(1, 1, 2, now, 5), 0); /* by chance */
	ck_assert_uint_eq(both(2, 1, 2, now += 50, 5), 0);
	ck_assert_uint_eq(both(3, 1, 2, now += 50, 5), 1);
	/* once an hour, whichever is read first */
	ck_assert_uint_eq(both(4, 1, 2, now += 50, 5), 0);
	for (int i = 0; i < 5; i++)
		ck_assert_uint_eq(both(5 + i, 2, 1, now += 50, 5), 0);
	ck_assert_uint_eq(both(20, 1, 2, now += DHCP_TWICE_MS, 5), 1);
}
END_TEST

START_TEST(two_wires)
{
	int64_t now = 1000000;

	for (int i = 0; i < 20; i++) {
		/* a machine that says the same again, and clones of it that start later */
		ck_assert_uint_eq(both(1, 1, 1, now += 10, 5), 0);
		ck_assert_uint_eq(both(2, 1, 2, now += 1000, DHCP_TWICE_APART_MS + 1), 0);
		ck_assert_uint_eq(dhcp_twice_heard(&t, 1, "a", 1, now), 0);
		ck_assert_uint_eq(dhcp_twice_heard(&t, 2, "b", 1, now), 0);
	}
	/* once with this one, once with that one */
	setup();
	for (int i = 0; i < 20; i++)
		ck_assert_uint_eq(both(i, 1 + (uint32_t)i % 2, 3, now += 200, 5), 0);
}
END_TEST

START_TEST(edges)
{
	int64_t now = 1000000;

	for (int i = 0; i < 2; i++)
		ck_assert_uint_eq(both(i, 1, SEGMENT_MAX, now += 200, DHCP_TWICE_APART_MS), 0);
	ck_assert_uint_eq(both(9, 1, SEGMENT_MAX, now += 200, DHCP_TWICE_APART_MS), 1);
	ck_assert_uint_eq(dhcp_twice_heard(&t, 1, "", 0, now), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dhcp_twice");
	TCase *c = tcase_create("dhcp_twice");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(c, setup, NULL);
	tcase_add_test(c, one_wire);
	tcase_add_test(c, two_wires);
	tcase_add_test(c, edges);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
