/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/media/fetch_name.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *file_of(const char *url)
{
	static struct fetch_name n;

	ck_assert_msg(fetch_name(url, &n) == 0, "%s", url);
	ck_assert(fetch_is_key(n.key));
	return n.file;
}

START_TEST(files)
{
	ck_assert_str_eq(file_of("http://mirror.lab/9/images/pxeboot/vmlinuz"), "vmlinuz");
	ck_assert_str_eq(file_of("https://mirror.lab/initrd.img?a=/b#c"), "initrd.img");
	ck_assert_str_eq(file_of("http://mirror.lab"), "file");
	ck_assert_str_eq(file_of("http://mirror.lab/"), "file");
	ck_assert_str_eq(file_of("http://mirror.lab/a/.."), "_.");
	ck_assert_str_eq(file_of("http://mirror.lab/.part"), "_part");
	ck_assert_str_eq(file_of("http://mirror.lab/a%2f..%2fb"), "a_2f.._2fb");
	ck_assert_str_eq(file_of("http://mirror.lab/\303\244b;$(c)"), "__b___c_");
}
END_TEST

START_TEST(long_files)
{
	char url[FETCH_URL_MAX + 1] = "http://mirror.lab/";

	memset(url + strlen(url), 'x', sizeof url - 2 - strlen(url));
	ck_assert_uint_eq(strlen(file_of(url)), FETCH_FILE - 1);
	strcat(url, "x");
	ck_assert_int_eq(fetch_name(url, &(struct fetch_name){0}), -EINVAL);
}
END_TEST

/* The key is what machines that are armed were told: it may never change. */
START_TEST(keys)
{
	struct fetch_name a, b;

	ck_assert_int_eq(fetch_name("http://mirror.lab/linux", &a), 0);
	ck_assert_str_eq(a.key, "3550553b6dff9703bdb6ffd9b6d000be");
	ck_assert_int_eq(fetch_name("http://mirror.lab/linux?", &b), 0);
	ck_assert_str_ne(a.key, b.key);
	ck_assert_str_eq(a.file, b.file);
	ck_assert(!fetch_is_key("0123"));
	ck_assert(!fetch_is_key("0123456789abcdef0123456789abcdefa"));
	ck_assert(!fetch_is_key("0123456789ABCDEF0123456789abcdef"));
}
END_TEST

START_TEST(refused)
{
	static const char *const urls[] = {"", "/srv/linux", "file:///etc/passwd", "ftp://m/linux",
		"http://", "http:///linux", "http://:80/linux", "http://m/a b", "http://m/a\nb",
		"HTTP//m", "tftp://m/linux", "http://m/\177"};

	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
		ck_assert_msg(
			fetch_name(urls[i], &(struct fetch_name){0}) == -EINVAL, "%s", urls[i]);
}
END_TEST

static void shows(const char *url, const char *want)
{
	char buf[64];

	ck_assert_str_eq(fetch_name_shown(url, buf, sizeof buf), want);
}

START_TEST(shown)
{
	shows("http://a/b@c", "http://a/b@c");
	shows("http://u:p@a/b", "http://***@a/b");
	shows("https://u:p@ss@a:80?u@x", "https://***@a:80?u@x");
	shows("http://u@a", "http://***@a");
	shows("u:p@a", "***@a");
	shows("", "");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("fetch_name");
	TCase *t = tcase_create("fetch_name");
	SRunner *r;
	int failed;

	tcase_add_test(t, files);
	tcase_add_test(t, long_files);
	tcase_add_test(t, keys);
	tcase_add_test(t, refused);
	tcase_add_test(t, shown);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
