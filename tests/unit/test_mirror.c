/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/mirror.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

START_TEST(taken)
{
	static const char *const good[][2] = {
		{"https://ftp.debian.org/debian", "https/ftp.debian.org/debian/"},
		{"http://Mirror.Example.ORG:80/a/b//", "http/mirror.example.org/a/b/"},
		{"https://m:8443", "https/m:8443/"},
		{"http://10.0.0.1:8080/", "http/10.0.0.1:8080/"},
		{"http://m/a.b/c~d/e+f/..g/h_i-", "http/m/a.b/c~d/e+f/..g/h_i-/"}};
	struct mirror m;
	char buf[MIRROR_URL];

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		ck_assert_msg(!mirror_parse(good[i][0], &m), "%s", good[i][0]);
		ck_assert_str_eq(mirror_path(&m, buf), good[i][1]);
	}
	ck_assert_int_eq(mirror_parse("https://m:8443/x", &m), 0);
	ck_assert_str_eq(mirror_url(&m, buf), "https://m:8443/x/");
	ck_assert_uint_eq(m.port, 8443);
	ck_assert(!m.ready && !m.n_addresses);
}
END_TEST

/* What would be more than a name to nginx, and what a server would take out of a path. */
START_TEST(not_taken)
{
	static const char *const bad[] = {"", "m/debian", "ftp://m/a", "http://", "http:///a",
		"http://u:p@m/a", "http://m:0/", "http://m:65536/", "http://m:8x/", "http://m:/",
		"http://[2001:db8::1]/a", "http://m/a;b", "http://m/a{b", "http://m/a}b",
		"http://m/$host/", "http://m/a b", "http://m/a\nb", "http://m/a\"b", "http://m/a'b",
		"http://m/a\\b", "http://m/a#b", "http://m/a?b", "http://m/a%2fb",
		"http://m/a/../b", "http://m/..", "http://m/./a", "http://m/a//b", "http://m;x/a",
		"http://m$x/", "http://-m/", "http://.m/", "http://m\303\244/", "http://m/\303\244",
		"http://m~/", "HTTP://m/"};
	char longest[600] = "http://m/";
	struct mirror m = {.port = 7};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(mirror_parse(bad[i], &m) == -22, "%s", bad[i]);
	memset(longest + 9, 'a', 253);
	ck_assert_int_eq(mirror_parse(longest, &m), 0);
	memset(longest + 9, 'a', 254);
	ck_assert_int_eq(mirror_parse(longest, &m), -22);
	memset(longest + 7, 'a', 500);
	ck_assert_int_eq(mirror_parse(longest, &m), -22);
}
END_TEST

static struct mirrors some(void)
{
	struct mirrors ms = {.n = 2};

	ck_assert_int_eq(mirror_parse("https://m/debian", &ms.all[0]), 0);
	ck_assert_int_eq(mirror_parse("http://m:81/rpm/9", &ms.all[1]), 0);
	ms.all[0].ready = true;
	return ms;
}

START_TEST(through)
{
	static const char cache[] = "http://10.0.0.1:8068";
	struct mirrors ms = some();
	char buf[600];

	ck_assert(mirrors_through(&ms, cache, "https://m/debian/", buf, sizeof buf));
	ck_assert_str_eq(buf, "http://10.0.0.1:8068/https/m/debian");
	ck_assert(mirrors_through(&ms, cache, "https://m:443/debian/dists/x", buf, sizeof buf));
	ck_assert_str_eq(buf, "http://10.0.0.1:8068/https/m/debian/dists/x");
	ck_assert(!mirrors_through(&ms, cache, "https://m/debian2", buf, sizeof buf));
	ck_assert(!mirrors_through(&ms, cache, "https://m/", buf, sizeof buf));
	ck_assert(!mirrors_through(&ms, cache, "http://m/debian", buf, sizeof buf));
	ck_assert(!mirrors_through(&ms, cache, "https://m:444/debian", buf, sizeof buf));
	ck_assert(!mirrors_through(&ms, cache, "https://n/debian", buf, sizeof buf));
	ck_assert(
		!mirrors_through(&ms, cache, "http://m:81/rpm/9", buf, sizeof buf)); /* not ready */
	ck_assert(!mirrors_through(&ms, "", "https://m/debian", buf, sizeof buf));
	ck_assert(!mirrors_through(NULL, cache, "https://m/debian", buf, sizeof buf));
	ck_assert(!mirrors_through(&ms, cache, "https://m/debian/", buf, 20));
}
END_TEST

static size_t of(const char *settings, struct mirror ret[MIRRORS_MACHINE])
{
	json_t *snapshot = json_pack("{s:{s:[{s:s,s:b},{s:s,s:b},{s:s}]}, s:o}", "profile",
		"settings", "name", "mirror", "mirror", 1, "name", "appstream", "mirror", 1, "name",
		"other", "settings", json_loads(settings, 0, NULL));
	size_t n = mirrors_of(snapshot, ret);

	json_decref(snapshot);
	return n;
}

START_TEST(of_a_machine)
{
	struct mirror m[MIRRORS_MACHINE];

	ck_assert_uint_eq(
		of("{\"mirror\":\"http://m/a\",\"appstream\":\"\",\"other\":\"http://n/\"}", m), 1);
	ck_assert_str_eq(m[0].path, "/a/");
	ck_assert_uint_eq(of("{\"mirror\":\"http://m/a\",\"appstream\":\"http://m/a/\"}", m), 1);
	ck_assert_uint_eq(of("{\"mirror\":\"http://m/a\",\"appstream\":\"http://m/b\"}", m), 2);
	ck_assert_uint_eq(
		of("{\"mirror\":\"http://m/a\",\"proxy\":\"\",\"package_cache\":true}", m), 1);
	ck_assert_uint_eq(of("{\"mirror\":\"http://m/a\",\"proxy\":\"http://p/\"}", m), 0);
	ck_assert_uint_eq(of("{\"mirror\":\"http://m/a\",\"package_cache\":false}", m), 0);
	ck_assert_uint_eq(of("{\"mirror\":{\"secret\":\"x\"}}", m), 0);
	ck_assert_uint_eq(mirrors_of(NULL, m), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mirror");
	TCase *t = tcase_create("mirror");
	SRunner *r;
	int failed;

	tcase_add_test(t, taken);
	tcase_add_test(t, not_taken);
	tcase_add_test(t, through);
	tcase_add_test(t, of_a_machine);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
