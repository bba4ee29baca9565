/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/sys_number.h"

#include <check.h>
#include <stdlib.h>
#include <unistd.h>

START_TEST(reads)
{
	ck_assert_int_eq(sys_number(-1, "/proc/%d/nothing", getpid()), -1);
	ck_assert_int_eq(sys_number(7, "/proc/%s/comm", "self"), 7); /* no number */
	ck_assert_int_eq(sys_number(-1, "/proc/%s/stat", "self"), getpid());
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sys_number");
	TCase *t = tcase_create("all");
	SRunner *r;
	int failed;

	tcase_add_test(t, reads);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_set_fork_status(r, CK_NOFORK); /* else it is another process */
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
