/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "httpd/http_path.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int norm(const char *raw, char ret[HTTP_PATH_MAX])
{
	return http_path_normalise(raw, strlen(raw), ret);
}

START_TEST(path_good)
{
	static const char *const cases[][2] = {
		{"/", "/"},
		{"//", "/"},
		{"/.", "/"},
		{"/boot/a", "/boot/a"},
		{"/boot//a", "/boot/a"},
		{"//boot/./a/", "/boot/a/"},
		{"/boot/a/.", "/boot/a/"},
		{"/boot/...", "/boot/..."},
		{"/boot/a..b/.x", "/boot/a..b/.x"},
		{"/a%20b", "/a b"},
		{"/a%2Fb", "/a/b"},
		{"/a+b", "/a+b"},
		{"/%e2%82%ac", "/\xe2\x82\xac"},
		{"/%252e%252e/x", "/%2e%2e/x"}, /* decoded once */
		{"/a%3fb", "/a?b"},
		{"//b//x.", "/b/x."},
	};
	char path[HTTP_PATH_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(norm(cases[i][0], path), 0);
		ck_assert_str_eq(path, cases[i][1]);
	}
}
END_TEST

START_TEST(path_bad)
{
	static const char *const cases[] = {
		"",
		"boot",
		"*",
		"/..",
		"/../etc",
		"/a/../b",
		"/a/..",
		"/%2e%2e/x",
		"/a/%2e./b",
		"/a%2f..%2fb",
		"/.%2e",
		"/a\\b",
		"/a%5cb",
		"/a%00b",
		"/a%0ab",
		"/a%7f",
		"/a\tb",
		"/%",
		"/%4",
		"/%zz",
		"/%-1",
		"/\xff",
		"/%c0%ae%c0%ae/x",
		"/%ed%a0%80",
	};
	char path[HTTP_PATH_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(norm(cases[i], path) == -EINVAL, "%s", cases[i]);
	ck_assert_int_eq(http_path_normalise("/a\0b", 4, path), -EINVAL);
}
END_TEST

START_TEST(path_length)
{
	char raw[HTTP_PATH_MAX + 1], path[HTTP_PATH_MAX];

	memset(raw, 'a', sizeof(raw));
	raw[0] = '/';
	ck_assert_int_eq(http_path_normalise(raw, HTTP_PATH_MAX - 1, path), 0);
	ck_assert_uint_eq(strlen(path), HTTP_PATH_MAX - 1);
	ck_assert_int_eq(http_path_normalise(raw, HTTP_PATH_MAX, path), -ENAMETOOLONG);
}
END_TEST

START_TEST(target)
{
	const char *path, *query;
	size_t len;

	ck_assert_int_eq(http_target_split("/a?b?c", &path, &len, &query), 0);
	ck_assert_uint_eq(len, 2);
	ck_assert_str_eq(query, "b?c");
	ck_assert_int_eq(http_target_split("/a", &path, &len, &query), 0);
	ck_assert_ptr_null(query);
	ck_assert_int_eq(http_target_split("HTTP://1.2.3.4:80/x?", &path, &len, &query), 0);
	ck_assert_int_eq(strncmp(path, "/x", len), 0);
	ck_assert_str_eq(query, "");
	ck_assert_int_eq(http_target_split("http://host", &path, &len, &query), 0);
	ck_assert_str_eq(path, "/");
	ck_assert_int_eq(http_target_split("*", &path, &len, &query), -EINVAL);
	ck_assert_int_eq(http_target_split("", &path, &len, &query), -EINVAL);
	ck_assert_int_eq(http_target_split("http://h?x", &path, &len, &query), -EINVAL);
	ck_assert_int_eq(http_target_split("/a#b", &path, &len, &query), -EINVAL);
}
END_TEST

START_TEST(split)
{
	struct http_piece p[2];

	ck_assert_uint_eq(http_path_split("/", p, 2), 0);
	ck_assert_uint_eq(http_path_split("/m/abc/done/", p, 2), 3);
	ck_assert(http_piece_is(&p[0], "m"));
	ck_assert(http_piece_is(&p[1], "abc"));
	ck_assert(!http_piece_is(&p[1], "ab"));
	ck_assert(!http_piece_is(&p[1], "abcd"));
	ck_assert(http_path_below("/boot/x", "/boot/"));
	ck_assert(!http_path_below("/boot/", "/boot/"));
	ck_assert(!http_path_below("/bootx", "/boot/"));
}
END_TEST

#define TOKEN "0123456789abcdef0123456789abcdef"

START_TEST(shown)
{
	char text[HTTP_SHOWN_MAX], longer[2 * HTTP_SHOWN_MAX];

	ck_assert_str_eq(http_path_shown("/m/5ec2e7/done?text=x", text), "/m/*/done?text=x");
	ck_assert_str_eq(http_path_shown("/m/5ec2e7", text), "/m/*");
	ck_assert_str_eq(http_path_shown("/m/5ec2e7?a", text), "/m/*?a");
	ck_assert_str_eq(http_path_shown("http://a/m/5ec2e7/%zz", text), "http://a/m/*/%zz");
	ck_assert_str_eq(http_path_shown("/m/", text), "/m/");
	ck_assert_str_eq(http_path_shown("/boot/x", text), "/boot/x");
	/* a token in a path that is not one of ours, and beyond what is shown */
	ck_assert_str_eq(http_path_shown("//m//" TOKEN "/../x", text), "//m//*/../x");
	ck_assert_str_eq(http_path_shown("/%6d/" TOKEN "/y?a=%zz", text), "/%6d/*/y?a=%zz");
	ck_assert_str_eq(http_path_shown("/m%2f" TOKEN "/y", text), "/m%*/y");
	ck_assert_str_eq(http_path_shown("/x/m/a/m/" TOKEN, text), "/x/m/*/m/*");
	ck_assert_str_eq(http_path_shown("/" TOKEN TOKEN, text), "/*");
	ck_assert_str_eq(http_path_shown("/a\x9b\xe2\x80\xae", text), "/a\\x9b\\u202e");
	memset(longer, 'x', sizeof(longer));
	strcpy(longer + HTTP_SHOWN_MAX - 10, "/" TOKEN);
	ck_assert_ptr_null(strstr(http_path_shown(longer, text), "0123"));
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	ck_assert_uint_eq(strlen(http_path_shown(longer, text)), HTTP_SHOWN_MAX - 1);
}
END_TEST

START_TEST(args)
{
	struct http_arg a[HTTP_ARGS_MAX];
	char good[] = "a=1&&b&c=x%20y+z%26&=v&a=%e2%82%ac", many[4 * HTTP_ARGS_MAX + 4] = "";
	char bad[][16] = {"a=%", "a=%00", "%zz=1", "a=%ff", "a=1&b=%8"};
	size_t n;

	ck_assert_int_eq(http_args_parse(good, a, &n), 0);
	ck_assert_uint_eq(n, 5);
	ck_assert_str_eq(a[0].name, "a");
	ck_assert_str_eq(a[0].value, "1");
	ck_assert_str_eq(a[1].name, "b");
	ck_assert_str_eq(a[1].value, "");
	ck_assert_str_eq(a[2].value, "x y z&");
	ck_assert_str_eq(a[3].name, "");
	ck_assert_str_eq(a[4].value, "\xe2\x82\xac");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(http_args_parse(bad[i], a, &n), -EINVAL);
	for (size_t i = 0; i < HTTP_ARGS_MAX; i++)
		strcat(many, "a=1&");
	ck_assert_int_eq(http_args_parse(many, a, &n), 0);
	ck_assert_uint_eq(n, HTTP_ARGS_MAX);
	many[0] = '\0';
	for (size_t i = 0; i <= HTTP_ARGS_MAX; i++)
		strcat(many, "a&");
	ck_assert_int_eq(http_args_parse(many, a, &n), -E2BIG);
}
END_TEST

START_TEST(utf8)
{
	static const char *const good[] = {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
		"\xed\x9f\xbf", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
	static const char *const bad[] = {"\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf",
		"\xe2\x82", "\xe2\x82\x41", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "\xfe"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert(http_utf8_valid(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert(!http_utf8_valid(bad[i], strlen(bad[i])));
	ck_assert(!http_utf8_valid("a\0b", 3));
}
END_TEST

START_TEST(types)
{
	ck_assert_str_eq(http_content_type("/boot/ipxe.EFI"), "application/efi");
	ck_assert_str_eq(http_content_type("/boot/x.ipxe"), "text/plain; charset=utf-8");
	ck_assert_str_eq(http_content_type("/boot/.efi"), "application/efi");
	ck_assert_str_eq(http_content_type("/boot/shimx64.efi.signed"), "application/efi");
	ck_assert_str_eq(http_content_type("/boot/linux"), "application/octet-stream");
	ck_assert_str_eq(http_content_type("/boot/x.iso"), "application/octet-stream");
	ck_assert_str_eq(http_content_type(""), "application/octet-stream");
}
END_TEST

static void part(const char *text, uint64_t size, uint64_t first, uint64_t len)
{
	uint64_t f = 0, n = 0;

	ck_assert_msg(http_range_parse(text, size, &f, &n) == HTTP_RANGE_PART, "%s", text);
	ck_assert_uint_eq(f, first);
	ck_assert_uint_eq(n, len);
}

START_TEST(range)
{
	static const char *const none[] = {"", "bytes", "bytes=", "bytes=-", "bytes=a-b",
		"bytes=5-4", "bytes=0-1,3-4", "items=0-1", "bytes=1", "bytes=+1-2", "bytes=1-2x",
		"bytes=-5-", "bytes=99999999999999999999-", "bytes=0-99999999999999999999"};
	static const char *const not [] = {"bytes=10-", "bytes=10-20", "bytes=-0"};
	uint64_t f, n;

	part("bytes=0-", 10, 0, 10);
	part("bytes=0-0", 10, 0, 1);
	part("Bytes= 3-5 ", 10, 3, 3);
	part("bytes=9-", 10, 9, 1);
	part("bytes=3-99", 10, 3, 7);
	part("bytes=-3", 10, 7, 3);
	part("bytes=-99", 10, 0, 10);
	part("bytes=0-18446744073709551615", 10, 0, 10);
	part("bytes=5-", UINT64_MAX, 5, UINT64_MAX - 5);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_msg(
			http_range_parse(none[i], 10, &f, &n) == HTTP_RANGE_NONE, "%s", none[i]);
	for (size_t i = 0; i < sizeof(not ) / sizeof(not [0]); i++)
		ck_assert_msg(http_range_parse(not [i], 10, &f, &n) == HTTP_RANGE_UNSATISFIABLE,
			"%s", not [i]);
	ck_assert_int_eq(http_range_parse(NULL, 10, &f, &n), HTTP_RANGE_NONE);
	ck_assert_int_eq(http_range_parse("bytes=0-", 0, &f, &n), HTTP_RANGE_UNSATISFIABLE);
	ck_assert_int_eq(http_range_parse("bytes=-5", 0, &f, &n), HTTP_RANGE_UNSATISFIABLE);
}
END_TEST

#define EARLIER "Sun, 06 Nov 1994 08:49:36 GMT"
#define CHANGED "Sun, 06 Nov 1994 08:49:37 GMT"
#define LATER "Sun, 06 Nov 1994 08:49:38 GMT"

/* Of what has the tag "a" and was changed at CHANGED. */
START_TEST(conditions)
{
	static const struct {
		struct http_conditions c;
		enum http_outcome outcome;
	} t[] = {
		{{0}, HTTP_GO_ON},
		{{.none_match = "\"a\""}, HTTP_UNCHANGED},
		{{.none_match = "W/\"a\""}, HTTP_UNCHANGED},
		{{.none_match = "\"x\", \"a\""}, HTTP_UNCHANGED},
		{{.none_match = "*"}, HTTP_UNCHANGED},
		{{.none_match = "\"ab\""}, HTTP_GO_ON},
		{{.none_match = "a"}, HTTP_GO_ON},
		{{.none_match = "\"a"}, HTTP_GO_ON},
		{{.none_match = ""}, HTTP_GO_ON},
		{{.none_match = "W/"}, HTTP_GO_ON},
		{{.match = "\"a\""}, HTTP_GO_ON},
		{{.match = "\"x\",\"a\""}, HTTP_GO_ON},
		{{.match = "W/\"x\", \"a\""}, HTTP_GO_ON},
		{{.match = "*"}, HTTP_GO_ON},
		{{.match = "\"x\""}, HTTP_FAILED},
		{{.match = "W/\"a\""}, HTTP_FAILED},
		{{.match = "a"}, HTTP_FAILED},
		{{.match = ""}, HTTP_FAILED},
		{{.unmodified_since = LATER}, HTTP_GO_ON},
		{{.unmodified_since = CHANGED}, HTTP_GO_ON},
		{{.unmodified_since = EARLIER}, HTTP_FAILED},
		{{.unmodified_since = "yesterday"}, HTTP_GO_ON},
		{{.modified_since = LATER}, HTTP_UNCHANGED},
		{{.modified_since = CHANGED}, HTTP_UNCHANGED},
		{{.modified_since = EARLIER}, HTTP_GO_ON},
		{{.modified_since = "yesterday"}, HTTP_GO_ON},
		/* tags before dates, and who wants a version before who has one */
		{{.match = "\"a\"", .unmodified_since = EARLIER}, HTTP_GO_ON},
		{{.match = "\"x\"", .unmodified_since = LATER}, HTTP_FAILED},
		{{.none_match = "\"x\"", .modified_since = LATER}, HTTP_GO_ON},
		{{.none_match = "\"a\"", .modified_since = EARLIER}, HTTP_UNCHANGED},
		{{.match = "\"x\"", .none_match = "\"a\""}, HTTP_FAILED},
		{{.match = "\"a\"", .none_match = "\"a\""}, HTTP_UNCHANGED},
		{{.unmodified_since = EARLIER, .modified_since = CHANGED}, HTTP_FAILED},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		ck_assert_msg(http_conditions_judge(&t[i].c, "\"a\"", 784111777) == t[i].outcome,
			"row %zu", i);
}
END_TEST

/* Of what has no tag and no date. */
START_TEST(conditions_without_tag)
{
	static const struct {
		struct http_conditions c;
		enum http_outcome outcome;
	} t[] = {
		{{.match = "\"a\""}, HTTP_FAILED},
		{{.match = "W/\"a\", \"b\""}, HTTP_FAILED},
		{{.match = "*"}, HTTP_GO_ON},
		{{.unmodified_since = EARLIER}, HTTP_GO_ON},
		{{.none_match = "\"a\""}, HTTP_GO_ON},
		{{.modified_since = LATER}, HTTP_GO_ON},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		ck_assert_msg(
			http_conditions_judge(&t[i].c, NULL, 0) == t[i].outcome, "row %zu", i);
}
END_TEST

START_TEST(date)
{
	static const char *const bad[] = {"", "now", "Sun, 06 Nov 1994 08:49:37 UTC",
		"Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 06-Nov-1994 08:49:37 GMT",
		"Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:3x GMT",
		"Sun, 06 Nix 1994 08:49:37 GMT"};
	char text[HTTP_DATE_TEXT];
	int64_t s = 0;

	http_date_format(784111777, text); /* RFC 9110 5.6.7's own example */
	ck_assert_str_eq(text, "Sun, 06 Nov 1994 08:49:37 GMT");
	ck_assert_int_eq(http_date_parse(text, &s), 0);
	ck_assert_int_eq(s, 784111777);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(http_date_parse(bad[i], &s) == -EINVAL, "%s", bad[i]);
	http_date_format(INT64_MAX, text);
	ck_assert_str_eq(text, "Thu, 01 Jan 1970 00:00:00 GMT");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("http_path");
	TCase *t = tcase_create("all");
	SRunner *r;
	int failed;

	tcase_add_test(t, path_good);
	tcase_add_test(t, path_bad);
	tcase_add_test(t, path_length);
	tcase_add_test(t, target);
	tcase_add_test(t, split);
	tcase_add_test(t, shown);
	tcase_add_test(t, args);
	tcase_add_test(t, utf8);
	tcase_add_test(t, types);
	tcase_add_test(t, range);
	tcase_add_test(t, conditions);
	tcase_add_test(t, conditions_without_tag);
	tcase_add_test(t, date);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
