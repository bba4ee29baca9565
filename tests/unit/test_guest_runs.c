/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/runs.h"

#include <check.h>
#include <stdlib.h>

static const struct run_deeds none, start = {.start = true}, stop = {.stop = true},
				    restart = {.start = true, .stop = true},
				    del = {.stop = true, .undefine = true};

static struct runs rs;
static unsigned connection;

static void setup(void)
{
	runs_init(&rs);
	connection = 0;
}

static void teardown(void)
{
	runs_fini(&rs);
}

static enum run_verdict event(const char *name, int what, bool destroyed)
{
	return runs_event(&rs, name, &(struct run_event){.what = what, .destroyed = destroyed});
}

static void begin(const struct run_deeds *may)
{
	ck_assert_int_eq(runs_begin(&rs, "web01", may), 0);
}

/* Ends and returns what was held, as digits: the events in order. */
static int end(const struct run_deeds *may, const struct run_deeds *did)
{
	struct run_event *e = runs_end(&rs, "web01", connection, may, did), *next;
	int held = 0;

	for (; e; e = next) {
		next = e->next;
		held = held * 10 + e->what + 1;
		free(e);
	}
	return held;
}

START_TEST(strangers)
{
	ck_assert_int_eq(event("web01", GUEST_KILLED, true), RUN_TELL);
	begin(&stop);
	ck_assert_int_eq(event("other", GUEST_KILLED, true), RUN_TELL);
	ck_assert_int_eq(event("other", GUEST_STARTED, false), RUN_TELL);
	ck_assert_int_eq(end(&stop, &none), 0);
	ck_assert_uint_eq(rs.table.count, 0);
}
END_TEST

START_TEST(own_stop_before_and_after_the_answer)
{
	begin(&stop);
	ck_assert_int_eq(event("web01", GUEST_KILLED, true), RUN_DROP);
	ck_assert_int_eq(end(&stop, &stop), 0);
	ck_assert_uint_eq(rs.table.count, 0);
	begin(&stop);
	ck_assert_int_eq(end(&stop, &stop), 0);
	ck_assert_int_eq(event("web01", GUEST_KILLED, true), RUN_DROP);
	ck_assert_int_eq(event("web01", GUEST_KILLED, true), RUN_TELL);
	ck_assert_uint_eq(rs.table.count, 0);
}
END_TEST

START_TEST(stop_that_found_it_stopped)
{
	begin(&stop);
	ck_assert_int_eq(event("web01", GUEST_STOPPED_SELF, false), RUN_DROP);
	ck_assert_int_eq(end(&stop, &none), 0);
	ck_assert_int_eq(event("web01", GUEST_KILLED, true), RUN_TELL);
}
END_TEST

/* The old run's end, whatever its kind, is not the new run's. */
START_TEST(late_stop_of_the_old_run)
{
	begin(&restart);
	ck_assert_int_eq(event("web01", GUEST_STOPPED_SELF, false), RUN_DROP);
	ck_assert_int_eq(end(&restart, &start), 0);
	ck_assert_int_eq(event("web01", GUEST_STOPPED_SELF, false), RUN_DROP);
	ck_assert_int_eq(event("web01", GUEST_STARTED, false), RUN_TELL);
	ck_assert_int_eq(event("web01", GUEST_STOPPED_SELF, false), RUN_TELL);
	ck_assert_uint_eq(rs.table.count, 0);
}
END_TEST

/* What the new run does before the answer waits for it. */
START_TEST(held)
{
	begin(&restart);
	ck_assert_int_eq(event("web01", GUEST_KILLED, true), RUN_DROP);
	ck_assert_int_eq(event("web01", GUEST_STARTED, false), RUN_HOLD);
	ck_assert_int_eq(event("web01", GUEST_STOPPED_SELF, false), RUN_HOLD);
	ck_assert_int_eq(end(&restart, &restart), 12);
	ck_assert_uint_eq(rs.table.count, 0);
}
END_TEST

START_TEST(failed_start)
{
	begin(&restart);
	ck_assert_int_eq(event("web01", GUEST_KILLED, true), RUN_DROP);
	ck_assert_int_eq(end(&restart, &stop), 0);
	ck_assert_uint_eq(rs.table.count, 0);
	ck_assert_int_eq(event("web01", GUEST_STOPPED_SELF, false), RUN_TELL);
}
END_TEST

START_TEST(deletion)
{
	begin(&del);
	ck_assert_int_eq(end(&del, &del), 0);
	ck_assert_int_eq(event("web01", GUEST_KILLED, true), RUN_DROP);
	ck_assert_int_eq(event("web01", GUEST_UNDEFINED, false), RUN_DROP);
	ck_assert_int_eq(event("web01", GUEST_UNDEFINED, false), RUN_TELL);
}
END_TEST

START_TEST(two_jobs)
{
	begin(&restart);
	begin(&none);
	ck_assert_int_eq(event("web01", GUEST_STARTED, false), RUN_HOLD);
	ck_assert_ptr_null(runs_end(&rs, "web01", 0, &restart, &start));
	ck_assert_int_eq(end(&none, &none), 1);
	ck_assert_uint_eq(rs.table.count, 0);
}
END_TEST

/* The job did its deed on the old connection: its events never come. */
START_TEST(connection_lost_after_the_deed)
{
	begin(&restart);
	ck_assert_int_eq(event("web01", GUEST_STARTED, false), RUN_HOLD);
	runs_reconnected(&rs, 1);
	ck_assert_int_eq(end(&restart, &restart), 0); /* what was held, reconciliation finds out */
	ck_assert_uint_eq(rs.table.count, 0);
	ck_assert_int_eq(event("web01", GUEST_STOPPED_SELF, false), RUN_TELL);
}
END_TEST

/* It is tried again on the new one. */
START_TEST(connection_lost_before_the_deed)
{
	begin(&restart);
	runs_reconnected(&rs, 1);
	ck_assert_int_eq(event("web01", GUEST_KILLED, true), RUN_DROP);
	ck_assert_int_eq(event("web01", GUEST_STARTED, false), RUN_HOLD);
	connection = 1;
	ck_assert_int_eq(end(&restart, &restart), 1);
	ck_assert_uint_eq(rs.table.count, 0);
}
END_TEST

START_TEST(connection_lost_when_idle)
{
	begin(&stop);
	ck_assert_int_eq(end(&stop, &stop), 0);
	runs_reconnected(&rs, 1);
	ck_assert_uint_eq(rs.table.count, 0);
	ck_assert_int_eq(event("web01", GUEST_KILLED, true), RUN_TELL);
}
END_TEST

START_TEST(left_over_is_freed)
{
	begin(&restart);
	ck_assert_int_eq(event("web01", GUEST_STARTED, false), RUN_HOLD);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guest_runs");
	TCase *t = tcase_create("guest_runs");
	SRunner *r;
	int failed;

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, strangers);
	tcase_add_test(t, own_stop_before_and_after_the_answer);
	tcase_add_test(t, stop_that_found_it_stopped);
	tcase_add_test(t, late_stop_of_the_old_run);
	tcase_add_test(t, held);
	tcase_add_test(t, failed_start);
	tcase_add_test(t, deletion);
	tcase_add_test(t, two_jobs);
	tcase_add_test(t, connection_lost_after_the_deed);
	tcase_add_test(t, connection_lost_before_the_deed);
	tcase_add_test(t, connection_lost_when_idle);
	tcase_add_test(t, left_over_is_freed);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
