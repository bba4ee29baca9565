/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest becomes a template: when it may, what libvirt's events mean for it, and what a template is not used for. */
#include "service/operations/template.h"

#include "http_ask.h"
#include "rooms_make.h"
#include "stepped_clock.h"

#include "service/guests/guest_spec.h"

#include <libvirt/libvirt.h>

static struct service rooms;
static struct operations *ops = &rooms.operations;
static struct http_ask ask;
static struct machine *m;
static virConnectPtr other;
static unsigned answers;

/* POST /api/v1/template; /api/v1/refuses and /needed: what others ask of a template. */
static void handle(void *arg, struct http_request *r)
{
	(void)arg;
	if (!strcmp(r->path, "/api/v1/template"))
		template_handle(ops, r, m);
	else if (!strcmp(r->path, "/api/v1/refuses") ? !template_refuses(ops, r, m, "changed")
						     : !template_is_needed(ops, r, m))
		http_respond(r, 200, "text/plain", "", 0);
}

static void setup(void)
{
	rooms_make(&rooms);
	rooms_deafen(&rooms);
	http_ask_begin(&ask, &rooms.base, handle, NULL);
	other = virConnectOpen("test:///default");
	m = base_record("web01", true, "default", "192.168.122.3");
	base_spec_put(m,
		json_pack("{s:i, s:i, s:i, s:s}", "memory", 64, "vcpus", 1, "disk", 1 << 20, "pool",
			"default-pool"));
	m->state = LIFE_UP;
	base_add(&rooms.base, m);
	answers = 0;
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

static void on_done(void *arg, int rc, const char *text)
{
	(void)arg;
	ck_assert_msg(!rc, "%s", text);
	answers++;
}

/* Its domain is there, and runs. */
static void make_domain(bool runs)
{
	struct profile *p = NULL;
	struct guest_spec spec;
	char why[512];

	ck_assert_int_eq(guest_spec_make(&rooms.base, m, &spec, &p, why, sizeof why), 0);
	ck_assert_int_eq(guest_create(rooms.hosts.own, &spec, on_done, NULL), 0);
	if (runs)
		ck_assert_int_eq(
			guest_start_disk(rooms.hosts.own, "web01", NULL, on_done, NULL), 0);
	base_wait(&rooms.base, answers == 1u + runs);
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

static void refused(unsigned status, const char *error)
{
	ck_assert_msg(ask.status == status, "%u: %s", ask.status, ask.body);
	ck_assert_msg(!strncmp(http_ask_error(&ask), error, strlen(error)), "%s", ask.body);
	ck_assert_ptr_null(ops->sealings);
	ck_assert(!template_under_way(ops, "web01"));
	ck_assert(!m->template);
}

static void post(const char *body, unsigned status, const char *error)
{
	http_ask(&ask, "POST", "/api/v1/template", body);
	refused(status, error);
}

/* The run in which it gives up its identity. */
static void seals(void)
{
	make_domain(false);
	http_ask_send(&ask, NULL, "POST", "/api/v1/template", NULL);
	base_wait(&rooms.base, ops->sealings && state_now() == VIR_DOMAIN_RUNNING);
	for (int i = 0; i < 20; i++)
		loop_once(rooms.base.loop, 2);
	ck_assert(template_under_way(ops, "web01"));
}

/* Asked to shut down before that. */
static void shuts_down(void)
{
	make_domain(true);
	http_ask_send(&ask, NULL, "POST", "/api/v1/template", "{\"shutdown\": true}");
	base_wait(&rooms.base, ops->sealings && state_now() == VIR_DOMAIN_SHUTOFF);
	for (int i = 0; i < 20; i++)
		loop_once(rooms.base.loop, 2);
}

/* --- who may become one ----------------------------------------------------------------------------------------------------------- */

START_TEST(who_cannot)
{
	static const enum life_state states[] = {
		LIFE_KNOWN, LIFE_ARMED, LIFE_INSTALLING, LIFE_FAILED};
	struct reservation created = {.machine = m};

	m->guest = false;
	post(NULL, 409, "web01 is bare metal, and only a guest can become a template");
	m->guest = true;
	for (size_t i = 0; i < 4; i++) {
		m->state = states[i];
		post(NULL, 409, "web01 is not installed: a template is made of a guest");
	}
	m->state = LIFE_INSTALLED;
	m->holds++;
	post(NULL, 409, "web01 is being made, switched or deleted just now");
	m->holds--;
	m->deleting = true;
	post(NULL, 409, "web01 is being made, switched or deleted just now");
	m->deleting = false;
	reserve(&rooms.base.reserved, &created);
	post(NULL, 409, "web01 is being made, switched or deleted just now");
	unreserve(&rooms.base.reserved, &created);
	base_spec_put(m, json_pack("{s:o}", "disks", json_pack("[{s:i}]", "size", 5)));
	post(NULL, 409, "web01 has additional disks, which clones would lack");
	machine_spec_fini(&m->spec);
	base_spec_put(m,
		json_pack("{s:i, s:i, s:i, s:s}", "memory", 64, "vcpus", 1, "disk", 1 << 20, "pool",
			"default-pool"));
	post(NULL, 409, "libvirt has no domain web01 of usher's");
	make_domain(true);
	post(NULL, 409,
		"web01 is running: shut it down first, or 'usher template web01 --shutdown'");
	strcpy(m->uuid, "00000000-0000-0000-0000-000000000009");
	post(NULL, 409, "libvirt has no domain web01 of usher's");
	ck_assert_int_eq(state_now(), VIR_DOMAIN_RUNNING);
}
END_TEST

/* --- on its way -------------------------------------------------------------------------------------------------------------------- */

START_TEST(it_does_not_power_off)
{
	seals();
	stepped.mono += 301 * 1000;
	ck_assert_uint_eq(http_ask_wait(&ask), 504);
	refused(504,
		"web01 did not power off within 300 s: its system lacks usher's first-boot agent");
	ck_assert_ptr_nonnull(strstr(base_told(&rooms.base, "web01", "template"),
		"not made a template: web01 did not power"));
	base_wait(&rooms.base, state_now() == VIR_DOMAIN_SHUTOFF); /* its power is pulled */
	reset();
}
END_TEST

START_TEST(it_is_stopped_from_outside)
{
	seals();
	ck_assert(template_event(ops, m, GUEST_PAUSED)); /* its event, and no matter */
	ck_assert_ptr_nonnull(ops->sealings);
	ck_assert(template_event(ops, m, GUEST_KILLED));
	http_ask_wait(&ask);
	refused(500, "the guest was stopped from outside (virsh destroy, or QEMU died)");
	ck_assert(!template_event(ops, m, GUEST_KILLED));
}
END_TEST

START_TEST(it_shuts_down_first)
{
	shuts_down();
	ck_assert(template_event(ops, m, GUEST_STOPPED_SELF));
	base_wait(&rooms.base, state_now() == VIR_DOMAIN_RUNNING); /* the sealing run */
	for (int i = 0; i < 20; i++)
		loop_once(rooms.base.loop, 2);
	ck_assert(template_event(ops, m, GUEST_KILLED));
	http_ask_wait(&ask);
	refused(500, "the guest was stopped from outside (virsh destroy, or QEMU died)");
}
END_TEST

START_TEST(it_does_not_shut_down)
{
	shuts_down();
	stepped.mono += 119 * 1000;
	loop_once(rooms.base.loop, 0);
	ck_assert_ptr_nonnull(ops->sealings);
	stepped.mono += 2 * 1000;
	http_ask_wait(&ask);
	refused(504, "web01 did not shut down within 120 s: shut it down by hand, then once more");
	reset();
}
END_TEST

START_TEST(it_is_killed_instead)
{
	shuts_down();
	ck_assert(template_event(ops, m, GUEST_KILLED));
	http_ask_wait(&ask);
	refused(500,
		"the guest was stopped from outside, not shut down: start it once, then try again");
}
END_TEST

START_TEST(one_at_a_time)
{
	struct http_ask second = {.base = &rooms.base, .fd = -1};

	seals();
	ck_assert_uint_eq(http_ask(&second, "POST", "/api/v1/template", NULL), 409);
	ck_assert_str_eq(http_ask_error(&second), "web01 is being made a template just now");
	ck_assert_uint_eq(http_ask(&second, "POST", "/api/v1/refuses", NULL), 409);
	rooms_stop(&rooms);
	ck_assert_ptr_null(ops->sealings);
	ck_assert_uint_eq(http_ask_wait(&ask), 503);
	json_decref(second.json);
	free(second.text);
}
END_TEST

START_TEST(gone_meanwhile)
{
	make_domain(false);
	http_ask_send(&ask, NULL, "POST", "/api/v1/template", NULL);
	base_wait(&rooms.base, ops->sealings);
	machines_remove(rooms.base.machines, m);
	ck_assert_uint_ge(http_ask_wait(&ask), 404);
	ck_assert_str_eq(http_ask_error(&ask), "it was deleted meanwhile");
	ck_assert_ptr_null(ops->sealings);
}
END_TEST

/* --- one that is ---------------------------------------------------------------------------------------------------------------------- */

START_TEST(what_a_template_is_not)
{
	ck_assert_uint_eq(http_ask(&ask, "POST", "/api/v1/refuses", NULL), 200);
	m->template = true;
	ck_assert_uint_eq(http_ask(&ask, "POST", "/api/v1/refuses", NULL), 409);
	ck_assert_str_eq(http_ask_error(&ask),
		"web01 is a template and cannot be changed: run 'usher clone web01 NAME' to make a "
		"machine of it");
	ck_assert(!template_event(ops, m, GUEST_STOPPED_SELF));
	ck_assert_str_eq(base_told(&rooms.base, "web01", "template"), "");
	ck_assert(!template_event(ops, m, GUEST_STARTED));
	ck_assert_ptr_nonnull(strstr(base_told(&rooms.base, "web01", "template"),
		"started from outside usher: disks linked to this template's disk break"));
}
END_TEST

static void clone_it(int i, bool linked)
{
	char name[16], address[32];
	struct machine *c;

	snprintf(name, sizeof name, "c%d", i);
	snprintf(address, sizeof address, "10.77.1.%d", 10 + i);
	c = base_machine(&rooms.base, name, true, address);
	base_spec_put(c, json_pack("{s:s, s:b}", "template", "web01", "linked", linked));
}

START_TEST(what_is_linked_to_it)
{
	m->template = true;
	clone_it(0, false); /* a copy needs it no more */
	ck_assert_uint_eq(http_ask(&ask, "POST", "/api/v1/needed", NULL), 200);
	clone_it(1, true);
	clone_it(2, true);
	ck_assert_uint_eq(http_ask(&ask, "POST", "/api/v1/needed", NULL), 409);
	ck_assert_str_eq(http_ask_error(&ask),
		"web01 is needed: the disks of c1, c2 are linked to its disk; delete those machines first");
	for (int i = 3; i < 8; i++)
		clone_it(i, true);
	http_ask(&ask, "POST", "/api/v1/needed", NULL);
	ck_assert_str_eq(http_ask_error(&ask),
		"web01 is needed: the disks of c1, c2, c3, c4, c5 and 2 more are linked to its disk; "
		"delete those machines first");
	m->template = false;
	ck_assert_uint_eq(http_ask(&ask, "POST", "/api/v1/needed", NULL), 200);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {who_cannot, it_does_not_power_off, it_is_stopped_from_outside,
		it_shuts_down_first, it_does_not_shut_down, it_is_killed_instead, one_at_a_time,
		gone_meanwhile, what_a_template_is_not, what_is_linked_to_it};
	Suite *s = suite_create("template");
	TCase *t = tcase_create("template");

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return base_run(s);
}
