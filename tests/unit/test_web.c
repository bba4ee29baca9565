/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page's files. */
#include "service/api/web.h"

#include "http_ask.h"

#include <sys/stat.h>

static struct base base;
static struct http_ask ask;
static struct web web;
static char folder[64];

static void handle(void *arg, struct http_request *r)
{
	(void)arg;
	ck_assert(web_serves(r->path));
	web_handle(&web, r);
}

static void put(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void setup(void)
{
	char path[128];

	base_make(&base);
	strcpy(folder, "/tmp/test_web.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/views", folder);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	put("index.html", "<p>page</p>");
	put("app.js", "let a;");
	put("views/list.js", "let b;");
	put("README", "not the page's");
	put(".hidden.js", "nor this");
	web_read(&web, folder);
	http_ask_begin(&ask, &base, handle, NULL);
}

static void teardown(void)
{
	char command[128];

	http_ask_end(&ask);
	web_fini(&web);
	snprintf(command, sizeof command, "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
	base_unmake(&base);
}

static bool has(const char *header)
{
	return strstr(ask.text, header);
}

START_TEST(files)
{
	ck_assert_uint_eq(http_ask(&ask, "GET", "/", NULL), 200);
	ck_assert_str_eq(ask.body, "<p>page</p>");
	ck_assert(has("Content-Type: text/html; charset=utf-8\r\n"));
	ck_assert(has("Content-Security-Policy: default-src 'none'; script-src 'self'; "));
	ck_assert(has("X-Content-Type-Options: nosniff\r\n"));
	ck_assert(has("Cache-Control: no-cache\r\n"));
	ck_assert(!has("no-store"));
	ck_assert_uint_eq(http_ask(&ask, "GET", "/web/views/list.js", NULL), 200);
	ck_assert_str_eq(ask.body, "let b;");
	ck_assert(has("Content-Type: text/javascript; charset=utf-8\r\n"));
	ck_assert_uint_eq(http_ask(&ask, "HEAD", "/web/app.js", NULL), 200);
	ck_assert_str_eq(ask.body, "");
}
END_TEST

START_TEST(no_others)
{
	static const char *const paths[] = {"/web/", "/web/README", "/web/.hidden.js", "/web/views",
		"/web/x.js", "/web/%2fetc/passwd"};

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		ck_assert_uint_eq(http_ask(&ask, "GET", paths[i], NULL), 404);
	ck_assert_uint_eq(http_ask(&ask, "GET", "/web/../index.html", NULL), 400);
}
END_TEST

/* Also after it was read again; a changed file has another tag. */
START_TEST(versions)
{
	char tag[64];

	ck_assert_uint_eq(http_ask(&ask, "GET", "/web/app.js", NULL), 200);
	ck_assert_int_eq(sscanf(strstr(ask.text, "ETag: "), "ETag: %40[^\r]", tag), 1);
	web_read(&web, folder);
	snprintf(http_ask_header, sizeof http_ask_header, "If-None-Match: \"x\", %s\r\n", tag);
	ck_assert_uint_eq(http_ask(&ask, "GET", "/web/app.js", NULL), 304);
	put("app.js", "let c;");
	web_read(&web, folder);
	snprintf(http_ask_header, sizeof http_ask_header, "If-None-Match: %s\r\n", tag);
	ck_assert_uint_eq(http_ask(&ask, "GET", "/web/app.js", NULL), 200);
	ck_assert_str_eq(ask.body, "let c;");
}
END_TEST

START_TEST(too_large)
{
	char path[128];

	snprintf(path, sizeof path, "%s/app.js", folder);
	ck_assert_int_eq(truncate(path, WEB_FILE_MAX + 1), 0);
	web_read(&web, folder);
	ck_assert_uint_eq(http_ask(&ask, "GET", "/web/app.js", NULL), 404);
	ck_assert_uint_eq(http_ask(&ask, "GET", "/", NULL), 200);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {files, no_others, versions, too_large};
	Suite *s = suite_create("web");
	TCase *t = tcase_create("web");

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return base_run(s);
}
