/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_backlog.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

START_TEST(test_order)
{
	struct dhcp_backlog b = {0};
	const uint8_t *bytes;
	size_t len;

	ck_assert(!dhcp_backlog_take(&b, &bytes, &len));
	ck_assert_int_eq(dhcp_backlog_put(&b, "one", 3), 0);
	ck_assert_int_eq(dhcp_backlog_put(&b, "three", 5), 0);
	ck_assert(dhcp_backlog_take(&b, &bytes, &len));
	ck_assert_mem_eq(bytes, "one", 3);
	ck_assert_uint_eq(len, 3);
	ck_assert(dhcp_backlog_take(&b, &bytes, &len));
	ck_assert_mem_eq(bytes, "three", 5);
	ck_assert_uint_eq(len, 5);
	ck_assert(!dhcp_backlog_take(&b, &bytes, &len));
	dhcp_backlog_fini(&b);
}
END_TEST

/* The newest are kept, in their order. */
START_TEST(test_full)
{
	struct dhcp_backlog b = {0};
	const uint8_t *bytes;
	size_t len;
	int got;

	for (int i = 0; i < DHCP_BACKLOG + 10; i++)
		ck_assert_int_eq(dhcp_backlog_put(&b, &i, sizeof(i)), i >= DHCP_BACKLOG);
	for (int i = 10; i < DHCP_BACKLOG + 10; i++) {
		ck_assert(dhcp_backlog_take(&b, &bytes, &len));
		memcpy(&got, bytes, sizeof(got));
		ck_assert_int_eq(got, i);
	}
	ck_assert_uint_eq(b.n, 0);
	dhcp_backlog_fini(&b);
}
END_TEST

START_TEST(test_size)
{
	static uint8_t big[DHCP_PACKET_MAX + 1];
	struct dhcp_backlog b = {0};

	ck_assert_int_eq(dhcp_backlog_put(&b, big, sizeof(big) - 1), 0);
	ck_assert_int_eq(dhcp_backlog_put(&b, big, sizeof(big)), -EMSGSIZE);
	ck_assert_uint_eq(b.n, 1);
	dhcp_backlog_fini(&b);
	ck_assert_uint_eq(b.n, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dhcp_backlog");
	TCase *t = tcase_create("backlog");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_order);
	tcase_add_test(t, test_full);
	tcase_add_test(t, test_size);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
