/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages in a stream (RFC 6587), however it is cut. */
#include "syslogd/syslog_frame.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char told[4 * SYSLOG_MESSAGE];
static size_t most; /* how many are wanted; 0: all */

static bool each(void *arg, const char *bytes, size_t n)
{
	size_t *count = arg, len = strlen(told);

	ck_assert_uint_gt(n, 0);
	ck_assert_uint_le(n, SYSLOG_MESSAGE);
	snprintf(told + len, sizeof told - len, "%.*s", (int)n, bytes);
	return !most || ++*count < most;
}

/* In pieces of `piece` bytes. */
static bool feed(const char *bytes, size_t n, size_t piece)
{
	struct syslog_frame *f = calloc(1, sizeof *f);
	size_t count = 0;
	bool more = true;

	*told = '\0';
	for (size_t i = 0; i < n && more; i += piece)
		more = syslog_frame_add(f, bytes + i, n - i < piece ? n - i : piece, each, &count);
	if (more)
		syslog_frame_end(f, each, &count);
	free(f);
	return more;
}

static const struct {
	const char *bytes, *told;
} all[] = {
	{"<13>one\n<13>two\n", "<13>one<13>two"},
	{"8 <13>one\n7 <13>two", "<13>one\n<13>two"},
	{"7 <13>one7 <13>two\n<13>three", "<13>one<13>two<13>three"},
	{"\n\r\n<13>one\r\n\n", "<13>one\r"},
	{"10 <13>on\ne.\n3 <1>", "<13>on\ne.\n<1>"},
	{"12x\n12\n2 <1", "12x12<1"}, /* a line that begins with a number */
	{"12 of 40 packages\n<13>two\n", "12 of 40 packages<13>two"},
	{"3 \n4 5\n6  <13>\n7 <13>two", "3 4 56  <13><13>two"},
	{"99999999 <13>one\n", "99999999 <13>one"}, /* no length */
	{"1048577 <13>one\n", "1048577 <13>one"},
	{"0 x\n", "0 x"},
	{"20 <13>cut", "<13>cut"},
	{"", ""},
};

START_TEST(streams)
{
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		for (size_t piece = 1; piece < 20; piece++) {
			feed(all[i].bytes, strlen(all[i].bytes), piece);
			ck_assert_msg(!strcmp(told, all[i].told), "'%s' by %zu: '%s'", all[i].bytes,
				piece, told);
		}
}
END_TEST

START_TEST(nuls)
{
	feed("<13>one\0<13>two\n\0", 17, 3);
	ck_assert_str_eq(told, "<13>one<13>two");
}
END_TEST

/* What is too long is cut, and what follows it is found. */
START_TEST(long_ones)
{
	enum { LONG = 3 * SYSLOG_MESSAGE };
	static char line[LONG + 16], counted[LONG + 16];
	size_t n;

	memset(line, 'x', LONG);
	strcpy(line + LONG, "\nend\n");
	feed(line, strlen(line), 1000);
	ck_assert_uint_eq(strlen(told), SYSLOG_MESSAGE + 3);
	n = (size_t)sprintf(counted, "%d ", LONG);
	memset(counted + n, 'y', LONG);
	counted[n] = '<';
	strcpy(counted + n + LONG, "3 <1>");
	feed(counted, strlen(counted), 1000);
	ck_assert_uint_eq(strlen(told), SYSLOG_MESSAGE + 3);
	ck_assert_str_eq(told + SYSLOG_MESSAGE, "<1>");
}
END_TEST

START_TEST(no_more_is_wanted)
{
	most = 2;
	ck_assert(!feed("a\nb\nc\n", 6, 6));
	ck_assert_str_eq(told, "ab");
	most = 0;
}
END_TEST

int main(void)
{
	Suite *s = suite_create("syslog_frame");
	TCase *t = tcase_create("syslog_frame");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, streams);
	tcase_add_test(t, nuls);
	tcase_add_test(t, long_ones);
	tcase_add_test(t, no_more_is_wanted);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
