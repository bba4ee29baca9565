/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/packages/packages_log.h"

#include <check.h>
#include <string.h>

static struct packages_log log_;

static void hear(const char *text)
{
	packages_log_hear(&log_, text, strlen(text));
}

START_TEST(counted)
{
	const struct packages_counts *c = &log_.counts;

	log_ = (struct packages_log){0};
	hear("MISS 200 1000 900\nHIT 200 1000 -\nREVALIDATED 200 1000 250\nSTALE 200 1000 0, 0\n"
	     "EXPIRED 200 500 12, 34\n- 403 90 -\n- 405 90 -\nMISS 502 150 0 : 7\nMISS 404 100 80\n");
	ck_assert_uint_eq(c->requests, 9);
	ck_assert_uint_eq(c->hits, 3);
	ck_assert_uint_eq(c->misses, 3);
	ck_assert_uint_eq(c->stale, 1);
	ck_assert_uint_eq(c->refused, 2);
	ck_assert_uint_eq(c->failures, 1);
	ck_assert_uint_eq(c->from_origin, 900 + 250 + 46 + 7 + 80);
	ck_assert_uint_eq(c->to_machines, 4500 + 180 + 150 + 100);
}
END_TEST

START_TEST(in_pieces)
{
	char longest[PACKAGES_LINE + 8];

	log_ = (struct packages_log){0};
	hear("MISS 20");
	hear("0 10 5\nHI");
	hear("T 200 10 -\n");
	ck_assert_uint_eq(log_.counts.requests, 2);
	memset(longest, '1', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	hear(longest);
	hear(longest);
	hear("\nnot one of ours\n\nHIT 200 10 -\n");
	packages_log_hear(&log_, "HIT 2\00000 1 -\n", 14);
	ck_assert_uint_eq(log_.counts.requests, 3);
	ck_assert_uint_eq(log_.counts.hits, 2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("packages_log");
	TCase *t = tcase_create("packages_log");
	SRunner *r;
	int failed;

	tcase_add_test(t, counted);
	tcase_add_test(t, in_pieces);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
