/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changing, starting and stopping a guest that is installed. */
#include "service/operations/patch.h"

#include "http_ask.h"
#include "rooms_make.h"
#include "stepped_clock.h"

#include "machine/labels.h"
#include "service/guests/guest_spec.h"

#include <libvirt/libvirt.h>

static struct service rooms;
static struct http_ask ask;
static struct machine *m;
static virConnectPtr other;
static unsigned made;

static void handle_patch(struct operations *ops, struct http_request *r, struct machine *of)
{
	json_t *body = json_loadb(r->body, r->body_len, 0, NULL);

	if (labels_alone(body))
		patch_labels(ops, r, of, body);
	else
		patch_handle(ops, r, of);
	json_decref(body);
}

/* PATCH /api/v1/NAME, POST /api/v1/NAME/start and stop. */
static void handle(void *arg, struct http_request *r)
{
	struct operations *ops = arg;
	char name[MACHINE_NAME], what[32] = "";
	struct machine *of;

	sscanf(r->path, "/api/v1/%63[^/]/%31s", name, what);
	of = machines_by_name(rooms.base.machines, name);
	ck_assert_msg(of, "%s", r->path);
	if (!strcmp(what, "start"))
		patch_start_machine(ops, r, of);
	else if (!strcmp(what, "stop"))
		patch_stop_machine(ops, r, of);
	else
		handle_patch(ops, r, of);
}

static void on_made(void *arg, int rc, const char *why)
{
	(void)arg;
	ck_assert_msg(!rc, "%s", why);
	made++;
}

static void make_domain(void)
{
	struct profile *p = NULL;
	struct guest_spec spec;
	char why[512];

	ck_assert_int_eq(guest_spec_make(&rooms.base, m, &spec, &p, why, sizeof why), 0);
	ck_assert_int_eq(guest_create(rooms.hosts.own, &spec, on_made, NULL), 0);
	base_wait(&rooms.base, made);
}

static void setup(void)
{
	rooms_make(&rooms);
	rooms.hosts.calls.connected = rooms_hear_none;
	http_ask_begin(&ask, &rooms.base, handle, &rooms.operations);
	other = virConnectOpen("test:///default");
	m = base_record("web01", true, "default", "192.168.122.3");
	base_spec_put(m,
		json_pack("{s:i, s:i, s:i, s:s}", "memory", 64, "vcpus", 1, "disk", 1 << 20, "pool",
			"default-pool"));
	m->state = LIFE_UP;
	base_add(&rooms.base, m);
	made = 0;
	make_domain();
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
	virConnectClose(other);
}

static int state_now(void)
{
	virDomainPtr d = virDomainLookupByName(other, "web01");
	int state = -1;

	ck_assert_ptr_nonnull(d);
	virDomainGetState(d, &state, NULL, 0);
	virDomainFree(d);
	return state;
}

static void refused(
	const char *method, const char *what, const char *body, unsigned status, const char *error)
{
	char target[128];

	snprintf(target, sizeof target, "/api/v1/web01%s", what);
	ck_assert_msg(
		http_ask(&ask, method, target, body) == status, "%u: %s", ask.status, ask.body);
	ck_assert_msg(!strncmp(http_ask_error(&ask), error, strlen(error)), "%s", ask.body);
	ck_assert_ptr_null(rooms.operations.patches);
}

static void done(const char *method, const char *what, const char *body)
{
	char target[128];

	snprintf(target, sizeof target, "/api/v1/web01%s", what);
	ck_assert_msg(http_ask(&ask, method, target, body) == 200, "%u: %s", ask.status, ask.body);
	ck_assert_ptr_null(rooms.operations.patches);
}

static void start(void)
{
	done("POST", "/start", NULL);
	ck_assert_int_eq(state_now(), VIR_DOMAIN_RUNNING);
	base_wait(&rooms.base, m->guest_state && !strcmp(m->guest_state, "running"));
}

/* --- starting and stopping -------------------------------------------------------------------------------------------------- */

START_TEST(started_and_stopped)
{
	start();
	ck_assert_str_eq(base_told(&rooms.base, "web01", "power"), "started from its disk");
	done("POST", "/stop", NULL); /* asked to, and it does */
	ck_assert_int_eq(state_now(), VIR_DOMAIN_SHUTOFF);
	ck_assert_str_eq(m->guest_state, "off");
	done("POST", "/stop", NULL); /* it is off */
	start();
	done("POST", "/stop", "{\"force\": true}");
	ck_assert_int_eq(state_now(), VIR_DOMAIN_SHUTOFF);
}
END_TEST

START_TEST(nothing_to_start)
{
	static const enum life_state states[] = {
		LIFE_KNOWN, LIFE_ARMED, LIFE_INSTALLING, LIFE_FAILED};
	char line[128];

	for (size_t i = 0; i < 4; i++) {
		m->state = states[i];
		snprintf(line, sizeof line, "web01 is %s: no installed system to start",
			life_state_name(states[i]));
		refused("POST", "/start", NULL, 409, line);
	}
	refused("POST", "/start", NULL, 409, "web01 is failed");
	m->guest_state = "paused"; /* whatever it does, it can go on with it */
	done("POST", "/start", NULL);
	m->state = LIFE_INSTALLED;
	m->guest_state = NULL;
	done("POST", "/start", NULL);
	m->state = LIFE_LIVE; /* from the network, as its definition has it */
	done("POST", "/start", NULL);
	done("POST", "/stop", "{\"force\": true}");
}
END_TEST

START_TEST(stops_that_take_their_time)
{
	rooms_deafen(&rooms);
	done("POST", "/start", NULL);
	http_ask_send(&ask, NULL, "POST", "/api/v1/web01/stop", NULL);
	base_wait(&rooms.base, rooms.operations.patches && state_now() == VIR_DOMAIN_SHUTOFF);
	for (int i = 0; i < 20; i++)
		loop_once(rooms.base.loop, 2);
	stepped.mono += 119 * 1000;
	loop_once(rooms.base.loop, 0);
	ck_assert_ptr_nonnull(rooms.operations.patches);
	stepped.mono += 2 * 1000;
	ck_assert_uint_eq(http_ask_wait(&ask), 409);
	ck_assert_ptr_nonnull(
		strstr(http_ask_error(&ask), "the guest did not shut down within 2 minutes"));
	reset();
}
END_TEST

/* Two that asked are told when it has stopped. The second asks while it still shuts down: here it is started in between. */
START_TEST(stopped_for_two)
{
	struct http_ask second = {.base = &rooms.base, .fd = -1};
	virDomainPtr d;

	rooms_deafen(&rooms);
	done("POST", "/start", NULL);
	http_ask_send(&ask, NULL, "POST", "/api/v1/web01/stop", NULL);
	base_wait(&rooms.base, rooms.operations.patches && state_now() == VIR_DOMAIN_SHUTOFF);
	d = virDomainLookupByName(other, "web01");
	ck_assert_int_eq(virDomainCreate(d), 0);
	http_ask_send(&second, NULL, "POST", "/api/v1/web01/stop", NULL);
	base_wait(&rooms.base, rooms.operations.patches->next && state_now() == VIR_DOMAIN_SHUTOFF);
	for (int i = 0; i < 20; i++)
		loop_once(rooms.base.loop, 2);
	patch_guest_stopped(&rooms.operations, m);
	ck_assert_uint_eq(http_ask_wait(&ask), 200);
	ck_assert_uint_eq(http_ask_wait(&second), 200);
	ck_assert_ptr_null(rooms.operations.patches);
	virDomainFree(d);
	json_decref(second.json);
	free(second.text);
}
END_TEST

/* --- changing ---------------------------------------------------------------------------------------------------------------- */

static json_int_t number(const char *key)
{
	return json_integer_value(json_object_get(base_spec_of(m), key));
}

static bool defined_with(const char *part)
{
	virDomainPtr d = virDomainLookupByName(other, "web01");
	char *xml = virDomainGetXMLDesc(d, VIR_DOMAIN_XML_INACTIVE);
	bool has = strstr(xml, part);

	free(xml);
	virDomainFree(d);
	return has;
}

START_TEST(changed)
{
	done("PATCH", "",
		"{\"memory\": 134217728, \"vcpus\": 2, \"description\": \"of the web\", "
		"\"autostart\": true}");
	ck_assert_int_eq(number("memory"), 128);
	ck_assert_int_eq(number("vcpus"), 2);
	ck_assert(json_is_true(json_object_get(base_spec_of(m), "autostart")));
	ck_assert_str_eq(
		json_string_value(json_object_get(base_spec_of(m), "description")), "of the web");
	ck_assert(defined_with("<memory unit='KiB'>131072</memory>"));
	ck_assert(defined_with("<description>of the web</description>"));
	ck_assert_ptr_nonnull(strstr(
		base_told(&rooms.base, "web01", "changed"), "memory 128, was 64; vcpus 2, was 1"));
	ck_assert(json_is_false(json_object_get(ask.json, "restart"))); /* it is off */
	ck_assert(store_is_clean(rooms.base.store));
	done("PATCH", "", "{\"description\": \"\", \"autostart\": false}");
	ck_assert_ptr_null(json_object_get(base_spec_of(m), "description"));
	ck_assert_ptr_null(json_object_get(base_spec_of(m), "autostart"));
	ck_assert(!defined_with("<description>"));
}
END_TEST

START_TEST(labels_beside_it)
{
	done("PATCH", "", "{\"vcpus\": 2, \"labels\": {\"rack\": \"12\"}, \"note\": \"n\"}");
	ck_assert_int_eq(number("vcpus"), 2);
	ck_assert_str_eq(json_string_value(json_object_get(m->labels, "rack")), "12");
	ck_assert_str_eq(m->note, "n");
	ck_assert_str_eq(base_told(&rooms.base, "web01", "changed"), "vcpus 2, was 1");
	refused("PATCH", "", "{\"vcpus\": 3, \"labels\": {\"Rack\": \"\"}}", 422,
		"web01: label 'Rack': a key has");
	ck_assert_int_eq(number("vcpus"), 2);
}
END_TEST

START_TEST(labels_alone_are_changed)
{
	strcpy(m->uuid, "00000000-0000-0000-0000-000000000009"); /* libvirt is not asked */
	done("PATCH", "", "{\"labels\": {\"rack\": \"12\"}, \"note\": \"n\"}");
	ck_assert_str_eq(base_told(&rooms.base, "web01", "changed"), "labels rack=12; note");
	ck_assert(json_is_false(json_object_get(ask.json, "restart")));
	ck_assert_str_eq(
		json_string_value(json_object_get(json_object_get(ask.json, "labels"), "rack")),
		"12");
	ck_assert(store_is_clean(rooms.base.store));
	refused("PATCH", "", "{\"note\": \"\\u0007\"}", 422, "web01: note is a text of at most");
}
END_TEST

START_TEST(changed_while_it_runs)
{
	start();
	done("PATCH", "", "{\"description\": \"x\"}");
	ck_assert(json_is_false(json_object_get(ask.json, "restart")));
	done("PATCH", "", "{\"vcpus\": 2}");
	ck_assert(json_is_true(json_object_get(ask.json, "restart")));
	ck_assert_int_eq(state_now(), VIR_DOMAIN_RUNNING);
	done("PATCH", "", "{\"vcpus\": 3, \"restart\": true}");
	ck_assert(json_is_false(json_object_get(ask.json, "restart")));
	ck_assert_int_eq(state_now(), VIR_DOMAIN_RUNNING);
	ck_assert_str_eq(base_told(&rooms.base, "web01", "power"), "started from its disk");
	ck_assert_int_eq(number("vcpus"), 3);
	ck_assert_ptr_null(json_object_get(base_spec_of(m), "restart"));
}
END_TEST

START_TEST(what_cannot_be)
{
	static const struct {
		const char *body, *line;
	} wrong[] = {{"{\"disk\": 5}",
			     "web01: only memory, vcpus, autostart, description, labels and note"},
		{"{\"memory\": 2048}", "web01: memory 2048: expected bytes"},
		{"{\"vcpus\": 0}", "web01: vcpus is a number from 1 to 1024"},
		{"{\"vcpus\": 1025}", "web01: vcpus is a number from 1 to 1024"},
		{"{\"vcpus\": \"2\"}", "web01: vcpus is a number from 1 to 1024"},
		{"{\"autostart\": 1}", "web01: autostart and restart are true or false"},
		{"{\"restart\": 1}", "web01: autostart and restart are true or false"},
		{"{\"description\": 5}", "web01: description is a text of at most 4096 bytes"}};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		refused("PATCH", "", wrong[i].body, 422, wrong[i].line);
	ck_assert_int_eq(number("vcpus"), 1);
	strcpy(m->uuid, "00000000-0000-0000-0000-000000000009"); /* the domain is another's */
	refused("PATCH", "", "{\"vcpus\": 2}", 409, "web01: ");
	ck_assert_int_eq(number("vcpus"), 1);
}
END_TEST

static void refused_all(const char *line)
{
	refused("PATCH", "", "{\"vcpus\": 2}", 409, line);
	refused("POST", "/start", NULL, 409, line);
	refused("POST", "/stop", NULL, 409, line);
}

START_TEST(who_cannot)
{
	struct reservation created = {.machine = m};

	reserve(&rooms.base.reserved, &created);
	refused_all("web01 is being created just now: wait for that to end");
	unreserve(&rooms.base.reserved, &created);
	m->deleting = true;
	refused_all("web01 is being deleted");
	m->deleting = false;
	m->template = true;
	refused_all("web01 is a template and cannot be changed or started");
	m->template = false;
	m->guest = false;
	refused_all("web01 is bare metal, not a guest of libvirt's");
	m->guest = true;
	m->state = LIFE_INSTALLING;
	refused("POST", "/stop", NULL, 409,
		"web01 is installing: run 'usher disarm web01' to cancel its install and stop it");
}
END_TEST

START_TEST(gone_meanwhile)
{
	http_ask_send(&ask, NULL, "PATCH", "/api/v1/web01", "{\"vcpus\": 2}");
	base_wait(&rooms.base, rooms.operations.patches);
	machines_remove(rooms.base.machines, m);
	ck_assert_uint_eq(http_ask_wait(&ask), 404);
	ck_assert_str_eq(http_ask_error(&ask), "web01: it was deleted meanwhile");
}
END_TEST

START_TEST(dropped)
{
	base_spec_put(m, json_pack("{s:o}", "connect", json_string("test:///no/such/file")));
	http_ask_send(&ask, NULL, "PATCH", "/api/v1/web01", "{\"vcpus\": 2}");
	base_wait(&rooms.base, rooms.operations.patches);
	rooms_stop(&rooms);
	ck_assert_ptr_null(rooms.operations.patches);
	ck_assert_uint_eq(http_ask_wait(&ask), 503);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {started_and_stopped, nothing_to_start,
		stops_that_take_their_time, stopped_for_two, changed, labels_beside_it,
		labels_alone_are_changed, changed_while_it_runs, what_cannot_be, who_cannot,
		gone_meanwhile, dropped};
	Suite *s = suite_create("patch");
	TCase *t = tcase_create("patch");

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return base_run(s);
}
