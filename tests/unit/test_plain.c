/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/plain.h"
#include "core/log.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TOKEN "0123456789abcdef0123456789ABCDEF"

static void check_how(const char *text, const char *want, size_t size, unsigned how)
{
	char buf[256], again[256];
	size_t n = plain_copy(buf, size, text, strlen(text), how);

	ck_assert_str_eq(buf, want);
	ck_assert_uint_eq(n, strlen(want));
	plain_copy(again, sizeof again, buf, n, how);
	ck_assert_str_eq(again, buf);
}

static void line(const char *text, const char *want)
{
	check_how(text, want, 256, PLAIN_SECRETS);
}

START_TEST(stays)
{
	line("", "");
	line("a path /boot/x-1.0~b\\n 100 %", "a path /boot/x-1.0~b\\n 100 %");
	line("h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
}
END_TEST

START_TEST(controls)
{
	line("one\ntwo\r\n\tthree", "one two   three");
	line("\x1b[31m\x07\x7f", "\\u001b[31m\\u0007\\u007f");
	line("\xc2\x9b"
	     "31m \x9b"
	     "31m \xc2\x85",
		"\\u009b31m \\x9b31m \\u0085");
	check_how("a\n\tb\rc", "a\n\tb\\u000dc", 256, PLAIN_LINES);
}
END_TEST

/* U+202E, U+2066, U+2028, U+200B, U+FEFF, U+00AD, U+E0041 */
START_TEST(unseen)
{
	line("a\xe2\x80\xae"
	     "b\xe2\x81\xa6"
	     "c",
		"a\\u202eb\\u2066c");
	line("\xe2\x80\xa8\xe2\x80\x8b\xef\xbb\xbf\xc2\xad", "\\u2028\\u200b\\ufeff\\u00ad");
	line("\xf3\xa0\x81\x81", "\\udb40\\udc41");
}
END_TEST

/* Lone, overlong, surrogate, too high, cut. */
START_TEST(no_utf8)
{
	line("a\xe9z", "a\\xe9z");
	line("\xc0\xaf", "\\xc0\\xaf");
	line("\xe0\x80\xaf", "\\xe0\\x80\\xaf");
	line("\xed\xa0\x80", "\\xed\\xa0\\x80");
	line("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
	line("\xf0\x9f\x98", "\\xf0\\x9f\\x98");
}
END_TEST

START_TEST(cut_between)
{
	check_how("ab\xe2\x82\xac", "ab\xe2\x82\xac", 6, 0);
	check_how("ab\xe2\x82\xac", "ab", 5, 0);
	check_how("ab\x9b", "ab", 6, 0);
	check_how("x", "", 1, 0);
}
END_TEST

START_TEST(tokens)
{
	line("GET /m/" TOKEN "/boot.ipxe", "GET /m/*/boot.ipxe");
	line("x" TOKEN "y", "x*y");
	line("a" TOKEN, "*");
	line("/%30123456789abcdef0123456789ABCDEF/", "/*/");
	line("/0123%34"
	     "56789abcdef01234567%38"
	     "9ABCDE%46",
		"/*");
	line("/%2530123456789abcdef0123456789ABCDEF/", "/*/");
	line("%6" TOKEN " %2" TOKEN, "%* %*");
	/* what is left of one at the end */
	line("/0123456789abcdef0123", "/*");
	line("0123456789abcdef0123 is short", "0123456789abcdef0123 is short");
	line("7d793037a0760186574b0282f2f435e7 " TOKEN TOKEN, "* " TOKEN TOKEN);
	check_how(TOKEN TOKEN, "*", 256, PLAIN_SECRETS | PLAIN_SUMS);
	check_how(TOKEN, TOKEN, 256, 0);
}
END_TEST

/* Longer than a line, and what a line is cut to. */
START_TEST(in_the_log)
{
	FILE *f = tmpfile();
	char text[4096], got[4096] = "";
	int was = dup(STDERR_FILENO);

	memset(text, '.', sizeof text);
	text[sizeof text - 1] = '\0';
	ck_assert_int_ge(dup2(fileno(f), STDERR_FILENO), 0);
	log_init(LOG_DEBUG);
	log_debug("http: \x9b\xc2\x9b\xe2\x80\xae %s/", TOKEN);
	log_info("%.1000s%s", text, TOKEN);
	dup2(was, STDERR_FILENO);
	rewind(f);
	ck_assert_uint_gt(fread(got, 1, sizeof got - 1, f), 1000);
	ck_assert_ptr_nonnull(strstr(got, "http: \\x9b\\u009b\\u202e */\n"));
	ck_assert_ptr_null(strstr(got, "0123"));
	ck_assert_int_eq(got[strlen(got) - 1], '\n');
	fclose(f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("plain");
	TCase *t = tcase_create("plain");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, stays);
	tcase_add_test(t, controls);
	tcase_add_test(t, unseen);
	tcase_add_test(t, no_utf8);
	tcase_add_test(t, cut_between);
	tcase_add_test(t, tokens);
	tcase_add_test(t, in_the_log);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
