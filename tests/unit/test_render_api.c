/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a machine would be served, for people's eyes: of its profile as it was and as it is, which the worker reads. */
#include "service/api/render_api.h"

#include "http_ask.h"
#include "profile_make.h"
#include "worker_gate.h"

static struct service rooms;
static struct http_ask ask;
static struct machine *m;

/* GET /api/v1/NAME/WHAT. */
static void handle(void *arg, struct http_request *r)
{
	struct machine *of = NULL;
	char name[MACHINE_NAME];

	if (sscanf(r->path, "/api/v1/%63[^/]/", name) == 1)
		of = machines_by_name(rooms.base.machines, name);
	ck_assert_msg(of, "%s", r->path);
	render_handle(arg, r, of, r->path + strlen("/api/v1//") + strlen(name));
}

static struct machine *record(void)
{
	struct machine *new = base_record("web01", false, "lan", "10.77.1.3");

	strcpy(new->profile, "small");
	return new;
}

static void setup(void)
{
	rooms_make(&rooms);
	profile_make(&rooms);
	http_ask_begin(&ask, &rooms.base, handle, &rooms.api);
	m = base_add(&rooms.base, record());
}

static void teardown(void)
{
	rooms_stop(&rooms);
	http_ask_end(&ask);
	rooms_unmake(&rooms);
}

static void shows(const char *what, const char *text)
{
	char target[128];

	snprintf(target, sizeof target, "/api/v1/web01/%s", what);
	ck_assert_msg(http_ask(&ask, "GET", target, NULL) == 200, "%u: %s", ask.status, ask.body);
	ck_assert_str_eq(http_ask_text(&ask, "text"), text);
	ck_assert_ptr_null(rooms.api.showings);
}

static void refused(const char *what, unsigned status, const char *error)
{
	char target[128];

	snprintf(target, sizeof target, "/api/v1/web01/%s", what);
	ck_assert_msg(
		http_ask(&ask, "GET", target, NULL) == status, "%u: %s", ask.status, ask.body);
	ck_assert_str_eq(http_ask_error(&ask), error);
	ck_assert_ptr_null(rooms.api.showings);
}

static bool has_note(void)
{
	return json_is_string(json_object_get(ask.json, "note"));
}

static void give(const char *name, json_t *value)
{
	json_object_set_new(m->settings, name, value);
}

static void arm(void)
{
	char dir[128], why[512] = "";
	struct profile *p = NULL;

	snprintf(dir, sizeof dir, "%s/profiles/small", base_dir);
	ck_assert_msg(!profile_read(dir, &p, why, sizeof why), "%s", why);
	ck_assert_int_eq(machine_arm(m, base_snapshot_of(p), 3, 3600 * 1000), 0);
}

START_TEST(as_it_would_be_armed)
{
	shows("answers", "hello web01\n");
	ck_assert(!has_note());
	shows("cmdline", "a=http://10.77.1.1:8067/m/TOKEN/answers");
	give("greeting", json_string("hi"));
	shows("answers?now", "hi web01\n");
	ck_assert_uint_eq(http_ask(&ask, "GET", "/api/v1/web01/script?for=grub", NULL), 200);
	ck_assert_ptr_nonnull(strstr(http_ask_text(&ask, "text"), "/small/vmlinuz"));
	ck_assert_uint_eq(http_ask(&ask, "GET", "/api/v1/web01/script", NULL), 200);
	ck_assert(!strncmp(http_ask_text(&ask, "text"), "#!ipxe", 6));
}
END_TEST

START_TEST(refusals)
{
	refused("script?for=lilo", 400, "for: expected ipxe, grub, grub-http or pxelinux");
	refused("nocloud/x", 422, "profile 'small' has no answer file 'nocloud/x'");
	m->spec.memory = 128;
	refused("answers", 422, "profile 'small' requires 256 MiB of memory, not 128");
	m->spec.memory = 0;
	give("colour", json_string("red"));
	ck_assert_uint_eq(http_ask(&ask, "GET", "/api/v1/web01/answers", NULL), 422);
	ck_assert_msg(strstr(http_ask_error(&ask), "'colour'"), "%s", ask.body);
	strcpy(m->profile, "smal");
	refused("answers", 422, "no profile 'smal' (did you mean 'small'?)");
}
END_TEST

/* A missing medium is nothing to somebody who only looks. */
START_TEST(without_its_files)
{
	char path[128];

	snprintf(path, sizeof path, "%s/profiles/small/tree/vmlinuz", base_dir);
	ck_assert_int_eq(unlink(path), 0);
	shows("answers", "hello web01\n");
}
END_TEST

START_TEST(as_it_was_armed)
{
	arm();
	shows("answers", "hello web01\n");
	ck_assert(!has_note());
	profile_make_file("profiles/small/answers.cfg", "{{set.greeting}} again\n");
	shows("answers", "hello web01\n");
	ck_assert_str_eq(http_ask_text(&ask, "note"),
		"this is what web01 was armed with; its profile has changed since (--now shows it)");
	shows("answers?now", "hello again\n");
	ck_assert(!has_note());
	profile_make_file("profiles/small/answers.cfg", "{{set.greetings}}\n");
	shows("answers", "hello web01\n");
	ck_assert_ptr_nonnull(
		strstr(http_ask_text(&ask, "note"), "its profile as it is now would be refused: "));
	strcpy(m->profile, "smal");
	shows("answers", "hello web01\n");
	ck_assert_str_eq(http_ask_text(&ask, "note"),
		"this is what web01 was armed with; its profile as it is now would be refused: no "
		"profile 'smal' (did you mean 'small'?)");
	refused("answers?now", 422, "no profile 'smal' (did you mean 'small'?)");
}
END_TEST

/* Also one that the record has in clear, since it was no password when the record was made; that stays as it is. */
START_TEST(secrets)
{
	profile_make_file("profiles/small/answers.cfg", "pw={{set.password}}\n");
	give("password", json_string("open sesame"));
	shows("answers", "pw=(secret)\n");
	give("password", json_pack("{s:s}", "secret", "open sesame"));
	shows("answers", "pw=(secret)\n");
	ck_assert_str_eq(json_string_value(json_object_get(
				 json_object_get(m->settings, "password"), "secret")),
		"open sesame");
}
END_TEST

/* Asks, and leaves the question behind the worker's gate. */
static void wait_at_the_gate(const char *what)
{
	char target[128];

	snprintf(target, sizeof target, "/api/v1/web01/%s", what);
	worker_gate_shut(rooms.base.worker);
	http_ask_send(&ask, NULL, "GET", target, NULL);
	base_wait(&rooms.base, rooms.api.showings);
}

/* With what it has when the question was asked, and what it is when it is answered. */
START_TEST(changed_meanwhile)
{
	wait_at_the_gate("answers");
	give("greeting", json_string("hi"));
	ck_assert_int_eq(machines_rename(rooms.base.machines, m, "web02"), 0);
	worker_gate_open();
	ck_assert_uint_eq(http_ask_wait(&ask), 200);
	ck_assert_str_eq(http_ask_text(&ask, "text"), "hello web02\n");
}
END_TEST

START_TEST(armed_meanwhile)
{
	wait_at_the_gate("answers");
	profile_make_file("profiles/small/answers.cfg", "{{set.greeting}} again\n");
	arm();
	profile_make_file("profiles/small/answers.cfg", "{{set.greeting}} anew\n");
	worker_gate_open();
	ck_assert_uint_eq(http_ask_wait(&ask), 200);
	ck_assert_str_eq(http_ask_text(&ask, "text"), "hello again\n");
	ck_assert(has_note());
}
END_TEST

/* Another that has its name by then is not the one that was asked for. */
START_TEST(deleted_meanwhile)
{
	wait_at_the_gate("answers");
	machines_remove(rooms.base.machines, m);
	if (_i)
		base_add(&rooms.base, record());
	worker_gate_open();
	ck_assert_uint_eq(http_ask_wait(&ask), 404);
	ck_assert_str_eq(http_ask_error(&ask), "no machine 'web01'");
	ck_assert_ptr_null(rooms.api.showings);
}
END_TEST

START_TEST(stopping_meanwhile)
{
	wait_at_the_gate("answers");
	if (_i)
		machines_remove(rooms.base.machines, m);
	worker_gate_open_at_end(rooms.base.worker);
	rooms_stop(&rooms);
	ck_assert_ptr_null(rooms.api.showings);
	ck_assert_uint_eq(http_ask_wait(&ask), 503);
	ck_assert_str_eq(http_ask_error(&ask), "the service is stopping");
}
END_TEST

START_TEST(stopped)
{
	rooms_stop(&rooms);
	refused("answers", 503, "the service is stopping");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("render_api");
	TCase *t = tcase_create("render_api");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, as_it_would_be_armed);
	tcase_add_test(t, refusals);
	tcase_add_test(t, without_its_files);
	tcase_add_test(t, as_it_was_armed);
	tcase_add_test(t, secrets);
	tcase_add_test(t, changed_meanwhile);
	tcase_add_test(t, armed_meanwhile);
	tcase_add_loop_test(t, deleted_meanwhile, 0, 2);
	tcase_add_loop_test(t, stopping_meanwhile, 0, 2);
	tcase_add_test(t, stopped);
	suite_add_tcase(s, t);
	return base_run(s);
}
