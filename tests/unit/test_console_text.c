/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/console/console_text.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static char said[64 << 10];

static void take(void *arg, const char *line)
{
	(void)arg;
	strcat(said, line);
	strcat(said, "|");
}

/* In pieces of `piece` bytes. */
static const char *lines_of(const char *bytes, size_t n, size_t piece)
{
	struct console_text t = {.line = take};

	*said = '\0';
	for (; n > piece; n -= piece, bytes += piece)
		console_text_add(&t, bytes, piece);
	console_text_add(&t, bytes, n);
	console_text_end(&t);
	return said;
}

static const struct {
	const char *bytes, *lines;
} cases[] = {
	{"", ""},
	{"one\r\ntwo\n\nthree", "one|two||three|"},
	{"10 %\r20 %\r30 %\r\n", "30 %|"},
	{"abd\bc\r\n", "abc|"},
	{"\x1b[1;31mred\x1b[0m and \x1b]0;a title\x07plain\n", "red and plain|"},
	{"\x1b]52;c;ZXZpbA==\x1b\\after\n", "after|"},
	{"\x1b[2J\x1b[01;01Hfirst\x1b[05;03Hfifth", "first|fifth|"},
	{"\x1b(Bascii\x1b)0\n", "ascii|"},
	{"\x1b[31\ncut off\n", "|cut off|"},
	{"a\x07"
	 "b\x0e"
	 "c\x7f"
	 "d\n",
		"abcd|"},
	{"gr\xc3\xbc\xc3\x9f"
	 "e \xe2\x82\xac \xf0\x9f\x98\x80\n",
		"grüße € 😀|"},
	{"c1 \xc2\x9b"
	 "31m \x9b ok\n",
		"c1 31m  ok|"},
	{"\xc3(\xe2\x82(\xf5\x80\x80\x80\xed\xa0\x80\xc0\xaf\xe0\x80\xafok\n", "((ok|"},
	{"\xc3\xbc\b!\n", "!|"},
};

START_TEST(test_lines)
{
	size_t n = strlen(cases[_i].bytes);

	for (size_t piece = 1; piece <= n + 1; piece++)
		ck_assert_str_eq(lines_of(cases[_i].bytes, n, piece), cases[_i].lines);
}
END_TEST

START_TEST(test_long_line)
{
	char *bytes = malloc(3 * CONSOLE_LINE);
	size_t n = 0;

	memset(bytes, 'x', 3 * CONSOLE_LINE);
	lines_of(bytes, 3 * CONSOLE_LINE, 100);
	for (const char *p = said; *p; p++)
		n += *p == 'x';
	ck_assert_uint_eq(n, 3 * CONSOLE_LINE);
	free(bytes);
}
END_TEST

static void last_is(const char *bytes, size_t most, size_t width, const char *want)
{
	char *last = console_text_last(bytes, strlen(bytes), most, width, true);

	ck_assert_str_eq(last, want);
	free(last);
}

START_TEST(test_last)
{
	last_is("", 3, 10, "");
	last_is("one\ntwo\nthree\nfour", 3, 10, "two\nthree\nfour\n");
	last_is("one\r\n \r\n\r\n[usher 2026-11-21 20:00:00Z] web01 is off\r\n", 3, 10, "one\n");
	last_is("0123456789abc\n", 3, 10, "0123456789\n");
	last_is("012345678\xc3\xbc\n", 3, 10, "012345678\n");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("console_text");
	TCase *t = tcase_create("console_text");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, test_lines, 0, sizeof cases / sizeof *cases);
	tcase_add_test(t, test_long_line);
	tcase_add_test(t, test_last);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
