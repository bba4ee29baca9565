/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libvirt says of guests, and what their records and timelines make of it. */
#include "service/follow/guest_follow.h"

#include "rooms_make.h"
#include "stepped_clock.h"

#include "core/clock.h"
#include "core/json.h"
#include "machine/watch.h"

#include <unistd.h>

static struct service rooms;
static struct follow *follow = &rooms.follow;
static struct timeline *timeline;
static struct machine *web01;
static struct reservation reservation;

static void setup(void)
{
	rooms_make(&rooms);
	timeline = rooms.base.timeline;
	web01 = base_machine(&rooms.base, "web01", true, "10.77.1.3");
}

static void reset(void)
{
	memset(&stepped, 0, sizeof stepped); /* the test library measures, too */
}

static void teardown(void)
{
	reset();
	rooms_unmake(&rooms);
}

static struct guest_news news(enum guest_event what, enum guest_state state, const char *how)
{
	return (struct guest_news){.domain = web01->name,
		.uuid = web01->uuid,
		.what = what,
		.state = state,
		.how = how};
}

static void hear(struct guest_news n)
{
	guest_follow(follow, rooms.hosts.own, &n);
}

static void hear_ours(struct guest_news n)
{
	n.ours = true;
	hear(n);
}

/* How many events of this kind a machine has. */
static unsigned count(const char *machine, const char *kind)
{
	const struct timeline_event *e;
	unsigned n = 0;

	for (uint64_t after = 0; (e = timeline_after(timeline, after, machine)); after = e->seq)
		n += !strcmp(e->kind, kind);
	return n;
}

/* The last that was told of the guest, and how many times something was. */
static void told(unsigned n, const char *text)
{
	ck_assert_str_eq(base_told(&rooms.base, web01->name, "guest"), text);
	ck_assert_uint_eq(count(web01->name, "guest"), n);
}

#define GONE_TEXT                                                                            \
	"run 'usher reinstall web01' to create the guest again, or 'usher delete web01' to " \
	"delete its record"

/* --- states ------------------------------------------------------------------------------------------------------------- */

START_TEST(from_outside)
{
	hear(news(GUEST_STARTED, GUEST_RUNNING, "started from outside"));
	ck_assert_str_eq(web01->guest_state, "running");
	told(1, "started from outside");
	hear(news(GUEST_PAUSED, GUEST_HELD, "paused from outside"));
	ck_assert_str_eq(web01->guest_state, "paused");
	told(2, "paused from outside");
	hear(news(GUEST_RESUMED, GUEST_RUNNING, "goes on"));
	ck_assert_str_eq(web01->guest_state, "running");
	told(3, "goes on");
	hear(news(GUEST_STOPPED_SELF, GUEST_OFF, "shut off"));
	ck_assert_str_eq(web01->guest_state, "off");
	told(4, "shut off");
	hear(news(GUEST_STARTED, GUEST_RUNNING, "started from outside"));
	hear(news(GUEST_KILLED, GUEST_CRASHED, "crashed"));
	ck_assert_str_eq(web01->guest_state, "crashed");
	told(6, "crashed");
	ck_assert_str_eq(rooms_log, ""); /* it is no install: nothing is to be done */
}
END_TEST

START_TEST(told_once)
{
	hear(news(GUEST_STARTED, GUEST_RUNNING, "started from outside"));
	hear(news(GUEST_STARTED, GUEST_RUNNING, "started from outside"));
	hear(news(GUEST_RESUMED, GUEST_RUNNING, "goes on")); /* QEMU's part of a start */
	told(1, "started from outside");
	hear(news(GUEST_PANICKED, GUEST_CRASHED, "its kernel panicked"));
	hear(news(GUEST_PANICKED, GUEST_CRASHED, "its kernel panicked"));
	told(2, "its kernel panicked");
	ck_assert_str_eq(web01->guest_state, "running"); /* until it stops */
	stepped.wall += 60 * 1000;
	hear(news(GUEST_PANICKED, GUEST_CRASHED, "its kernel panicked"));
	told(3, "its kernel panicked");
	hear(news(GUEST_PAUSED, GUEST_HELD, NULL)); /* another event tells it */
	ck_assert_str_eq(web01->guest_state, "paused");
	told(3, "its kernel panicked");
}
END_TEST

START_TEST(our_own_doing)
{
	hear_ours(news(GUEST_STARTED, GUEST_RUNNING, "started from outside"));
	ck_assert_str_eq(web01->guest_state, "running");
	hear_ours(news(GUEST_STOPPED_SELF, GUEST_OFF, "shut off"));
	ck_assert_str_eq(web01->guest_state, "off");
	hear_ours(news(GUEST_UNDEFINED, GUEST_GONE, "undefined from outside"));
	ck_assert_str_eq(web01->guest_state, "gone");
	told(0, "");
}
END_TEST

/* Another's of that name, bare metal, another libvirt's: none of it is this guest's. */
START_TEST(of_this_guest_alone)
{
	struct guest_news n = news(GUEST_STARTED, GUEST_RUNNING, "started from outside");
	struct guests *far = NULL;
	char why[256];

	n.uuid = "00000000-0000-0000-0000-000000000001";
	hear(n);
	ck_assert_int_eq(hosts_find(&rooms.hosts, "test:///far.xml", &far, why, sizeof why), 0);
	n = news(GUEST_STARTED, GUEST_RUNNING, "started from outside");
	guest_follow(follow, far, &n);
	web01->guest = false;
	hear(n);
	ck_assert_ptr_null(web01->guest_state);
	told(0, "");
}
END_TEST

START_TEST(while_it_is_made)
{
	reservation.machine = web01;
	reserve(&rooms.base.reserved, &reservation);
	base_arm(web01, "debian-12");
	rooms_log[0] = '\0';
	hear(news(GUEST_STARTED, GUEST_RUNNING, "started from outside"));
	hear(news(GUEST_KILLED, GUEST_OFF, "stopped from outside"));
	ck_assert_int_eq(web01->state, LIFE_ARMED);
	ck_assert_str_eq(web01->guest_state, "off");
	told(0, "");
	unreserve(&rooms.base.reserved, &reservation);
}
END_TEST

/* --- gone, and back ------------------------------------------------------------------------------------------------------- */

START_TEST(undefined_and_defined_again)
{
	hear(news(GUEST_UNDEFINED, GUEST_GONE, "undefined from outside"));
	ck_assert_str_eq(web01->guest_state, "gone");
	told(1, "undefined from outside: " GONE_TEXT);
	hear(news(GUEST_UNDEFINED, GUEST_GONE, "undefined from outside"));
	told(1, "undefined from outside: " GONE_TEXT);
	hear(news(GUEST_DEFINED, GUEST_UNKNOWN, "defined"));
	ck_assert_str_eq(web01->guest_state, "off");
	told(2, "defined again from outside");
	hear(news(GUEST_DEFINED, GUEST_UNKNOWN, "defined")); /* changed */
	ck_assert_str_eq(web01->guest_state, "off");
	told(2, "defined again from outside");
}
END_TEST

START_TEST(undefined_while_it_runs)
{
	hear(news(GUEST_STARTED, GUEST_RUNNING, "started from outside"));
	hear(news(GUEST_UNDEFINED, GUEST_GONE, "undefined from outside"));
	ck_assert(web01->guest_transient);
	ck_assert_str_eq(web01->guest_state, "running");
	told(2, "undefined from outside: the guest is lost when it stops");
	hear(news(GUEST_PAUSED, GUEST_HELD, "paused from outside"));
	ck_assert_str_eq(web01->guest_state, "paused");
	ck_assert(web01->guest_transient);
	hear(news(GUEST_STOPPED_SELF, GUEST_OFF, "shut off"));
	ck_assert_str_eq(web01->guest_state, "gone");
	ck_assert(!web01->guest_transient);
	told(4, "shut off: " GONE_TEXT);
}
END_TEST

START_TEST(defined_again_while_it_runs)
{
	hear(news(GUEST_STARTED, GUEST_RUNNING, "started from outside"));
	hear(news(GUEST_UNDEFINED, GUEST_GONE, "undefined from outside"));
	hear(news(GUEST_DEFINED, GUEST_UNKNOWN, "defined"));
	ck_assert(!web01->guest_transient);
	hear(news(GUEST_STOPPED_SELF, GUEST_OFF, "shut off"));
	ck_assert_str_eq(web01->guest_state, "off");
}
END_TEST

/* --- its life ------------------------------------------------------------------------------------------------------------- */

START_TEST(installs_are_restarted)
{
	base_arm(web01, "debian-12");
	rooms_log[0] = '\0';
	hear_ours(news(GUEST_STARTED, GUEST_RUNNING, ""));
	hear(news(GUEST_STOPPED_SELF, GUEST_OFF, "shut off"));
	ck_assert_str_eq(rooms_log, "web01 netboot");
	ck_assert_str_eq(web01->guest_state, "off");
	told(0, ""); /* its life's own events say it */
	hear_ours(news(GUEST_STOPPED_SELF, GUEST_OFF, "shut off"));
	ck_assert_str_eq(rooms_log, "web01 netboot");
}
END_TEST

/* Whoever switches it off wants it off. */
START_TEST(live_systems_are_not)
{
	base_go_live(web01, "debian-12");
	rooms_log[0] = '\0';
	hear_ours(news(GUEST_STARTED, GUEST_RUNNING, ""));
	hear(news(GUEST_STOPPED_SELF, GUEST_OFF, "shut off"));
	ck_assert_str_eq(rooms_log, "");
	ck_assert_str_eq(web01->guest_state, "off");
	told(1, "shut off");
	hear_ours(news(GUEST_STARTED, GUEST_RUNNING, ""));
	hear(news(GUEST_KILLED, GUEST_CRASHED, "its QEMU died"));
	ck_assert_int_eq(web01->state, LIFE_LIVE);
	told(2, "its QEMU died");
}
END_TEST

START_TEST(installs_that_are_killed)
{
	base_arm(web01, "debian-12");
	rooms_log[0] = '\0';
	hear(news(GUEST_KILLED, GUEST_CRASHED, "its QEMU died"));
	ck_assert_int_eq(web01->state, LIFE_FAILED);
	ck_assert_ptr_nonnull(strstr(web01->attempt.reason, "its QEMU died"));
	ck_assert_str_eq(web01->guest_state, "crashed");
	told(0, "");
	ck_assert_str_eq(rooms_log, "");
}
END_TEST

START_TEST(first_boots_are_from_its_disk)
{
	ck_assert_int_eq(
		machine_clone(web01, base_snapshot("debian-12"), 60000, "a clone of golden"), 0);
	rooms_log[0] = '\0';
	hear(news(GUEST_STOPPED_SELF, GUEST_OFF, "shut off"));
	ck_assert_str_eq(rooms_log, "web01 disk");
	ck_assert_int_eq(web01->state, LIFE_INSTALLED);
}
END_TEST

/* It is to go: what its deletion does to it is no end of an attempt. */
START_TEST(one_that_is_deleted)
{
	base_arm(web01, "debian-12");
	web01->deleting = true;
	rooms_log[0] = '\0';
	hear(news(GUEST_KILLED, GUEST_OFF, "stopped from outside"));
	ck_assert_int_eq(web01->state, LIFE_ARMED);
	hear(news(GUEST_STOPPED_SELF, GUEST_OFF, "shut off"));
	ck_assert_str_eq(rooms_log, "");
}
END_TEST

/* --- names ---------------------------------------------------------------------------------------------------------------- */

static void rename_it(const char *to)
{
	hear((struct guest_news){
		.domain = to, .uuid = web01->uuid, .what = GUEST_RENAMED, .how = "renamed"});
}

START_TEST(renamed)
{
	const char *uuid = web01->uuid;

	hear(news(GUEST_STARTED, GUEST_RUNNING, "started from outside"));
	rename_it("web02");
	ck_assert_ptr_null(machines_by_name(rooms.base.machines, "web01"));
	ck_assert_ptr_eq(machines_by_name(rooms.base.machines, "web02"), web01);
	ck_assert_str_eq(web01->uuid, uuid);
	ck_assert_str_eq(web01->guest_state, "running");
	ck_assert_str_eq(web01->spec.made_as, "web01"); /* its volumes are called after that */
	ck_assert_str_eq(
		base_told(&rooms.base, "web01", "guest"), "renamed to web02, with its record");
	told(1, "renamed from outside: it was web01");
	rename_it("web02"); /* it has it already */
	told(1, "renamed from outside: it was web01");
	rename_it("web03");
	ck_assert_str_eq(web01->spec.made_as, "web01");
}
END_TEST

static bool kept_as(const char *folder, const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s/%s.log", base_dir, folder, name);
	return !access(path, F_OK);
}

/* Its console, its installer's log, and of a template what clones of it know. */
START_TEST(renamed_with_all)
{
	struct machine *clone = base_machine(&rooms.base, "clone", true, "10.77.1.4");
	char path[128];

	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/%s/web01.log", base_dir, i ? "log" : "console");
		fclose(fopen(path, "w"));
	}
	web01->template = true;
	base_spec_put(clone, json_pack("{s:s}", "template", "web01"));
	rename_it("web02");
	base_wait(&rooms.base, kept_as("console", "web02") && kept_as("log", "web02"));
	ck_assert(!kept_as("console", "web01") && !kept_as("log", "web01"));
	ck_assert_str_eq(clone->spec.template, "web02");
}
END_TEST

static void stays(const char *to, const char *why)
{
	char text[300];

	rename_it(to);
	ck_assert_str_eq(web01->name, "web01");
	ck_assert_str_eq(web01->guest_state, "gone");
	snprintf(text, sizeof text,
		"renamed to '%.100s' in libvirt, but its record cannot be renamed (%s): rename the "
		"domain back with 'virsh domrename'",
		to, why);
	ck_assert_str_eq(base_told(&rooms.base, "web01", "guest"), text);
}

START_TEST(names_that_cannot_be)
{
	struct machine coming = {.name = "coming"};

	base_machine(&rooms.base, "db", true, "10.77.1.4");
	reservation.machine = &coming;
	reserve(&rooms.base.reserved, &reservation);
	stays("db", "another machine has that name");
	stays("coming", "another machine has that name");
	stays("", "too long");
	stays("Web.02", machine_name_error("Web.02"));
	web01->holds++;
	stays("web02", "not now, while it is being changed");
	web01->holds--;
	web01->deleting = true;
	stays("web02", "not now, while it is being changed");
	unreserve(&rooms.base.reserved, &reservation);
}
END_TEST

static struct guest_seen seen_as(const char *name, const char *uuid)
{
	struct guest_seen s = {.defined = true};

	snprintf(s.name, sizeof s.name, "%s", name);
	snprintf(s.uuid, sizeof s.uuid, "%s", uuid);
	return s;
}

START_TEST(renamed_unseen)
{
	struct guest_seen same = seen_as("web01", web01->uuid), is = seen_as("web02", web01->uuid),
			  other = seen_as("web03", "00000000-0000-0000-0000-000000000001");

	guest_follow_name(follow, rooms.hosts.own, &same);
	guest_follow_name(follow, rooms.hosts.own, &other);
	ck_assert_uint_eq(timeline_newest(timeline), 0);
	guest_follow_name(follow, rooms.hosts.own, &is);
	ck_assert_str_eq(web01->name, "web02");
	/* gone here, it may be what was moved elsewhere: its name there is not its record's */
	hear(news(GUEST_UNDEFINED, GUEST_GONE, "undefined from outside"));
	guest_follow_name(follow, rooms.hosts.own, &same);
	ck_assert_str_eq(web01->name, "web02");
}
END_TEST

/* --- what a list of all says ------------------------------------------------------------------------------------------------ */

START_TEST(found_in_a_list)
{
	struct guest_seen all[5];

	for (int i = 0; i < 5; i++) {
		all[i] = (struct guest_seen){.defined = true};
		snprintf(all[i].uuid, sizeof all[i].uuid, "%08d", 2 * i);
	}
	for (size_t n = 0; n <= 5; n++)
		for (int i = 0; i < 10; i++) {
			char uuid[UUID_TEXT];

			snprintf(uuid, sizeof uuid, "%08d", i);
			ck_assert_ptr_eq(guest_seen_as(all, n, uuid),
				i % 2 || i / 2 >= (int)n ? NULL : &all[i / 2]);
		}
}
END_TEST

static void see(bool running, enum guest_pause paused)
{
	struct guest_seen s = seen_as("web01", web01->uuid);

	s.running = running;
	s.paused = paused;
	guest_follow_seen(follow, web01, &s, clock_mono_ms());
}

START_TEST(seen_after_a_while)
{
	see(true, GUEST_PAUSE_NONE); /* at the start: nothing is known, nothing is told */
	ck_assert_str_eq(web01->guest_state, "running");
	told(0, "");
	see(true, GUEST_PAUSE_NONE);
	told(0, "");
	see(false, GUEST_PAUSE_NONE);
	ck_assert_str_eq(web01->guest_state, "off");
	told(1, "stopped while libvirt was away");
	see(true, GUEST_PAUSE_OUTSIDE);
	ck_assert_str_eq(web01->guest_state, "paused");
	told(2, "was paused while libvirt was away");
	see(true, GUEST_PAUSE_NONE);
	told(3, "was started while libvirt was away");
	hear(news(GUEST_KILLED, GUEST_CRASHED, "crashed"));
	see(false, GUEST_PAUSE_NONE); /* it still is what it was */
	ck_assert_str_eq(web01->guest_state, "crashed");
	told(4, "crashed");
}
END_TEST

/* A millisecond later: what is paused and resumed in the same one is running. */
static const char *cause(void)
{
	usleep(2000);
	(void)machine_look(web01, clock_mono_ms());
	return json_string_value(json_object_get(web01->attempt.cause, "kind"));
}

/* That a guest is paused, or is no longer, explains what its machine waits for, whoever tells it. */
START_TEST(paused_meanwhile)
{
	base_arm(web01, "debian-12");
	see(true, GUEST_PAUSE_OUTSIDE); /* as it was when the service started */
	ck_assert_str_eq(cause(), "paused");
	see(true, GUEST_PAUSE_NONE);
	ck_assert_ptr_null(cause());
	hear(news(GUEST_PAUSED, GUEST_HELD, "paused from outside"));
	ck_assert_str_eq(cause(), "paused");
	see(true, GUEST_PAUSE_NONE); /* resumed while libvirt was away */
	ck_assert_ptr_null(cause());
	/* libvirt knows why, and says it to a service that was away */
	see(true, GUEST_PAUSE_NO_SPACE);
	ck_assert_str_eq(cause(), "paused");
	ck_assert_str_eq(json_text(web01->attempt.cause, "text"),
		"its guest is paused, since its storage is full");
	see(true, GUEST_PAUSE_NONE);
	ck_assert_ptr_null(cause());
	see(true, GUEST_PAUSE_STORAGE);
	ck_assert_str_eq(cause(), "paused");
	ck_assert_str_eq(json_text(web01->attempt.cause, "text"),
		"its guest is paused, since its storage cannot be written");
	see(true, GUEST_PAUSE_NONE);
	ck_assert_ptr_null(cause());
	/* over a restart of the service it is known why */
	guest_follow_disk_error(follow, rooms.hosts.own, web01->name, web01->uuid, "/x", true);
	ck_assert_str_eq(cause(), "paused");
	facts_fini(web01->facts);
	facts_init(web01->facts, clock_mono_ms());
	web01->guest_state = NULL;
	see(true, GUEST_PAUSE_OUTSIDE);
	ck_assert_str_eq(cause(), "paused");
	ck_assert_str_eq(json_string_value(json_object_get(web01->attempt.cause, "seen")), "/x");
}
END_TEST

START_TEST(an_event_knows_better)
{
	struct guest_seen s = seen_as("web01", web01->uuid);
	int64_t looked = clock_mono_ms();

	stepped.mono += 10;
	hear(news(GUEST_STARTED, GUEST_RUNNING, "started from outside"));
	guest_follow_seen(follow, web01, &s, looked);
	ck_assert_str_eq(web01->guest_state, "running");
	told(1, "started from outside");
}
END_TEST

START_TEST(not_in_the_list)
{
	struct guest_seen other = seen_as("web02", web01->uuid);

	guest_follow_seen(follow, web01, NULL, clock_mono_ms());
	ck_assert_str_eq(web01->guest_state, "gone");
	told(1, "undefined from outside while usher was not connected: " GONE_TEXT);
	/* after a restart of the service: it was told before */
	web01->guest_state = NULL;
	stepped.wall += 3600 * 1000;
	stepped.mono += 3600 * 1000;
	guest_follow_seen(
		follow, web01, &other, clock_mono_ms()); /* under another name it is not it */
	ck_assert_str_eq(web01->guest_state, "gone");
	told(1, "undefined from outside while usher was not connected: " GONE_TEXT);
	reset();
}
END_TEST

/* One that is being installed is made again, which is told then. */
START_TEST(not_there_yet)
{
	base_arm(web01, "debian-12");
	guest_follow_seen(follow, web01, NULL, clock_mono_ms());
	ck_assert_str_eq(web01->guest_state, "gone");
	told(0, "");
}
END_TEST

/* --- another libvirt has it ------------------------------------------------------------------------------------------------- */

static const char *far_uri(const char *name, const char *uuid)
{
	static char uri[160];
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/far.xml", base_dir);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f,
		"<node><domain type='test'><name>%s</name><uuid>%s</uuid><memory>1024</memory>"
		"<os><type>hvm</type></os></domain></node>",
		name, uuid);
	fclose(f);
	snprintf(uri, sizeof uri, "test://%s", path);
	return uri;
}

START_TEST(migrated)
{
	const char *uri = far_uri("web01", web01->uuid);
	struct guests *far = NULL;
	char why[256], text[256];

	ck_assert_int_eq(hosts_find(&rooms.hosts, uri, &far, why, sizeof why), 0);
	guests_connect(far);
	base_wait(&rooms.base, guests_connected(far));
	hear(news(GUEST_STARTED, GUEST_RUNNING, "started from outside"));
	hear(news(GUEST_KILLED, GUEST_GONE, "migrated to another host"));
	ck_assert_str_eq(web01->guest_state, "gone");
	base_wait(&rooms.base, json_object_get(base_spec_of(web01), "connect"));
	ck_assert_str_eq(json_string_value(json_object_get(base_spec_of(web01), "connect")), uri);
	ck_assert_str_eq(web01->guest_state, "running"); /* the test driver starts them all */
	snprintf(text, sizeof text, "moved to %s; the record was updated", uri);
	ck_assert_ptr_eq(guests_of(&rooms.hosts, web01), far);
	for (uint64_t after = 0;;) {
		const struct timeline_event *e = timeline_after(timeline, after, "web01");

		ck_assert_ptr_nonnull(e);
		if (!strcmp(e->text, text))
			break;
		after = e->seq;
	}
}
END_TEST

/* --- storage ---------------------------------------------------------------------------------------------------------------- */

static void no_room(const char *uuid, bool full)
{
	guest_follow_disk_error(follow, rooms.hosts.own, "web01", uuid, "/pool/web01.qcow2", full);
}

START_TEST(storage_that_fails)
{
	no_room("00000000-0000-0000-0000-000000000001", true);
	ck_assert_uint_eq(count("web01", "paused"), 0);
	no_room(web01->uuid, true);
	no_room(web01->uuid, true); /* each write that was under way */
	ck_assert_uint_eq(count("web01", "paused"), 1);
	ck_assert_str_eq(base_told(&rooms.base, "web01", "paused"),
		"the storage pool is full, so the guest cannot write to /pool/web01.qcow2: free "
		"space, then run 'virsh resume web01'");
	stepped.wall += 11 * 1000;
	stepped.mono += 11 * 1000;
	no_room(web01->uuid, false);
	ck_assert_uint_eq(count("web01", "paused"), 2);
	ck_assert_str_eq(base_told(&rooms.base, "web01", "paused"),
		"the guest cannot write to /pool/web01.qcow2: repair its storage, then run 'virsh "
		"resume web01'");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {from_outside, told_once, our_own_doing, of_this_guest_alone,
		while_it_is_made, undefined_and_defined_again, undefined_while_it_runs,
		defined_again_while_it_runs, installs_are_restarted, live_systems_are_not,
		installs_that_are_killed, first_boots_are_from_its_disk, one_that_is_deleted,
		renamed, renamed_with_all, names_that_cannot_be, renamed_unseen, found_in_a_list,
		seen_after_a_while, paused_meanwhile, an_event_knows_better, not_in_the_list,
		not_there_yet, migrated, storage_that_fails};
	Suite *s = suite_create("guest_follow");
	TCase *t = tcase_create("guest_follow");

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return base_run(s);
}
