/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/pace.h"

#include <check.h>

/* How often a job says something that takes `ms` in all and is looked at each `step`. */
static unsigned lines(int64_t ms, int64_t step, uint64_t size)
{
	struct pace p = {0};
	unsigned n = 0;

	for (int64_t at = 0; at <= ms; at += step)
		n += pace_due(&p, at, size / (uint64_t)ms * (uint64_t)at, size);
	return n;
}

START_TEST(short_jobs_say_nothing)
{
	ck_assert_uint_eq(lines(4999, 1, 40000000), 0);
	ck_assert_uint_eq(lines(PACE_APART_MS, PACE_APART_MS, 5000), 0);
}
END_TEST

START_TEST(long_ones_at_each_quarter)
{
	ck_assert_uint_eq(lines(60000, 10, 1ull << 32), PACE_MOST);
	ck_assert_uint_eq(lines(86400000, 1000, 86400000000), PACE_MOST);
	ck_assert_uint_eq(lines(12000, 10, 12000000), 2);
}
END_TEST

START_TEST(not_twice_within_seconds)
{
	struct pace p = {0};

	ck_assert(pace_due(&p, 5000, 1, 100));
	ck_assert(!pace_due(&p, 5001, 60, 100));
	ck_assert(!pace_due(&p, 9999, 60, 100));
	ck_assert(pace_due(&p, 10000, 60, 100));
	/* no further */
	ck_assert(!pace_due(&p, 90000, 70, 100));
	ck_assert(pace_due(&p, 90000, 80, 100));
	ck_assert(!pace_due(&p, 99000, 100, 100));
}
END_TEST

START_TEST(any_size)
{
	struct pace p = {0};

	ck_assert(!pace_due(&p, 5000, 0, 0));
	ck_assert(pace_due(&p, 5000, 0, 1));
	p = (struct pace){0};
	ck_assert(pace_due(&p, 5000, 1, UINT64_MAX));
	ck_assert(pace_due(&p, 10000, UINT64_MAX - 1, UINT64_MAX));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pace");
	TCase *t = tcase_create("pace");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, short_jobs_say_nothing);
	tcase_add_test(t, long_ones_at_each_quarter);
	tcase_add_test(t, not_twice_within_seconds);
	tcase_add_test(t, any_size);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
