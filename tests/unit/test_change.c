/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arming again, confirming, disarming and deleting: what is refused, and what is left of a machine. */
#include "service/operations/change.h"

#include "http_ask.h"
#include "profile_make.h"

#include "core/clock.h"
#include "service/guests/guest_spec.h"

#include <libvirt/libvirt.h>

static struct service rooms;
static struct http_ask ask;
static struct machine *m;
static virConnectPtr other;

/* POST and DELETE /api/v1/NAME/WHAT, of which the name is looked at. */
static void handle(void *arg, struct http_request *r)
{
	struct operations *ops = arg;
	char name[MACHINE_NAME], what[32] = "";
	struct machine *of;

	sscanf(r->path, "/api/v1/%63[^/]/%31s", name, what);
	of = machines_by_name(rooms.base.machines, name);
	ck_assert_msg(of, "%s", r->path);
	if (!strcmp(what, "reinstall"))
		change_reinstall(ops, r, of);
	else if (!strcmp(what, "disarm"))
		change_disarm(ops, r, of);
	else if (!strcmp(what, "confirm"))
		change_confirm(ops, r, of);
	else
		change_delete(ops, r, of);
}

static void setup(void)
{
	rooms_make(&rooms);
	rooms_deafen(&rooms);
	profile_make(&rooms);
	http_ask_begin(&ask, &rooms.base, handle, &rooms.operations);
	other = virConnectOpen("test:///default");
	m = base_record("web01", true, "default", "192.168.122.3");
	strcpy(m->profile, "small");
	base_spec_put(m,
		json_pack("{s:i, s:i, s:i, s:s}", "memory", 512, "vcpus", 1, "disk", 1 << 20,
			"pool", "default-pool"));
	base_add(&rooms.base, m);
}

static void teardown(void)
{
	rooms_stop(&rooms);
	http_ask_end(&ask);
	rooms_unmake(&rooms);
	virConnectClose(other);
}

#define NOT_BOTH "keep_disks or record_only is 1, or both are left out"

static void refused(
	const char *method, const char *what, const char *body, unsigned status, const char *error)
{
	char target[128];

	snprintf(target, sizeof target, "/api/v1/web01%s", what);
	ck_assert_msg(
		http_ask(&ask, method, target, body) == status, "%u: %s", ask.status, ask.body);
	ck_assert_msg(!strncmp(http_ask_error(&ask), error, strlen(error)), "%s", ask.body);
}

static void done(const char *method, const char *what, const char *body)
{
	char target[128];

	snprintf(target, sizeof target, "/api/v1/web01%s", what);
	ck_assert_msg(http_ask(&ask, method, target, body) == 200, "%u: %s", ask.status, ask.body);
	ck_assert(store_is_clean(rooms.base.store));
}

static void arm(void)
{
	base_arm(m, "debian-12");
	rooms_log[0] = '\0';
}

/* --- disarming ------------------------------------------------------------------------------------------------------------ */

START_TEST(disarmed)
{
	refused("POST", "/disarm", NULL, 409, "web01 is known: there is nothing to disarm");
	arm();
	done("POST", "/disarm", NULL);
	ck_assert_int_eq(m->state, LIFE_KNOWN);
	ck_assert_str_eq(rooms_log, "web01 off");
	ck_assert_str_eq(http_ask_text(&ask, "state"), "known");
}
END_TEST

/* --- confirming ------------------------------------------------------------------------------------------------------------ */

static void boots_sealed(void)
{
	struct boot_client by = {.ip = base_ip("192.168.122.3"), .segment = "default"};

	m->seal = SEAL_YES;
	arm();
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &by), -EAGAIN);
}

static const char *code_body(const char *code)
{
	static char body[64];

	snprintf(body, sizeof body, "{\"code\": \"%s\"}", code);
	return body;
}

START_TEST(nothing_to_confirm)
{
	refused("POST", "/confirm", "{}", 400, "the request is {\"code\": \"the machine's code\"}");
	refused("POST", "/confirm", "{\"code\": 123456}", 400,
		"the request is {\"code\": \"the machine's code\"}");
	refused("POST", "/confirm", code_body("123456"), 409,
		"web01 is not sealed: there is nothing to confirm");
	m->seal = SEAL_YES;
	arm();
	refused("POST", "/confirm", code_body("123456"), 409,
		"no boot of web01 waits to be confirmed: the machine is armed, and shows a code "
		"after it boots from the network");
}
END_TEST

START_TEST(confirmed)
{
	boots_sealed();
	done("POST", "/confirm", code_body(m->attempt.asking.code));
	ck_assert_int_eq(m->state, LIFE_BOOTING);
	ck_assert(!machine_waits(m));
}
END_TEST

START_TEST(wrong_codes)
{
	const char *wrong;
	char line[256];

	boots_sealed();
	wrong = strcmp(m->attempt.asking.code, "000000") ? "000000" : "111111";
	for (unsigned left = MACHINE_WRONG_CODES - 1; left; left--) {
		snprintf(line, sizeof line,
			"wrong code for the latest boot of web01: read the code on the machine's "
			"own screen (%u tries are left)",
			left);
		refused("POST", "/confirm", code_body(wrong), 403, line);
	}
	refused("POST", "/confirm", code_body(wrong), 403,
		"wrong code for web01, and this boot can no longer be confirmed: the machine "
		"restarts and shows a new code");
	ck_assert_int_eq(m->state, LIFE_ARMED);
	ck_assert(!machine_waits(m));
}
END_TEST

/* --- arming again ----------------------------------------------------------------------------------------------------------- */

START_TEST(armed_again)
{
	done("POST", "/reinstall", NULL);
	ck_assert_int_eq(m->state, LIFE_ARMED);
	ck_assert_uint_eq(m->attempt.number, 1);
	ck_assert_int_eq(m->seal, SEAL_BY_SEGMENT);
	ck_assert_str_eq(rooms_log, "web01 netboot");
	ck_assert_str_eq(http_ask_text(&ask, "state"), "armed");
	ck_assert_ptr_null(rooms.operations.rearmings);
	refused("POST", "/reinstall", NULL, 409,
		"web01 is armed: an install is under way; 'usher disarm' ends it");
}
END_TEST

/* Its seal stays unless something is said, and is as before when it is refused. */
START_TEST(armed_again_and_sealed)
{
	m->seal = SEAL_NO;
	done("POST", "/reinstall", "{}");
	ck_assert_int_eq(m->seal, SEAL_NO);
	ck_assert(!m->attempt.sealed);
	ck_assert_uint_eq(
		http_ask(&ask, "POST", "/api/v1/web01/reinstall", "{\"sealed\": true}"), 409);
	ck_assert_int_eq(m->seal, SEAL_NO);
	ck_assert_int_eq(machine_event(m, LIFE_DISARM, NULL), 0);
	done("POST", "/reinstall", "{\"sealed\": true}");
	ck_assert_int_eq(m->seal, SEAL_YES);
	ck_assert(m->attempt.sealed);
	refused("POST", "/reinstall", "{\"sealed\": 1}", 400, "sealed is true or false");
	refused("POST", "/reinstall", "{\"x\": true}", 400,
		"the request is empty, or has sealed, profile and settings");
	refused("POST", "/reinstall", "[", 400,
		"the request is empty, or has sealed, profile and settings");
}
END_TEST

/* The record has the other profile when it is armed with it, and not before. */
START_TEST(armed_with_another_profile)
{
	char was[sizeof m->profile];

	strcpy(was, m->profile);
	profile_make_folder("profiles/kiosk");
	profile_make_folder("profiles/kiosk/tree");
	profile_make_file("profiles/kiosk/tree/vmlinuz", "kernel");
	profile_make_file("profiles/kiosk/profile.xml",
		"<profile name='kiosk' boots='always'><title>K</title><media name='kiosk' path='tree'/>"
		"<boot><kernel>vmlinuz</kernel></boot><setting name='cmdline'>c</setting></profile>");
	refused("POST", "/reinstall", "{\"settings\": {}}", 400, "settings go with a profile");
	refused("POST", "/reinstall", "{\"profile\": \"\"}", 400, "profile is the name of one");
	refused("POST", "/reinstall", "{\"profile\": \"rescue\"}", 422,
		"rescue installs nothing: 'usher run web01 --profile rescue' runs it once");
	refused("POST", "/reinstall", "{\"profile\": \"kiosk\", \"settings\": {\"nuo\": \"x\"}}",
		422, "profile 'kiosk' has no setting 'nuo'");
	ck_assert_str_eq(m->profile, was);
	ck_assert_int_eq(m->state, LIFE_KNOWN);
	done("POST", "/reinstall",
		"{\"profile\": \"kiosk\", \"settings\": {\"cmdline\": \"quiet\"}}");
	ck_assert_str_eq(m->profile, "kiosk");
	ck_assert_str_eq(json_string_value(json_object_get(m->settings, "cmdline")), "quiet");
	ck_assert_int_eq(m->state, LIFE_LIVE);
	done("POST", "/reinstall", NULL); /* again, with the profile as it is by now */
	ck_assert_uint_eq(m->attempt.number, 2);
	done("POST", "/disarm", NULL);
	ck_assert_int_eq(m->state, LIFE_KNOWN);
}
END_TEST

START_TEST(not_armed_again)
{
	struct reservation made = {.machine = m};
	char path[256];

	reserve(&rooms.base.reserved, &made);
	refused("POST", "/reinstall", NULL, 409,
		"web01 is being created just now: wait for that to end");
	unreserve(&rooms.base.reserved, &made);
	m->deleting = true;
	refused("POST", "/reinstall", NULL, 409, "web01 is being deleted");
	m->deleting = false;
	m->template = true;
	ck_assert_uint_eq(http_ask(&ask, "POST", "/api/v1/web01/reinstall", NULL), 409);
	m->template = false;
	m->nics[0].segment_id = 0;
	refused("POST", "/reinstall", NULL, 409, "segment 'default' of web01 is not served now");
	m->nics[0].segment_id = base_segment(&rooms.base, "default")->id;
	strcpy(m->profile, "gone");
	refused("POST", "/reinstall", NULL, 422, "no profile 'gone'");
	strcpy(m->profile, "small");
	base_spec_put(m, json_pack("{s:o}", "memory", json_integer(128)));
	ck_assert_uint_eq(http_ask(&ask, "POST", "/api/v1/web01/reinstall", NULL), 422);
	base_spec_put(m, json_pack("{s:o}", "memory", json_integer(512)));
	snprintf(path, sizeof path, "%s/profiles/small/tree/vmlinuz", base_dir);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_uint_eq(http_ask(&ask, "POST", "/api/v1/web01/reinstall", NULL), 422);
	ck_assert_msg(strstr(http_ask_error(&ask), "vmlinuz"), "%s", ask.body);
	ck_assert_int_eq(m->state, LIFE_KNOWN);
	ck_assert_str_eq(rooms_log, "");
	ck_assert_ptr_null(rooms.operations.rearmings);
}
END_TEST

/* While its files are looked for it is deleted, or gone. */
START_TEST(meanwhile)
{
	http_ask_send(&ask, NULL, "POST", "/api/v1/web01/reinstall", NULL);
	base_wait(&rooms.base, rooms.operations.rearmings);
	ck_assert_uint_eq(m->holds, 0);
	if (_i)
		m->deleting = true;
	else
		machines_remove(rooms.base.machines, m);
	ck_assert_uint_eq(http_ask_wait(&ask), _i ? 409 : 404);
	ck_assert_str_eq(
		http_ask_error(&ask), _i ? "web01 is being deleted" : "no machine 'web01'");
}
END_TEST

/* --- deleting --------------------------------------------------------------------------------------------------------------- */

static unsigned made;

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
	profile_free(p);
}

static bool has_domain(void)
{
	virDomainPtr d = virDomainLookupByName(other, "web01");

	if (d)
		virDomainFree(d);
	return d;
}

static bool has_volume(void)
{
	virStoragePoolPtr p = virStoragePoolLookupByName(other, "default-pool");
	virStorageVolPtr v = virStorageVolLookupByName(p, "web01.qcow2");

	virStoragePoolFree(p);
	if (v)
		virStorageVolFree(v);
	return v;
}

START_TEST(bare_metal_is_forgotten)
{
	struct machine *bare = base_machine(&rooms.base, "metal", false, "10.77.1.4");
	struct leases *ls = (struct leases *)dhcpd_leases(rooms.dhcpd);
	struct ip ip = base_ip("10.77.1.4");
	int64_t now = clock_steady_ms();

	ck_assert_int_eq(lease_bind(ls, 1, &ip, &bare->nics[0].mac, now + 60000, "", 0, now), 0);
	ck_assert_uint_eq(http_ask(&ask, "DELETE", "/api/v1/metal", NULL), 200);
	ck_assert_str_eq(ask.body, "{\"deleted\":\"metal\"}");
	ck_assert_ptr_null(machines_by_name(rooms.base.machines, "metal"));
	ck_assert_ptr_null(lease_by_ip(ls, 1, &ip));
	ck_assert_str_eq(base_told(&rooms.base, "metal", "deleted"), "by request");
	ck_assert(store_is_clean(rooms.base.store));
}
END_TEST

START_TEST(guests_go_with_their_disks)
{
	make_domain();
	ck_assert(has_domain() && has_volume());
	http_ask_send(&ask, NULL, "DELETE", "/api/v1/web01", NULL);
	base_wait(&rooms.base, rooms.operations.deletions);
	ck_assert(m->deleting);
	ck_assert_uint_eq(m->holds, 1);
	ck_assert_uint_eq(http_ask_wait(&ask), 200);
	ck_assert_str_eq(ask.body, "{\"deleted\":\"web01\"}");
	ck_assert(!has_domain() && !has_volume());
	ck_assert_ptr_null(machines_by_name(rooms.base.machines, "web01"));
	ck_assert_ptr_null(rooms.operations.deletions);
}
END_TEST

START_TEST(disks_that_are_kept)
{
	make_domain();
	done("DELETE", "?keep_disks=1", NULL);
	ck_assert_str_eq(http_ask_text(&ask, "kept"), "/default-pool/web01.qcow2");
	ck_assert(!has_domain() && has_volume());
	ck_assert_str_eq(base_told(&rooms.base, "web01", "deleted"),
		"by request; kept: /default-pool/web01.qcow2");
}
END_TEST

/* Another domain has its disk: it stays, and may be used again. */
START_TEST(not_deleted)
{
	virDomainPtr d;

	make_domain();
	d = virDomainDefineXML(other,
		"<domain type='test'><name>thief</name><memory>1024</memory><os><type>hvm</type></os>"
		"<devices><disk type='file' device='disk'><source file='/default-pool/web01.qcow2'/>"
		"<target dev='vda'/></disk></devices></domain>");
	ck_assert_ptr_nonnull(d);
	virDomainFree(d);
	ck_assert_uint_eq(http_ask(&ask, "DELETE", "/api/v1/web01", NULL), 409);
	ck_assert_msg(
		!strncmp(http_ask_error(&ask), "web01 was not deleted: ", 22), "%s", ask.body);
	ck_assert(has_domain() && has_volume());
	ck_assert_ptr_eq(machines_by_name(rooms.base.machines, "web01"), m);
	ck_assert(!m->deleting);
	ck_assert_uint_eq(m->holds, 0);
	ck_assert_ptr_nonnull(strstr(base_told(&rooms.base, "web01", "delete"), "not deleted: "));
	ck_assert_ptr_null(json_object_get(base_spec_of(m), "keep_disks"));
}
END_TEST

/* The name is another's by now: only the record is ours. */
START_TEST(anothers_domain_stays)
{
	make_domain();
	strcpy(m->uuid, "00000000-0000-0000-0000-000000000009");
	ck_assert_int_eq(machines_save(rooms.base.machines, m), 0);
	done("DELETE", "", NULL);
	ck_assert(has_domain() && has_volume());
	ck_assert_ptr_null(machines_by_name(rooms.base.machines, "web01"));
	ck_assert_ptr_null(json_object_get(ask.json, "kept"));
}
END_TEST

/* A libvirt that is gone for good holds no record. */
START_TEST(record_alone)
{
	base_spec_put(m, json_pack("{s:s}", "connect", "test:///no/such/file"));
	done("DELETE", "?record_only=1", NULL);
	ck_assert_str_eq(http_ask_text(&ask, "kept"),
		"domain web01 and its disks, in libvirt at test:///no/such/file");
	ck_assert_ptr_null(machines_by_name(rooms.base.machines, "web01"));
	ck_assert_ptr_null(rooms.operations.deletions);
}
END_TEST

START_TEST(not_to_be_deleted)
{
	struct reservation created = {.machine = m};
	struct operation sealing;
	struct machine *clone;

	refused("DELETE", "?keep_disks=0", NULL, 400, NOT_BOTH);
	refused("DELETE", "?record_only=0", NULL, 400, NOT_BOTH);
	refused("DELETE", "?record_only=1&keep_disks=1", NULL, 400, NOT_BOTH);
	reserve(&rooms.base.reserved, &created);
	refused("DELETE", "", NULL, 409, "web01 is being created just now: wait for that to end");
	unreserve(&rooms.base.reserved, &created);
	operation_begin(&sealing, &rooms.operations.sealings, m, true);
	refused("DELETE", "", NULL, 409, "web01 is being made a template just now");
	operation_end(&sealing);
	m->template = true;
	clone = base_machine(&rooms.base, "copy", true, "10.77.1.8");
	base_spec_put(clone, json_pack("{s:s, s:b}", "template", "web01", "linked", 1));
	ck_assert_uint_eq(http_ask(&ask, "DELETE", "/api/v1/web01", NULL), 409);
	ck_assert_msg(strstr(http_ask_error(&ask), "copy"), "%s", ask.body);
	ck_assert_ptr_eq(machines_by_name(rooms.base.machines, "web01"), m);
	ck_assert(!m->deleting);
}
END_TEST

START_TEST(stopped_in_the_middle)
{
	/* a libvirt that does not answer */
	base_spec_put(m, json_pack("{s:o}", "connect", json_string("test:///no/such/file")));
	http_ask_send(&ask, NULL, "DELETE", "/api/v1/web01", NULL);
	base_wait(&rooms.base, rooms.operations.deletions);
	rooms_stop(&rooms);
	ck_assert_ptr_null(rooms.operations.deletions);
	ck_assert_uint_eq(http_ask_wait(&ask), 503);
	ck_assert(m->deleting); /* the next start goes on */
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {disarmed, nothing_to_confirm, confirmed, wrong_codes,
		armed_again, armed_again_and_sealed, armed_with_another_profile, not_armed_again,
		bare_metal_is_forgotten, guests_go_with_their_disks, disks_that_are_kept,
		not_deleted, anothers_domain_stays, record_alone, not_to_be_deleted,
		stopped_in_the_middle};
	Suite *s = suite_create("change");
	TCase *t = tcase_create("change");

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	tcase_add_loop_test(t, meanwhile, 0, 2);
	suite_add_tcase(s, t);
	return base_run(s);
}
