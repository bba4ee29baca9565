/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /api/v1 as a whole, over all rooms: entity tags, requests that are carried out once, bulk. */
#include "service/api/api.h"

#include "http_ask.h"
#include "profile_make.h"
#include "rooms_make.h"
#include "worker_gate.h"

#include "core/json.h"

#include "service/base/operation.h"

static struct service rooms;
static struct http_ask ask;

static void handle(void *arg, struct http_request *r)
{
	api_handle(arg, r);
}

static void setup(void)
{
	rooms_make(&rooms);
	rooms_deafen(&rooms);
	profile_make(&rooms);
	http_ask_begin(&ask, &rooms.base, handle, &rooms.api);
}

static void teardown(void)
{
	rooms_stop(&rooms);
	http_ask_end(&ask);
	rooms_unmake(&rooms);
}

/* Its value of the last answer, "" when it has none. */
static const char *header(const char *name)
{
	static char value[128];
	char line[64];
	const char *at;

	snprintf(line, sizeof line, "\r\n%s: ", name);
	at = strstr(ask.text, line);
	snprintf(value, sizeof value, "%.*s",
		at && at < ask.body ? (int)strcspn(at + strlen(line), "\r") : 0,
		at ? at + strlen(line) : "");
	return value;
}

static unsigned asked(const char *method, const char *path, const char *body)
{
	char target[256];

	snprintf(target, sizeof target, "/api/v1%s", path);
	return http_ask(&ask, method, target, body);
}

/* Only of that version. */
static unsigned asked_of(const char *tag, const char *method, const char *path, const char *body)
{
	snprintf(http_ask_header, sizeof http_ask_header, "If-Match: %s\r\n", tag);
	return asked(method, path, body);
}

static void get_tag(char tag[64])
{
	ck_assert_uint_eq(asked("GET", "/machines/web", NULL), 200);
	snprintf(tag, 64, "%s", header("ETag"));
	ck_assert_uint_eq(strlen(tag), 34);
}

START_TEST(tags)
{
	struct machine *m = base_machine(&rooms.base, "web", false, "10.77.1.3");
	char tag[64], other[64];

	get_tag(tag);
	m->state = LIFE_UP; /* that is no change of the record */
	get_tag(other);
	ck_assert_str_eq(tag, other);
	ck_assert_uint_eq(asked_of(tag, "PATCH", "/machines/web", "{\"note\": \"a\"}"), 200);
	snprintf(other, sizeof other, "%s", header("ETag"));
	ck_assert_str_ne(other, tag);
	ck_assert_uint_eq(asked_of(tag, "PATCH", "/machines/web", "{\"note\": \"b\"}"), 412);
	ck_assert_str_eq(header("ETag"), other);
	ck_assert_ptr_nonnull(strstr(http_ask_error(&ask), "web was changed meanwhile"));
	ck_assert_str_eq(m->note, "a");
	get_tag(tag);
	ck_assert_str_eq(tag, other);
	/* what nobody is shown */
	ck_assert_uint_eq(asked("PATCH", "/machines/web",
				  "{\"power\": \"ipmi://u@10.0.0.1\", \"power_password\": \"a\"}"),
		200);
	get_tag(tag);
	ck_assert_uint_eq(asked("PATCH", "/machines/web",
				  "{\"power\": \"ipmi://u@10.0.0.1\", \"power_password\": \"b\"}"),
		200);
	get_tag(other);
	ck_assert_str_ne(other, tag);
	m->attempt.number++;
	get_tag(tag);
	ck_assert_str_ne(other, tag);
	ck_assert_uint_eq(asked_of(other, "POST", "/machines/web/reinstall", NULL), 412);
	ck_assert_uint_eq(asked_of(other, "DELETE", "/machines/web", NULL), 412);
	ck_assert_uint_eq(asked_of("*", "PATCH", "/machines/web", "{\"note\": \"c\"}"), 200);
	get_tag(tag);
	ck_assert_uint_eq(asked_of(tag, "DELETE", "/machines/web", NULL), 200);
	ck_assert_uint_eq(asked_of(tag, "DELETE", "/machines/web", NULL), 404);
}
END_TEST

START_TEST(no_tags)
{
	ck_assert_uint_eq(asked_of("\"a\"", "GET", "/machines", NULL), 412);
	ck_assert_uint_eq(asked_of("\"a\"", "POST", "/machines", "{}"), 412);
	ck_assert_uint_eq(asked_of("*", "GET", "/machines", NULL), 200);
	ck_assert_str_eq(header("ETag"), "");
}
END_TEST

/* Two of whom each saw the same version: one of them is to see the other's change. */
START_TEST(under_way)
{
	struct machine *m = base_machine(&rooms.base, "web", true, "10.77.1.3");
	struct operation o;
	char tag[64];

	get_tag(tag);
	operation_begin(&o, &rooms.operations.patches, m, false);
	ck_assert_uint_eq(asked_of(tag, "PATCH", "/machines/web", "{\"note\": \"a\"}"), 409);
	ck_assert_uint_eq(asked_of(tag, "GET", "/machines/web", NULL), 200);
	operation_end(&o);
	ck_assert_uint_eq(asked_of(tag, "PATCH", "/machines/web", "{\"note\": \"a\"}"), 200);
}
END_TEST

/* --- once --- */

static unsigned posted(const char *key, const char *path, const char *body)
{
	snprintf(http_ask_header, sizeof http_ask_header, "Idempotency-Key: %s\r\n", key);
	return asked("POST", path, body);
}

static void lan(void)
{
	rooms.api.access = &rooms.access;
	base_machine(&rooms.base, "web", false, "10.77.1.3");
	ck_assert_int_eq(machine_arm(machines_by_name(rooms.base.machines, "web"), NULL, 3, 0), 0);
}

START_TEST(once)
{
	const char *disarm = "/machines/web/disarm";
	char *first;

	lan();
	ck_assert_uint_eq(posted("k1", disarm, NULL), 200);
	first = strdup(ask.body);
	ck_assert_uint_eq(posted("k1", disarm, NULL), 200);
	ck_assert_str_eq(ask.body, first);
	free(first);
	ck_assert_uint_eq(posted("k2", disarm, NULL), 409); /* it is carried out */
	ck_assert_uint_eq(posted("k1", disarm, "{}"), 422);
	ck_assert_ptr_nonnull(strstr(http_ask_error(&ask), "another request came with this key"));
	ck_assert_uint_eq(posted("k1", "/machines/web/reinstall", NULL), 422);
	/* an error is not kept */
	ck_assert_int_eq(machine_arm(machines_by_name(rooms.base.machines, "web"), NULL, 3, 0), 0);
	ck_assert_uint_eq(posted("k2", disarm, NULL), 200);
	ck_assert_uint_eq(posted("", disarm, NULL), 400);
	ck_assert_uint_eq(asked("GET", "/machines", NULL), 200);
}
END_TEST

#define MACHINE(name, profile)                                                              \
	"{\"kind\": \"bare-metal\", \"segment\": \"lan\", \"mac\": \"02:00:00:00:00:09\", " \
	"\"request_id\": \"r\", \"name\": \"" name "\", \"profile\": \"" profile "\"}"

START_TEST(once_by_request_id)
{
	lan();
	ck_assert_uint_ge(asked("POST", "/machines", MACHINE("a", "none-such")), 400);
	ck_assert_uint_eq(asked("POST", "/machines", MACHINE("a", "small")), 201);
	ck_assert_uint_eq(asked("DELETE", "/machines/a", NULL), 200);
	ck_assert_uint_eq(asked("POST", "/machines", MACHINE("a", "small")), 201);
	ck_assert_ptr_null(machines_by_name(rooms.base.machines, "a"));
	ck_assert_uint_eq(asked("POST", "/machines", MACHINE("b", "small")), 422);
}
END_TEST

/* While it is under way both wait, and get the one answer. */
START_TEST(once_meanwhile)
{
	const char *body = MACHINE("a", "small");
	struct http_ask first = {.base = &rooms.base, .fd = -1};

	lan();
	worker_gate_shut(rooms.base.worker);
	http_ask_send(&first, NULL, "POST", "/api/v1/machines", body);
	base_wait(&rooms.base, rooms.operations.creations);
	http_ask_send(&ask, NULL, "POST", "/api/v1/machines", body);
	for (int i = 0; i < 10; i++)
		loop_once(rooms.base.loop, 10);
	worker_gate_open();
	ck_assert_uint_eq(http_ask_wait(&first), 201);
	ck_assert_uint_eq(http_ask_wait(&ask), 201);
	ck_assert(json_equal(first.json, ask.json));
	json_decref(first.json);
	free(first.text);
}
END_TEST

/* --- bulk --- */

static json_t *result(size_t i)
{
	return json_array_get(json_object_get(ask.json, "results"), i);
}

static const char *result_error(size_t i)
{
	return json_text(result(i), "error");
}

static json_int_t result_status(size_t i)
{
	return json_integer_value(json_object_get(result(i), "status"));
}

START_TEST(bulk)
{
	struct machine *db;

	lan();
	db = base_machine(&rooms.base, "db", false, "10.77.1.4");
	ck_assert_uint_eq(
		asked("POST", "/bulk",
			"{\"do\": \"disarm\", \"machines\": [\"web\", \"no\", \"db\", \"a/b\"]}"),
		200);
	ck_assert_uint_eq(json_array_size(json_object_get(ask.json, "results")), 4);
	ck_assert_str_eq(json_text(result(0), "machine"), "web");
	ck_assert_int_eq(result_status(0), 200);
	ck_assert(json_is_null(json_object_get(result(0), "error")));
	ck_assert_int_eq(result_status(1), 404);
	ck_assert_str_eq(result_error(1), "no machine 'no'; 'usher list' shows those there are");
	ck_assert_int_eq(result_status(2), 409);
	ck_assert_str_eq(result_error(2), "db is known: there is nothing to disarm");
	ck_assert_int_eq(result_status(3), 404);
	ck_assert_uint_eq(
		asked("POST", "/bulk",
			"{\"do\": \"label\", \"machines\": [\"db\"], \"with\": {\"labels\": {\"a\": \"1\"}}}"),
		200);
	ck_assert_str_eq(json_string_value(json_object_get(db->labels, "a")), "1");
	ck_assert_uint_eq(
		asked("POST", "/bulk", "{\"do\": \"delete\", \"machines\": [\"db\", \"web\"]}"),
		200);
	ck_assert_int_eq(result_status(1), 200);
	ck_assert_uint_eq(machines_count(rooms.base.machines), 0);
	ck_assert_uint_eq(rooms.api.bulks.count, 0);
}
END_TEST

START_TEST(bulk_refused)
{
	static const struct {
		const char *body, *line;
		unsigned status;
	} wrong[] = {{"{}", "do is reinstall, disarm, delete", 422},
		{"{\"do\": \"dance\", \"machines\": [\"a\"]}", "do is reinstall", 422},
		{"{\"do\": \"stop\", \"machines\": []}", "machines are 1 to 1000 names", 422},
		{"{\"do\": \"stop\"}", "machines are 1 to 1000 names", 422},
		{"{\"do\": \"stop\", \"machines\": [\"a\", \"b\", \"a\"]}", "'a' is named twice",
			422},
		{"{\"do\": \"stop\", \"machines\": [\"a\"], \"with\": {\"forc\": true}}",
			"unknown key 'forc': did you mean 'force'?", 422},
		{"{\"do\": \"power\", \"machines\": [\"a\"]}", "not a JSON object", 422},
		{"{\"do\": \"delete\", \"machines\": [\"a\"], \"with\": {\"keep_disks\": 1}}",
			"keep_disks or record_only, true or false", 422},
		{"{\"do\": \"delete\", \"machines\": [\"a\"], \"with\": {\"keep_disks\": true, "
		 "\"record_only\": true}}",
			"keep_disks or record_only, true or false", 422},
		{"{\"do\": \"label\", \"machines\": [\"a\"], \"with\": {\"memory\": 1048576}}",
			"with label there are labels, note or both", 422},
		{"{\"do\": \"stop\", \"machines\": [\"a\"], \"with\": []}", "'with' is an object",
			400}};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		ck_assert_uint_eq(asked("POST", "/bulk", wrong[i].body), wrong[i].status);
		ck_assert_msg(strstr(http_ask_error(&ask), wrong[i].line), "%s: %s", wrong[i].body,
			http_ask_error(&ask));
	}
	ck_assert_uint_eq(rooms.api.bulks.count, 0);
}
END_TEST

static char *many(const char *what, int n)
{
	json_t *names = json_array();
	char name[32], address[32], *text;
	struct machine *m;
	json_t *j;

	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof name, "m%04d", i);
		snprintf(address, sizeof address, "10.9.%d.%d", i / 200, i % 200 + 2);
		m = base_record(name, false, "lan", address);
		snprintf(m->profile, sizeof m->profile, "none-such");
		ck_assert_int_eq(machines_add(rooms.base.machines, m), 0);
		json_array_append_new(names, json_string(name));
	}
	j = json_pack("{s:s, s:o}", "do", what, "machines", names);
	text = json_dumps(j, 0);
	json_decref(j);
	return text;
}

/* None holds the loop, and a bounded number is under way. */
START_TEST(bulk_of_many)
{
	char *body = many("reinstall", 300);

	worker_gate_shut(rooms.base.worker);
	http_ask_send(&ask, NULL, "POST", "/api/v1/bulk", body);
	base_wait(&rooms.base, rooms.operations.rearmings);
	for (int i = 0; i < 20; i++)
		loop_once(rooms.base.loop, 10);
	size_t n = 0;
	for (struct operation *o = rooms.operations.rearmings; o; o = o->next)
		n++;
	ck_assert_uint_eq(n, BULK_RUNNING_MAX);
	worker_gate_open();
	ck_assert_uint_eq(http_ask_wait(&ask), 200);
	ck_assert_uint_eq(json_array_size(json_object_get(ask.json, "results")), 300);
	for (size_t i = 0; i < 300; i++)
		ck_assert_int_gt(result_status(i), 0);
	free(body);
}
END_TEST

/* At the stop all are answered, and those that were not begun are not. */
START_TEST(bulk_at_the_stop)
{
	char *body = many("reinstall", 300);

	worker_gate_shut(rooms.base.worker);
	http_ask_send(&ask, NULL, "POST", "/api/v1/bulk", body);
	base_wait(&rooms.base, rooms.operations.rearmings);
	worker_gate_open();
	rooms_stop(&rooms);
	base_wait(&rooms.base, !rooms.api.bulks.count);
	ck_assert_uint_eq(http_ask_wait(&ask), 200);
	ck_assert_int_eq(result_status(299), 503);
	free(body);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("api");
	TCase *t = tcase_create("api");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, tags);
	tcase_add_test(t, no_tags);
	tcase_add_test(t, under_way);
	tcase_add_test(t, once);
	tcase_add_test(t, once_by_request_id);
	tcase_add_test(t, once_meanwhile);
	tcase_add_test(t, bulk);
	tcase_add_test(t, bulk_refused);
	tcase_add_test(t, bulk_of_many);
	tcase_add_test(t, bulk_at_the_stop);
	suite_add_tcase(s, t);
	return base_run(s);
}
