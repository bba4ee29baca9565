/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/macs.h"

#include <check.h>
#include <stdlib.h>

#define A "6f4d4c6e-8d0c-4b53-9d0e-2f6a2b3c4d5e"
#define B "7f4d4c6e-8d0c-4b53-9d0e-2f6a2b3c4d5e"

static struct macs *ms;
static const struct mac one = {{0x52, 0x54, 0, 0, 0, 1}}, two = {{0x52, 0x54, 0, 0, 0, 2}};

static void setup(void)
{
	ck_assert_int_eq(macs_new(&ms), 0);
}

static void teardown(void)
{
	macs_free(ms);
}

static void put(const char *uuid, const struct mac *mac)
{
	macs_begin(ms, uuid);
	macs_put(ms, uuid, mac, 1, 1000);
}

static enum macs_answer ask(const char *uuid, const struct mac *mac)
{
	return macs_ask(ms, uuid, mac, 1, 2000);
}

START_TEST(knows_what_was_put)
{
	ck_assert_int_eq(ask(A, &one), MACS_UNKNOWN);
	put(A, &one);
	put(B, &two);
	ck_assert_int_eq(ask(A, &one), MACS_YES);
	ck_assert_int_eq(ask(A, &two), MACS_NO);
	ck_assert_int_eq(ask(B, &two), MACS_YES);
	put(A, &two);
	ck_assert_int_eq(ask(A, &one), MACS_NO);
	ck_assert_int_eq(macs_ask(ms, A, &two, 1, 1000 + MACS_FRESH_MS), MACS_UNKNOWN);
}
END_TEST

START_TEST(forgets)
{
	put(A, &one);
	put(B, &two);
	macs_forget(ms, A);
	ck_assert_int_eq(ask(A, &one), MACS_UNKNOWN);
	ck_assert_int_eq(ask(B, &two), MACS_YES);
	macs_forget_all(ms);
	ck_assert_int_eq(ask(B, &two), MACS_UNKNOWN);
}
END_TEST

/* What was read may be of before the change. */
START_TEST(a_change_while_it_is_read)
{
	macs_begin(ms, A);
	ck_assert_int_eq(ask(A, &one), MACS_UNKNOWN);
	macs_forget(ms, A);
	macs_put(ms, A, &one, 1, 1000);
	ck_assert_int_eq(ask(A, &one), MACS_UNKNOWN);
}
END_TEST

START_TEST(too_many_are_read_each_time)
{
	struct mac many[MACS_DOMAIN + 1] = {{{0}}};

	macs_begin(ms, A);
	macs_put(ms, A, many, MACS_DOMAIN + 1, 1000);
	ck_assert_int_eq(ask(A, &one), MACS_UNKNOWN);
	macs_put(ms, A, many, MACS_DOMAIN, 1000);
	ck_assert_int_eq(ask(A, &one), MACS_NO);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("macs");
	TCase *t = tcase_create("macs");
	SRunner *r = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, knows_what_was_put);
	tcase_add_test(t, forgets);
	tcase_add_test(t, a_change_while_it_is_read);
	tcase_add_test(t, too_many_are_read_each_time);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
