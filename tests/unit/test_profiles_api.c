/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be installed, and what it lacks: the worker reads, and looks. */
#include "service/files/profiles_api.h"

#include "http_ask.h"
#include "profile_make.h"
#include "worker_gate.h"

static struct service rooms;
static struct http_ask ask;
static unsigned handled;

/* GET /api/v1/profiles, and below it. */
static void handle(void *arg, struct http_request *r)
{
	const char *name = r->path + strlen("/api/v1/profiles");

	profiles_handle(arg, r, *name ? name + 1 : NULL);
	handled++;
}

static void setup(void)
{
	rooms_make(&rooms);
	profile_make(&rooms);
	http_ask_begin(&ask, &rooms.base, handle, &rooms.content);
}

static void teardown(void)
{
	rooms_stop(&rooms);
	http_ask_end(&ask);
	rooms_unmake(&rooms);
}

static unsigned get(const char *name)
{
	char target[128];

	snprintf(target, sizeof target, "/api/v1/profiles%s", name);
	return http_ask(&ask, "GET", target, NULL);
}

static const char *text(const json_t *of, const char *key)
{
	const char *s = json_string_value(json_object_get(of, key));

	return s ? s : "";
}

START_TEST(one)
{
	ck_assert_uint_eq(get("/small"), 200);
	ck_assert_str_eq(http_ask_text(&ask, "name"), "small");
	ck_assert_str_eq(http_ask_text(&ask, "title"), "Small");
	ck_assert(json_is_null(json_object_get(ask.json, "missing")));
	ck_assert(json_is_null(json_object_get(ask.json, "error")));
	ck_assert_uint_eq(json_array_size(json_object_get(ask.json, "settings")), 2);
	ck_assert(files_has(&rooms.content.files, "small"));
}
END_TEST

START_TEST(none)
{
	ck_assert_uint_eq(get("/smal"), 404);
	ck_assert_str_eq(http_ask_error(&ask), "no profile 'smal' (did you mean 'small'?)");
}
END_TEST

/* In order, and those that cannot be read too. */
START_TEST(all)
{
	const json_t *list, *p;
	const char *before = "";
	char path[128];
	size_t i, found = 0;

	profile_make_folder("profiles/broken");
	profile_make_file("profiles/broken/profile.xml", "<profile/>");
	snprintf(path, sizeof path, "%s/profiles/small/tree/vmlinuz", base_dir);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_uint_eq(get(""), 200);
	list = json_object_get(ask.json, "profiles");
	ck_assert_uint_gt(json_array_size(list), 2); /* ours come with it */
	json_array_foreach(list, i, p)
	{
		const char *name = text(p, "name");

		ck_assert_int_lt(strverscmp(before, name), 0);
		before = name;
		if (!strcmp(name, "broken")) {
			found++;
			ck_assert_ptr_nonnull(strstr(text(p, "error"), "broken/profile.xml:"));
		} else if (!strcmp(name, "small")) {
			found++;
			ck_assert_ptr_nonnull(strstr(text(p, "missing"), path));
		}
	}
	ck_assert_uint_eq(found, 2);
}
END_TEST

/* Asks, and leaves the question behind the worker's gate. */
static void wait_at_the_gate(const char *name)
{
	char target[128];

	snprintf(target, sizeof target, "/api/v1/profiles%s", name);
	worker_gate_shut(rooms.base.worker);
	http_ask_send(&ask, NULL, "GET", target, NULL);
	base_wait(&rooms.base, handled);
}

START_TEST(the_worker_reads)
{
	wait_at_the_gate("/small");
	profile_make_file("profiles/small/profile.xml", "<profile/>");
	worker_gate_open();
	ck_assert_uint_eq(http_ask_wait(&ask), 404);
	ck_assert_msg(strstr(http_ask_error(&ask), "profiles/small/profile.xml:"), "%s", ask.body);
}
END_TEST

START_TEST(stopping_meanwhile)
{
	wait_at_the_gate(_i ? "" : "/small");
	worker_gate_open_at_end(rooms.base.worker);
	rooms_stop(&rooms);
	ck_assert_uint_eq(http_ask_wait(&ask), 503);
	ck_assert_str_eq(http_ask_error(&ask), "the service is stopping");
}
END_TEST

START_TEST(stopped)
{
	rooms_stop(&rooms);
	ck_assert_uint_eq(get("/small"), 503);
	ck_assert_str_eq(http_ask_error(&ask), "the service is stopping");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("profiles_api");
	TCase *t = tcase_create("profiles_api");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, one);
	tcase_add_test(t, none);
	tcase_add_test(t, all);
	tcase_add_test(t, the_worker_reads);
	tcase_add_loop_test(t, stopping_meanwhile, 0, 2);
	tcase_add_test(t, stopped);
	suite_add_tcase(s, t);
	return base_run(s);
}
