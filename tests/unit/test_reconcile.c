/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was not done, or happened unseen, is put right: a machine's state, and what libvirt has of it. */
#include "service/follow/reconcile.h"

#include "rooms_make.h"

#include "service/guests/guest_spec.h"

#include <libvirt/libvirt.h>

static struct service rooms;
static struct machine *web01;
static virConnectPtr other; /* somebody else on the same host */
static unsigned heard;      /* answers to the test's own questions */

static void setup(void)
{
	rooms_make(&rooms);
	rooms_deafen(&rooms);
	guests_connect(rooms.hosts.own);
	base_wait(&rooms.base, guests_connected(rooms.hosts.own));
	other = virConnectOpen("test:///default");
	ck_assert_ptr_nonnull(other);
	web01 = base_record("web01", true, "default", "192.168.122.3");
	base_spec_put(web01,
		json_pack("{s:i, s:i, s:i, s:s, s:i}", "memory", 64, "vcpus", 1, "disk", 1 << 20,
			"pool", "default-pool", "filters", GUEST_FILTERS));
	base_add(&rooms.base, web01);
}

static void teardown(void)
{
	virConnectClose(other);
	rooms_unmake(&rooms);
}

static void on_done(void *arg, int rc, const char *why)
{
	(void)arg;
	ck_assert_msg(!rc, "%s", why);
	heard++;
}

static void on_list(void *arg, int rc, const struct guest_seen *all, size_t n, const char *why)
{
	(void)all, (void)n;
	on_done(arg, rc, why);
}

static void answered(int submitted)
{
	unsigned before = heard;

	ck_assert_int_eq(submitted, 0);
	base_wait(&rooms.base, heard > before);
}

enum has { NOTHING, DEFINED, RUNNING, INSTALLING };

/* libvirt has it so, and nobody was told. */
static void libvirt_has(enum has has)
{
	struct guests *g = rooms.hosts.own;
	struct profile *p = NULL;
	struct guest_spec spec;
	char why[512];

	if (has == NOTHING)
		return;
	ck_assert_int_eq(guest_spec_make(&rooms.base, web01, &spec, &p, why, sizeof why), 0);
	answered(guest_create(g, &spec, on_done, NULL));
	profile_free(p);
	if (has == RUNNING)
		answered(guest_start_disk(g, "web01", NULL, on_done, NULL));
	if (has == INSTALLING)
		answered(guest_start_install(g, "web01", NULL, on_done, NULL));
}

/* It boots from the network first, by its persistent definition. */
static bool is_turned(void)
{
	virDomainPtr d = virDomainLookupByName(other, "web01");
	char *xml = virDomainGetXMLDesc(d, VIR_DOMAIN_XML_INACTIVE);
	bool turned = strstr(xml, "run=\"live\"") || strstr(xml, "run='live'");

	free(xml);
	virDomainFree(d);
	return turned;
}

/* In a state as an attempt leaves it. */
static void state_is(enum life_state state)
{
	static const enum life_event to_there[LIFE_STATES][3] = {
		[LIFE_INSTALLING] = {LIFE_BOOT, LIFE_ANSWERS},
		[LIFE_INSTALLED] = {LIFE_BOOT, LIFE_DONE},
		[LIFE_UP] = {LIFE_BOOT, LIFE_DONE, LIFE_FIRST_BOOT},
		[LIFE_FAILED] = {LIFE_BOOT, LIFE_FAIL}};

	if (state != LIFE_KNOWN)
		base_arm(web01, "debian-12");
	for (int i = 0; i < 3 && to_there[state][i]; i++)
		ck_assert_int_eq(machine_event(web01, to_there[state][i], NULL), 0);
	ck_assert_int_eq(web01->state, state);
	rooms_log[0] = '\0';
}

/* The look, and all that it leads to. */
static void reconcile(void)
{
	reconcile_guests(&rooms.follow, rooms.hosts.own);
	answered(guest_list(rooms.hosts.own, on_list, NULL));
	base_wait(&rooms.base,
		!rooms.follow.glances && !rooms.act.jobs && !rooms.operations.deletions);
}

static enum has has_now(void)
{
	virDomainPtr d = virDomainLookupByName(other, "web01");
	int state = -1;
	char *xml;
	bool installs;

	if (!d)
		return NOTHING;
	virDomainGetState(d, &state, NULL, 0);
	xml = virDomainGetXMLDesc(d, 0);
	installs = strstr(xml, "<on_reboot>destroy");
	free(xml);
	virDomainFree(d);
	return state != VIR_DOMAIN_RUNNING ? DEFINED : installs ? INSTALLING : RUNNING;
}

static const struct {
	enum life_state state;
	enum has has, then;
	const char *asked, *power; /* what its life asks for; the last that was told of its power */
} cases[] = {
	/* an install under way is begun, or begun again */
	{LIFE_ARMED, NOTHING, INSTALLING, "", "started from the network"},
	{LIFE_ARMED, DEFINED, DEFINED, "web01 netboot", "stopped while armed: started again"},
	{LIFE_ARMED, RUNNING, INSTALLING, "", "started from the network"},
	{LIFE_ARMED, INSTALLING, INSTALLING, "", ""},
	{LIFE_INSTALLING, NOTHING, INSTALLING, "", "started from the network"},
	{LIFE_INSTALLING, DEFINED, DEFINED, "web01 netboot",
		"stopped while installing: started again"},
	{LIFE_INSTALLING, RUNNING, RUNNING, "", ""},
	{LIFE_INSTALLING, INSTALLING, INSTALLING, "", ""},
	/* an installed one boots for the first time */
	{LIFE_INSTALLED, DEFINED, DEFINED, "web01 disk", ""},
	{LIFE_INSTALLED, RUNNING, RUNNING, "", ""},
	{LIFE_INSTALLED, INSTALLING, INSTALLING, "", ""},
	{LIFE_INSTALLED, NOTHING, NOTHING, "", ""},
	/* one whose attempt ended must not go on with it */
	{LIFE_FAILED, INSTALLING, DEFINED, "", "stopped"},
	{LIFE_FAILED, RUNNING, RUNNING, "", ""},
	{LIFE_FAILED, DEFINED, DEFINED, "", ""},
	{LIFE_FAILED, NOTHING, NOTHING, "", ""},
	/* what usher has no plan with is the user's */
	{LIFE_KNOWN, RUNNING, RUNNING, "", ""},
	{LIFE_KNOWN, DEFINED, DEFINED, "", ""},
	{LIFE_KNOWN, NOTHING, NOTHING, "", ""},
	{LIFE_UP, DEFINED, DEFINED, "", ""},
	{LIFE_UP, RUNNING, RUNNING, "", ""},
	{LIFE_UP, NOTHING, NOTHING, "", ""},
};

START_TEST(put_right)
{
	libvirt_has(cases[_i].has);
	state_is(cases[_i].state);
	reconcile();
	ck_assert_str_eq(rooms_log, cases[_i].asked);
	ck_assert_int_eq(has_now(), cases[_i].then);
	ck_assert_str_eq(base_told(&rooms.base, "web01", "power"), cases[_i].power);
	ck_assert_int_eq(web01->state, cases[_i].state);
	ck_assert_uint_eq(web01->holds, 0);
	/* done once: looking again changes nothing */
	rooms_log[0] = '\0';
	reconcile();
	ck_assert_str_eq(rooms_log, cases[_i].asked);
	ck_assert_int_eq(has_now(), cases[_i].then);
}
END_TEST

/* Killed before it was started, it is started; what was started is its owner's. */
START_TEST(a_live_system)
{
	static const struct {
		enum has has, then;
		bool switched;
	} live[] = {{NOTHING, RUNNING, false}, {DEFINED, RUNNING, false}, {RUNNING, RUNNING, false},
		{DEFINED, DEFINED, true}, {NOTHING, NOTHING, true}};

	libvirt_has(live[_i].has);
	base_go_live(web01, "debian-12");
	web01->attempt.switched = live[_i].switched;
	rooms_log[0] = '\0';
	reconcile();
	ck_assert_str_eq(rooms_log, "");
	ck_assert_int_eq(has_now(), live[_i].then);
	ck_assert(web01->attempt.switched);
	ck_assert(live[_i].then != RUNNING || is_turned());
	ck_assert_int_eq(web01->state, LIFE_LIVE);
	base_wait(&rooms.base, !rooms.follow.searches);
}
END_TEST

/* Left while we were killed: it does not go on with it, whatever it is again. */
START_TEST(a_live_system_that_was_left)
{
	struct machine *m = web01;

	libvirt_has(DEFINED);
	if (_i) {
		base_arm(m, "debian-12");
		ck_assert_int_eq(machine_event(m, LIFE_BOOT, NULL), 0);
		ck_assert_int_eq(machine_event(m, LIFE_DONE, NULL), 0);
		ck_assert_int_eq(machine_event(m, LIFE_FIRST_BOOT, NULL), 0);
	}
	base_go_live(m, "debian-12");
	reconcile();
	ck_assert_int_eq(has_now(), RUNNING);
	ck_assert_int_eq(machine_event(m, LIFE_DISARM, NULL), 0);
	ck_assert_int_eq(m->state, _i ? LIFE_UP : LIFE_KNOWN);
	reconcile();
	ck_assert_int_eq(has_now(), DEFINED);
	ck_assert(!is_turned());
}
END_TEST

START_TEST(a_clone_that_was_not_made)
{
	ck_assert_int_eq(machine_clone(web01, base_snapshot("debian-12"), 60000, "a clone"), 0);
	base_spec_put(web01, json_pack("{s:o}", "template", json_string("golden")));
	rooms_log[0] = '\0';
	reconcile();
	ck_assert_int_eq(has_now(), RUNNING);
	ck_assert_str_eq(rooms_log, "");
}
END_TEST

/* An installer that said done and then hung ended earlier: it is left for inspection. */
START_TEST(left_for_inspection)
{
	libvirt_has(INSTALLING);
	state_is(LIFE_INSTALLED);
	web01->attempt.ended_at = 1;
	ck_assert_int_eq(machine_event(web01, LIFE_DEADLINE, NULL), 0);
	ck_assert_int_eq(web01->state, LIFE_FAILED);
	ck_assert_int_ne(web01->attempt.ended_at, web01->state_at);
	reconcile();
	ck_assert_int_eq(has_now(), INSTALLING);
}
END_TEST

static void foreign_domain(void)
{
	virDomainPtr d = virDomainDefineXML(other,
		"<domain type='test'><name>web01</name><memory>1024</memory>"
		"<os><type>hvm</type></os></domain>");

	ck_assert_ptr_nonnull(d);
	virDomainFree(d);
}

/* Somebody else's domain of that name is neither started nor replaced. */
START_TEST(anothers_domain)
{
	foreign_domain();
	base_spec_put(web01, json_pack("{s:o}", "replace", json_true()));
	state_is(LIFE_ARMED);
	reconcile();
	ck_assert_int_eq(has_now(), DEFINED);
	ck_assert_str_eq(rooms_log, "");
	ck_assert_str_eq(base_told(&rooms.base, "web01", "power"), "");
}
END_TEST

/* Ours, which the creation was to replace when we were killed: by its word alone, and in the first attempt. */
START_TEST(one_to_be_replaced)
{
	const char *uuid = "00000000-0000-0000-0000-000000000009";
	bool replaces = _i == 0;

	libvirt_has(DEFINED);
	strcpy(web01->uuid, uuid);
	if (_i != 1)
		base_spec_put(web01, json_pack("{s:o}", "replace", json_true()));
	state_is(LIFE_ARMED);
	if (_i == 2)
		web01->attempt.number = 2;
	reconcile();
	ck_assert_int_eq(has_now(), replaces ? INSTALLING : DEFINED);
	ck_assert_str_eq(base_told(&rooms.base, "web01", "power"),
		replaces ? "started from the network" : "");
}
END_TEST

/* --- what happens meanwhile --------------------------------------------------------------------------------------------- */

/* The look is on its way. */
static void look_began(void)
{
	reconcile_guests(&rooms.follow, rooms.hosts.own);
	base_wait(&rooms.base, rooms.follow.glances);
	ck_assert_uint_eq(web01->holds, 1);
}

static void look_ended(void)
{
	base_wait(&rooms.base, !rooms.follow.glances && !rooms.act.jobs);
}

/* Asked to be deleted while libvirt was asked about it: it is not made again. */
START_TEST(deleted_meanwhile)
{
	state_is(LIFE_ARMED);
	look_began();
	web01->deleting = true;
	look_ended();
	ck_assert_int_eq(has_now(), NOTHING);
	ck_assert_str_eq(rooms_log, "");
}
END_TEST

START_TEST(gone_meanwhile)
{
	state_is(LIFE_ARMED);
	look_began();
	machines_remove(rooms.base.machines, web01);
	look_ended();
	ck_assert_int_eq(has_now(), NOTHING);
	ck_assert_str_eq(base_told(&rooms.base, "web01", "power"), "");
}
END_TEST

/* A job that came after the look ends in a word of its own. */
START_TEST(changed_meanwhile)
{
	state_is(LIFE_ARMED);
	look_began();
	web01->holds++;
	look_ended();
	ck_assert_int_eq(has_now(), NOTHING);
	web01->holds--;
	ck_assert_uint_eq(web01->holds, 0);
}
END_TEST

START_TEST(not_while_it_is_held)
{
	state_is(LIFE_ARMED);
	web01->holds++;
	reconcile();
	ck_assert_int_eq(has_now(), NOTHING);
	web01->holds--;
}
END_TEST

START_TEST(not_while_it_is_made)
{
	struct reservation r = {.machine = web01};

	state_is(LIFE_ARMED);
	reserve(&rooms.base.reserved, &r);
	reconcile();
	ck_assert_int_eq(has_now(), NOTHING);
	unreserve(&rooms.base.reserved, &r);
}
END_TEST

/* Killed half-way, its deletion goes on, whatever its state wants. */
START_TEST(deleting_goes_on)
{
	libvirt_has(INSTALLING);
	state_is(LIFE_INSTALLING);
	web01->deleting = true;
	reconcile();
	ck_assert_int_eq(has_now(), NOTHING);
	ck_assert_ptr_null(machines_by_name(rooms.base.machines, "web01"));
	ck_assert_str_eq(base_told(&rooms.base, "web01", "deleted"),
		"as requested before the service restarted");
}
END_TEST

START_TEST(dropped_at_the_end)
{
	state_is(LIFE_ARMED);
	look_began();
	rooms_stop(&rooms);
	act_drop_all(&rooms.act); /* it was answered, and led to one */
	reconcile_drop_all(&rooms.follow);
	ck_assert_ptr_null(rooms.follow.glances);
	ck_assert_uint_eq(web01->holds, 0);
}
END_TEST

/* The list of all that was asked for never comes. */
START_TEST(dropped_before_the_list)
{
	struct guests *away = NULL;
	char why[256];

	ck_assert_int_eq(
		hosts_find(&rooms.hosts, "test:///no/such/file", &away, why, sizeof why), 0);
	reconcile_guests(&rooms.follow, away);
	ck_assert_ptr_nonnull(rooms.follow.surveys);
	rooms_stop(&rooms);
	reconcile_drop_all(&rooms.follow);
	ck_assert_ptr_null(rooms.follow.surveys);
}
END_TEST

/* An older usher's guests get our filters, once there are some: the test driver has none. */
START_TEST(filters)
{
	libvirt_has(RUNNING);
	web01->spec.filters = 0;
	state_is(LIFE_UP);
	reconcile();
	ck_assert_uint_eq(web01->spec.filters, 0);
}
END_TEST

/* --- bare metal ----------------------------------------------------------------------------------------------------------- */

static struct machine *bare(const char *name, const char *address, const char *power)
{
	struct machine *m = base_machine(&rooms.base, name, false, address);

	strcpy(m->power, power);
	base_arm(m, "debian-12");
	return m;
}

/* Armed, and we were killed before anybody switched it. */
START_TEST(bare_metal)
{
	struct machine *m;

	base_arm(web01, "debian-12");
	bare("forgotten", "10.77.1.4", "/power/x");
	bare("by-hand", "10.77.1.5", "");
	bare("switched", "10.77.1.6", "/power/x")->attempt.switched = true;
	m = bare("again", "10.77.1.7", "/power/x");
	m->attempt.switched = true;
	ck_assert_int_eq(machine_event(m, LIFE_DISARM, NULL), 0);
	base_arm(m, "debian-12");
	ck_assert_int_eq(machine_event(bare("boots", "10.77.1.8", "/power/x"), LIFE_BOOT, NULL), 0);
	m = bare("live", "10.77.1.9", "/power/x");
	ck_assert_int_eq(machine_event(m, LIFE_DISARM, NULL), 0);
	base_go_live(m, "debian-12");
	rooms_log[0] = '\0';
	reconcile_bare(&rooms.follow);
	ck_assert_str_eq(rooms_log, "again netboot, forgotten netboot, live netboot");
	m->attempt.switched = true;
	rooms_log[0] = '\0';
	reconcile_bare(&rooms.follow);
	ck_assert_str_eq(rooms_log, "again netboot, forgotten netboot");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("reconcile");
	TCase *t = tcase_create("reconcile");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, put_right, 0, sizeof cases / sizeof *cases);
	tcase_add_loop_test(t, a_live_system, 0, 5);
	tcase_add_loop_test(t, a_live_system_that_was_left, 0, 2);
	tcase_add_test(t, a_clone_that_was_not_made);
	tcase_add_test(t, left_for_inspection);
	tcase_add_test(t, anothers_domain);
	tcase_add_loop_test(t, one_to_be_replaced, 0, 3);
	tcase_add_test(t, deleted_meanwhile);
	tcase_add_test(t, gone_meanwhile);
	tcase_add_test(t, changed_meanwhile);
	tcase_add_test(t, not_while_it_is_held);
	tcase_add_test(t, not_while_it_is_made);
	tcase_add_test(t, deleting_goes_on);
	tcase_add_test(t, dropped_at_the_end);
	tcase_add_test(t, dropped_before_the_list);
	tcase_add_test(t, filters);
	tcase_add_test(t, bare_metal);
	suite_add_tcase(s, t);
	return base_run(s);
}
