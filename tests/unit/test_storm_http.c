/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Heads of HTTP answers, however they are cut, and URLs. */
#include "usher/probe/storm_http.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct storm_head head;

static int parse(const char *text)
{
	memset(&head, 0, sizeof head);
	return storm_head_parse(text, strlen(text), &head);
}

START_TEST(test_head)
{
	static const char text[] =
		"HTTP/1.1 200 OK\r\nServer: x\r\ncontent-length:  5000000\r\n\r\nbody";

	ck_assert_int_eq(parse(text), 1);
	ck_assert_uint_eq(head.status, 200);
	ck_assert_uint_eq(head.length, 5000000);
	ck_assert_uint_eq(head.len, strlen(text) - 4);
	for (size_t n = 0; n < head.len; n++)
		ck_assert_int_eq(storm_head_parse(text, n, &head), 0);
}
END_TEST

START_TEST(test_without_length)
{
	ck_assert_int_eq(parse("HTTP/1.0 404 No\r\nX-Content-Length: 7\r\n\r\n"), 1);
	ck_assert_uint_eq(head.status, 404);
	ck_assert_uint_eq(head.length, UINT64_MAX);
}
END_TEST

START_TEST(test_no_head)
{
	ck_assert_int_eq(parse("SSH-2.0-x\r\n\r\n"), -EBADMSG);
	ck_assert_int_eq(parse("HTTP/1.\r\n\r\n"), -EBADMSG);
	ck_assert_int_eq(parse("\r\n\r\n"), -EBADMSG);
	ck_assert_int_eq(parse(""), 0);
}
END_TEST

START_TEST(test_url)
{
	static const char *const wrong[] = {"https://10.0.0.1/x", "http://10.0.0.1",
		"http://host/x", "http://10.0.0.1:0/x", "http://10.0.0.1:99999/x",
		"http://10.0.0.1:80x/", "tftp://10.0.0.1/x", "http://[::1]/x", ""};
	struct storm_url u;

	ck_assert_int_eq(storm_url_parse("http://10.0.0.1:8067/m/x", &u), 0);
	ck_assert_uint_eq(u.address, 0x0a000001);
	ck_assert_uint_eq(u.port, 8067);
	ck_assert_str_eq(u.path, "/m/x");
	ck_assert_str_eq(u.host, "10.0.0.1:8067");
	ck_assert_int_eq(storm_url_parse("http://10.0.0.1/a:b", &u), 0);
	ck_assert_uint_eq(u.port, 80);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ck_assert_msg(storm_url_parse(wrong[i], &u) == -EINVAL, "%s", wrong[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("storm_http");
	TCase *t = tcase_create("storm_http");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_head);
	tcase_add_test(t, test_without_length);
	tcase_add_test(t, test_no_head);
	tcase_add_test(t, test_url);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
