/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /events: what there is, what comes, and who waits for it. */
#include "service/api/events_api.h"

#include "http_ask.h"
#include "rooms_make.h"
#include "stepped_clock.h"

static struct service rooms;
static struct http_ask ask;
static struct timeline *timeline;
static struct asker asker;

static void handle(void *arg, struct http_request *r)
{
	events_handle(arg, r, &asker);
}

static void setup(void)
{
	rooms_make(&rooms);
	timeline = rooms.base.timeline;
	asker = (struct asker){ROLE_ADMIN, "root", NULL, NULL};
	http_ask_begin(&ask, &rooms.base, handle, &rooms.api);
}

static void reset(void)
{
	memset(&stepped, 0, sizeof stepped); /* the test library measures, too */
}

static void teardown(void)
{
	reset();
	rooms_stop(&rooms);
	http_ask_end(&ask);
	rooms_unmake(&rooms);
}

static uint64_t tell(const char *machine, const char *text)
{
	uint64_t seq = timeline_add(timeline, machine, "test", "%s", text);

	ck_assert_uint_ne(seq, 0);
	return seq;
}

/* The texts of the last answer: "a b". */
static const char *texts(void)
{
	static char all[256];
	json_t *events = json_object_get(ask.json, "events"), *e;
	size_t i;

	ck_assert_msg(json_is_array(events), "%s", ask.body);
	ck_assert_uint_eq((uint64_t)http_ask_number(&ask, "newest"), timeline_newest(timeline));
	all[0] = '\0';
	json_array_foreach(events, i, e)
	{
		if (i < 20)
			snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? " " : "",
				json_string_value(json_object_get(e, "text")));
	}
	return all;
}

static const char *get(const char *query)
{
	char target[128];

	snprintf(target, sizeof target, "/api/v1/events%s", query);
	ck_assert_uint_eq(http_ask(&ask, "GET", target, NULL), 200);
	return texts();
}

static void wait_with(uint64_t after, const char *more)
{
	char target[128];

	snprintf(target, sizeof target, "/api/v1/events?after=%llu%s", (unsigned long long)after,
		more);
	http_ask_send(&ask, NULL, "GET", target, NULL);
	base_wait(&rooms.base, rooms.api.followers);
}

#define NOBODY_WAITS() ck_assert_ptr_null(rooms.api.followers)

START_TEST(what_there_is)
{
	char query[64];
	uint64_t first;
	json_t *e;

	ck_assert_str_eq(get(""), "");
	first = tell("web01", "a");
	tell("db", "b");
	tell("", "c");
	ck_assert_str_eq(get(""), "a b c");
	e = json_array_get(json_object_get(ask.json, "events"), 0);
	ck_assert_uint_eq((uint64_t)json_integer_value(json_object_get(e, "seq")), first);
	ck_assert_str_eq(json_string_value(json_object_get(e, "machine")), "web01");
	ck_assert_str_eq(json_string_value(json_object_get(e, "kind")), "test");
	ck_assert_ptr_nonnull(json_string_value(json_object_get(e, "at")));
	e = json_array_get(json_object_get(ask.json, "events"), 2);
	ck_assert(json_is_null(json_object_get(e, "machine")));
	snprintf(query, sizeof query, "?after=%llu", (unsigned long long)first);
	ck_assert_str_eq(get(query), "b c");
	ck_assert_str_eq(get("?machine=db"), "b");
	ck_assert_str_eq(get("?machine=nobody"), "");
	ck_assert_str_eq(get("?after=999999999"), "");
	NOBODY_WAITS();
}
END_TEST

/* A thousand in one answer: the follower asks again. */
START_TEST(a_thousand)
{
	uint64_t last = 0;
	char query[64];
	json_t *events;

	for (int i = 0; i < 1003; i++) {
		char machine[16];

		snprintf(machine, sizeof machine, "m%d", i % 10);
		tell(machine, "x");
	}
	get("");
	events = json_object_get(ask.json, "events");
	ck_assert_uint_eq(json_array_size(events), 1000);
	last = (uint64_t)json_integer_value(json_object_get(json_array_get(events, 999), "seq"));
	snprintf(query, sizeof query, "?after=%llu", (unsigned long long)last);
	ck_assert_str_eq(get(query), "x x x");
}
END_TEST

START_TEST(a_name_that_is_none)
{
	char target[256];

	snprintf(target, sizeof target, "/api/v1/events?machine=%.64s",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	ck_assert_uint_eq(http_ask(&ask, "GET", target, NULL), 404);
	ck_assert_ptr_nonnull(strstr(http_ask_error(&ask), "no machine 'aaa"));
}
END_TEST

/* --- waiting ---------------------------------------------------------------------------------------------------------------- */

START_TEST(at_once_when_there_is_one)
{
	tell("db", "a");
	ck_assert_str_eq(get("?wait=30"), "a");
	NOBODY_WAITS();
}
END_TEST

START_TEST(as_soon_as_there_is_one)
{
	uint64_t seq = tell("db", "a");

	wait_with(seq, "&wait=30");
	events_answer_all(&rooms.api); /* nothing yet */
	ck_assert_ptr_nonnull(rooms.api.followers);
	tell("db", "b");
	tell("web01", "c");
	events_answer_all(&rooms.api);
	NOBODY_WAITS();
	ck_assert_uint_eq(http_ask_wait(&ask), 200);
	ck_assert_str_eq(texts(), "b c");
}
END_TEST

/* Others' events wake nobody, and none of its own is missed. */
START_TEST(of_one_machine)
{
	uint64_t seq = tell("db", "a");

	wait_with(seq, "&machine=db&wait=30");
	tell("web01", "b");
	events_answer_all(&rooms.api);
	ck_assert_ptr_nonnull(rooms.api.followers);
	tell("web01", "c");
	tell("db", "d");
	tell("web01", "e");
	events_answer_all(&rooms.api);
	ck_assert_uint_eq(http_ask_wait(&ask), 200);
	ck_assert_str_eq(texts(), "d");
}
END_TEST

START_TEST(over_without_any)
{
	uint64_t seq = tell("db", "a");

	wait_with(seq, "&wait=30");
	stepped.mono += 29 * 1000;
	loop_once(rooms.base.loop, 0);
	ck_assert_ptr_nonnull(rooms.api.followers);
	stepped.mono += 2 * 1000;
	ck_assert_uint_eq(http_ask_wait(&ask), 200);
	ck_assert_str_eq(texts(), "");
	NOBODY_WAITS();
	reset();
}
END_TEST

/* A minute at most, whatever is asked for. */
START_TEST(how_long)
{
	uint64_t seq = tell("db", "a");

	wait_with(seq, "&wait=3600");
	stepped.mono += 61 * 1000;
	ck_assert_uint_eq(http_ask_wait(&ask), 200);
	ck_assert_str_eq(texts(), "");
	reset();
	ck_assert_str_eq(get("?after=999999999&wait=-5"), "");
	ck_assert_str_eq(get("?after=999999999&wait=x"), "");
}
END_TEST

START_TEST(while_it_stops)
{
	wait_with(7, "&wait=30");
	rooms_stop(&rooms);
	NOBODY_WAITS();
	ck_assert_uint_eq(http_ask_wait(&ask), 200);
	ck_assert_str_eq(get("?after=999999999&wait=30"), ""); /* nobody is kept any more */
}
END_TEST

/* Each holds a connection: who comes when there are too many is answered at once. */
START_TEST(how_many)
{
	static struct http_ask all[200];

	for (int i = 0; i < 200; i++) {
		all[i] = (struct http_ask){.base = &rooms.base, .fd = -1};
		http_ask_send(&all[i], NULL, "GET", "/api/v1/events?wait=30", NULL);
	}
	for (int i = 0, n = 0; i < 1000 && n < 200; i++) {
		loop_once(rooms.base.loop, 10);
		n = 0;
		for (void **f = (void **)rooms.api.followers; f; f = *f) /* `next` is first */
			n++;
	}
	ck_assert_str_eq(get("?wait=30"), "");
	tell("db", "a");
	events_answer_all(&rooms.api);
	NOBODY_WAITS();
	for (int i = 0; i < 200; i++)
		close(all[i].fd);
}
END_TEST

/* --- streams ---------------------------------------------------------------------------------------------------------------- */

static void open_stream(const char *query, const char *more)
{
	char target[128];

	snprintf(target, sizeof target, "/api/v1/events%s", query);
	snprintf(http_ask_header, sizeof http_ask_header, "Accept: text/event-stream\r\n%s", more);
	http_ask_send(&ask, NULL, "GET", target, NULL);
	ask.len = 0;
	base_wait(&rooms.base, rooms.api.streams);
}

static bool has_come(const char *text)
{
	(void)http_ask_over(&ask);
	return strstr(ask.text, text);
}

START_TEST(a_stream)
{
	char more[64];
	uint64_t seq = tell("db", "a");

	tell("db", "b");
	snprintf(more, sizeof more, "Last-Event-ID: %llu\r\n", (unsigned long long)seq);
	open_stream("?after=0", more);
	base_wait(&rooms.base, has_come("\"text\":\"b\""));
	ck_assert_ptr_nonnull(strstr(ask.text, "Content-Type: text/event-stream\r\n"));
	ck_assert_ptr_nonnull(strstr(ask.text, "event: test\ndata: {\"seq\":"));
	ck_assert_ptr_null(strstr(ask.text, "\"text\":\"a\""));
	tell("web01", "c");
	events_answer_all(&rooms.api);
	base_wait(&rooms.base, has_come("\"text\":\"c\""));
	for (int i = 0; i < 30; i++) /* until it waits for nothing */
		loop_once(rooms.base.loop, 10);
	stepped.mono += 16 * 1000;
	base_wait(&rooms.base, has_come(": still here\n\n"));
	events_drop_all(&rooms.api);
	ck_assert_ptr_null(rooms.api.streams);
	base_wait(&rooms.base, http_ask_over(&ask));
	reset();
}
END_TEST

static void tell_many(int n)
{
	char machine[16];

	for (int i = 0; i < n; i++) {
		snprintf(machine, sizeof machine, "m%d", i % 20);
		tell(machine,
			"a text that takes some room, since there are so many of it, and each is sent");
	}
}

/* All that there is comes, however much that is; who takes nothing is dropped, and nothing grows. */
START_TEST(a_slow_reader)
{
	char last[64];

	tell_many(400);
	snprintf(last, sizeof last, "id: %llu\n", (unsigned long long)timeline_newest(timeline));
	open_stream("", "");
	base_wait(&rooms.base, has_come(last));
	close(ask.fd);
	open_stream(
		"", ""); /* and nobody reads, so that the kernel's buffers are full in the end */
	tell_many(1200);
	for (int i = 0; i < 100 && rooms.api.streams; i++) {
		events_answer_all(&rooms.api);
		loop_once(rooms.base.loop, 10);
		if (i >= 60)
			stepped.mono += 1000;
	}
	ck_assert_ptr_null(rooms.api.streams);
	reset();
}
END_TEST

/* It is taken back while its stream is open. */
START_TEST(a_stream_without_its_token)
{
	char text[API_TOKEN_TEXT];
	struct api_token t = {.name = "ci", .role = ROLE_VIEW, .created = 1};

	rooms.access.tokens.store = NULL;
	ck_assert_int_eq(api_tokens_add(&rooms.access.tokens, &t, text), 0);
	asker = (struct asker){ROLE_VIEW, "ci", &t, NULL};
	open_stream("", "");
	events_answer_all(&rooms.api);
	ck_assert_ptr_nonnull(rooms.api.streams);
	api_tokens_remove(&rooms.access.tokens, api_tokens_by_name(&rooms.access.tokens, "ci"));
	events_answer_all(&rooms.api);
	ck_assert_ptr_null(rooms.api.streams);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {what_there_is, a_thousand, a_name_that_is_none,
		at_once_when_there_is_one, as_soon_as_there_is_one, of_one_machine,
		over_without_any, how_long, while_it_stops, how_many, a_stream, a_slow_reader,
		a_stream_without_its_token};
	Suite *s = suite_create("events_api");
	TCase *t = tcase_create("events_api");

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return base_run(s);
}
