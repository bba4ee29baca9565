/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What machines' lives ask for is done once its reason is on disk, in the order in which it was asked for. Bare machines
 * without a power executable: what would be done to them is on their timelines.
 */
#include "service/settle.h"

#include "core/clock.h"

#include "base_make.h"
#include "stepped_clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

static struct base base;
static struct act act;
static struct settle settle;
static struct packages packages; /* not configured */
static unsigned settled;

static void on_settled(void *arg)
{
	ck_assert_ptr_eq(arg, &base);
	settled++;
}

static void make(void)
{
	base_make_open(&base);
	base_make_start(&base);
	act = (struct act){.base = &base};
	packages = (struct packages){.base = &base};
	settle = (struct settle){.base = &base,
		.act = &act,
		.packages = &packages,
		.settled = on_settled,
		.arg = &base};
	loop_timer_init(&settle.turn, settle_now, &settle);
	loop_timer_init(&settle.deadline, settle_deadline, &settle);
	machines_on_action(base.machines, settle_on_action, &settle);
	timeline_listen(base.timeline, settle_on_timeline, &settle);
	settled = 0;
}

static void setup(void)
{
	base_make_folder();
	make();
}

static void teardown(void)
{
	memset(&stepped, 0, sizeof stepped); /* the test library measures, too */
	base.stopping = true;
	settle_drop_all(&settle);
	base_make_close(&base);
	(void)umount2(base_dir, MNT_DETACH);
	base_make_remove();
}

static struct machine *bare(const char *name, const char *address)
{
	return base_machine(&base, name, false, address);
}

static void settle_all(void)
{
	unsigned before = settled;

	settle_now(&settle.turn);
	base_wait(&base, settled > before);
}

/* What was done to machines, in order: "a off, b cycle". */
static const char *done(void)
{
	static char all[256];
	const struct timeline_event *e = NULL;
	uint64_t after = 0;

	all[0] = '\0';
	for (; (e = timeline_after(base.timeline, after, NULL)); after = e->seq)
		if (!strcmp(e->kind, "power"))
			snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s %s",
				*all ? ", " : "", e->machine,
				strstr(e->text, "power off:") ? "off" : "cycle");
	return all;
}

START_TEST(only_after_the_commit)
{
	struct machine *m = bare("a", "10.77.1.3");

	base_arm(m, "debian-12");
	ck_assert_str_eq(done(), "");
	ck_assert_uint_ne(settle.turn.slot, 0);
	settle_now(&settle.turn);
	ck_assert_str_eq(done(), "");
	ck_assert_uint_eq(settled, 0);
	base_wait(&base, settled);
	ck_assert(store_is_clean(base.store) || *done());
	ck_assert_str_eq(done(), "a cycle");
	ck_assert_str_eq(base_told(&base, "a", "power"),
		"power cycle: usher cannot switch this machine's power (it has no --power): do it by hand");
}
END_TEST

/* At the end of the turn, by itself, and what that told is committed too. */
START_TEST(by_itself)
{
	machine_ask(bare("a", "10.77.1.3"), LIFE_DO_OFF);
	base_wait(&base, settled == 2);
	ck_assert_str_eq(done(), "a off");
	ck_assert(store_is_clean(base.store));
	ck_assert_uint_eq(settle.turn.slot, 0);
}
END_TEST

START_TEST(in_order)
{
	struct machine *a = bare("a", "10.77.1.3"), *b = bare("b", "10.77.1.4");

	machine_ask(b, LIFE_DO_OFF);
	machine_ask(a, LIFE_DO_NETBOOT);
	machine_ask(b, LIFE_DO_NETBOOT);
	machine_ask(a, LIFE_DO_OFF);
	settle_all();
	ck_assert_str_eq(done(), "b off, a cycle, b cycle, a off");
	settle_all(); /* once */
	ck_assert_str_eq(done(), "b off, a cycle, b cycle, a off");
}
END_TEST

/* Two commits on their way at once. */
START_TEST(in_order_over_commits)
{
	struct machine *a = bare("a", "10.77.1.3");

	machine_ask(a, LIFE_DO_OFF);
	settle_now(&settle.turn);
	machine_ask(a, LIFE_DO_NETBOOT);
	settle_now(&settle.turn);
	base_wait(&base, settled >= 2);
	ck_assert_str_eq(done(), "a off, a cycle");
}
END_TEST

START_TEST(nothing_to_do)
{
	machine_ask(bare("a", "10.77.1.3"), LIFE_DO_END);
	ck_assert_ptr_null(settle.pending);
	ck_assert_uint_eq(settle.turn.slot, 0);
}
END_TEST

/* What became of the machine meanwhile. */
START_TEST(of_that_machine_alone)
{
	struct machine *gone = bare("gone", "10.77.1.3"), *was = bare("was", "10.77.1.4"),
		       *going = bare("going", "10.77.1.5");

	machine_ask(gone, LIFE_DO_OFF);
	machine_ask(was, LIFE_DO_OFF);
	machine_ask(going, LIFE_DO_OFF);
	machines_remove(base.machines, gone);
	bare("gone", "10.77.1.6"); /* another */
	ck_assert_int_eq(machines_rename(base.machines, was, "is"), 0);
	going->deleting = true;
	settle_all();
	ck_assert_str_eq(done(), "is off");
}
END_TEST

START_TEST(not_while_it_stops)
{
	struct machine *a = bare("a", "10.77.1.3");

	machine_ask(a, LIFE_DO_OFF);
	settle_now(&settle.turn);
	machine_ask(a, LIFE_DO_OFF);
	base.stopping = true;
	base_wait(&base, settled);
	ck_assert_str_eq(done(), "");
	settle_drop_all(&settle);
	ck_assert_ptr_null(settle.pending);
	loop_timer_clear(base.loop, &settle.turn);
	timeline_add(base.timeline, "a", "power", "what is told now wakes nobody");
	ck_assert_uint_eq(settle.turn.slot, 0);
}
END_TEST

/* --- a disk that takes nothing -------------------------------------------------------------------------------------------- */

/* A small file system over the folder, gone with this (forked) test. False: not allowed here. */
static bool on_a_small_disk(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return false;
	base_make_close(&base);
	ck_assert_int_eq(mount("small", base_dir, "tmpfs", 0, "size=2m,mode=700"), 0);
	make();
	return true;
}

static void fill_disk(const char *name)
{
	static char block[4096];
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	while (write(fd, block, sizeof block) > 0)
		;
	ck_assert_int_eq(errno, ENOSPC);
	close(fd);
}

/* Without a turn of the loop: who waits is not told yet. */
static void until_failed(void)
{
	for (int i = 0; i < 500 && !store_stats(base.store).failures; i++)
		usleep(5000);
	ck_assert_uint_ge(store_stats(base.store).failures, 1);
}

enum when { TOLD_BEFORE, BOTH_FAILED, THE_FIRST_FAILED, WHENS };

/* Off, and then the network, with a commit for each; the first one cannot be written. */
static void ask_twice(struct machine *m, const char *filler, enum when when)
{
	machine_ask(m, LIFE_DO_OFF);
	settle_now(&settle.turn);
	if (when != BOTH_FAILED)
		until_failed();
	for (int i = 0; i < 5 && when == TOLD_BEFORE; i++)
		loop_once(base.loop, 5);
	if (when == THE_FIRST_FAILED)
		ck_assert_int_eq(unlink(filler), 0);
	machine_ask(m, LIFE_DO_NETBOOT);
	settle_now(&settle.turn);
}

/* Nothing is done that the disk does not explain, and then all of it, in the order in which it was asked for. */
START_TEST(in_order_over_a_full_disk)
{
	static char value[64 << 10];
	char filler[128];
	struct machine *a;

	if (!on_a_small_disk())
		return;
	a = bare("a", "10.77.1.3");
	settle_all();
	snprintf(filler, sizeof filler, "%s/filler", base_dir);
	fill_disk(filler);
	ck_assert_int_eq(store_put(base.store, STORE_SETTING, "big", 3, value, sizeof value), 0);
	ask_twice(a, filler, (enum when)_i);
	if (_i != THE_FIRST_FAILED) {
		until_failed();
		for (int i = 0; i < 10; i++)
			loop_once(base.loop, 5);
		ck_assert_str_eq(done(), "");
		ck_assert_int_eq(unlink(filler), 0);
	}
	for (int i = 0; i < 500 && !strstr(done(), ","); i++) {
		stepped.mono += 100;
		loop_once(base.loop, 10);
	}
	ck_assert_str_eq(done(), "a off, a cycle");
}
END_TEST

/* --- time ----------------------------------------------------------------------------------------------------------------- */

START_TEST(the_next_deadline)
{
	struct machine *late = bare("late", "10.77.1.3"), *soon = bare("soon", "10.77.1.4");
	int64_t at;

	settle_set_deadline(&settle);
	ck_assert_uint_eq(settle.deadline.slot, 0);
	ck_assert_int_eq(machine_arm(late, base_snapshot("debian-12"), 3, 900 * 1000), 0);
	settle_now(&settle.turn);
	at = settle.deadline.at;
	ck_assert_uint_ne(settle.deadline.slot, 0);
	ck_assert_int_eq(machine_arm(soon, base_snapshot("debian-12"), 3, 300 * 1000), 0);
	settle_now(&settle.turn);
	ck_assert_int_lt(settle.deadline.at, at - 590 * 1000);
	ck_assert_int_gt(settle.deadline.at, at - 610 * 1000);
	ck_assert_int_eq(machine_event(soon, LIFE_DISARM, "enough"), 0);
	settle_now(&settle.turn);
	ck_assert_int_gt(settle.deadline.at, at - 10 * 1000);
	base.stopping = true;
	settle_set_deadline(&settle);
	ck_assert_uint_eq(settle.deadline.slot, 0);
	base_wait(&base, settled >= 3);
}
END_TEST

START_TEST(time_is_over)
{
	struct machine *m = bare("a", "10.77.1.3"), *other = bare("b", "10.77.1.4");

	ck_assert_int_eq(machine_arm(m, base_snapshot("debian-12"), 3, 300 * 1000), 0);
	ck_assert_int_eq(machine_arm(other, base_snapshot("debian-12"), 3, 900 * 1000), 0);
	settle_deadline(&settle.deadline); /* too early */
	ck_assert_int_eq(m->state, LIFE_ARMED);
	stepped.mono += 301 * 1000;
	base_wait(&base, m->state == LIFE_FAILED);
	ck_assert_str_eq(m->attempt.reason, "timed out: no boot script was fetched");
	ck_assert_int_eq(other->state, LIFE_ARMED);
	ck_assert_uint_ne(settle.deadline.slot, 0);
}
END_TEST

START_TEST(nobody_confirmed)
{
	struct machine *m = bare("a", "10.77.1.3");
	struct boot_client by = {.ip = base_ip("10.77.1.3"), .segment = "lan"};

	m->seal = SEAL_YES;
	ck_assert_int_eq(machine_arm(m, base_snapshot("debian-12"), 3, 300 * 1000), 0);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &by), -EAGAIN);
	stepped.mono += 301 * 1000;
	settle_deadline(&settle.deadline);
	ck_assert_int_eq(m->state, LIFE_FAILED);
	ck_assert_str_eq(m->attempt.reason, "timed out: no boot was confirmed");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("settle");
	TCase *t = tcase_create("settle");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, only_after_the_commit);
	tcase_add_test(t, by_itself);
	tcase_add_test(t, in_order);
	tcase_add_test(t, in_order_over_commits);
	tcase_add_test(t, nothing_to_do);
	tcase_add_test(t, of_that_machine_alone);
	tcase_add_test(t, not_while_it_stops);
	tcase_add_loop_test(t, in_order_over_a_full_disk, 0, WHENS);
	tcase_add_test(t, the_next_deadline);
	tcase_add_test(t, time_is_over);
	tcase_add_test(t, nobody_confirmed);
	suite_add_tcase(s, t);
	return base_run(s);
}
