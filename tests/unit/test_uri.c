/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/uri.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* RFC 3986 2.1: every byte but those that stand for themselves in all the boot loaders. */
START_TEST(encoded)
{
	static const struct {
		const char *path, *want;
	} t[] = {
		{"debian-12/linux", "debian-12/linux"},
		{"a+b~c_d.e,f=g:h@i", "a+b~c_d.e,f=g:h@i"},
		{"a b/c", "a%20b/c"},
		{"e%41f", "e%2541f"},
		{"a?b#c", "a%3Fb%23c"},
		{"${x};y|z&", "%24%7Bx%7D%3By%7Cz%26"},
		{"'\"`<>()[]*!\\^", "%27%22%60%3C%3E%28%29%5B%5D%2A%21%5C%5E"},
		{"\303\244\n\177", "%C3%A4%0A%7F"},
		{"", ""},
	};
	char buf[64];

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		char *s = uri_encoded_path(t[i].path);

		ck_assert_str_eq(s, t[i].want);
		free(s);
		ck_assert_uint_eq(uri_encode_path(t[i].path, buf, sizeof buf), strlen(t[i].want));
		ck_assert_str_eq(buf, t[i].want);
	}
}
END_TEST

START_TEST(no_room)
{
	char buf[8] = "xxxxxxx";

	ck_assert_uint_eq(uri_encode_path("abc d", buf, 7), 7);
	ck_assert_str_eq(buf, "");
	ck_assert_int_eq(buf[7], '\0');
	ck_assert_uint_eq(uri_encode_path("abc d", buf, 8), 7);
	ck_assert_str_eq(buf, "abc%20d");
	ck_assert_uint_eq(uri_encode_path("abc d", NULL, 0), 7);
}
END_TEST

START_TEST(faults)
{
	static const char *const good[] = {"a", "a b/c%41", "a..b/..c/d..", ".", "\303\244"};
	static const char *const bad[] = {
		"", "..", "../a", "a/..", "a//../b", "a\\b", "a\nb", "a\177"};

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ck_assert_msg(!uri_path_fault(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(uri_path_fault(bad[i]) != NULL, "%s", bad[i]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("uri");
	TCase *t = tcase_create("uri");
	SRunner *r;
	int failed;

	tcase_add_test(t, encoded);
	tcase_add_test(t, no_room);
	tcase_add_test(t, faults);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
