/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/media/medium.h"
#include "tests/unit/disc_make.h"

#include <errno.h>

static const char *at(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static struct medium inspected(const char *name)
{
	char why[1024] = "";
	struct medium m;

	ck_assert_msg(
		medium_inspect(at(name), false, "usher", &m, why, sizeof(why)) == 0, "%s", why);
	snprintf(m.name, sizeof(m.name), "m");
	return m;
}

static void looks(const struct medium *m, int error, const char *text)
{
	char why[1024] = "";
	int rc = medium_look(m, "usher", why, sizeof(why));

	ck_assert_int_eq(rc, error);
	ck_assert_msg(strstr(why, text) != NULL, "%s", why);
}

START_TEST(image)
{
	struct medium m;

	sh("mkdir t/.disk; echo 'Debian GNU/Linux 12.5.0 \"Bookworm\" - Official amd64 NETINST x' "
	   ">t/.disk/info; mkdir t/install.amd; echo k >t/install.amd/vmlinuz");
	make("-r -V 'Debian 12.5.0 n'");
	m = inspected("i.iso");
	ck_assert(m.image);
	ck_assert_uint_gt(m.size, 100000);
	ck_assert_str_eq(m.what.name, "debian-12-netinst");
	ck_assert_str_eq(m.what.kernel, "install.amd/vmlinuz");
	ck_assert_int_eq(strncmp(m.id, "Debian 12.5.0 n 2", 17), 0);
	looks(&m, 0, "");
	sh("touch -d @1500000000 i.iso; cp i.iso j.iso; mv j.iso i.iso");
	looks(&m, 0, "");
	sh("truncate -s +2048 i.iso");
	looks(&m, -ESTALE, "import --replace");
	make("-r -V 'Debian 12.6.0 n'");
	looks(&m, -ESTALE, "import --replace");
	sh("rm i.iso");
	looks(&m, -ENOENT, "No such file");
	sh("mkdir i.iso");
	looks(&m, -ESTALE, "has changed");
}
END_TEST

START_TEST(folder)
{
	struct medium m = inspected("t");

	ck_assert(!m.image);
	ck_assert_uint_eq(m.size, 0);
	ck_assert_str_eq(m.what.by, "");
	looks(&m, 0, "");
	sh("mv t u");
	looks(&m, -ENOENT, "No such file");
	sh("echo >t");
	looks(&m, -ESTALE, "has changed");
}
END_TEST

START_TEST(none)
{
	char why[1024];
	struct medium m;

	ck_assert_int_eq(medium_inspect("i.iso", false, "u", &m, why, sizeof(why)), -EINVAL);
	ck_assert_int_eq(medium_inspect(at("gone"), false, "u", &m, why, sizeof(why)), -ENOENT);
	sh("head -c 100000 /dev/zero >zero; mkfifo pipe");
	ck_assert_int_eq(
		medium_inspect(at("zero"), false, "u", &m, why, sizeof(why)), -EMEDIUMTYPE);
	ck_assert_ptr_nonnull(strstr(why, "not an ISO image"));
	ck_assert_int_eq(
		medium_inspect(at("pipe"), false, "u", &m, why, sizeof(why)), -EMEDIUMTYPE);
}
END_TEST

START_TEST(stored)
{
	struct medium m, n;
	json_t *j, *again, *files;

	make("-r");
	m = inspected("i.iso");
	m.imported_ms = 1700000000123;
	m.copied = true;
	strcpy(m.what.kernel, "k");
	memset(m.sum, 'a', sizeof(m.sum) - 1);
	j = medium_to_json(&m);
	ck_assert_int_eq(medium_from_json(j, &n), 0);
	again = medium_to_json(&n);
	ck_assert(json_equal(j, again));
	json_decref(again);
	json_object_set_new(j, "path", json_string("relative"));
	ck_assert_int_eq(medium_from_json(j, &n), -EPROTO);
	json_decref(j);
	ck_assert_int_eq(medium_from_json(NULL, &n), -EPROTO);
	files = medium_files(&m);
	ck_assert_uint_eq(json_object_size(files), 1);
	ck_assert_str_eq(json_string_value(json_object_get(files, "kernel")), "k");
	json_decref(files);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("medium");
	TCase *c = tcase_create("medium");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(c, disc_set_up, disc_tear_down);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, image);
	tcase_add_test(c, folder);
	tcase_add_test(c, none);
	tcase_add_test(c, stored);
	suite_add_tcase(s, c);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
