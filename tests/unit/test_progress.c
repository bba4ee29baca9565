/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far something is: bars, and the lines for each quarter where there is no terminal. */
#include "usher/client/progress.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char bar[PROGRESS_BAR_TEXT];

START_TEST(bars)
{
	ck_assert_str_eq(progress_bar(bar, 10, 0, 1000), "[..........]");
	ck_assert_str_eq(progress_bar(bar, 10, 99, 1000), "[..........]");
	ck_assert_str_eq(progress_bar(bar, 10, 100, 1000), "[#.........]");
	ck_assert_str_eq(progress_bar(bar, 10, 999, 1000), "[#########.]");
	ck_assert_str_eq(progress_bar(bar, 10, 1000, 1000), "[##########]");
	ck_assert_str_eq(progress_bar(bar, 10, 1001, 1000), "[##########]");
	ck_assert_str_eq(progress_bar(bar, 10, 0, 0), "[..........]");
	ck_assert_str_eq(progress_bar(bar, 10, 5, 0), "[..........]");
}
END_TEST

START_TEST(no_longer_than_its_buffer)
{
	ck_assert_uint_eq(strlen(progress_bar(bar, PROGRESS_BAR, 1, 2)), PROGRESS_BAR + 2);
	ck_assert_uint_eq(strlen(progress_bar(bar, 500, 1, 1)), PROGRESS_BAR + 2);
	ck_assert_uint_eq(
		strlen(progress_bar(bar, 500, UINT64_MAX - 1, UINT64_MAX)), PROGRESS_BAR + 2);
	ck_assert_str_eq(progress_bar(bar, 0, 1, 2), "[]");
}
END_TEST

START_TEST(percents)
{
	for (unsigned i = 0; i <= 100; i++)
		ck_assert_uint_eq(progress_percent(i, 100), i);
	ck_assert_uint_eq(progress_percent(999, 1000), 99); /* all of it is all of it */
	ck_assert_uint_eq(progress_percent(101, 100), 100);
	ck_assert_uint_eq(progress_percent(3, 0), 0);
}
END_TEST

START_TEST(quarters)
{
	unsigned quarter = 0;

	ck_assert_uint_eq(progress_quarter(&quarter, 0, 100), 0);
	ck_assert_uint_eq(progress_quarter(&quarter, 24, 100), 0);
	ck_assert_uint_eq(progress_quarter(&quarter, 25, 100), 25);
	ck_assert_uint_eq(progress_quarter(&quarter, 49, 100), 0);
	ck_assert_uint_eq(progress_quarter(&quarter, 80, 100), 75); /* a step over one */
	ck_assert_uint_eq(progress_quarter(&quarter, 30, 100), 0);  /* begun anew */
	ck_assert_uint_eq(progress_quarter(&quarter, 75, 100), 0);
	ck_assert_uint_eq(progress_quarter(&quarter, 100, 100), 100);
	ck_assert_uint_eq(progress_quarter(&quarter, 100, 100), 0);
	quarter = 0;
	ck_assert_uint_eq(progress_quarter(&quarter, 7, 0), 0);
}
END_TEST

/* What progress_show() writes where standard error is a file. */
START_TEST(lines)
{
	static char text[256];
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), was = dup(STDERR_FILENO);
	struct progress p;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(dup2(fd, STDERR_FILENO), 0);
	progress_start(&p, "copying");
	for (unsigned i = 0; i <= 12; i++)
		progress_show(&p, i * 10, 100);
	progress_end(&p);
	ck_assert_int_ge(dup2(was, STDERR_FILENO), 0);
	ck_assert_int_gt(pread(fd, text, sizeof text - 1, 0), 0);
	ck_assert_str_eq(text, "copying 25 %\ncopying 50 %\ncopying 75 %\ncopying 100 %\n");
	close(was);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("progress");
	TCase *t = tcase_create("progress");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, bars);
	tcase_add_test(t, no_longer_than_its_buffer);
	tcase_add_test(t, percents);
	tcase_add_test(t, quarters);
	tcase_add_test(t, lines);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
