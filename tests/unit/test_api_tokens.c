/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/access/api_tokens.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct api_tokens ts;

static void begin(void)
{
	ts = (struct api_tokens){.store = NULL};
}

static struct api_token of(const char *name, enum role role)
{
	struct api_token t = {.role = role, .created = 1000};

	snprintf(t.name, sizeof t.name, "%s", name);
	snprintf(t.by, sizeof t.by, "root");
	return t;
}

static void add(const char *name, enum role role, char text[API_TOKEN_TEXT])
{
	const struct api_token t = of(name, role);

	ck_assert_int_eq(api_tokens_add(&ts, &t, text), 0);
}

START_TEST(each_is_found_by_its_own_text)
{
	char a[API_TOKEN_TEXT], b[API_TOKEN_TEXT], none[API_TOKEN_TEXT];

	add("b", ROLE_ADMIN, b);
	add("a", ROLE_VIEW, a);
	ck_assert_str_ne(a, b);
	ck_assert_uint_eq(strlen(a), API_TOKEN_TEXT - 1);
	ck_assert_str_eq(api_tokens_find(&ts, a)->name, "a");
	ck_assert_str_eq(api_tokens_find(&ts, b)->name, "b");
	strcpy(none, a);
	none[API_TOKEN_TEXT - 2] = none[API_TOKEN_TEXT - 2] == '0' ? '1' : '0';
	ck_assert_ptr_null(api_tokens_find(&ts, none));
	ck_assert_str_eq(ts.all[0].name, "a"); /* by name */
	ck_assert_ptr_null(strstr(ts.all[0].sum, a + 6));
}
END_TEST

START_TEST(names_are_once_and_taken_back)
{
	char text[API_TOKEN_TEXT];
	const struct api_token again = of("a", ROLE_VIEW);

	add("a", ROLE_VIEW, text);
	ck_assert_int_eq(api_tokens_add(&ts, &again, text), -EEXIST);
	ck_assert_int_eq(api_tokens_remove(&ts, api_tokens_by_name(&ts, "a")), 0);
	ck_assert_ptr_null(api_tokens_by_name(&ts, "a"));
	ck_assert_ptr_null(api_tokens_find(&ts, text));
}
END_TEST

START_TEST(there_is_room_for_so_many)
{
	char text[API_TOKEN_TEXT], name[16];
	const struct api_token more = of("more", ROLE_VIEW);

	for (int i = 0; i < API_TOKENS_MAX; i++) {
		snprintf(name, sizeof name, "t%d", i);
		add(name, ROLE_VIEW, text);
	}
	ck_assert_int_eq(api_tokens_add(&ts, &more, text), -ENOSPC);
	ck_assert_str_eq(api_tokens_find(&ts, text)->name, name);
}
END_TEST

START_TEST(names_that_fit)
{
	char longest[API_TOKEN_NAME + 1];

	memset(longest, 'a', sizeof longest);
	longest[API_TOKEN_NAME] = '\0';
	ck_assert(!api_token_name_fits(longest));
	longest[API_TOKEN_NAME - 1] = '\0';
	ck_assert(api_token_name_fits(longest));
	ck_assert(api_token_name_fits("ci-2.main_x"));
	ck_assert(!api_token_name_fits(""));
	ck_assert(!api_token_name_fits("-x"));
	ck_assert(!api_token_name_fits("a b"));
	ck_assert(!api_token_name_fits("a/b"));
	ck_assert(!api_token_name_fits("uid 0"));
	ck_assert(!api_token_name_fits("\xc3\xa4"));
}
END_TEST

START_TEST(headers)
{
	char text[API_TOKEN_TEXT], got[API_TOKEN_TEXT], header[128];

	add("a", ROLE_VIEW, text);
	snprintf(header, sizeof header, "Bearer %s", text);
	ck_assert(api_token_of_header(header, got));
	ck_assert_str_eq(got, text);
	snprintf(header, sizeof header, "bearer   %s", text);
	ck_assert(api_token_of_header(header, got));
	snprintf(header, sizeof header, "Bearer %s ", text);
	ck_assert(!api_token_of_header(header, got));
	snprintf(header, sizeof header, "Bearer %s0", text);
	ck_assert(!api_token_of_header(header, got));
	snprintf(header, sizeof header, "Bearer %.*s", API_TOKEN_TEXT - 2, text);
	ck_assert(!api_token_of_header(header, got));
	snprintf(header, sizeof header, "Basic %s", text);
	ck_assert(!api_token_of_header(header, got));
	snprintf(header, sizeof header, "Bearer%s", text);
	ck_assert(!api_token_of_header(header, got));
	ck_assert(!api_token_of_header("", got));
	ck_assert(!api_token_of_header("Bearer", got));
	ck_assert(!api_token_of_header("Bearer usher_", got));
}
END_TEST

START_TEST(expiry)
{
	struct api_token t = of("a", ROLE_VIEW);

	ck_assert(!api_token_expired(&t, INT64_MAX));
	t.expires = 2000;
	ck_assert(!api_token_expired(&t, 1999));
	ck_assert(api_token_expired(&t, 2000));
}
END_TEST

START_TEST(use_is_written_now_and_then)
{
	char text[API_TOKEN_TEXT];
	struct api_token *t;

	add("a", ROLE_VIEW, text);
	t = api_tokens_find(&ts, text);
	ck_assert(api_tokens_use(&ts, t, 5000));
	ck_assert(!api_tokens_use(&ts, t, 6000));
	ck_assert_int_eq(t->used, 6000);
	ck_assert(api_tokens_use(&ts, t, 5000 + API_TOKEN_USED_MS));
}
END_TEST

static bool has(const char *path, const char *what)
{
	static char all[1 << 20];
	FILE *f = fopen(path, "rb");
	size_t n = f ? fread(all, 1, sizeof all, f) : 0;

	ck_assert_uint_gt(n, 0);
	fclose(f);
	return memmem(all, n, what, strlen(what));
}

/* All but the token itself, which is not to be found there. */
START_TEST(the_store_has_them)
{
	char dir[] = "/tmp/test_api_tokens.XXXXXX", path[64], why[256], text[API_TOKEN_TEXT];
	struct api_token t = of("ci", ROLE_OPERATE), *found;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/db", dir);
	ck_assert_int_eq(store_open(path, &ts.store, why, sizeof why), 0);
	t.expires = 9000;
	ck_assert_int_eq(api_tokens_add(&ts, &t, text), 0);
	ck_assert_int_eq(store_commit(ts.store, NULL, NULL), 0);
	store_close(ts.store);
	ck_assert(has(path, "sha256"));
	ck_assert(!has(path, text + 6));
	begin();
	ck_assert_int_eq(store_open(path, &ts.store, why, sizeof why), 0);
	ck_assert_int_eq(api_tokens_load(&ts, why, sizeof why), 0);
	found = api_tokens_find(&ts, text);
	ck_assert_ptr_nonnull(found);
	ck_assert_str_eq(found->name, "ci");
	ck_assert_int_eq(found->role, ROLE_OPERATE);
	ck_assert_int_eq(found->expires, 9000);
	ck_assert_str_eq(found->by, "root");
	store_close(ts.store);
	unlink(path);
	snprintf(path, sizeof path, "%s/db.lock", dir);
	unlink(path);
	rmdir(dir);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("api_tokens");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, begin, NULL);
	tcase_add_test(t, each_is_found_by_its_own_text);
	tcase_add_test(t, names_are_once_and_taken_back);
	tcase_add_test(t, there_is_room_for_so_many);
	tcase_add_test(t, names_that_fit);
	tcase_add_test(t, headers);
	tcase_add_test(t, expiry);
	tcase_add_test(t, use_is_written_now_and_then);
	tcase_add_test(t, the_store_has_them);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
