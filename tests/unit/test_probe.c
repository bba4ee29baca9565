/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/probe.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT = 100 };
static const int64_t T0 = 5000;

static struct probes probes;

static struct ip ip(uint32_t n)
{
	return ip_from_v4(0x0a000000 + n);
}

static enum probe_state state(uint32_t n, int64_t now)
{
	struct ip a = ip(n);

	return probe_state(&probes, &a, now);
}

static int begin(uint32_t n, int64_t now)
{
	struct ip a = ip(n);

	return probe_begin(&probes, &a, now);
}

static int wait_for(uint32_t n, const char *text)
{
	struct ip a = ip(n);

	return probe_wait(&probes, &a, text, strlen(text) + 1);
}

/* All that is over now: the texts that waited, in order. */
static const char *over(int64_t now)
{
	static char said[256];
	struct probe_message *m;

	said[0] = '\0';
	while (probes_next_over(&probes, now, &m)) {
		if (strlen(said) < sizeof(said) - 8)
			strcat(said, m ? (const char *)m->bytes : "-");
		free(m);
	}
	return said;
}

static const char *answered(uint32_t n)
{
	static char said[64];
	struct ip a = ip(n);
	struct probe_message *m = probe_answered(&probes, &a);

	strcpy(said, m ? (const char *)m->bytes : "-");
	free(m);
	return said;
}

static void setup(void)
{
	probes_init(&probes, WAIT);
}

static void teardown(void)
{
	probes_fini(&probes);
}

START_TEST(nobody_answers)
{
	int64_t at;

	ck_assert_int_eq(state(1, T0), PROBE_UNKNOWN);
	ck_assert(!probes_deadline(&probes, &at));
	ck_assert_int_eq(begin(1, T0), 0);
	ck_assert_int_eq(wait_for(1, "a"), 0);
	ck_assert_int_eq(begin(2, T0 + 10), 0);
	ck_assert(probes_deadline(&probes, &at) && at == T0 + WAIT);
	ck_assert_int_eq(state(1, T0 + WAIT - 1), PROBE_RUNNING);
	ck_assert_str_eq(over(T0 + WAIT - 1), "");
	/* what waits is served before anybody else is given the address */
	ck_assert_int_eq(state(1, T0 + WAIT), PROBE_RUNNING);
	ck_assert_str_eq(over(T0 + WAIT), "a");
	ck_assert_int_eq(state(1, T0 + WAIT), PROBE_FREE);
	ck_assert(probes_deadline(&probes, &at) && at == T0 + 10 + WAIT);
	ck_assert_str_eq(over(T0 + 10 + WAIT), "-");
	ck_assert(!probes_deadline(&probes, &at));
	ck_assert_int_eq(state(1, T0 + PROBE_FRESH_MS - 1), PROBE_FREE);
	ck_assert_int_eq(state(1, T0 + PROBE_FRESH_MS), PROBE_UNKNOWN);
}
END_TEST

START_TEST(somebody_answers)
{
	int64_t at;

	ck_assert_str_eq(answered(1), "-");
	begin(1, T0);
	begin(2, T0);
	begin(3, T0);
	wait_for(1, "a");
	wait_for(2, "b");
	ck_assert_str_eq(answered(2), "b");
	ck_assert_int_eq(state(2, T0), PROBE_UNKNOWN);
	ck_assert_str_eq(answered(1), "a");
	ck_assert_str_eq(over(T0 + WAIT), "-");
	/* later than it had time for: known all the same */
	ck_assert_str_eq(answered(3), "-");
	ck_assert_int_eq(state(3, T0 + WAIT), PROBE_UNKNOWN);
	ck_assert(!probes_deadline(&probes, &at));
	ck_assert_int_eq(begin(2, T0 + WAIT), 0);
	ck_assert_int_eq(state(2, T0 + WAIT), PROBE_RUNNING);
}
END_TEST

START_TEST(one_waits_for_each)
{
	begin(1, T0);
	ck_assert_int_eq(wait_for(1, "a"), 0);
	ck_assert_int_eq(wait_for(1, "b"), -EALREADY);
	ck_assert_str_eq(over(T0 + WAIT), "a");
}
END_TEST

START_TEST(each_is_sent_once)
{
	struct ip got[8], one = ip(1);

	for (uint32_t i = 1; i <= 5; i++)
		begin(i, T0);
	begin(2, T0 + 1);
	answered(4);
	ck_assert_uint_eq(probes_unsent(&probes, got, 2), 2);
	ck_assert(ip_eq(&got[0], &one));
	ck_assert_uint_eq(probes_unsent(&probes, got, 8), 2); /* 3 and 5 */
	ck_assert_uint_eq(probes_unsent(&probes, got, 8), 0);
	begin(1, T0 + PROBE_FRESH_MS - 1);
	ck_assert_uint_eq(probes_unsent(&probes, got, 8), 0);
	over(T0 + WAIT);
	begin(1, T0 + PROBE_FRESH_MS);
	ck_assert_uint_eq(probes_unsent(&probes, got, 8), 1);
	ck_assert(ip_eq(&got[0], &one));
}
END_TEST

START_TEST(what_is_remembered_is_bounded)
{
	for (uint32_t i = 0; i < PROBE_MOST; i++)
		ck_assert_int_eq(begin(i, T0), 0);
	ck_assert_int_eq(begin(PROBE_MOST, T0 + 1), -ENOBUFS);
	for (uint32_t i = 0; i < PROBE_WAITING_MOST; i++)
		ck_assert_int_eq(wait_for(i, ""), 0);
	ck_assert_int_eq(wait_for(PROBE_WAITING_MOST, ""), -ENOBUFS);
	over(T0 + WAIT);
	ck_assert_int_eq(begin(PROBE_MOST, T0 + WAIT), 0);
	ck_assert_int_eq(state(0, T0 + WAIT), PROBE_UNKNOWN);
	ck_assert_int_eq(state(1, T0 + WAIT), PROBE_FREE);
	ck_assert_int_eq(wait_for(PROBE_MOST, "a"), 0);
	ck_assert_uint_eq(probes.by_ip.count, PROBE_MOST);
	begin(1, T0 + PROBE_FRESH_MS);
	ck_assert_uint_eq(probes.by_ip.count, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("probe");
	TCase *t = tcase_create("probe");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, nobody_answers);
	tcase_add_test(t, somebody_answers);
	tcase_add_test(t, one_waits_for_each);
	tcase_add_test(t, each_is_sent_once);
	tcase_add_test(t, what_is_remembered_is_bounded);
	suite_add_tcase(suite, t);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
