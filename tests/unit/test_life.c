/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/life.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The whole table, written down a second time as text and independent of life.c's: a row per event,
 * a column per state. "state+ACTIONS", actions N netboot, D disk, O off, E end, M the next boot too; "." nothing
 * changes; "x" refused. Boots: one of three was fetched, so that a boot is not one too many.
 */
struct row {
	enum life_event event;
	const char
		*cells[LIFE_STATES]; /* known armed booting installing installed up failed live */
};

static const struct row guest_rows[] = {
	{LIFE_ARM, {"armed+N", "x", "x", "x", "armed+N", "armed+N", "armed+N", "armed+N"}},
	{LIFE_RUN, {"armed+N", "x", "x", "x", "x", "armed+N", "armed+N", "x"}},
	{LIFE_GO_LIVE, {"live+N", "x", "x", "x", "x", "live+N", "live+N", ".+N"}},
	{LIFE_DISARM, {"x", "known+OE", "failed+OE", "failed+OE", "x", "x", "x", "known+OE"}},
	{LIFE_BOOT, {"x", "booting", "booting", "booting", "x", "x", "x", "."}},
	{LIFE_ANSWERS, {"x", "x", "installing", ".", "x", "x", "x", "."}},
	{LIFE_PROGRESS, {"x", "x", "installing", ".", "x", "x", "x", "."}},
	{LIFE_DONE, {"x", "x", "installed+E", "installed+E", ".", ".", "x", "x"}},
	{LIFE_FAIL, {"x", "failed+OE", "failed+OE", "failed+OE", "x", "x", ".", "."}},
	{LIFE_FIRST_BOOT, {"x", "x", "x", "x", "up", ".", "x", "."}},
	{LIFE_FIRST_BOOT_FAILED, {"x", "x", "x", "x", "failed", "x", ".", "."}},
	{LIFE_CLONE, {"installed+DE", "x", "x", "x", "x", "x", "x", "x"}},
	{LIFE_DEADLINE, {".", "failed+OE", "failed+OE", "failed+OE", "failed", ".", ".", "."}},
	{LIFE_STOPPED, {".", ".+N", ".+N", ".+N", ".+D", ".", ".", "."}},
	{LIFE_KILLED, {".", "failed+E", "failed+E", "failed+E", ".", ".", ".", "."}},
	{LIFE_POWER_FAILED, {".", "failed+E", "failed+E", ".", ".", ".", ".", "."}},
};

/* Where bare metal differs. */
static const struct row bare_rows[] = {
	{LIFE_DISARM, {"x", "known+E", "failed+OE", "failed+OE", "x", "x", "x", "known+OE"}},
	{LIFE_BOOT, {"x", "booting", "booting", "booting", "x", "x", "x", ".+M"}},
	{LIFE_DEADLINE, {".", "failed+E", "failed+OE", "failed+OE", "failed", ".", ".", "."}},
	{LIFE_STOPPED, {".", ".", ".", ".", ".", ".", ".", "."}},
	{LIFE_KILLED, {".", ".", ".", ".", ".", ".", ".", "."}},
};

static struct life_result step(
	enum life_state state, bool guest, unsigned boots, unsigned max, enum life_event e)
{
	struct life l = {.state = state, .guest = guest, .boots = boots, .max_boots = max};

	return life_step(&l, e);
}

/* The result in the words of the table. */
static const char *describe(
	enum life_state before, const struct life_result *r, char *buf, size_t size)
{
	if (r->refused)
		return "x";
	snprintf(buf, size, "%s%s%s%s%s%s%s", r->state == before ? "." : life_state_name(r->state),
		r->actions ? "+" : "", r->actions & LIFE_DO_NETBOOT ? "N" : "",
		r->actions & LIFE_DO_DISK ? "D" : "", r->actions & LIFE_DO_OFF ? "O" : "",
		r->actions & LIFE_DO_END ? "E" : "", r->actions & LIFE_DO_NETBOOT_NEXT ? "M" : "");
	return buf;
}

static const struct row *find_row(const struct row *rows, size_t n, enum life_event e)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].event == e)
			return &rows[i];
	return NULL;
}

static void check_cell(const struct row *row, enum life_state s, bool guest)
{
	struct life_result r = step(s, guest, 1, 3, row->event);
	const char *want = row->cells[s];
	char buf[64];

	/* A state that is said to become itself stays. */
	if (strcmp(want, life_state_name(s)) == 0)
		want = ".";
	ck_assert_msg(strcmp(describe(s, &r, buf, sizeof buf), want) == 0,
		"%s %s in %s: \"%s\", not \"%s\"", guest ? "guest" : "bare metal",
		life_event_name(row->event), life_state_name(s), describe(s, &r, buf, sizeof buf),
		want);
	/* Who is refused or fails hears why; nothing is changed by a refusal. */
	if (r.refused) {
		ck_assert_ptr_nonnull(r.reason);
		ck_assert_int_eq(r.state, s);
		ck_assert_uint_eq(r.actions, 0);
		ck_assert_uint_eq(r.boots, 1);
	}
	if (r.state == LIFE_FAILED && s != LIFE_FAILED)
		ck_assert_ptr_nonnull(r.reason);
}

START_TEST(test_whole_table_guest)
{
	for (int e = 0; e < LIFE_EVENTS; e++) {
		const struct row *row = find_row(guest_rows, LIFE_EVENTS, e);

		ck_assert_ptr_nonnull(row);
		for (int s = 0; s < LIFE_STATES; s++)
			check_cell(row, s, true);
	}
}
END_TEST

START_TEST(test_whole_table_bare)
{
	for (int e = 0; e < LIFE_EVENTS; e++) {
		const struct row *row =
			find_row(bare_rows, sizeof bare_rows / sizeof *bare_rows, e);

		if (!row)
			row = find_row(guest_rows, LIFE_EVENTS, e);
		for (int s = 0; s < LIFE_STATES; s++)
			check_cell(row, s, false);
	}
}
END_TEST

/* Whatever comes, it is neither started nor anything else than it was. */
START_TEST(test_a_template_stays)
{
	for (int e = 0; e < LIFE_EVENTS; e++) {
		struct life l = {.state = LIFE_UP, .guest = true, .template = true};
		struct life_result r;

		for (int up = 0; up < 2; up++) {
			l.state = up ? LIFE_UP : LIFE_INSTALLED;
			r = life_step(&l, e);
			ck_assert_int_eq(r.state, l.state);
			ck_assert_uint_eq(r.actions, 0);
			ck_assert_int_eq(r.refused,
				e != LIFE_STOPPED && e != LIFE_KILLED && e != LIFE_DEADLINE);
			ck_assert_int_eq(r.refused, r.reason != NULL);
		}
	}
}
END_TEST

START_TEST(test_boots_are_counted)
{
	struct life l = {.state = LIFE_ARMED, .max_boots = 2};
	struct life_result r = life_step(&l, LIFE_BOOT);

	ck_assert_int_eq(r.state, LIFE_BOOTING);
	ck_assert_uint_eq(r.boots, 1);
	r = step(LIFE_INSTALLING, true, 1, 2, LIFE_BOOT);
	ck_assert_int_eq(r.state, LIFE_BOOTING);
	ck_assert_uint_eq(r.boots, 2);
	r = step(LIFE_BOOTING, true, 2, 2, LIFE_BOOT);
	ck_assert_int_eq(r.state, LIFE_FAILED);
	ck_assert_uint_eq(r.boots, 2);
	ck_assert_uint_eq(r.actions, LIFE_DO_OFF | LIFE_DO_END);
	ck_assert_ptr_nonnull(strstr(r.reason, "too many boots"));
	ck_assert(!r.refused);
}
END_TEST

START_TEST(test_no_boot_without_an_attempt)
{
	struct life_result r = step(LIFE_ARMED, false, 0, 0, LIFE_BOOT);

	ck_assert_int_eq(r.state, LIFE_FAILED);
	ck_assert_uint_eq(r.boots, 0);
}
END_TEST

START_TEST(test_arming_counts_anew)
{
	struct life_result r = step(LIFE_FAILED, true, 5, 5, LIFE_ARM);

	ck_assert_uint_eq(r.boots, 0);
	/* Any other event leaves the count alone. */
	for (int e = 0; e < LIFE_EVENTS; e++)
		for (int s = 0; s < LIFE_STATES; s++)
			if (e != LIFE_ARM && e != LIFE_RUN && e != LIFE_GO_LIVE && e != LIFE_BOOT)
				ck_assert_uint_eq(step(s, true, 2, 5, e).boots, 2);
}
END_TEST

/* However a tool ends, the machine is what it was. */
START_TEST(test_a_tool)
{
	static const enum life_event ends[] = {
		LIFE_DONE, LIFE_FAIL, LIFE_DEADLINE, LIFE_DISARM, LIFE_POWER_FAILED};
	static const enum life_state befores[] = {LIFE_KNOWN, LIFE_UP, LIFE_FAILED};

	for (size_t b = 0; b < sizeof befores / sizeof *befores; b++)
		for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
			struct life l = {.state = LIFE_BOOTING,
				.boots = 1,
				.max_boots = 1,
				.returns = true,
				.before = befores[b]};
			struct life_result r = life_step(&l, ends[e]);

			ck_assert_int_eq(r.state, befores[b]);
			ck_assert(r.actions & LIFE_DO_END);
			ck_assert(!r.refused);
			r = life_step(&l, LIFE_ANSWERS);
			ck_assert_int_eq(r.state, LIFE_INSTALLING);
			/* one boot too many */
			r = life_step(&l, LIFE_BOOT);
			ck_assert_int_eq(r.state, befores[b]);
			ck_assert(r.actions & LIFE_DO_END);
		}
}
END_TEST

static struct life live(bool guest, unsigned boots, enum life_state before)
{
	return (struct life){.state = LIFE_LIVE,
		.guest = guest,
		.boots = boots,
		.max_boots = 3,
		.returns = true,
		.before = before};
}

/* However often it boots, and whatever it reports; only a user ends it. */
START_TEST(test_a_live_system)
{
	struct life l = live(true, 0, LIFE_KNOWN);
	struct life_result r;

	for (unsigned n = 1; n <= 1000; n++) {
		r = life_step(&l, LIFE_BOOT);
		ck_assert_int_eq(r.state, LIFE_LIVE);
		ck_assert_uint_eq(r.boots, n);
		ck_assert_uint_eq(r.actions, 0);
		l.boots = r.boots;
	}
	for (int e = 0; e < LIFE_EVENTS; e++) {
		r = life_step(&l, e);
		if (e != LIFE_ARM && e != LIFE_DISARM)
			ck_assert_int_eq(r.state, LIFE_LIVE);
		if (e != LIFE_ARM && e != LIFE_DISARM && e != LIFE_GO_LIVE)
			ck_assert_uint_eq(r.actions, 0);
	}
	r = life_step(&l, LIFE_GO_LIVE); /* with its profile as it is by now */
	ck_assert_uint_eq(r.boots, 0);
	ck_assert_uint_eq(r.actions, LIFE_DO_NETBOOT);
	ck_assert_ptr_nonnull(life_step(&l, LIFE_DEADLINE).reason);
	ck_assert_ptr_nonnull(life_step(&l, LIFE_FAIL).reason);
}
END_TEST

START_TEST(test_a_live_system_is_left)
{
	static const enum life_state befores[] = {LIFE_KNOWN, LIFE_UP, LIFE_FAILED};

	for (size_t b = 0; b < sizeof befores / sizeof *befores; b++)
		for (int guest = 0; guest < 2; guest++)
			for (unsigned boots = 0; boots < 2; boots++) {
				struct life l = live(guest, boots, befores[b]);
				struct life_result r = life_step(&l, LIFE_DISARM);
				/* bare metal that never booted it may run what it always ran */
				bool off = guest || boots;

				ck_assert_int_eq(r.state, befores[b]);
				ck_assert_uint_eq(r.actions, LIFE_DO_END | (off ? LIFE_DO_OFF : 0));
				/* an install is begun, and goes nowhere back to */
				r = life_step(&l, LIFE_ARM);
				ck_assert_int_eq(r.state, LIFE_ARMED);
				ck_assert_uint_eq(r.boots, 0);
				ck_assert_uint_eq(r.actions, LIFE_DO_NETBOOT);
			}
}
END_TEST

/* From every state and by every road: a machine gets boot files only after it was armed, and every
 * end of an attempt that was under way voids its tokens. */
START_TEST(test_invariants)
{
	for (int s = 0; s < LIFE_STATES; s++)
		for (int e = 0; e < LIFE_EVENTS; e++)
			for (int guest = 0; guest < 2; guest++) {
				struct life_result r = step(s, guest, 1, 3, e);

				if (!life_netboots(s) && e != LIFE_ARM && e != LIFE_RUN &&
					e != LIFE_GO_LIVE)
					ck_assert(!life_netboots(r.state));
				if (life_netboots(s) && !life_netboots(r.state))
					ck_assert(r.actions & LIFE_DO_END);
				/* the wipe guard: what boots always is never on its way into an install */
				if (!life_installs(s) && e != LIFE_ARM && e != LIFE_RUN)
					ck_assert(!life_installs(r.state));
				if (s != LIFE_LIVE && e != LIFE_GO_LIVE)
					ck_assert_int_ne(r.state, LIFE_LIVE);
				if (r.actions & LIFE_DO_NETBOOT_NEXT)
					ck_assert(!guest && r.state == LIFE_LIVE);
				if (r.actions & LIFE_DO_NETBOOT)
					ck_assert(life_netboots(r.state));
				if (r.actions & LIFE_DO_DISK)
					ck_assert_int_eq(r.state, LIFE_INSTALLED);
			}
}
END_TEST

START_TEST(test_names)
{
	for (int s = 0; s < LIFE_STATES; s++)
		ck_assert_int_eq(life_state_parse(life_state_name(s)), s);
	ck_assert_int_eq(life_state_parse(""), -EINVAL);
	ck_assert_int_eq(life_state_parse("Armed"), -EINVAL);
	for (int e = 0; e < LIFE_EVENTS; e++)
		ck_assert_ptr_nonnull(life_event_name(e));
	ck_assert_str_eq(life_event_name(LIFE_FIRST_BOOT), "first-boot");
	ck_assert(!life_netboots(LIFE_KNOWN) && !life_netboots(LIFE_INSTALLED) &&
		!life_netboots(LIFE_UP) && !life_netboots(LIFE_FAILED));
	ck_assert(life_netboots(LIFE_ARMED) && life_netboots(LIFE_BOOTING) &&
		life_netboots(LIFE_INSTALLING) && life_netboots(LIFE_LIVE));
	ck_assert(!life_installs(LIFE_LIVE) && life_installs(LIFE_ARMED));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("life");
	TCase *t = tcase_create("life");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_whole_table_guest);
	tcase_add_test(t, test_whole_table_bare);
	tcase_add_test(t, test_boots_are_counted);
	tcase_add_test(t, test_a_template_stays);
	tcase_add_test(t, test_no_boot_without_an_attempt);
	tcase_add_test(t, test_arming_counts_anew);
	tcase_add_test(t, test_a_tool);
	tcase_add_test(t, test_a_live_system);
	tcase_add_test(t, test_a_live_system_is_left);
	tcase_add_test(t, test_invariants);
	tcase_add_test(t, test_names);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
