/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/rate.h"

#include <check.h>

START_TEST(one_window_after_another)
{
	struct rate r = {0};

	ck_assert_uint_eq(rate_look(&r, 1000, 5000), 0);
	for (int i = 0; i < 3; i++)
		ck_assert(rate_take(&r, 3));
	ck_assert(!rate_has(&r, 3));
	ck_assert(!rate_take(&r, 3) && !rate_take(&r, 3));
	ck_assert_uint_eq(rate_look(&r, 1000, 5999), 0);
	ck_assert(!rate_take(&r, 3));
	ck_assert_uint_eq(rate_look(&r, 1000, 6000), 3); /* told once */
	ck_assert_uint_eq(rate_look(&r, 1000, 6001), 0);
	ck_assert(rate_take(&r, 1) && !rate_take(&r, 1));
}
END_TEST

START_TEST(a_clock_set_back)
{
	struct rate r = {0};

	rate_look(&r, 1000, 9000000);
	ck_assert(rate_take(&r, 1) && !rate_take(&r, 1));
	ck_assert_uint_eq(rate_look(&r, 1000, 5000), 1);
	ck_assert(rate_take(&r, 1));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rate");
	TCase *t = tcase_create("rate");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, one_window_after_another);
	tcase_add_test(t, a_clock_set_back);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
