/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replies that several rooms give: none leaves before what it says is on disk. */
#include "service/base/reply.h"

#include "http_ask.h"

static struct base base;
static struct http_ask ask;
static struct machine *web01;
static const char *what;
static bool was_clean; /* when the answer was asked for */

static void handle(void *arg, struct http_request *r)
{
	(void)arg;
	was_clean = store_is_clean(base.store);
	if (!strcmp(what, "json"))
		reply_committed(base.store, r, 201, json_pack("{s:s}", "a", "b"));
	else if (!strcmp(what, "text"))
		reply_text_committed(base.store, r, 200, "text/plain", strdup("hello\n"));
	else if (!strcmp(what, "none"))
		reply_text_committed(base.store, r, 200, "text/plain", NULL);
	else
		reply_fetching(r, json_pack("[{s:s}]", "key", "k"));
}

static void setup(void)
{
	base_make(&base);
	http_ask_begin(&ask, &base, handle, NULL);
	web01 = base_machine(&base, "web01", true, "10.77.1.3");
}

static void teardown(void)
{
	http_ask_end(&ask);
	base_unmake(&base);
}

static unsigned get(const char *kind)
{
	what = kind;
	return http_ask(&ask, "GET", "/api/v1/x", NULL);
}

START_TEST(once_it_is_on_disk)
{
	ck_assert_uint_eq(get("json"), 201);
	ck_assert(!was_clean);
	ck_assert_str_eq(ask.body, "{\"a\":\"b\"}");
	ck_assert(store_is_clean(base.store));
	timeline_add(base.timeline, "web01", "test", "x");
	ck_assert_uint_eq(get("text"), 200);
	ck_assert(!was_clean);
	ck_assert_str_eq(ask.body, "hello\n");
	ck_assert(store_is_clean(base.store));
	ck_assert_uint_eq(get("text"), 200); /* nothing to wait for */
	ck_assert(was_clean);
	ck_assert_uint_eq(get("none"), 503);
}
END_TEST

START_TEST(ask_again)
{
	ck_assert_uint_eq(get("fetching"), 202);
	ck_assert_str_eq(ask.body, "{\"fetching\":[{\"key\":\"k\"}]}");
}
END_TEST

START_TEST(machines_and_events)
{
	json_t *j = reply_machine(base.timeline, web01, false), *last;

	ck_assert(json_is_null(json_object_get(j, "last_event")));
	ck_assert_ptr_null(json_object_get(j, "settings"));
	json_decref(j);
	timeline_add(base.timeline, "web01", "armed", "first");
	timeline_add(base.timeline, "web01", "booting", "second");
	timeline_add(base.timeline, "other", "armed", "third");
	j = reply_machine(base.timeline, web01, true);
	last = json_object_get(j, "last_event");
	ck_assert_str_eq(json_string_value(json_object_get(last, "kind")), "booting");
	ck_assert_str_eq(json_string_value(json_object_get(last, "text")), "second");
	ck_assert_str_eq(json_string_value(json_object_get(last, "machine")), "web01");
	ck_assert_ptr_nonnull(json_object_get(j, "settings"));
	json_decref(j);
	timeline_add(base.timeline, "", "refused", "a stranger");
	j = reply_event(timeline_last(base.timeline, "", NULL));
	ck_assert(json_is_null(json_object_get(j, "machine")));
	json_decref(j);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("reply");
	TCase *t = tcase_create("reply");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, once_it_is_on_disk);
	tcase_add_test(t, ask_again);
	tcase_add_test(t, machines_and_events);
	suite_add_tcase(s, t);
	return base_run(s);
}
