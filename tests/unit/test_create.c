/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making machines, from the request to the domain that runs; and what is left when it fails: nothing. */
#include "service/operations/create.h"

#include "http_ask.h"
#include "profile_make.h"
#include "worker_gate.h"

#include <libvirt/libvirt.h>

static struct service rooms;
static struct http_ask ask;
static virConnectPtr other;

static void handle(void *arg, struct http_request *r)
{
	create_handle(arg, r, json_loadb(r->body, r->body_len, 0, NULL));
}

static void setup(void)
{
	rooms_make(&rooms);
	rooms_deafen(&rooms);
	profile_make(&rooms);
	http_ask_begin(&ask, &rooms.base, handle, &rooms.operations);
	loop_timer_init(&rooms.settle.turn, settle_now, &rooms.settle);
	loop_timer_init(&rooms.settle.deadline, settle_deadline, &rooms.settle);
	machines_on_action(rooms.base.machines, settle_on_action, &rooms.settle);
	other = virConnectOpen("test:///default");
	ck_assert_ptr_nonnull(other);
}

static void teardown(void)
{
	rooms_stop(&rooms);
	http_ask_end(&ask);
	rooms_unmake(&rooms);
	settle_drop_all(&rooms.settle);
	virConnectClose(other);
}

/* With ' for ". */
static const char *quoted(const char *text)
{
	static char json[2048];

	snprintf(json, sizeof json, "%s", text);
	for (char *q = json; (q = strchr(q, '\''));)
		*q = '"';
	return json;
}

static unsigned create(const char *text)
{
	return http_ask(&ask, "POST", "/api/v1/machines", quoted(text));
}

static struct machine *machine(const char *name)
{
	return machines_by_name(rooms.base.machines, name);
}

static int state_of(const char *domain)
{
	virDomainPtr d = virDomainLookupByName(other, domain);
	int state = -1;

	if (!d)
		return -1;
	virDomainGetState(d, &state, NULL, 0);
	virDomainFree(d);
	return state;
}

static bool has_volume(const char *name)
{
	virStoragePoolPtr p = virStoragePoolLookupByName(other, "default-pool");
	virStorageVolPtr v = virStorageVolLookupByName(p, name);

	virStoragePoolFree(p);
	if (v)
		virStorageVolFree(v);
	return v;
}

static void nothing_left(const char *name)
{
	char volume[80];

	snprintf(volume, sizeof volume, "%s.qcow2", name);
	ck_assert_ptr_null(machine(name));
	ck_assert_int_eq(state_of(name), -1);
	ck_assert(!has_volume(volume));
	ck_assert_ptr_null(rooms.operations.creations);
	ck_assert_ptr_null(rooms.base.reserved);
}

#define BARE(more) \
	"{'name': 'metal', 'kind': 'bare-metal', 'profile': 'small', 'segment': 'lan'" more "}"

/* The test driver's network takes no reservations: here we lease. */
static void lease_on_default(void)
{
	base_segment(&rooms.base, "default")->mode = SEGMENT_OWN;
}

#define ON_DEFAULT(more)                                                                                    \
	"{'name': 'web01', 'kind': 'guest', 'profile': 'small', 'disk': 1048576, 'segment': 'default'" more \
	"}"

/* --- bare metal ---------------------------------------------------------------------------------------------------------------- */

START_TEST(bare_metal)
{
	ck_assert_uint_eq(create(BARE("")), 201);
	ck_assert_str_eq(http_ask_text(&ask, "name"), "metal");
	ck_assert_str_eq(http_ask_text(&ask, "state"), "known");
	ck_assert_int_eq(machine("metal")->state, LIFE_KNOWN);
	ck_assert_str_eq(base_told(&rooms.base, "metal", "created"), "bare metal, profile small");
	ck_assert(store_is_clean(rooms.base.store));
	ck_assert_ptr_null(rooms.operations.creations);
	ck_assert_ptr_null(rooms.base.reserved);
	ck_assert_uint_eq(machine("metal")->holds, 0);
	ck_assert_uint_eq(strlen(machine("metal")->uuid), 36);
	ck_assert_int_eq(machine("metal")->uuid[14], '4'); /* RFC 9562: version and variant */
	ck_assert_ptr_nonnull(strchr("89ab", machine("metal")->uuid[19]));
	ck_assert_uint_eq(create(BARE("")), 409);
}
END_TEST

START_TEST(bare_metal_that_is_armed)
{
	ck_assert_uint_eq(create(BARE(", 'arm': true")), 201);
	ck_assert_int_eq(machine("metal")->state, LIFE_ARMED);
	base_wait(&rooms.base, *base_told(&rooms.base, "metal", "power"));
	ck_assert_str_eq(base_told(&rooms.base, "metal", "power"),
		"power cycle: usher cannot switch this machine's power (it has no --power): do it by hand");
}
END_TEST

START_TEST(refused)
{
	ck_assert_uint_eq(http_ask(&ask, "POST", "/api/v1/machines", "[]"), 400);
	ck_assert_uint_eq(create(BARE(", 'sealed': 5")), 422);
	ck_assert_str_eq(http_ask_error(&ask), "sealed is true or false");
	ck_assert_uint_eq(create("{'name': 'metal', 'profile': 'nope', 'segment': 'lan'}"), 404);
	ck_assert_uint_eq(create(BARE(", 'nics': []")), 422);
	nothing_left("metal");
	ck_assert_uint_eq(timeline_newest(rooms.base.timeline), 0);
}
END_TEST

/* Of its kernel we say that it is missing, unless something else is wrong too. */
START_TEST(without_its_files)
{
	char path[128];

	snprintf(path, sizeof path, "%s/profiles/small/tree/vmlinuz", base_dir);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_uint_eq(create(BARE("")), 404);
	ck_assert_msg(strstr(http_ask_error(&ask), path), "%s", ask.body);
	ck_assert_uint_eq(create(BARE(", 'settings': {'greetings': 'hi'}")), 422);
	ck_assert_msg(strstr(http_ask_error(&ask), "'greetings'"), "%s", ask.body);
	nothing_left("metal");
}
END_TEST

/* After the connection broke: the same request is the same creation. */
START_TEST(asked_again)
{
	ck_assert_uint_eq(create(BARE(", 'request_id': 'r1'")), 201);
	ck_assert_uint_eq(create(BARE(", 'request_id': 'r1'")), 201);
	ck_assert_uint_eq(machines_count(rooms.base.machines), 1);
	ck_assert_uint_eq(create(BARE(", 'request_id': 'r2'")), 409);
	ck_assert_uint_eq(create(BARE("")), 409);
}
END_TEST

/* Two that are made at a time have different addresses. */
START_TEST(two_at_once)
{
	struct http_ask first = {.base = &rooms.base, .fd = -1};

	worker_gate_shut(rooms.base.worker);
	http_ask_send(&first, NULL, "POST", "/api/v1/machines", quoted(BARE("")));
	base_wait(&rooms.base, rooms.operations.creations);
	http_ask_send(&ask, NULL, "POST", "/api/v1/machines",
		quoted("{'name': 'other', 'kind': 'bare-metal', 'profile': 'small', 'segment': 'lan'}"));
	worker_gate_open();
	ck_assert_uint_eq(http_ask_wait(&first), 201);
	ck_assert_uint_eq(http_ask_wait(&ask), 201);
	ck_assert(!ip_eq(&machine("metal")->nics[0].addrs[0], &machine("other")->nics[0].addrs[0]));
	json_decref(first.json);
	free(first.text);
}
END_TEST

/* --- guests --------------------------------------------------------------------------------------------------------------------- */

START_TEST(guests)
{
	struct machine *m;

	lease_on_default();
	ck_assert_msg(create(ON_DEFAULT("")) == 201, "%s", ask.body);
	m = machine("web01");
	ck_assert_int_eq(m->state, LIFE_ARMED);
	ck_assert_int_eq(state_of("web01"), VIR_DOMAIN_RUNNING);
	ck_assert(has_volume("web01.qcow2"));
	ck_assert_uint_eq(m->holds, 0);
	ck_assert_str_eq(base_told(&rooms.base, "web01", "created"), "guest, profile small");
	ck_assert_ptr_null(rooms.operations.creations);
	ck_assert_ptr_null(rooms.base.reserved);
	ck_assert_uint_eq(create(ON_DEFAULT("")), 409);
	ck_assert_str_eq(http_ask_error(&ask),
		"machine 'web01' exists already: 'usher delete web01' first, or --replace");
}
END_TEST

/* What libvirt's part warns of is told to who asked: here, of a disk that its pool cannot hold. */
START_TEST(warned)
{
	lease_on_default();
	ck_assert_msg(create(ON_DEFAULT("")) == 201, "%s", ask.body);
	ck_assert_ptr_null(json_object_get(ask.json, "warning"));
	ck_assert_msg(create("{'name': 'big', 'kind': 'guest', 'profile': 'small', 'segment': "
			     "'default', 'disk': 1099511627776}") == 201,
		"%s", ask.body);
	ck_assert_msg(strstr(http_ask_text(&ask, "warning"), "MiB left"), "%s", ask.body);
}
END_TEST

/* Libvirt is asked before anything is recorded. */
START_TEST(guests_that_cannot_be)
{
	lease_on_default();
	ck_assert_uint_eq(create(ON_DEFAULT(", 'pool': 'nope'")), 404);
	nothing_left("web01");
	ck_assert_uint_eq(timeline_newest(rooms.base.timeline), 0);
	ck_assert_uint_eq(create(ON_DEFAULT(", 'vcpus': 1024, 'disk': 1152921504606846976")), 422);
	nothing_left("web01");
}
END_TEST

/* It is in the record already when libvirt does not take it: all of that is undone. */
START_TEST(undone)
{
	lease_on_default();
	ck_assert_uint_eq(create(ON_DEFAULT(", 'domain': '<domain><devices><watchdog "
					    "model=\\u0027none-such\\u0027/></devices></domain>'")),
		500);
	ck_assert_msg(
		!strncmp(http_ask_error(&ask), "web01 was not created: ", 23), "%s", ask.body);
	nothing_left("web01");
	ck_assert(!strncmp(base_told(&rooms.base, "web01", "deleted"), "not created: ", 13));
	ck_assert(store_is_clean(rooms.base.store));
}
END_TEST

START_TEST(replaced)
{
	char uuid[UUID_TEXT];

	lease_on_default();
	ck_assert_msg(create(ON_DEFAULT("")) == 201, "%s", ask.body);
	strcpy(uuid, machine("web01")->uuid);
	ck_assert_msg(create(ON_DEFAULT(", 'replace': true")) == 201, "%s", ask.body);
	ck_assert_str_ne(machine("web01")->uuid, uuid);
	ck_assert_uint_eq(machines_count(rooms.base.machines), 1);
	ck_assert_int_eq(state_of("web01"), VIR_DOMAIN_RUNNING);
	ck_assert_str_eq(base_told(&rooms.base, "web01", "deleted"), "replaced");
	/* the address is the same: it was its own */
	ck_assert_uint_eq(ip_to_v4(&machine("web01")->nics[0].addrs[0]), 0xc0a87a02);
}
END_TEST

static void undefine(const char *domain)
{
	virDomainPtr d = virDomainLookupByName(other, domain);

	ck_assert_ptr_nonnull(d);
	ck_assert_int_eq(virDomainDestroy(d), 0);
	ck_assert_int_eq(virDomainUndefine(d), 0);
	virDomainFree(d);
}

/* With its volumes, and with no others: the older guest's record says which, also when its domain is gone. */
START_TEST(replaced_without_its_domain)
{
	lease_on_default();
	ck_assert_msg(create(ON_DEFAULT("")) == 201, "%s", ask.body);
	undefine("web01");
	ck_assert_msg(create(ON_DEFAULT(", 'replace': true")) == 201, "%s", ask.body);
	ck_assert_int_eq(state_of("web01"), VIR_DOMAIN_RUNNING);
	undefine("web01");
	machines_remove(rooms.base.machines, machine("web01"));
	ck_assert(has_volume("web01.qcow2"));
	ck_assert_uint_eq(create(ON_DEFAULT(", 'replace': true")), 409);
	ck_assert_ptr_nonnull(strstr(http_ask_error(&ask), "a volume web01.qcow2 exists already"));
	ck_assert(has_volume("web01.qcow2"));
}
END_TEST

START_TEST(dropped)
{
	lease_on_default();
	http_ask_send(&ask, NULL, "POST", "/api/v1/machines",
		quoted(ON_DEFAULT(", 'connect': 'test:///no/such/file'")));
	base_wait(&rooms.base, rooms.operations.creations);
	rooms_stop(&rooms);
	ck_assert_uint_eq(http_ask_wait(&ask), 503);
	ck_assert_ptr_null(rooms.operations.creations);
	ck_assert_ptr_null(rooms.base.reserved);
	ck_assert_ptr_null(machine("web01"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {bare_metal, bare_metal_that_is_armed, refused,
		without_its_files, asked_again, two_at_once, guests, warned, guests_that_cannot_be,
		undone, replaced, replaced_without_its_domain, dropped};
	Suite *s = suite_create("create");
	TCase *t = tcase_create("create");

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return base_run(s);
}
