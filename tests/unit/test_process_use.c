/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/clock.h"
#include "core/process_use.h"

#include "stepped_clock.h"

#include <check.h>

START_TEST(test_use)
{
	struct process_use u;

	process_use_look(&u);
	ck_assert_uint_gt(u.resident_bytes, 0);
	ck_assert_uint_ge(u.virtual_bytes, u.resident_bytes);
	ck_assert_uint_gt(u.descriptors_max, 0);
	ck_assert(u.cpu_s >= 0);
}
END_TEST

/* Whatever happens to the clocks: Prometheus takes another start for a restart. */
START_TEST(test_start_stays)
{
	struct process_use first, later;

	process_use_look(&first);
	ck_assert_double_eq_tol(first.started, (double)clock_wall_ms() / 1e3, 60);
	stepped.mono += 1000;
	process_use_look(&later);
	ck_assert_double_eq(first.started, later.started);
	stepped.wall += 3600 * 1000;
	process_use_look(&later);
	ck_assert_double_eq(first.started, later.started);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("process_use");
	TCase *t = tcase_create("process_use");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, test_use);
	tcase_add_test(t, test_start_stays);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
