/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/media/fetch_record.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URL "http://mirror.lab/linux"
#define SUM "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static const struct fetch_record full = {.whole = true,
	.part = true,
	.whole_version = {"\"a-1\"", "Sat, 21 Nov 2026 10:00:00 GMT", 300},
	.part_version = {"W/\"b\"", "Sat, 21 Nov 2026 11:00:00 GMT", 1ULL << 33},
	.sum = SUM};

static int parse(const char *text, struct fetch_record *ret)
{
	return fetch_record_parse(text, strlen(text), URL, ret);
}

START_TEST(kept)
{
	struct fetch_record r;
	char *text = fetch_record_format(&full, URL);

	ck_assert_int_eq(parse(text, &r), 0);
	ck_assert(r.whole && r.part);
	ck_assert_str_eq(r.sum, SUM);
	ck_assert_str_eq(r.whole_version.tag, "\"a-1\"");
	ck_assert_str_eq(r.part_version.date, "Sat, 21 Nov 2026 11:00:00 GMT");
	ck_assert_uint_eq(r.part_version.size, 1ULL << 33);
	ck_assert_int_eq(fetch_record_parse(text, strlen(text), URL "x", &r), -EPROTO);
	ck_assert(!r.whole && !r.part);
	free(text);
}
END_TEST

START_TEST(damaged)
{
	static const char *const texts[] = {"", "{", "[]", "{}", "{\"url\": \"" URL,
		"{\"url\": \"" URL
		"\", \"whole\": {\"etag\": \"\", \"modified\": \"\", \"size\": 1}}",
		"{\"url\": \"" URL "\", \"sha256\": \"" SUM
		"\", \"whole\": {\"etag\": \"\", \"size\": 1}}",
		"{\"url\": \"" URL
		"\", \"part\": {\"etag\": \"\", \"modified\": \"\", \"size\": -1}}",
		"{\"url\": \"" URL
		"\", \"part\": {\"etag\": \"a\\nb\", \"modified\": \"\", \"size\": 1}}",
		"{\"url\": \"" URL "\", \"part\": 7}"};
	struct fetch_record r;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		ck_assert_msg(parse(texts[i], &r) == -EPROTO, "%s", texts[i]);
		ck_assert(!r.whole && !r.part);
	}
	ck_assert_int_eq(parse("{\"url\": \"" URL "\"}", &r), 0);
	ck_assert(!r.whole && !r.part);
}
END_TEST

static void asks(const struct fetch_record *r, uint64_t part, uint64_t offset, bool conditional,
	const char *one, const char *two)
{
	struct fetch_request q;

	fetch_record_ask(r, part, &q);
	ck_assert_uint_eq(q.offset, offset);
	ck_assert_int_eq(q.conditional, conditional);
	ck_assert_str_eq(q.headers[0], one);
	ck_assert_str_eq(q.headers[1], two);
}

START_TEST(asked)
{
	struct fetch_record r = full;

	/* a weak tag tells no bytes apart: the date does */
	asks(&r, 1000, 1000, false, "Range: bytes=1000-",
		"If-Range: Sat, 21 Nov 2026 11:00:00 GMT");
	strcpy(r.part_version.tag, "\"b\"");
	asks(&r, 1000, 1000, false, "Range: bytes=1000-", "If-Range: \"b\"");
	asks(&r, 0, 0, true, "If-None-Match: \"a-1\"", "");
	*r.part_version.tag = *r.part_version.date = '\0'; /* nothing to tell it by */
	asks(&r, 1000, 0, true, "If-None-Match: \"a-1\"", "");
	*r.whole_version.tag = '\0';
	asks(&r, 0, 0, true, "If-Modified-Since: Sat, 21 Nov 2026 10:00:00 GMT", "");
	r.whole = r.part = false;
	asks(&r, 1000, 0, false, "", "");
}
END_TEST

static struct fetch_reply reply_of(const char *const *lines)
{
	struct fetch_reply r = {0};

	for (; *lines; lines++)
		fetch_reply_header(&r, *lines, strlen(*lines));
	return r;
}
#define REPLY(...) reply_of((const char *const[]){__VA_ARGS__, NULL})

START_TEST(heads)
{
	struct fetch_reply r = REPLY("HTTP/1.1 302 Found\r\n", "ETag: \"of the redirect\"\r\n",
		"\r\n", "HTTP/2 200\r\n", "etag:  \"x\" \r\n", "content-length: 42\r\n",
		"Last-Modified: Sat, 21 Nov 2026 10:00:00 GMT\r\n", "\r\n");

	ck_assert_int_eq(r.status, 200);
	ck_assert_str_eq(r.version.tag, "\"x\"");
	ck_assert_str_eq(r.version.date, "Sat, 21 Nov 2026 10:00:00 GMT");
	ck_assert_uint_eq(r.version.size, 42);
	r = REPLY("HTTP/1.1 206 Partial\r\n", "Content-Length: 10\r\n",
		"Content-Range: bytes 90-99/100\r\n");
	ck_assert(r.ranged);
	ck_assert_uint_eq(r.first, 90);
	ck_assert_uint_eq(r.version.size, 100);
	r = REPLY("HTTP/1.1 206 Partial\r\n", "Content-Range: bytes 90-99/*\r\n");
	ck_assert(r.ranged && !r.version.size);
}
END_TEST

START_TEST(odd_heads)
{
	static const char *const ranges[] = {"bytes */100", "bytes 90-", "bytes -99/100",
		"items 90-99/100", "bytes 90-99", "bytes 99999999999999999999-1/2", ""};
	char line[512], tag[FETCH_TAG + 40];
	struct fetch_reply r;

	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		snprintf(line, sizeof line, "Content-Range: %s\r\n", ranges[i]);
		r = REPLY("HTTP/1.1 206 Partial\r\n", line);
		ck_assert_msg(!r.ranged, "%s", line);
	}
	memset(tag, 'x', sizeof tag - 1);
	tag[sizeof tag - 1] = '\0';
	snprintf(line, sizeof line, "ETag: \"%s\"\r\n", tag);
	r = REPLY("HTTP/1.1 200 OK\r\n", line, "HTTP", "ETagged: 1\r\n", ":\r\n");
	ck_assert_str_eq(r.version.tag, "");
	ck_assert_int_eq(r.status, 200);
}
END_TEST

START_TEST(meanings)
{
	struct fetch_request all = {0}, rest = {.offset = 90}, if_new = {.conditional = true};
	struct fetch_reply r = REPLY("HTTP/1.1 200 OK\r\n");

	ck_assert_int_eq(fetch_reply_meaning(&all, &r), FETCH_ALL);
	ck_assert_int_eq(fetch_reply_meaning(&rest, &r), FETCH_ALL);
	r = REPLY("HTTP/1.1 206 Partial\r\n", "Content-Range: bytes 90-99/100\r\n");
	ck_assert_int_eq(fetch_reply_meaning(&rest, &r), FETCH_REST);
	ck_assert_int_eq(fetch_reply_meaning(&all, &r), FETCH_REFUSED);
	r = REPLY("HTTP/1.1 206 Partial\r\n", "Content-Range: bytes 80-99/100\r\n");
	ck_assert_int_eq(fetch_reply_meaning(&rest, &r), FETCH_OVER);
	r = REPLY("HTTP/1.1 206 Partial\r\n");
	ck_assert_int_eq(fetch_reply_meaning(&rest, &r), FETCH_OVER);
	r = REPLY("HTTP/1.1 304 Not Modified\r\n");
	ck_assert_int_eq(fetch_reply_meaning(&if_new, &r), FETCH_SAME);
	ck_assert_int_eq(fetch_reply_meaning(&all, &r), FETCH_REFUSED);
	r = REPLY("HTTP/1.1 416 Range\r\n");
	ck_assert_int_eq(fetch_reply_meaning(&rest, &r), FETCH_OVER);
	ck_assert_int_eq(fetch_reply_meaning(&all, &r), FETCH_REFUSED);
	r = REPLY("HTTP/1.1 404 Not Found\r\n");
	ck_assert_int_eq(fetch_reply_meaning(&rest, &r), FETCH_REFUSED);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("fetch_record");
	TCase *t = tcase_create("fetch_record");
	SRunner *r;
	int failed;

	tcase_add_test(t, kept);
	tcase_add_test(t, damaged);
	tcase_add_test(t, asked);
	tcase_add_test(t, heads);
	tcase_add_test(t, odd_heads);
	tcase_add_test(t, meanings);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
