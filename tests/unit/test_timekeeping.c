/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/timekeeping.h"

#include "stepped_clock.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MINUTE = 60 * 1000, NEAR_MS = 2000 };
#define HOUR (60ll * MINUTE)

static struct base base;
static struct timekeeping tk;
static char dir[64];

static void begin(void)
{
	char path[128], why[256] = "";

	memset(&base, 0, sizeof base);
	tk = (struct timekeeping){.base = &base};
	snprintf(path, sizeof path, "%s/usher.db", dir);
	ck_assert_int_eq(loop_new(&base.loop), 0);
	ck_assert_int_eq(mailbox_init(&base.home), 0);
	ck_assert_msg(!store_open(path, &base.store, why, sizeof why), "%s", why);
	ck_assert_msg(!timekeeping_load(&tk, why, sizeof why), "%s", why);
	ck_assert_int_eq(timeline_new(base.store, &base.timeline), 0);
	ck_assert_int_eq(store_start(base.store, &base.home), 0);
	timekeeping_start(&tk);
}

static void end(void)
{
	timekeeping_stop(&tk);
	store_close(base.store);
	timeline_free(base.timeline);
	mailbox_fini(&base.home);
	loop_free(base.loop);
}

static void setup(void)
{
	snprintf(dir, sizeof dir, "/tmp/test_timekeeping.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	begin();
}

static void teardown(void)
{
	char command[128];

	end();
	snprintf(command, sizeof command, "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

/* All clocks go on by so much, and what is due is done. */
static void pass(int64_t ms)
{
	stepped.mono += ms;
	stepped.wall += ms;
	loop_once(base.loop, 0);
}

static const char *last_told(void)
{
	const struct timeline_event *e = timeline_last(base.timeline, "", "clock");

	return e ? e->text : "";
}

static void reset(void)
{
	memset(&stepped, 0, sizeof stepped); /* the test library measures, too */
}

#define ck_near(a, b)                                                               \
	ck_assert_msg((a) - (b) < NEAR_MS && (b) - (a) < NEAR_MS, "%lld, not %lld", \
		(long long)(a), (long long)(b))

/* The kernel wakes us when it was really set; these clocks are the test's, so it is seen at the next look. */
START_TEST(told)
{
	int64_t began = clock_steady_ms();

	ck_near(began, clock_wall_ms());
	pass(11 * MINUTE);
	ck_assert_str_eq(last_told(), "");
	stepped.wall += 2 * HOUR;
	pass(11 * MINUTE);
	ck_assert_str_eq(last_told(),
		"the host's clock was set forward by 2 h 0 min: leases and attempts keep the "
		"time they had left");
	stepped.wall -= 24 * HOUR + 500;
	pass(11 * MINUTE);
	ck_assert_ptr_nonnull(strstr(last_told(), "was set back by 1 d 0 h"));
	stepped.wall += 3 * HOUR;
	stepped.slept += 3 * HOUR;
	pass(11 * MINUTE);
	ck_assert_ptr_nonnull(strstr(last_told(), "the host slept for 3 h 0 min"));
	ck_assert_uint_eq(timeline_newest(base.timeline), 3);
	stepped.wall += 200; /* is being put right */
	pass(11 * MINUTE);
	ck_assert_uint_eq(timeline_newest(base.timeline), 3);
	ck_near(clock_steady_ms(), began + 55 * MINUTE);
	reset();
}
END_TEST

/* A restart in one boot of the host, before which the clock was set and nobody noticed. */
START_TEST(over_a_restart)
{
	int64_t began = clock_steady_ms();

	stepped.wall += 2 * HOUR;
	stepped.mono += MINUTE;
	end();
	begin();
	ck_near(clock_steady_ms(), began + MINUTE);
	stepped.wall -= 48 * HOUR;
	end();
	begin();
	ck_near(clock_steady_ms(), began + MINUTE);
	reset();
}
END_TEST

/* What was kept last says how late it was, though the clock that ran while the host was off says otherwise. */
START_TEST(over_a_reboot)
{
	int64_t began = clock_steady_ms();

	pass(11 * MINUTE);
	ck_assert_int_eq(store_put(base.store, STORE_SETTING, "x", 1, "y", 1), 0);
	ck_assert_int_eq(store_commit(base.store, NULL, NULL), 0);
	pass(11 * MINUTE);
	end();
	stepped.mono = -HOUR; /* this boot began later than the last mark */
	stepped.wall = -365 * 24 * HOUR;
	begin();
	ck_near(clock_steady_ms(), began + 22 * MINUTE);
	ck_assert_ptr_nonnull(timeline_last(base.timeline, "", "service"));
	reset();
}
END_TEST

START_TEST(broken)
{
	char path[128], why[256] = "";
	struct base b = {0};
	struct timekeeping t = {.base = &b};

	ck_assert_int_eq(store_put(base.store, STORE_SETTING, "clock", 5, "{}", 2), 0);
	ck_assert_int_eq(store_commit(base.store, NULL, NULL), 0);
	end();
	snprintf(path, sizeof path, "%s/usher.db", dir);
	ck_assert_int_eq(store_open(path, &b.store, why, sizeof why), 0);
	ck_assert_int_eq(timekeeping_load(&t, why, sizeof why), -EPROTO);
	ck_assert_ptr_nonnull(strstr(why, "the stored time cannot be read"));
	store_close(b.store);
	ck_assert_int_eq(unlink(path), 0);
	begin();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("timekeeping");
	TCase *t = tcase_create("timekeeping");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, told);
	tcase_add_test(t, over_a_restart);
	tcase_add_test(t, over_a_reboot);
	tcase_add_test(t, broken);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
