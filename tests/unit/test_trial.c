/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POST /judge: machines and networks as if they were made, one after another, and nothing made. */
#include "service/operations/trial.h"

#include "core/json.h"
#include "service/operations/judge.h"

#include "http_ask.h"
#include "profile_make.h"

static struct service rooms;
static struct http_ask ask;

static void handle(void *arg, struct http_request *r)
{
	trial_handle(arg, r);
}

static void setup(void)
{
	rooms_make(&rooms);
	rooms_deafen(&rooms);
	profile_make(&rooms);
	http_ask_begin(&ask, &rooms.base, handle, &rooms.operations);
}

static void teardown(void)
{
	rooms_stop(&rooms);
	http_ask_end(&ask);
	rooms_unmake(&rooms);
}

/* A request, with ' for ". */
static const json_t *judged(const char *text)
{
	char *json = strdup(text);
	uint64_t newest = timeline_newest(rooms.base.timeline);
	size_t machines = machines_count(rooms.base.machines);

	for (char *q = json; (q = strchr(q, '\''));)
		*q = '"';
	http_ask(&ask, "POST", "/api/v1/judge", json);
	free(json);
	ck_assert_msg(ask.status == 200, "%s", ask.body);
	/* nothing is made, and nothing kept */
	ck_assert_ptr_null(rooms.operations.trials);
	ck_assert_ptr_null(rooms.base.reserved);
	ck_assert_uint_eq(machines_count(rooms.base.machines), machines);
	ck_assert_uint_eq(timeline_newest(rooms.base.timeline), newest);
	return json_object_get(ask.json, "faults");
}

static void fine(const char *text)
{
	const json_t *faults = judged(text);

	ck_assert_msg(json_array_size(faults) == 0, "%s", ask.body);
}

static void fault_is(const json_t *faults, size_t i, const char *what, int index, const char *name,
	int status, const char *error)
{
	const json_t *f = json_array_get(faults, i);

	ck_assert_msg(f, "%zu: %s", i, ask.body);
	ck_assert_str_eq(json_string_value(json_object_get(f, "what")), what);
	ck_assert_int_eq(json_integer_value(json_object_get(f, "index")), index);
	ck_assert_str_eq(json_string_value(json_object_get(f, "name")), name);
	ck_assert_msg(
		!strncmp(json_string_value(json_object_get(f, "error")), error, strlen(error)),
		"\"%s\", not \"%s\"", json_string_value(json_object_get(f, "error")), error);
	ck_assert_int_eq(json_integer_value(json_object_get(f, "status")), status);
}

#define BARE(name, more) \
	"{'name': '" name "', 'kind': 'bare-metal', 'profile': 'small', 'segment': 'lan'" more "}"

START_TEST(what_one_takes)
{
	const json_t *f = judged("{'machines': [" BARE("a", ", 'address': '10.77.1.5'") ", " BARE(
		"b", ", 'address': '10.77.1.5'") ", " BARE("a", "") ", " BARE("c",
		", 'mac': '52:54:0a:4d:01:05'") ", " BARE("d", ", 'mac': 'x'") "]}");

	fault_is(f, 0, "machine", 1, "b", 409,
		"address 10.77.1.5 is in use by machine 'a' of the same request");
	fault_is(f, 1, "machine", 2, "a", 409, "machine 'a' is asked for twice");
	fault_is(f, 2, "machine", 3, "c", 409, "machine 'a' of the same request has that MAC");
	fault_is(f, 3, "machine", 4, "d", 422, "'x' is not a MAC");
	ck_assert_uint_eq(json_array_size(f), 4);
}
END_TEST

/* What of a request is at fault, for who shows it beside that field. */
START_TEST(at_which_field)
{
	static const struct {
		const char *more, *field;
	} rows[] = {{", 'name': 'A B'", "name"}, {", 'mac': 'x'", "mac"},
		{", 'address': '10.1.1.1'", "address"}, {", 'segment': 'far'", "segment"},
		{", 'profile': 'none'", "profile"}, {", 'labels': {'A': 'x'}", "labels"},
		{", 'note': '\\u0001'", "note"}, {", 'power': 'x:'", "power"},
		{", 'power': 'ipmi://root@10.0.0.9'", "power_password"},
		{", 'power_password': 'x'", "power_password"}, {", 'sealed': 1", "sealed"},
		{", 'first_boot': 1", "first_boot"}, {", 'ssh_keys': ['x']", "ssh_keys"},
		{", 'settings': {'greting': 'x'}", "settings.greting"},
		{", 'nics': [{'segment': 'lan'}, {'segment': 'lan', 'mac': 'x'}]", "nics"},
		{", 'nics': [{'segment': 'lan', 'mac': 'x'}]", "mac"}};
	char text[512];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const json_t *f;

		snprintf(text, sizeof text, "{'machines': [%s%s}]}",
			"{'name': 'a', 'kind': 'bare-metal', 'profile': 'small', 'segment': 'lan'",
			rows[i].more);
		f = json_array_get(judged(text), 0);
		ck_assert_msg(!strcmp(json_text(f, "field"), rows[i].field), "%s: %s", rows[i].more,
			ask.body);
	}
}
END_TEST

/* One that is refused takes nothing. */
START_TEST(what_a_fault_takes)
{
	const json_t *f = judged(
		"{'machines': [" BARE("a", ", 'address': '10.77.1.5', 'sealed': 1") ", " BARE(
			"b", ", 'address': '10.77.1.5'") ", " BARE("a", "") "]}");

	fault_is(f, 0, "machine", 0, "a", 422, "sealed is true or false");
	ck_assert_uint_eq(json_array_size(f), 1);
	/* nor the last address that was free */
	base_segment(&rooms.base, "lan")->prefix_len = 30;
	f = judged("{'machines': [" BARE("a", ", 'ssh_keys': ['x']") ", " BARE("b", "") ", " BARE(
		"c", "") "]}");
	fault_is(f, 0, "machine", 0, "a", 422, "SSH key 1: ");
	fault_is(f, 1, "machine", 2, "c", 422, "segment 'lan' has no free address");
	ck_assert_uint_eq(json_array_size(f), 2);
}
END_TEST

START_TEST(what_is_there)
{
	const json_t *f;

	base_machine(&rooms.base, "a", false, "10.77.1.5");
	f = judged("{'machines': [" BARE("a", "") ", " BARE("b", ", 'address': '10.77.1.5'") "]}");
	fault_is(f, 0, "machine", 0, "a", 409, "machine 'a' exists already");
	fault_is(f, 1, "machine", 1, "b", 409, "address 10.77.1.5 is in use by machine 'a'");
	fine("{'gone': ['a'], 'machines': [" BARE("b", ", 'address': '10.77.1.5'") "]}");
	f = judged("{'gone': ['b'], 'machines': [" BARE("b", ", 'address': '10.77.1.5'") "]}");
	ck_assert_uint_eq(json_array_size(f), 1);
}
END_TEST

START_TEST(in_common)
{
	const json_t *f = judged(
		"{'common': [{'kind': 'bare-metal', 'profile': 'small', 'segment': 'lan'}, "
		"{'kind': 'bare-metal', 'profile': 'smal', 'segment': 'lan'}], 'machines': [{'name': "
		"'a', 'like': 0}, {'name': 'b', 'like': 1}, {'name': 'c', 'like': 1, 'profile': "
		"'small'}, 5, {'name': 'd', 'like': 9}]}");

	fault_is(f, 0, "machine", 1, "b", 404, "no profile 'smal'");
	fault_is(f, 1, "machine", 3, "", 400, "it is not a JSON object");
	fault_is(f, 2, "machine", 4, "d", 404, "no profile ''");
	ck_assert_uint_eq(json_array_size(f), 3);
}
END_TEST

START_TEST(shapes)
{
	static char many[8192];

	ck_assert_uint_eq(http_ask(&ask, "POST", "/api/v1/judge", "[]"), 400);
	ck_assert_str_eq(http_ask_error(&ask), "the request is not a JSON object");
	ck_assert_uint_eq(http_ask(&ask, "POST", "/api/v1/judge", "{\"machines\": {}}"), 400);
	ck_assert_str_eq(http_ask_error(&ask),
		"machines, common, networks and gone are arrays of at most 1000");
	strcpy(many, "{\"machines\": [0");
	for (int i = 0; i < 1000; i++)
		strcat(many, ",0");
	strcat(many, "]}");
	ck_assert_uint_eq(http_ask(&ask, "POST", "/api/v1/judge", many), 400);
	fine("{}");
	ck_assert(json_is_null(json_object_get(ask.json, "warning")));
}
END_TEST

/* More than a network has addresses: 253, of which 50 are its pool's. */
START_TEST(a_full_network)
{
	static char text[64 << 10];
	const json_t *f;
	size_t n = 0;

	n += (size_t)sprintf(text + n, "{'machines': [");
	for (int i = 0; i < 250; i++)
		n += (size_t)sprintf(text + n,
			"%s{'name': 'm%d', 'kind': 'bare-metal', 'profile': 'small', 'segment': "
			"'lan'}",
			i ? "," : "", i);
	sprintf(text + n, "]}");
	f = judged(text);
	ck_assert_uint_eq(json_array_size(f), 250 - 203);
	fault_is(f, 0, "machine", 203, "m203", 422,
		"segment 'lan' has no free address outside its pool");
}
END_TEST

/* --- guests and networks: libvirt is asked ---------------------------------------------------------------------------------- */

#define GUEST(name, network, more)                                                        \
	"{'name': '" name "', 'kind': 'guest', 'profile': 'small', 'memory': 268435456, " \
	"'segment': '" network "'" more "}"

START_TEST(guests)
{
	const json_t *f;

	fine("{'machines': [" GUEST("a", "default", "") ", " GUEST("b", "default", "") "]}");
	f = judged("{'machines': [" GUEST("a", "default", ", 'disk': 1099511627776") ", " GUEST(
		"test", "default", "") ", " GUEST("c", "default", ", 'pool': 'nope'") "]}");
	fault_is(f, 0, "machine", 1, "test", 409, "");
	fault_is(f, 1, "machine", 2, "c", 404, "there is no storage pool nope: ");
	ck_assert_uint_eq(json_array_size(f), 2);
	ck_assert_ptr_nonnull(strstr(http_ask_text(&ask, "warning"), "left"));
}
END_TEST

START_TEST(networks_that_come)
{
	const json_t *f;

	fine("{'networks': [{'name': 'lab', 'subnet': '10.99.0.0/24'}], 'machines': [" GUEST(
		"a", "lab", ", 'address': '10.99.0.9'") ", " GUEST("b", "lab", "") "]}");
	f = judged(
		"{'networks': [{'name': 'lab', 'subnet': '10.99.0.0/24'}, {'name': 'x', 'subnet': "
		"'10.99.0.128/25'}, {'name': 'y', 'subnet': '10.98.0.0/24', 'mtu': 5}], "
		"'machines': [" GUEST("a", "lab", ", 'address': '10.99.1.9'") ", " GUEST(
			"b", "z", "") ", " GUEST("c", "y", "") "]}");
	fault_is(f, 0, "network", 1, "x", 409,
		"its subnet overlaps that of network 'lab' of the same request");
	fault_is(f, 1, "network", 2, "y", 409, "mtu '5': expected bytes from 576 to 65535");
	fault_is(f, 2, "machine", 0, "a", 422, "address 10.99.1.9 cannot be used in segment 'lab'");
	fault_is(f, 3, "machine", 1, "b", 404, "network 'z' is not served here");
	ck_assert_uint_eq(json_array_size(f), 4); /* on a faulty network a machine is judged too */
	ck_assert_ptr_null(segments_by_name(&rooms.base.segments, "lab"));
	ck_assert_ptr_null(networks_find(&rooms.network.networks, "lab"));
}
END_TEST

/* Asked while it stops: it is answered, and nothing is left. */
START_TEST(dropped)
{
	http_ask_send(&ask, NULL, "POST", "/api/v1/judge",
		"{\"machines\": [{\"name\": \"a\", \"kind\": \"guest\", \"profile\": \"small\", "
		"\"segment\": \"default\"}]}");
	base_wait(&rooms.base, rooms.operations.trials);
	rooms_stop(&rooms);
	ck_assert_ptr_null(rooms.operations.trials);
	ck_assert_uint_eq(http_ask_wait(&ask), 503);
}
END_TEST

/* --- what the others take ---------------------------------------------------------------------------------------------------- */

static struct creation creations[3];
static struct machine *machines[3];

/* Three guests that were judged, of which the last is on another host. */
static void judge_three(struct trial *t)
{
	for (int i = 0; i < 3; i++) {
		machines[i] = base_record("x", true, "lan", "10.77.1.9");
		machines[i]->name[0] = (char)('a' + i);
		machines[i]->name[1] = '\0';
		machines[i]->nics[0].segment_id = 1;
		machines[i]->nics[0].addrs[0] = ip_from_v4(0x0a4d0109 + (uint32_t)i);
		mac_from_ip(&machines[i]->nics[0].addrs[0], &machines[i]->nics[0].mac);
		base_spec_put(machines[i],
			json_pack("{s:s, s:i, s:[{s:i}, {s:i, s:s}]}", "pool", "fast", "disk", 100,
				"disks", "size", 10, "size", 1, "pool", "slow"));
		creations[i] = (struct creation){.ops = &rooms.operations,
			.machine = machines[i],
			.trial = t,
			.next = t->judged};
		t->judged = &creations[i];
		ck_assert_int_eq(trial_take(t, &creations[i]), 0);
	}
	base_spec_put(machines[2], json_pack("{s:o}", "connect", json_string("test:///far")));
}

static void free_three(struct trial *t)
{
	table_fini(&t->taken);
	for (int i = 0; i < 3; i++) {
		machine_free(machines[i]);
		free(creations[i].marks);
	}
}

START_TEST(room_in_pools)
{
	struct trial t = {.ops = &rooms.operations};
	struct machine *m = base_record("d", true, "lan", "10.77.1.20");
	struct creation c = {.ops = &rooms.operations, .machine = m, .trial = &t};
	struct guest_spec spec = {.pool = "fast", .n_more = 1, .more = {{.pool = "slow"}}};

	trial_put_spec(&c, &spec);
	ck_assert_uint_eq(spec.n_taken, 0);
	ck_assert(!spec.fresh);
	judge_three(&t);
	trial_put_spec(&c, &spec);
	ck_assert_uint_eq(spec.n_taken, 2);
	ck_assert_str_eq(spec.taken[0].pool, "fast");
	ck_assert_uint_eq(spec.taken[0].size, 220);
	ck_assert_uint_eq(spec.taken[0].disks, 4);
	ck_assert_str_eq(spec.taken[1].pool, "slow");
	ck_assert_uint_eq(spec.taken[1].size, 2);
	ck_assert(spec.fresh);
	ck_assert_ptr_null(spec.going);
	spec = (struct guest_spec){.pool = "fast", .n_more = 1, .more = {{.pool = "other"}}};
	trial_put_spec(&c, &spec);
	ck_assert(!spec.fresh); /* nobody looked at that one */
	t.body = json_pack("{s:[s, i, s]}", "gone", "old", 5, "older");
	trial_put_spec(&c, &spec);
	ck_assert_str_eq(spec.going, "\nold\nolder\n");
	ck_assert_uint_eq(spec.n_taken, 0);
	ck_assert(trial_goes(&c, "older") && !trial_goes(&c, "ol") && !trial_goes(&c, "5"));
	free((char *)spec.going);
	json_decref(t.body);
	machine_free(m);
	free_three(&t);
}
END_TEST

START_TEST(who_has_it)
{
	struct trial t = {.ops = &rooms.operations};
	struct nic lan = {.segment = "lan", .segment_id = 1},
		   other = {.segment = "x", .segment_id = 1};
	struct ip ten = ip_from_v4(0x0a4d010a), five = ip_from_v4(0x0a4d0105);
	struct mac mac;

	ck_assert_ptr_null(trial_has(NULL, "a", NULL, NULL, NULL));
	judge_three(&t);
	ck_assert_ptr_eq(trial_has(&t, "c", NULL, NULL, NULL), &creations[2]);
	ck_assert_ptr_null(trial_has(&t, "d", NULL, NULL, NULL));
	ck_assert_ptr_eq(trial_has(&t, NULL, &lan, &ten, NULL), &creations[1]);
	ck_assert_ptr_null(trial_has(&t, NULL, &lan, &five, NULL));
	ck_assert_ptr_null(trial_has(&t, NULL, &other, &ten, NULL));
	mac_from_ip(&ten, &mac);
	ck_assert_ptr_eq(trial_has(&t, NULL, &lan, NULL, &mac), &creations[1]);
	machines[1]->nics[0].n_addrs = 0;
	ck_assert_ptr_null(trial_has(&t, NULL, &lan, &ten, NULL));
	free_three(&t);
}
END_TEST

/* Kept for who asks for the same, and only if it is as it was asked for: a hash of a password is one machine's. */
START_TEST(profile_is_kept)
{
	struct trial t = {.ops = &rooms.operations};
	json_t *body = json_pack("{s:s, s:{s:s}}", "profile", "small", "settings", "password", "x"),
	       *other =
		       json_pack("{s:s, s:{s:s}}", "profile", "small", "settings", "password", "y");
	struct served_profile sp = {.files_rc = -ENOENT, .files_why = "no such file"}, ret;
	struct profile *p;
	char why[512];

	ck_assert_int_eq(served_profile_read(&rooms.content, "small", &p, why, sizeof why), 0);
	ck_assert(!trial_profile_take(&t, body, &ret));
	sp.settings = json_deep_copy(json_object_get(body, "settings"));
	trial_profile_note(&t, body, &sp);
	ck_assert(!trial_profile_take(&t, body, &ret)); /* the machine has it */
	t.kept.profile = p;
	ck_assert(!trial_profile_take(&t, other, &ret));
	ck_assert(trial_profile_take(&t, body, &ret));
	ck_assert_ptr_eq(ret.profile, p);
	ck_assert_int_eq(ret.rc, 0);
	ck_assert_int_eq(ret.files_rc, -ENOENT);
	ck_assert_str_eq(ret.files_why, "no such file");
	ck_assert_ptr_null(ret.settings);
	ck_assert(!trial_profile_take(&t, body, &ret));
	json_object_set_new(sp.settings, "password", json_string("$6$hash"));
	trial_profile_note(&t, body, &sp);
	ck_assert_ptr_null(t.kept.asked);
	profile_free(p);
	json_decref(sp.settings);
	json_decref(body);
	json_decref(other);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {what_one_takes, at_which_field, what_a_fault_takes,
		what_is_there, in_common, shapes, a_full_network, guests, networks_that_come,
		dropped, room_in_pools, who_has_it, profile_is_kept};
	Suite *s = suite_create("trial");
	TCase *t = tcase_create("trial");

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return base_run(s);
}
