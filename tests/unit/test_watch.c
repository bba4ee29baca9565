/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/clock.h"
#include "machine/watch.h"

#include "stepped_clock.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECONDS(n) ((int64_t)(n)*1000)

static struct segments segments;
static struct timeline *timeline;
static struct machines *ms;
static struct machine *m;

static void open_all(struct store *store)
{
	ck_assert_int_eq(timeline_new(store, &timeline), 0);
	ck_assert_int_eq(machines_new(store, timeline, &segments, &ms), 0);
}

static void close_all(void)
{
	machines_free(ms);
	timeline_free(timeline);
}

static struct machine *make(const char *name)
{
	struct machine *made = machine_new();

	snprintf(made->name, sizeof made->name, "%s", name);
	snprintf(made->uuid, sizeof made->uuid, "%s", name);
	snprintf(made->profile, sizeof made->profile, "tiny");
	made->guest = true;
	ck_assert_int_eq(machines_add(ms, made), 0);
	return made;
}

static void setup(void)
{
	struct segment s = {.name = "default"};

	ck_assert_int_eq(segments_add(&segments, &s, NULL), 0);
	open_all(NULL);
	m = make("web01");
}

static void teardown(void)
{
	close_all();
	segments_fini(&segments);
}

static void arm(void)
{
	ck_assert_int_eq(machine_arm(m, json_object(), 3, 0), 0);
	machine_saw(m, SAW_START, NULL);
}

static const char *kind(void)
{
	const json_t *c = m->attempt.cause;

	return c ? json_string_value(json_object_get(c, "kind")) : "none";
}

static void look_after(int s)
{
	machine_look(m, clock_mono_ms() + SECONDS(s));
}

static size_t stuck(void)
{
	const struct timeline_event *e = NULL;
	size_t n = 0;

	while ((e = timeline_after(timeline, e ? e->seq : 0, "web01")))
		n += !strcmp(e->kind, "stuck");
	return n;
}

START_TEST(test_watched)
{
	ck_assert_uint_eq(machines_watched(ms), 0);
	machine_saw(m, SAW_START, "nobody watches"); /* and nothing comes of it */
	arm();
	ck_assert_uint_eq(machines_watched(ms), 1);
	ck_assert_ptr_eq(machines_watched_at(ms, 0), m);
	ck_assert_int_eq(machine_event(m, LIFE_DISARM, "by the user"), 0);
	ck_assert_uint_eq(machines_watched(ms), 0);
	ck_assert_ptr_null(m->facts);
}
END_TEST

/* One leaves, and the others are still there. */
START_TEST(test_others_stay)
{
	struct machine *other = make("web02");

	arm();
	ck_assert_int_eq(machine_arm(other, json_object(), 3, 0), 0);
	ck_assert_uint_eq(machines_watched(ms), 2);
	machines_remove(ms, m);
	ck_assert_uint_eq(machines_watched(ms), 1);
	ck_assert_ptr_eq(machines_watched_at(ms, 0), other);
	ck_assert_ptr_null(machines_watched_at(ms, 1));
}
END_TEST

START_TEST(test_told_once)
{
	arm();
	machine_saw(m, SAW_PAUSED, "virsh");
	look_after(0);
	ck_assert_str_eq(kind(), "paused");
	look_after(1);
	look_after(2);
	ck_assert_uint_eq(stuck(), 1);
	machine_saw(m, SAW_RESUMED, NULL);
	look_after(3);
	ck_assert_str_eq(kind(), "none");
	ck_assert_uint_eq(stuck(), 1);
}
END_TEST

/* What ends the attempt does not take away why it was stuck. */
START_TEST(test_kept)
{
	arm();
	machine_heard(m, "[   2.0] Kernel panic - not syncing: VFS: Unable to mount root fs");
	ck_assert_int_eq(machine_event(m, LIFE_DEADLINE, NULL), 0);
	ck_assert_int_eq(m->state, LIFE_FAILED);
	ck_assert_str_eq(kind(), "initrd");
	arm();
	ck_assert_str_eq(kind(), "none");
}
END_TEST

/* It boots again and again, each time for the same reason, which the reason that ends it does not say. */
START_TEST(test_too_many_boots)
{
	struct boot_client by = {.ip = {IP_V4, {10, 0, 0, 1}}};

	arm();
	for (int i = 0; i < 3; i++) {
		machine_saw(m, SAW_REQUEST, NULL);
		ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &by), 0);
		machine_saw(m, SAW_MISSING, "HTTP 404: /initrd");
		look_after(6);
		ck_assert_str_eq(kind(), "missing");
		stepped.mono += SECONDS(10);
		machine_saw(m, SAW_REQUEST, NULL);
		look_after(0);
		ck_assert_str_eq(kind(), "none");
	}
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &by), -EPERM);
	ck_assert_int_eq(m->state, LIFE_FAILED);
	ck_assert_str_eq(kind(), "missing");
}
END_TEST

/* It was late, and came up all the same. */
START_TEST(test_came_through)
{
	arm();
	ck_assert_int_eq(machine_event(m, LIFE_BOOT, NULL), 0);
	ck_assert_int_eq(machine_event(m, LIFE_DONE, NULL), 0);
	look_after(0);
	look_after(301);
	ck_assert_str_eq(kind(), "silent");
	ck_assert_int_eq(machine_event(m, LIFE_FIRST_BOOT, NULL), 0);
	ck_assert_int_eq(m->state, LIFE_UP);
	ck_assert_str_eq(kind(), "none");
}
END_TEST

/* How long its steps took is usual, if it was not stuck; late is three times that. */
static void install(int boot_s)
{
	arm();
	ck_assert_int_eq(machine_event(m, LIFE_BOOT, NULL), 0);
	look_after(0);
	stepped.mono += SECONDS(boot_s);
	ck_assert_int_eq(machine_event(m, LIFE_ANSWERS, NULL), 0);
	look_after(0);
	ck_assert_int_eq(machine_event(m, LIFE_DONE, NULL), 0);
	ck_assert_int_eq(machine_event(m, LIFE_FIRST_BOOT, NULL), 0);
}

START_TEST(test_usual)
{
	install(25);
	arm();
	ck_assert_int_eq(machine_event(m, LIFE_BOOT, NULL), 0);
	look_after(70);
	ck_assert_str_eq(kind(), "none"); /* its floor is 30 s */
	look_after(76);
	ck_assert_str_eq(kind(), "no-kernel");
	stepped.mono += SECONDS(5000); /* stuck: not usual */
	ck_assert_int_eq(machine_event(m, LIFE_ANSWERS, NULL), 0);
	look_after(0);
	ck_assert_int_eq(machine_event(m, LIFE_DONE, NULL), 0);
	ck_assert_int_eq(machine_event(m, LIFE_FIRST_BOOT, NULL), 0);
	arm();
	ck_assert_int_eq(machine_event(m, LIFE_BOOT, NULL), 0);
	look_after(76);
	ck_assert_str_eq(kind(), "no-kernel");
}
END_TEST

START_TEST(test_unknown)
{
	arm();
	ck_assert_int_eq(machine_event(m, LIFE_DEADLINE, NULL), 0);
	ck_assert_str_eq(kind(), "unknown");
	ck_assert(json_is_false(json_object_get(m->attempt.cause, "certain")));
}
END_TEST

/* The installer's own words are looked through, too. */
START_TEST(test_reason)
{
	arm();
	ck_assert_int_eq(machine_event(m, LIFE_BOOT, NULL), 0);
	ck_assert_int_eq(machine_event(m, LIFE_ANSWERS, NULL), 0);
	ck_assert_int_eq(machine_event(m, LIFE_FAIL, "no disk /dev/vdz"), 0);
	ck_assert_str_eq(kind(), "disk");
}
END_TEST

/* Words that nobody knows a sign of. */
START_TEST(test_own_words)
{
	arm();
	ck_assert_int_eq(machine_event(m, LIFE_BOOT, NULL), 0);
	ck_assert_int_eq(machine_event(m, LIFE_FAIL, "the moon is wrong"), 0);
	ck_assert_str_eq(kind(), "installer");
	ck_assert_str_eq(
		json_string_value(json_object_get(m->attempt.cause, "seen")), "the moon is wrong");
}
END_TEST

static enum boot_step waits_for(void)
{
	int64_t since;

	return machine_step(m, &since);
}

START_TEST(test_steps_of_life)
{
	ck_assert_int_eq(waits_for(), STEP_NONE);
	ck_assert_int_eq(machine_arm(m, json_object(), 3, 0), 0);
	ck_assert_int_eq(waits_for(), STEP_START);
	machine_saw(m, SAW_START, NULL);
	ck_assert_int_eq(waits_for(), STEP_REQUEST);
	ck_assert_int_eq(machine_event(m, LIFE_BOOT, NULL), 0);
	ck_assert_int_eq(waits_for(), STEP_FILES);
	ck_assert_int_eq(machine_event(m, LIFE_ANSWERS, NULL), 0);
	ck_assert_int_eq(waits_for(), STEP_INSTALL);
	ck_assert_int_eq(machine_event(m, LIFE_DONE, NULL), 0);
	ck_assert_int_eq(waits_for(), STEP_FIRST_BOOT);
	ck_assert_int_eq(machine_event(m, LIFE_FIRST_BOOT, NULL), 0);
	ck_assert_int_eq(waits_for(), STEP_NONE);
}
END_TEST

/* In the JSON of the API, and over a restart. */
START_TEST(test_json)
{
	json_t *j, *a;

	arm();
	machine_saw(m, SAW_PAUSED, "virsh");
	look_after(0);
	j = machine_to_json(m, false);
	a = json_object_get(j, "attempt");
	ck_assert_str_eq(json_string_value(json_object_get(a, "waits_for")), "dhcp-request");
	ck_assert(json_is_string(json_object_get(a, "waits_since")));
	ck_assert_str_eq(
		json_string_value(json_object_get(json_object_get(a, "cause"), "seen")), "virsh");
	json_decref(j);
}
END_TEST

START_TEST(test_stored)
{
	char dir[] = "/tmp/usher-watch.XXXXXX", why[256], path[300];
	struct store *store;

	teardown();
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/db", dir);
	ck_assert_int_eq(store_open(path, &store, why, sizeof why), 0);
	memset(&segments, 0, sizeof segments);
	open_all(store);
	m = make("web01");
	arm();
	machine_saw(m, SAW_PAUSED, "virsh");
	look_after(0);
	ck_assert_int_eq(store_commit(store, NULL, NULL), 0);
	store_close(store);
	close_all();
	ck_assert_int_eq(store_open(path, &store, why, sizeof why), 0);
	open_all(store);
	ck_assert_int_eq(machines_load(ms, why, sizeof why), 0);
	m = machines_by_name(ms, "web01");
	ck_assert_str_eq(kind(), "paused");
	ck_assert_uint_eq(machines_watched(ms), 1);
	machines_restarted(ms, clock_mono_ms());
	look_after(1);
	ck_assert_str_eq(kind(), "paused"); /* nobody said since that it is not */
	look_after(600);                    /* nor that nothing came since says more */
	ck_assert_str_eq(kind(), "paused");
	machine_saw(m, SAW_RESUMED, NULL);
	look_after(2);
	ck_assert_str_eq(kind(), "none");
	close_all();
	store_close(store);
	snprintf(path, sizeof path, "rm -r %s", dir);
	ck_assert_int_eq(system(path), 0);
	setup();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("watch");
	TCase *t = tcase_create("watch");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_watched);
	tcase_add_test(t, test_others_stay);
	tcase_add_test(t, test_told_once);
	tcase_add_test(t, test_kept);
	tcase_add_test(t, test_too_many_boots);
	tcase_add_test(t, test_came_through);
	tcase_add_test(t, test_usual);
	tcase_add_test(t, test_unknown);
	tcase_add_test(t, test_reason);
	tcase_add_test(t, test_own_words);
	tcase_add_test(t, test_steps_of_life);
	tcase_add_test(t, test_json);
	tcase_add_test(t, test_stored);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
