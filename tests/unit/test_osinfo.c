/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/domain/osinfo.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test-osinfo-XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/vendor.org/%s", dir, name);
	ck_assert_ptr_nonnull(f = fopen(path, "w"));
	fputs(text, f);
	fclose(f);
}

static void make(void)
{
	char path[256];

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/vendor.org", dir);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	write_file("one.xml",
		"<libosinfo version='0.0.1'><os id='http://vendor.org/one/1'>"
		"<short-id>one1</short-id></os></libosinfo>");
	write_file("two.xml",
		"<libosinfo><os id='http://vendor.org/two'>"
		"<short-id>two</short-id><derives-from id='http://vendor.org/one/1'/>"
		"</os></libosinfo>");
	write_file("broken.xml", "<libosinfo><os><short-id>broken</short-id>");
}

static void clean(void)
{
	char command[256];

	snprintf(command, sizeof command, "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(names)
{
	char id[64] = "", why[256] = "";

	ck_assert_int_eq(osinfo_id(dir, "two", id, sizeof id, why, sizeof why), 0);
	ck_assert_str_eq(id, "http://vendor.org/two");
	ck_assert_int_eq(osinfo_id(dir, "one1", id, sizeof id, why, sizeof why), 0);
	ck_assert_str_eq(id, "http://vendor.org/one/1");
	ck_assert_int_eq(osinfo_id(dir, "one", id, sizeof id, why, sizeof why), -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, "'one': there is no such name"));
	ck_assert_int_eq(osinfo_id(dir, "broken", id, sizeof id, why, sizeof why), -ENOENT);
	ck_assert_int_eq(osinfo_id("/nowhere", "two", id, sizeof id, why, sizeof why), -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, "apt install osinfo-db"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("osinfo");
	TCase *t = tcase_create("osinfo");
	SRunner *r;
	int failed;

	suite_add_tcase(s, t);
	tcase_add_unchecked_fixture(t, make, clean);
	tcase_add_test(t, names);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
