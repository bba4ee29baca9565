/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/clock.h"

#include "stepped_clock.h"

#include <check.h>
#include <string.h>

enum { NEAR_MS = 2000 };
#define HOUR (3600ll * 1000)
#define DAY (24 * HOUR)

#define ck_near(a, b)                                                                      \
	ck_assert_msg((a) - (b) < NEAR_MS && (b) - (a) < NEAR_MS, "%lld is not near %lld", \
		(long long)(a), (long long)(b))

static void teardown(void)
{
	memset(&stepped, 0, sizeof stepped);
	clock_begin(clock_mono_ms());
}

/* What holds over a restart of the program, and over a reboot of the host. */
START_TEST(resumed)
{
	static const struct clock_mark mark = {"a", 1000 * HOUR, 5 * HOUR, 1002 * HOUR};
	static const struct {
		struct clock_mark now;
		int64_t hours;
	} t[] = {
		/* the same boot: the wall clock does not matter */
		{{"a", 0, 5 * HOUR, 1002 * HOUR}, 1000},
		{{"a", 0, 6 * HOUR, 1003 * HOUR}, 1001},
		{{"a", 0, 6 * HOUR, 9999 * HOUR}, 1001},
		{{"a", 0, 6 * HOUR, 1 * HOUR}, 1001},
		/* another one: as long as it was off by the wall clock */
		{{"b", 0, 1 * HOUR, 1004 * HOUR}, 1002},
		{{"b", 0, 7 * HOUR, 1004 * HOUR}, 1002},
		/* whose battery is empty: what was left is left */
		{{"b", 0, 1 * HOUR, 0}, 1000},
		/* the same one as far as can be seen, and yet earlier: a copy of it */
		{{"a", 0, 4 * HOUR, 1003 * HOUR}, 1001},
	};
	struct clock_mark unknown = mark, now = {"", 0, 9 * HOUR, 1003 * HOUR};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		ck_assert_msg(clock_resume(&mark, &t[i].now) == t[i].hours * HOUR, "row %zu: %lld",
			i, (long long)clock_resume(&mark, &t[i].now) / HOUR);
	ck_assert_int_eq(clock_resume(NULL, &t[0].now), 1002 * HOUR);
	*unknown.boot = '\0'; /* no /proc: nothing tells that it is the same */
	ck_assert_int_eq(clock_resume(&unknown, &now), 1001 * HOUR);
}
END_TEST

START_TEST(steady)
{
	static const int64_t steps[] = {2 * HOUR, -DAY, 0, 30ll * 365 * DAY, -50};
	int64_t began, deadline, slept = clock_slept_ms();

	clock_begin(clock_wall_ms());
	began = clock_steady_ms();
	ck_near(began, clock_wall_ms());
	deadline = began + HOUR;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		stepped.wall = steps[i];
		ck_near(clock_steady_ms(), began);
		ck_near(clock_wall_of(deadline), clock_wall_ms() + HOUR);
		ck_assert_int_eq(clock_wall_of(deadline) % 1000, deadline % 1000);
	}
	ck_assert_int_eq(clock_wall_of(0), 0);
	stepped.mono = stepped.wall = HOUR;
	ck_near(clock_steady_ms(), began + HOUR);
	/* the host sleeps: the wall clock has gone on, and nobody could ask for anything */
	stepped.wall += 8 * HOUR;
	stepped.slept = 8 * HOUR;
	ck_near(clock_steady_ms(), began + HOUR);
	ck_near(clock_slept_ms(), slept + 8 * HOUR);
	memset(&stepped, 0, sizeof stepped); /* the test library measures, too */
}
END_TEST

/* From one start to the next in one boot, with a clock that is set in between. */
START_TEST(over_a_restart)
{
	struct clock_mark mark, now;
	int64_t before;

	clock_begin(clock_wall_ms());
	clock_look(&mark);
	ck_assert_uint_eq(strlen(mark.boot), 36);
	before = clock_steady_ms();
	clock_begin(clock_mono_ms()); /* another program */
	stepped.wall = 2 * HOUR;
	clock_look(&now);
	ck_assert_str_eq(now.boot, mark.boot);
	clock_begin(clock_resume(&mark, &now));
	ck_near(clock_steady_ms(), before);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("clock");
	TCase *t = tcase_create("clock");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, resumed);
	tcase_add_test(t, steady);
	tcase_add_test(t, over_a_restart);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
