/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fetching what a profile will need before a machine does: the worker reads the profile, and then it is looked at. */
#include "service/files/fetch_api.h"

#include "http_ask.h"
#include "profile_make.h"
#include "worker_gate.h"

static struct service rooms;
static struct http_ask ask;
static unsigned handled;

static void handle(void *arg, struct http_request *r)
{
	fetch_api_handle(arg, r);
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

static unsigned fetch(const char *body)
{
	return http_ask(&ask, "POST", "/api/v1/fetches", body);
}

static void refused(const char *body, unsigned status, const char *error)
{
	ck_assert_msg(fetch(body) == status, "%u: %s", ask.status, ask.body);
	ck_assert_str_eq(http_ask_error(&ask), error);
}

/* Where nobody listens. */
static void medium_by_url(void)
{
	struct config_media *media = &rooms.base.config.media[rooms.base.config.n_media++];

	snprintf(media->name, sizeof media->name, "small");
	snprintf(media->url, sizeof media->url, "http://127.0.0.1:1/small");
}

START_TEST(nothing_to_fetch)
{
	char path[128];

	for (int i = 0; i < 2; i++) {
		ck_assert_msg(fetch("{\"profile\": \"small\"}") == 200, "%s", ask.body);
		ck_assert_str_eq(ask.body, "{\"fetching\":[],\"warning\":null}");
		/* nor is a local medium looked at */
		snprintf(path, sizeof path, "%s/profiles/small/tree/vmlinuz", base_dir);
		ck_assert(!unlink(path) || i);
	}
	ck_assert(files_has(&rooms.content.files, "small"));
	ck_assert_uint_eq(fetch("{\"profile\": \"small\", \"settings\": {\"greeting\": \"hi\", "
				"\"password\": \"open sesame\"}}"),
		200);
}
END_TEST

START_TEST(refusals)
{
	refused("[]", 400, "the request is not a JSON object");
	refused("{\"profile\": \"smal\"}", 422, "no profile 'smal' (did you mean 'small'?)");
	refused("{\"profile\": \"small\", \"settings\": {\"greeting\": 1}}", 422,
		"setting 'greeting' is no string");
	ck_assert_uint_eq(
		fetch("{\"profile\": \"small\", \"settings\": {\"greetings\": \"hi\"}}"), 422);
	ck_assert_msg(strstr(http_ask_error(&ask), "'greetings'"), "%s", ask.body);
}
END_TEST

static const char *fetching(void)
{
	const json_t *one = json_array_get(json_object_get(ask.json, "fetching"), 0);
	const char *url = json_string_value(json_object_get(one, "url"));

	return url ? url : "";
}

/* 202 until it is there, or until it is known why not. */
START_TEST(by_url)
{
	medium_by_url();
	ck_assert_msg(fetch("{\"profile\": \"small\"}") == 202, "%u: %s", ask.status, ask.body);
	ck_assert_str_eq(fetching(), "http://127.0.0.1:1/small/vmlinuz");
	for (int i = 0; i < 1000 && fetch("{\"profile\": \"small\"}") == 202; i++)
		loop_once(rooms.base.loop, 10);
	ck_assert_uint_eq(ask.status, 422);
	ck_assert_msg(
		strstr(http_ask_error(&ask), "http://127.0.0.1:1/small/vmlinuz: "), "%s", ask.body);
}
END_TEST

/* Asks, and leaves the question behind the worker's gate. */
static void wait_at_the_gate(void)
{
	worker_gate_shut(rooms.base.worker);
	http_ask_send(&ask, NULL, "POST", "/api/v1/fetches", "{\"profile\": \"small\"}");
	base_wait(&rooms.base, handled);
}

/* The profile is as it is when the worker gets there, and the loop goes on until then. */
START_TEST(the_worker_reads)
{
	struct http_ask second = {.base = &rooms.base, .fd = -1};

	wait_at_the_gate();
	ck_assert_uint_eq(http_ask(&second, "GET", "/api/v1/fetches", NULL), 200);
	ck_assert_str_eq(second.body, "{\"fetching\":[]}");
	profile_make_file("profiles/small/profile.xml", "<profile/>");
	worker_gate_open();
	ck_assert_uint_eq(http_ask_wait(&ask), 422);
	ck_assert_msg(strstr(http_ask_error(&ask), "profiles/small/profile.xml:"), "%s", ask.body);
	json_decref(second.json);
	free(second.text);
}
END_TEST

START_TEST(stopping_meanwhile)
{
	wait_at_the_gate();
	worker_gate_open_at_end(rooms.base.worker);
	rooms_stop(&rooms);
	ck_assert_uint_eq(http_ask_wait(&ask), 503);
	ck_assert_str_eq(http_ask_error(&ask), "the service is stopping");
}
END_TEST

START_TEST(stopped)
{
	rooms_stop(&rooms);
	refused("{\"profile\": \"small\"}", 503, "the service is stopping");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("fetch_api");
	TCase *t = tcase_create("fetch_api");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, nothing_to_fetch);
	tcase_add_test(t, refusals);
	tcase_add_test(t, by_url);
	tcase_add_test(t, the_worker_reads);
	tcase_add_test(t, stopping_meanwhile);
	tcase_add_test(t, stopped);
	suite_add_tcase(s, t);
	return base_run(s);
}
