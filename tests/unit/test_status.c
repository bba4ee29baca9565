/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /status: machines in numbers, those that need somebody, those that install, and what of a pool is in use. */
#include "service/api/status.h"
#include "service/api/survey.h"

#include "http_ask.h"
#include "rooms_make.h"
#include "stepped_clock.h"

#include "core/clock.h"
#include "core/json.h"

static struct service rooms;
static struct http_ask ask;

static void handle(void *arg, struct http_request *r)
{
	status_handle(arg, r);
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

static json_t *status(void)
{
	ck_assert_uint_eq(http_ask(&ask, "GET", "/api/v1/status", NULL), 200);
	return ask.json;
}

/* "count: name name " */
static const char *some(const char *key)
{
	static char buf[512];
	const json_t *j = json_object_get(status(), key);
	json_t *m;
	size_t i;

	snprintf(buf, sizeof buf,
		"%lld: ", (long long)json_integer_value(json_object_get(j, "count")));
	json_array_foreach(json_object_get(j, "machines"), i, m) snprintf(buf + strlen(buf),
		sizeof buf - strlen(buf), "%s ", json_string_value(json_object_get(m, "name")));
	return buf;
}

static json_int_t in_state(const char *state)
{
	return json_integer_value(json_object_get(json_object_get(status(), "states"), state));
}

static void install(struct machine *m)
{
	static const struct boot_client none;

	base_arm(m, "debian-12");
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &none), 0);
}

START_TEST(states)
{
	struct machine *template;

	ck_assert_uint_eq(json_object_size(json_object_get(status(), "states")), 0);
	base_machine(&rooms.base, "a", false, "10.77.1.10");
	base_machine(&rooms.base, "b", false, "10.77.1.11");
	template = base_machine(&rooms.base, "image", true, "10.77.1.12");
	template->template = true;
	ck_assert_int_eq(machines_save(rooms.base.machines, template), 0);
	base_arm(base_machine(&rooms.base, "c", true, "10.77.1.13"), "debian-12");
	ck_assert_int_eq(in_state("known"), 2);
	ck_assert_int_eq(in_state("armed"), 1);
	ck_assert_int_eq(in_state("template"), 1);
	ck_assert_ptr_null(json_object_get(json_object_get(status(), "states"), "up"));
	ck_assert_int_eq(json_integer_value(json_object_get(ask.json, "guests")), 2);
	ck_assert_int_eq(json_integer_value(json_object_get(ask.json, "machines")), 4);
}
END_TEST

/* The host sleeps, or its clock is set: it was not started again. */
START_TEST(started)
{
	char before[64];

	snprintf(before, sizeof before, "%s", json_text(status(), "started"));
	ck_assert_uint_eq(strlen(before), strlen("2026-11-30T02:38:19.042Z"));
	stepped.wall += 3600 * 1000;
	ck_assert_str_eq(json_text(status(), "started"), before);
	stepped.wall = 0;
}
END_TEST

START_TEST(installing)
{
	struct machine *m = base_machine(&rooms.base, "a", true, "10.77.1.10");
	const json_t *one;

	base_arm(base_machine(&rooms.base, "b", true, "10.77.1.11"), "debian-12");
	ck_assert_str_eq(some("installing"), "0: "); /* it has not begun */
	install(m);
	ck_assert_str_eq(some("installing"), "1: a ");
	one = json_array_get(
		json_object_get(json_object_get(ask.json, "installing"), "machines"), 0);
	ck_assert(json_is_null(json_object_get(one, "progress")));
	machine_tell_percent(m, "progress", 45, "unpacking");
	some("installing");
	one = json_array_get(
		json_object_get(json_object_get(ask.json, "installing"), "machines"), 0);
	one = json_object_get(one, "progress");
	ck_assert_int_eq(json_integer_value(json_object_get(one, "percent")), 45);
	/* no token is anybody's business */
	ck_assert_ptr_null(strstr(ask.body, m->attempt.token));
}
END_TEST

START_TEST(troubled)
{
	struct machine *off = base_machine(&rooms.base, "off", true, "10.77.1.10"),
		       *paused = base_machine(&rooms.base, "paused", true, "10.77.1.11"),
		       *stuck = base_machine(&rooms.base, "stuck", true, "10.77.1.12"),
		       *template = base_machine(&rooms.base, "template", true, "10.77.1.13"),
		       *failed = base_machine(&rooms.base, "failed", true, "10.77.1.14");

	off->guest_state = "off";
	paused->guest_state = "paused";
	template->guest_state = "gone";
	template->template = true;
	ck_assert_str_eq(some("troubled"), "1: paused ");
	install(stuck);
	ck_assert_str_eq(some("troubled"), "1: paused ");
	stuck->attempt.cause = json_pack("{s:s}", "text", "no disk");
	base_arm(failed, "debian-12");
	ck_assert_int_eq(machine_event(failed, LIFE_DEADLINE, NULL), 0);
	ck_assert_str_eq(some("troubled"), "3: failed paused stuck ");
}
END_TEST

START_TEST(many)
{
	char name[16], address[16];
	const char *said;

	for (int i = 0; i < SURVEY_MACHINES + 5; i++) {
		snprintf(name, sizeof name, "n%d", i);
		snprintf(address, sizeof address, "10.77.1.%d", 10 + i);
		base_machine(&rooms.base, name, true, address)->guest_state = "crashed";
	}
	said = some("troubled");
	ck_assert_msg(
		!strncmp(said, "15: n0 n1 ", 10) && strstr(said, "n9 ") && !strstr(said, "n10"),
		"%s", said);
}
END_TEST

static void pool(json_int_t size, json_int_t used)
{
	json_t *segments = json_object_get(status(), "segments");
	const json_t *p = json_object_get(json_array_get(segments, 0), "pool");

	ck_assert_int_eq(json_integer_value(json_object_get(p, "size")), size);
	ck_assert_int_eq(json_integer_value(json_object_get(p, "used")), used);
	ck_assert(json_is_null(json_object_get(json_array_get(segments, 1), "pool")));
}

static void lease(const char *address, const struct mac *mac)
{
	struct ip ip = base_ip(address);
	int64_t now = clock_steady_ms();

	ck_assert_int_eq(
		lease_bind((struct leases *)dhcpd_leases(rooms.dhcpd),
			base_segment(&rooms.base, "lan")->id, &ip, mac, now + 60000, "", 0, now),
		0);
}

START_TEST(pools)
{
	struct mac stranger = {{2, 0, 0, 0, 0, 9}};
	struct machine *m;

	pool(50, 0);
	m = base_machine(&rooms.base, "in", false, "10.77.1.205");
	base_machine(&rooms.base, "beside", false, "10.77.1.10");
	pool(50, 1);
	lease("10.77.1.205", &m->nics[0].mac); /* the same address */
	pool(50, 1);
	lease("10.77.1.210", &stranger);
	pool(50, 2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("status");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, states);
	tcase_add_test(t, started);
	tcase_add_test(t, installing);
	tcase_add_test(t, troubled);
	tcase_add_test(t, many);
	tcase_add_test(t, pools);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
