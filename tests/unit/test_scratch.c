/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/cli/scratch.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void holds(const struct scratch *s, const char *name, const char *want)
{
	char path[SCRATCH_PATH], got[64] = "";
	FILE *f = fopen(scratch_path(s, name, path), "r");

	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(got, sizeof got, f));
	fclose(f);
	ck_assert_str_eq(got, want);
}

START_TEST(ours_alone)
{
	struct scratch s;
	char path[SCRATCH_PATH];
	struct stat st;

	ck_assert_int_eq(scratch_init(&s), 0);
	ck_assert_int_eq(stat(s.dir, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	ck_assert_int_eq(scratch_write(&s, "a", "longer"), 0);
	ck_assert_int_eq(scratch_write(&s, "a", "text"), 0); /* nothing of before stays */
	holds(&s, "a", "text");
	ck_assert_int_eq(stat(scratch_path(&s, "a", path), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(mkdir(scratch_path(&s, "sub", path), 0700), 0);
	ck_assert_int_eq(scratch_write(&s, "sub/b", "x"), 0);
	scratch_fini(&s);
	ck_assert_int_eq(access(s.dir, F_OK), -1);
}
END_TEST

START_TEST(fails)
{
	struct scratch s;

	setenv("TMPDIR", "/nowhere", 1);
	ck_assert_int_eq(scratch_init(&s), -ENOENT);
	ck_assert_str_eq(s.dir, "/nowhere");
	unsetenv("TMPDIR");
	ck_assert_int_eq(scratch_init(&s), 0);
	ck_assert_int_eq(scratch_write(&s, "no/a", "x"), -ENOENT);
	ck_assert_int_eq(symlink("/dev/full", scratch_path(&s, "l", (char[SCRATCH_PATH]){0})), 0);
	ck_assert_int_eq(scratch_write(&s, "l", "x"), -ELOOP);
	scratch_fini(&s);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("scratch");
	TCase *t = tcase_create("scratch");
	SRunner *r;
	int failed;

	tcase_add_test(t, ours_alone);
	tcase_add_test(t, fails);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
