/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /api/v1 as a whole, over all rooms: entity tags. */
#include "service/api/api.h"

#include "http_ask.h"
#include "rooms_make.h"

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

int main(void)
{
	Suite *s = suite_create("api");
	TCase *t = tcase_create("api");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, tags);
	tcase_add_test(t, no_tags);
	tcase_add_test(t, under_way);
	suite_add_tcase(s, t);
	return base_run(s);
}
