/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/clock.h"
#include "machine/census.h"
#include "machine/watch.h"

#include "stepped_clock.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define SECONDS(n) ((int64_t)(n)*1000)

static struct segments segments;
static struct timeline *timeline;
static struct machines *ms;

static void setup(void)
{
	ck_assert_int_eq(timeline_new(NULL, &timeline), 0);
	ck_assert_int_eq(machines_new(NULL, timeline, &segments, &ms), 0);
}

static void teardown(void)
{
	machines_free(ms);
	timeline_free(timeline);
}

static struct machine *make(const char *name, const char *profile)
{
	struct machine *m = machine_new();

	snprintf(m->name, sizeof m->name, "%s", name);
	snprintf(m->uuid, sizeof m->uuid, "%s", name);
	snprintf(m->profile, sizeof m->profile, "%s", profile);
	ck_assert_int_eq(machines_add(ms, m), 0);
	return m;
}

static size_t in_state(enum life_state state)
{
	return machines_census(ms)->states[state];
}

static int64_t row(const struct tally *t, const char *name, size_t column)
{
	for (size_t i = 0; i < t->count; i++)
		if (!strcmp(t->rows[i].name, name))
			return t->rows[i].n[column];
	return 0;
}

static int64_t of_profile(const char *name, enum life_state state)
{
	return row(&machines_census(ms)->profiles, name, state);
}

static void saw_after(struct machine *m, enum fact what, int s)
{
	stepped.mono += SECONDS(s);
	stepped.wall += SECONDS(s);
	machine_saw(m, what, NULL);
}

static uint64_t times(enum fact what)
{
	const struct histogram *h = &machines_census(ms)->stages[what];
	uint64_t n = 0;

	for (size_t i = 0; i <= h->bounds->n; i++)
		n += h->in[i];
	return n;
}

/* To a second: the real clock goes on meanwhile. */
static void ck_took(enum fact what, uint64_t n, int s)
{
	uint64_t sum = machines_census(ms)->stages[what].sum;

	ck_assert_uint_eq(times(what), n);
	ck_assert_uint_ge(sum, (uint64_t)SECONDS(s));
	ck_assert_uint_lt(sum, (uint64_t)SECONDS(s) + 900);
}

START_TEST(test_states)
{
	struct machine *a = make("a", "tiny"), *b = make("b", "tiny");

	make("c", "big");
	ck_assert_uint_eq(in_state(LIFE_KNOWN), 3);
	ck_assert_int_eq(of_profile("tiny", LIFE_KNOWN), 2);
	ck_assert_int_eq(machine_arm(a, json_object(), 3, 0), 0);
	ck_assert_uint_eq(in_state(LIFE_KNOWN), 2);
	ck_assert_uint_eq(in_state(LIFE_ARMED), 1);
	ck_assert_int_eq(of_profile("tiny", LIFE_ARMED), 1);
	snprintf(a->profile, sizeof a->profile, "big");
	ck_assert_int_eq(machines_save(ms, a), 0);
	ck_assert_int_eq(of_profile("tiny", LIFE_ARMED), 0);
	ck_assert_int_eq(of_profile("big", LIFE_ARMED), 1);
	machines_remove(ms, a);
	machines_remove(ms, b);
	ck_assert_uint_eq(in_state(LIFE_ARMED), 0);
	ck_assert_uint_eq(in_state(LIFE_KNOWN), 1);
	ck_assert_int_eq(of_profile("big", LIFE_ARMED), 0);
}
END_TEST

/* A template has no state, whether it was made one or loaded. */
START_TEST(test_templates)
{
	struct machine *m = make("gold", "tiny"), *loaded = machine_new();

	ck_assert_uint_eq(in_state(LIFE_KNOWN), 1);
	m->template = true;
	ck_assert_int_eq(machines_save(ms, m), 0);
	ck_assert_uint_eq(in_state(LIFE_KNOWN), 0);
	ck_assert_int_eq(of_profile("tiny", LIFE_KNOWN), 0);
	snprintf(loaded->name, sizeof loaded->name, "gold2");
	snprintf(loaded->uuid, sizeof loaded->uuid, "gold2");
	loaded->template = true;
	ck_assert_int_eq(machines_add(ms, loaded), 0);
	ck_assert_uint_eq(in_state(LIFE_KNOWN), 0);
	machines_remove(ms, m);
	machines_remove(ms, loaded);
	ck_assert_uint_eq(in_state(LIFE_KNOWN), 0);
}
END_TEST

START_TEST(test_stuck)
{
	struct machine *m = make("a", "tiny");
	const struct census *c = machines_census(ms);

	ck_assert_int_eq(machine_arm(m, json_object(), 3, 0), 0);
	machine_saw(m, SAW_REQUEST, NULL);
	machine_saw(m, SAW_POOL_FULL, "no address");
	stepped.mono += SECONDS(10);
	ck_assert(machine_look(m, clock_mono_ms()));
	ck_assert_int_eq(row(&c->stuck, "pool-full", 0), 1);
	ck_assert_int_eq(machine_event(m, LIFE_DEADLINE, NULL), 0);
	ck_assert_int_eq(row(&c->stuck, "pool-full", 0), 0);
	ck_assert_int_eq(row(&c->failed, "pool-full", 0), 1);
	ck_assert_int_eq(machine_arm(m, json_object(), 3, 0), 0);
	ck_assert_int_eq(row(&c->failed, "pool-full", 0), 0);
	machines_remove(ms, m);
	ck_assert_int_eq(row(&c->stuck, "pool-full", 0), 0);
}
END_TEST

/* A client that asks again, a file after a file, a renewal while it installs: none of it is a stage. */
START_TEST(test_stages)
{
	struct machine *m = make("a", "tiny");

	ck_assert_int_eq(machine_arm(m, json_object(), 3, 0), 0);
	saw_after(m, SAW_REQUEST, 1);
	saw_after(m, SAW_REQUEST, 4);
	saw_after(m, SAW_LEASE, 1);
	ck_took(SAW_LEASE, 1, 5);
	saw_after(m, SAW_SCRIPT, 2);
	ck_took(SAW_SCRIPT, 1, 2);
	saw_after(m, SAW_FILE, 3);
	saw_after(m, SAW_FILE, 1);
	ck_took(SAW_FILE, 1, 3);
	saw_after(m, SAW_REQUEST, 10);
	saw_after(m, SAW_LEASE, 0);
	saw_after(m, SAW_ANSWERS, 10);
	ck_took(SAW_ANSWERS, 1, 20);
	saw_after(m, SAW_PROGRESS, 50);
	saw_after(m, SAW_DONE, 50);
	ck_took(SAW_DONE, 1, 100);
	saw_after(m, SAW_UP, 30);
	ck_took(SAW_UP, 1, 30);
	ck_assert_uint_eq(times(SAW_SCRIPT), 1);
	ck_assert_uint_eq(times(SAW_FILE), 1);
}
END_TEST

START_TEST(test_attempt)
{
	struct machine *m = make("a", "tiny"), *other = make("b", "tiny");
	const struct census *c = machines_census(ms);

	ck_assert_int_eq(machine_clone(m, json_object(), 0, "a copy"), 0);
	ck_assert_int_eq(machine_arm(other, json_object(), 3, 0), 0);
	stepped.wall += SECONDS(100);
	ck_assert_int_eq(machine_event(m, LIFE_FIRST_BOOT, NULL), 0);
	ck_assert_int_eq(machine_event(other, LIFE_DEADLINE, NULL), 0);
	ck_assert_uint_ge(c->installed.sum, (uint64_t)SECONDS(100));
	ck_assert_uint_lt(c->installed.sum, (uint64_t)SECONDS(110));
	ck_assert_uint_ge(c->failing.sum, (uint64_t)SECONDS(100));
	ck_assert_uint_lt(c->failing.sum, (uint64_t)SECONDS(110));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("census");
	TCase *t = tcase_create("census");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_states);
	tcase_add_test(t, test_templates);
	tcase_add_test(t, test_stuck);
	tcase_add_test(t, test_stages);
	tcase_add_test(t, test_attempt);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
