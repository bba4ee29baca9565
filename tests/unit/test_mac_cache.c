/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/mac_cache.h"

#include <check.h>
#include <stdlib.h>

#define A "6f4d4c6e-8d0c-4b53-9d0e-2f6a2b3c4d5e"
#define B "7f4d4c6e-8d0c-4b53-9d0e-2f6a2b3c4d5e"

static struct mac_cache *ms;
static const struct mac one = {{0x52, 0x54, 0, 0, 0, 1}}, two = {{0x52, 0x54, 0, 0, 0, 2}};

static void setup(void)
{
	ck_assert_int_eq(mac_cache_new(&ms), 0);
}

static void teardown(void)
{
	mac_cache_free(ms);
}

static void put(const char *uuid, const struct mac *mac)
{
	mac_cache_begin(ms, uuid);
	mac_cache_put(ms, uuid, mac, 1, 1000);
}

static enum mac_cache_answer ask(const char *uuid, const struct mac *mac)
{
	return mac_cache_ask(ms, uuid, mac, 1, 2000);
}

START_TEST(knows_what_was_put)
{
	ck_assert_int_eq(ask(A, &one), MAC_CACHE_UNKNOWN);
	put(A, &one);
	put(B, &two);
	ck_assert_int_eq(ask(A, &one), MAC_CACHE_YES);
	ck_assert_int_eq(ask(A, &two), MAC_CACHE_NO);
	ck_assert_int_eq(ask(B, &two), MAC_CACHE_YES);
	put(A, &two);
	ck_assert_int_eq(ask(A, &one), MAC_CACHE_NO);
	ck_assert_int_eq(
		mac_cache_ask(ms, A, &two, 1, 1000 + MAC_CACHE_FRESH_MS), MAC_CACHE_UNKNOWN);
}
END_TEST

START_TEST(forgets)
{
	put(A, &one);
	put(B, &two);
	mac_cache_forget(ms, A);
	ck_assert_int_eq(ask(A, &one), MAC_CACHE_UNKNOWN);
	ck_assert_int_eq(ask(B, &two), MAC_CACHE_YES);
	mac_cache_forget_all(ms);
	ck_assert_int_eq(ask(B, &two), MAC_CACHE_UNKNOWN);
}
END_TEST

/* What was read may be of before the change. */
START_TEST(a_change_while_it_is_read)
{
	mac_cache_begin(ms, A);
	ck_assert_int_eq(ask(A, &one), MAC_CACHE_UNKNOWN);
	mac_cache_forget(ms, A);
	mac_cache_put(ms, A, &one, 1, 1000);
	ck_assert_int_eq(ask(A, &one), MAC_CACHE_UNKNOWN);
}
END_TEST

START_TEST(too_many_are_read_each_time)
{
	struct mac many[MAC_CACHE_DOMAIN + 1] = {{{0}}};

	mac_cache_begin(ms, A);
	mac_cache_put(ms, A, many, MAC_CACHE_DOMAIN + 1, 1000);
	ck_assert_int_eq(ask(A, &one), MAC_CACHE_UNKNOWN);
	mac_cache_put(ms, A, many, MAC_CACHE_DOMAIN, 1000);
	ck_assert_int_eq(ask(A, &one), MAC_CACHE_NO);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mac_cache");
	TCase *t = tcase_create("mac_cache");
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
