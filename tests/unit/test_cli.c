/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Name ranges. */
#include "usher/cli/asking.h"
#include "usher/cli/cli.h"
#include "usher/client/json_time.h"
#include "usher/cli/words.h"

#include <check.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char names[64 * 1024];

static int note(void *arg, const char *name)
{
	(void)arg;
	strcat(names, name);
	strcat(names, " ");
	return 0;
}

static int expand(const char *pattern)
{
	*names = '\0';
	return cli_names(pattern, note, NULL);
}

START_TEST(ranges)
{
	ck_assert_int_eq(expand("web"), 0);
	ck_assert_str_eq(names, "web ");
	ck_assert_int_eq(expand("n{08..11}"), 0);
	ck_assert_str_eq(names, "n08 n09 n10 n11 ");
	ck_assert_int_eq(expand("n{9..11}-x"), 0);
	ck_assert_str_eq(names, "n9-x n10-x n11-x ");
	ck_assert_int_eq(expand("n{1..1000}"), 0);
}
END_TEST

START_TEST(wrong)
{
	ck_assert_int_eq(expand("n{1..1001}"), -E2BIG);
	ck_assert_int_eq(expand("n{3..1}"), -EINVAL);
	ck_assert_int_eq(expand("n{1..}"), -EINVAL);
	ck_assert_int_eq(expand("n{a..b}"), -EINVAL);
	ck_assert_int_eq(expand("n{1..2"), -EINVAL);
	ck_assert_int_eq(expand("n{1}"), -EINVAL);
	ck_assert_int_eq(expand("n}1..2{"), -EINVAL);
	ck_assert_str_eq(names, "");
}
END_TEST

static const struct command a_command = {.name = "c", .arguments = "NAME..."};

START_TEST(once)
{
	char a[] = "a", b[] = "b", range[] = "n{1..3}", second[] = "n2";
	char *each[] = {a, range, b}, *twice[] = {range, second}, *same[] = {a, a};
	size_t n = 0;
	char **all = cli_names_once(&a_command, each, 3, &n);

	ck_assert_ptr_nonnull(all);
	ck_assert_int_eq(n, 5);
	cli_names_free(all);
	ck_assert_ptr_null(cli_names_once(&a_command, twice, 2, &n));
	ck_assert_ptr_null(cli_names_once(&a_command, same, 2, &n));
	all = cli_names_all(&a_command, same, 2, &n);
	ck_assert_int_eq(n, 2);
	cli_names_free(all);
}
END_TEST

/* No word of the table is a command, and what is meant is one. */
START_TEST(habits)
{
	static const char *const typed[] = {"shutdown", "logs", "rm", "ps", "apply", "describe",
		"info", "destroy", "undefine", "edit", "get"};

	for (size_t i = 0; i < sizeof typed / sizeof *typed; i++)
		ck_assert_msg(words_meant(typed[i]), "%s", typed[i]);
	ck_assert_ptr_null(words_meant(""));
	ck_assert_ptr_null(words_meant(" "));
	ck_assert_ptr_null(words_meant("rm del"));
	ck_assert_ptr_null(words_meant("create"));
	ck_assert_ptr_null(words_meant("start"));
	ck_assert_ptr_null(words_meant("stop"));
	ck_assert_str_eq(words_meant("ps"), "usher list");
}
END_TEST

START_TEST(answers)
{
	static const char *const yes[] = {"y\n", "Y\n", "yes\n", " YES \r\n", "y"},
				 *const no[] = {
					 "", "\n", "n\n", "ye\n", "yess\n", "y x\n", "no\n", "x y"};

	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		ck_assert_msg(asking_is_yes(yes[i]), "%s", yes[i]);
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		ck_assert_msg(!asking_is_yes(no[i]), "%s", no[i]);
}
END_TEST

static int64_t ms_of(const char *text)
{
	json_t *v = json_string(text);
	int64_t ms = json_time_ms(v);

	json_decref(v);
	return ms;
}

START_TEST(times)
{
	ck_assert_int_eq(ms_of("2001-09-09T01:46:40.042Z"), 1000000000042);
	ck_assert_int_eq(ms_of("1970-01-01T00:00:01Z"), 1000);
	ck_assert_int_eq(ms_of("2001-09-09T01:46:40.042"), 0);
	ck_assert_int_eq(ms_of("2001-09-09"), 0);
	ck_assert_int_eq(ms_of(""), 0);
	ck_assert_int_eq(json_time_ms(NULL), 0);
}
END_TEST

START_TEST(numbers)
{
	long n = 0;

	ck_assert(cli_number("12", 1, 12, &n));
	ck_assert_int_eq(n, 12);
	ck_assert(!cli_number("13", 1, 12, &n));
	ck_assert(!cli_number("0", 1, 12, &n));
	ck_assert(!cli_number("2x", 1, 12, &n));
	ck_assert(!cli_number("", 0, 12, &n));
	ck_assert(!cli_number("99999999999999999999999", 0, LONG_MAX, &n));
	ck_assert_int_eq(n, 12);
}
END_TEST

START_TEST(lists)
{
	char a[] = "a", range[] = "n{1..3}", b[] = "b", *patterns[] = {a, range, b};
	size_t n = 0;
	char **all = cli_names_all(&cmd_wait, patterns, 3, &n);

	ck_assert_uint_eq(n, 5);
	ck_assert_str_eq(all[3], "n3");
	ck_assert_str_eq(all[4], "b");
	ck_assert_ptr_null(all[5]);
	cli_names_free(all);
	all = cli_names_all(&cmd_wait, patterns, 0, &n);
	ck_assert_uint_eq(n, 0);
	ck_assert_ptr_null(all[0]);
	cli_names_free(all);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cli");
	TCase *t = tcase_create("cli");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, ranges);
	tcase_add_test(t, wrong);
	tcase_add_test(t, times);
	tcase_add_test(t, once);
	tcase_add_test(t, habits);
	tcase_add_test(t, answers);
	tcase_add_test(t, numbers);
	tcase_add_test(t, lists);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
