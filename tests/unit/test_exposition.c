/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/exposition.h"

#include <check.h>
#include <errno.h>
#include <math.h>

static struct exposition x;

static void begin(void)
{
	exposition_init(&x, 64 << 10);
}

static void end(void)
{
	exposition_fini(&x);
}

static void is(const char *text)
{
	ck_assert_int_eq(x.text.rc, 0);
	ck_assert_str_eq(x.text.s, text);
}

START_TEST(test_samples)
{
	exposition_counter(&x, "a_total", 17, "How often.");
	exposition_gauge(&x, "b_seconds", 0.25, "How long.");
	exposition_family(&x, "c", "gauge", "By this and that.");
	exposition_label(&x, "this", "1");
	exposition_label(&x, "that", "2");
	exposition_count(&x, UINT64_MAX);
	exposition_number(&x, -1);
	is("# HELP a_total How often.\n# TYPE a_total counter\na_total 17\n"
	   "# HELP b_seconds How long.\n# TYPE b_seconds gauge\nb_seconds 0.25\n"
	   "# HELP c By this and that.\n# TYPE c gauge\n"
	   "c{this=\"1\",that=\"2\"} 18446744073709551615\nc -1\n");
}
END_TEST

/* A label's value is a peer's or a user's: a quote in it, a backslash, a line break, no UTF-8. */
START_TEST(test_escaped)
{
	exposition_family(&x, "a", "gauge", "With a \\ in it.");
	exposition_label(&x, "of", "a\"b\\c\nd\x1b\xff");
	exposition_count(&x, 1);
	is("# HELP a With a \\\\ in it.\n# TYPE a gauge\n"
	   "a{of=\"a\\\"b\\\\c d\\\\u001b\\\\xff\"} 1\n");
}
END_TEST

START_TEST(test_histogram)
{
	static const struct histogram_bounds bounds = {1000, 3, {5, 10, 2500}};
	struct histogram h = {.bounds = &bounds};

	histogram_add(&h, 5, 1);
	histogram_add(&h, 6, 2);
	histogram_add(&h, -3, 1);
	histogram_add(&h, 2501, 1);
	exposition_family(&x, "t_seconds", "histogram", "How long.");
	exposition_label(&x, "of", "x");
	exposition_histogram(&x, &h);
	is("# HELP t_seconds How long.\n# TYPE t_seconds histogram\n"
	   "t_seconds_bucket{of=\"x\",le=\"0.005\"} 2\nt_seconds_bucket{of=\"x\",le=\"0.01\"} 4\n"
	   "t_seconds_bucket{of=\"x\",le=\"2.5\"} 4\nt_seconds_bucket{of=\"x\",le=\"+Inf\"} 5\n"
	   "t_seconds_sum{of=\"x\"} 2.518\nt_seconds_count{of=\"x\"} 5\n");
}
END_TEST

START_TEST(test_without_labels)
{
	static const struct histogram_bounds bounds = {1000000, 1, {100}};
	struct histogram h = {.bounds = &bounds};

	exposition_family(&x, "t_seconds", "histogram", "How long.");
	exposition_histogram(&x, &h);
	is("# HELP t_seconds How long.\n# TYPE t_seconds histogram\n"
	   "t_seconds_bucket{le=\"0.0001\"} 0\nt_seconds_bucket{le=\"+Inf\"} 0\n"
	   "t_seconds_sum 0\nt_seconds_count 0\n");
}
END_TEST

START_TEST(test_numbers)
{
	exposition_family(&x, "a", "gauge", "Any.");
	exposition_number(&x, 1796006421.254);
	exposition_number(&x, 1e30);
	exposition_number(&x, (double)NAN);
	exposition_number(&x, -(double)INFINITY);
	is("# HELP a Any.\n# TYPE a gauge\na 1796006421.254\na 1e+30\na NaN\na -Inf\n");
}
END_TEST

START_TEST(test_full)
{
	exposition_fini(&x);
	exposition_init(&x, 40);
	exposition_counter(&x, "a_total", 17, "A line that is longer than that.");
	ck_assert_int_eq(x.text.rc, -EFBIG);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("exposition");
	TCase *t = tcase_create("exposition");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, test_samples);
	tcase_add_test(t, test_escaped);
	tcase_add_test(t, test_histogram);
	tcase_add_test(t, test_without_labels);
	tcase_add_test(t, test_numbers);
	tcase_add_test(t, test_full);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
