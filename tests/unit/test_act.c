/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a machine's life asks for is done, told, and held against it when it fails. */
#include "service/guests/act.h"

#include "profile_make.h"

#include <libvirt/libvirt.h>

static struct service rooms;
static struct act *act = &rooms.act;
static struct machine *web01;
static virConnectPtr other;

static bool goes_on_now;

static bool goes_on(void *arg, const struct machine *m)
{
	(void)arg, (void)m;
	return goes_on_now;
}

static void setup(void)
{
	rooms_make(&rooms);
	rooms_deafen(&rooms);
	act->goes_on = goes_on;
	goes_on_now = false;
	ck_assert_int_eq(power_new(rooms.base.loop, NULL, rooms.base.config.power, &act->power), 0);
	other = virConnectOpen("test:///default");
	web01 = base_record("web01", true, "default", "192.168.122.3");
	base_spec_put(web01,
		json_pack("{s:i, s:i, s:i, s:s}", "memory", 64, "vcpus", 1, "disk", 1 << 20, "pool",
			"default-pool"));
	base_add(&rooms.base, web01);
}

static void teardown(void)
{
	rooms_stop(&rooms);
	power_free(act->power);
	rooms_unmake(&rooms);
	virConnectClose(other);
}

static int state_now(void)
{
	virDomainPtr d = virDomainLookupByName(other, "web01");
	int state = -1;

	if (!d)
		return -1;
	virDomainGetState(d, &state, NULL, 0);
	virDomainFree(d);
	return state;
}

static void ended(void)
{
	base_wait(&rooms.base, !act->jobs);
	ck_assert_uint_eq(web01->holds, 0);
}

static const char *told(const char *machine)
{
	return base_told(&rooms.base, machine, "power");
}

static bool was_told(const char *text)
{
	const struct timeline_event *e;

	for (uint64_t after = 0; (e = timeline_after(rooms.base.timeline, after, "web01"));
		after = e->seq)
		if (!strcmp(e->kind, "power") && !strcmp(e->text, text))
			return true;
	return false;
}

/* --- guests ---------------------------------------------------------------------------------------------------------------------- */

START_TEST(guests)
{
	act_make_again(act, web01, "made");
	ck_assert_uint_eq(web01->holds, 1); /* nobody else changes it meanwhile */
	ended();
	ck_assert_str_eq(told("web01"), "made");
	ck_assert_int_eq(state_now(), VIR_DOMAIN_SHUTOFF);
	act_carry_out(act, web01, LIFE_DO_DISK);
	ended();
	ck_assert_str_eq(told("web01"), "started from its disk");
	ck_assert_int_eq(state_now(), VIR_DOMAIN_RUNNING);
	act_carry_out(act, web01, LIFE_DO_OFF);
	ended();
	ck_assert_str_eq(told("web01"), "stopped");
	ck_assert_int_eq(state_now(), VIR_DOMAIN_SHUTOFF);
	act_carry_out(act, web01, LIFE_DO_NETBOOT);
	ended();
	ck_assert_str_eq(told("web01"), "started from the network");
	ck_assert_int_eq(state_now(), VIR_DOMAIN_RUNNING);
}
END_TEST

static bool is_turned(void)
{
	virDomainPtr d = virDomainLookupByName(other, "web01");
	char *xml = virDomainGetXMLDesc(d, VIR_DOMAIN_XML_INACTIVE);
	bool live = strstr(xml, "run='live'") || strstr(xml, "run=\"live\"");

	free(xml);
	virDomainFree(d);
	return live;
}

/* Its definition is turned to the network, and back by whatever comes then. */
START_TEST(a_live_system)
{
	act_make_again(act, web01, "made");
	ended();
	base_go_live(web01, "debian-12");
	act_carry_out(act, web01, LIFE_DO_NETBOOT);
	ended();
	ck_assert_str_eq(told("web01"), "started from the network");
	ck_assert_int_eq(state_now(), VIR_DOMAIN_RUNNING);
	ck_assert(is_turned() && web01->attempt.switched);
	ck_assert_int_eq(machine_event(web01, LIFE_DISARM, NULL), 0);
	act_carry_out(act, web01, LIFE_DO_OFF);
	ended();
	ck_assert_str_eq(told("web01"), "stopped; it boots from its disk again");
	ck_assert_int_eq(state_now(), VIR_DOMAIN_SHUTOFF);
	ck_assert(!is_turned());
	base_go_live(web01, "debian-12");
	act_carry_out(act, web01, LIFE_DO_NETBOOT);
	ended();
	ck_assert(is_turned());
	base_arm(web01, "debian-12"); /* an install, in place of it */
	act_carry_out(act, web01, LIFE_DO_NETBOOT);
	ended();
	ck_assert_int_eq(state_now(), VIR_DOMAIN_RUNNING);
	ck_assert(!is_turned());
}
END_TEST

/* One that is being made goes on by itself. */
START_TEST(one_that_is_made)
{
	goes_on_now = true;
	act_carry_out(act, web01, LIFE_DO_NETBOOT | LIFE_DO_DISK);
	ck_assert_ptr_null(act->jobs);
	act_carry_out(act, web01, LIFE_DO_OFF); /* that is done all the same */
	ck_assert_ptr_nonnull(act->jobs);
	ended();
	ck_assert_str_eq(told("web01"), "stopped");
}
END_TEST

static void undefine(void)
{
	virDomainPtr d = virDomainLookupByName(other, "web01");

	ck_assert_int_eq(virDomainDestroy(d), 0);
	ck_assert_int_eq(virDomainUndefine(d), 0);
	virDomainFree(d);
}

/* Undefined behind our back: what is to be installed is made anew, and its volume too. */
START_TEST(no_domain)
{
	base_arm(web01, "debian-12");
	act_netboot(act, web01);
	ended();
	ck_assert(was_told("made again, as its domain was gone"));
	ck_assert_str_eq(told("web01"), "started from the network");
	ck_assert_int_eq(state_now(), VIR_DOMAIN_RUNNING);
	ck_assert_int_eq(web01->state, LIFE_ARMED);
	undefine();
	act_netboot(act, web01);
	ended();
	ck_assert_int_eq(state_now(), VIR_DOMAIN_RUNNING);
}
END_TEST

START_TEST(no_domain_and_no_install)
{
	act_carry_out(act, web01, LIFE_DO_DISK);
	ended();
	ck_assert_ptr_nonnull(strstr(told("web01"), "started from its disk failed: "));
	ck_assert_int_eq(state_now(), -1);
}
END_TEST

/* An install that cannot be started has failed; nothing else has. */
START_TEST(what_fails)
{
	base_spec_put(web01,
		json_pack("{s:s}", "domain",
			"<domain><devices><watchdog model='none-such'/></devices></domain>"));
	base_arm(web01, "debian-12");
	act_netboot(act, web01);
	ended();
	ck_assert_int_eq(web01->state, LIFE_FAILED);
	ck_assert_ptr_nonnull(strstr(web01->attempt.reason, "made again, as its domain was gone"));
	ck_assert_int_eq(state_now(), -1);
}
END_TEST

START_TEST(a_record_that_says_nothing)
{
	ck_assert_int_eq(machine_arm(web01, json_object(), 3, 0), 0);
	act_make_again(act, web01, "made");
	ck_assert_ptr_null(act->jobs);
	ck_assert_int_eq(web01->state, LIFE_FAILED);
}
END_TEST

/* It goes meanwhile: it is not made again. */
START_TEST(deleted_meanwhile)
{
	base_arm(web01, "debian-12");
	act_netboot(act, web01);
	web01->deleting = true;
	ended();
	ck_assert_int_eq(state_now(), -1);
}
END_TEST

START_TEST(filters)
{
	web01->spec.filters = 0;
	rooms.base.config.filter = false;
	act_refilter(act, web01);
	ck_assert_ptr_null(act->jobs);
	rooms.base.config.filter = true;
	act_refilter(act, web01);
	ended();
	ck_assert_uint_eq(web01->spec.filters, GUEST_FILTERS);
	ck_assert_str_eq(told("web01"), "");
	web01->guest = false;
	act_refilter(act, web01);
	ck_assert_ptr_null(act->jobs);
}
END_TEST

/* --- bare metal ------------------------------------------------------------------------------------------------------------------ */

static struct machine *metal(const char *script)
{
	struct machine *m = base_machine(&rooms.base, "metal", false, "10.77.1.4");
	char path[128];

	profile_make_folder("power");
	profile_make_file("power/switch", script);
	snprintf(path, sizeof path, "%s/power/switch", base_dir);
	ck_assert_int_eq(chmod(path, 0755), 0);
	strcpy(m->power, path);
	return m;
}

/* What it was told, in order. */
static const char *verbs(void)
{
	static char text[128];
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/verbs", base_dir);
	f = fopen(path, "r");
	text[f ? fread(text, 1, sizeof text - 1, f) : 0] = '\0';
	if (f)
		fclose(f);
	return text;
}

START_TEST(bare_metal)
{
	char script[256];
	struct machine *m;

	snprintf(script, sizeof script, "#!/bin/sh\ncat >/dev/null\necho $1 $2 >>%s/verbs\n",
		base_dir);
	m = metal(script);
	act_netboot_next(act, m, false);
	base_wait(&rooms.base, !act->jobs);
	ck_assert(!m->attempt.switched); /* killed now, it is still to be cycled */
	act_carry_out(act, m, LIFE_DO_NETBOOT);
	ck_assert_uint_eq(m->holds, 2);
	base_wait(&rooms.base, !act->jobs);
	ck_assert(m->attempt.switched);
	ck_assert_str_eq(verbs(), "netboot metal\nnetboot metal\ncycle metal\n");
	ck_assert_str_eq(told("metal"), "power cycle");
	act_carry_out(act, m, LIFE_DO_OFF | LIFE_DO_DISK | LIFE_DO_FILTER);
	base_wait(&rooms.base, !act->jobs);
	ck_assert_str_eq(verbs(), "netboot metal\nnetboot metal\ncycle metal\noff metal\n");
	ck_assert_str_eq(told("metal"), "power off");
}
END_TEST

/* Not every site can, and not every machine needs the network first; that it cannot be cycled ends the attempt. */
START_TEST(bare_metal_that_fails)
{
	struct machine *m = metal("#!/bin/sh\ncat >/dev/null\necho no such BMC >&2\nexit 1\n");

	base_arm(m, "debian-12");
	act_carry_out(act, m, LIFE_DO_NETBOOT);
	base_wait(&rooms.base, !act->jobs);
	ck_assert_int_eq(m->state, LIFE_FAILED);
	ck_assert_ptr_nonnull(strstr(m->attempt.reason, "power cycle failed: no such BMC"));
	base_arm(m, "debian-12");
	act_carry_out(act, m, LIFE_DO_OFF);
	base_wait(&rooms.base, !act->jobs);
	ck_assert_int_eq(m->state, LIFE_ARMED);
	ck_assert_str_eq(told("metal"), "power off failed: no such BMC");
}
END_TEST

/* Whoever is disarmed or deleted while it waits for its turn keeps what it runs; armed again, it is switched once. */
START_TEST(bare_metal_whose_attempt_is_over)
{
	char script[256];
	struct machine *m;

	snprintf(
		script, sizeof script, "#!/bin/sh\ncat >/dev/null\necho $1 >>%s/verbs\n", base_dir);
	m = metal(script);
	base_arm(m, "debian-12");
	act_carry_out(act, m, LIFE_DO_NETBOOT);
	ck_assert_int_eq(machine_event(m, LIFE_DISARM, NULL), 0);
	base_wait(&rooms.base, !act->jobs);
	ck_assert_str_eq(verbs(), "");
	ck_assert_str_eq(
		told("metal"), "power cycle: left out, as the attempt that it was for is over");
	base_arm(m, "debian-12");
	act_carry_out(act, m, LIFE_DO_NETBOOT);
	ck_assert_int_eq(machine_event(m, LIFE_DISARM, NULL), 0);
	base_arm(m, "debian-12");
	act_carry_out(act, m, LIFE_DO_NETBOOT);
	base_wait(&rooms.base, !act->jobs);
	ck_assert_str_eq(verbs(), "netboot\ncycle\n");
	ck_assert(m->attempt.switched);
	act_carry_out(act, m, LIFE_DO_NETBOOT);
	machines_remove(rooms.base.machines, m);
	base_wait(&rooms.base, !act->jobs);
	ck_assert_str_eq(verbs(), "netboot\ncycle\n");
}
END_TEST

/* What fails too late is not held against the next attempt, nor against a boot that has begun. */
START_TEST(bare_metal_that_fails_late)
{
	char script[256];
	struct machine *m;

	snprintf(script, sizeof script,
		"#!/bin/sh\ncat >/dev/null\necho $1 >>%s/verbs\n"
		"[ $1 = netboot ] || sleep 0.3\necho no such BMC >&2\nexit 1\n",
		base_dir);
	m = metal(script);
	base_arm(m, "debian-12");
	act_carry_out(act, m, LIFE_DO_NETBOOT);
	base_wait(&rooms.base, !strcmp(verbs(), "netboot\ncycle\n"));
	ck_assert_int_eq(machine_event(m, LIFE_DISARM, NULL), 0);
	base_arm(m, "debian-12");
	base_wait(&rooms.base, !act->jobs);
	ck_assert_int_eq(m->state, LIFE_ARMED);
	ck_assert(!m->attempt.switched);
	act_carry_out(act, m, LIFE_DO_NETBOOT);
	base_wait(&rooms.base, !strcmp(verbs(), "netboot\ncycle\nnetboot\ncycle\n"));
	ck_assert_int_eq(machine_event(m, LIFE_BOOT, NULL), 0);
	base_wait(&rooms.base, !act->jobs);
	ck_assert_int_eq(m->state, LIFE_BOOTING);
	ck_assert_str_eq(told("metal"), "power cycle failed: no such BMC");
}
END_TEST

/* Its controller is not asked: it would be told an empty password. */
START_TEST(a_password_that_cannot_be_read)
{
	struct machine *m = metal("#!/bin/sh\ncat >/dev/null\necho $1 >>/nowhere\n");

	m->power_locked = strdup("AAAA");
	act_carry_out(act, m, LIFE_DO_OFF);
	base_wait(&rooms.base, !act->jobs);
	ck_assert_str_eq(told("metal"),
		"power off failed: its controller's password cannot be read (it was encrypted with "
		"another key than the one that is there now): set it again: usher power metal set "
		"TARGET");
}
END_TEST

START_TEST(by_hand)
{
	struct machine *m = base_machine(&rooms.base, "metal", false, "10.77.1.4");

	base_arm(m, "debian-12");
	act_carry_out(act, m, LIFE_DO_NETBOOT);
	ck_assert_ptr_null(act->jobs);
	ck_assert_str_eq(told("metal"),
		"power cycle: usher cannot switch this machine's power (it has no --power): do it by hand");
	ck_assert_int_eq(m->state, LIFE_ARMED);
}
END_TEST

START_TEST(dropped)
{
	base_spec_put(web01, json_pack("{s:o}", "connect", json_string("test:///no/such/file")));
	act_stop(act, web01);
	ck_assert_uint_eq(web01->holds, 1);
	rooms_stop(&rooms);
	act_drop_all(act);
	ck_assert_ptr_null(act->jobs);
	ck_assert_uint_eq(web01->holds, 0);
	ck_assert_str_eq(told("web01"), "");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {guests, a_live_system, one_that_is_made, no_domain,
		no_domain_and_no_install, what_fails, a_record_that_says_nothing, deleted_meanwhile,
		filters, bare_metal, bare_metal_that_fails, bare_metal_whose_attempt_is_over,
		bare_metal_that_fails_late, a_password_that_cannot_be_read, by_hand, dropped};
	Suite *s = suite_create("act");
	TCase *t = tcase_create("act");

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return base_run(s);
}
