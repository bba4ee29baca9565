/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/clock.h"
#include "core/loop.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct loop *loop;
static unsigned calls;

static void setup(void)
{
	calls = 0;
	ck_assert_int_eq(loop_new(&loop), 0);
}

static void teardown(void)
{
	loop_free(loop);
}

static void count_and_read(struct loop_fd *w, uint32_t events)
{
	uint64_t n;

	ck_assert(events & EPOLLIN);
	ck_assert_int_eq(read(w->fd, &n, sizeof n), sizeof n);
	calls++;
}

START_TEST(a_ready_descriptor_is_told)
{
	int fd = eventfd(1, EFD_CLOEXEC);
	struct loop_fd w = {0};

	ck_assert_int_eq(loop_watch(loop, &w, fd, EPOLLIN, count_and_read, NULL), 0);
	ck_assert_int_eq(loop_watch(loop, &w, fd, EPOLLIN, count_and_read, NULL), -EEXIST);
	loop_once(loop, 0);
	ck_assert_uint_eq(calls, 1);
	loop_once(loop, 0);
	ck_assert_uint_eq(calls, 1);
	loop_unwatch(loop, &w);
	loop_unwatch(loop, &w);
	ck_assert_int_eq(eventfd_write(fd, 1), 0);
	loop_once(loop, 0);
	ck_assert_uint_eq(calls, 1);
	close(fd);
}
END_TEST

static void count(struct loop_fd *w, uint32_t events)
{
	(void)w;
	(void)events;
	calls++;
}

START_TEST(rewatch_changes_what_is_told)
{
	int fd = eventfd(0, EFD_CLOEXEC);
	struct loop_fd w = {0};

	ck_assert_int_eq(loop_rewatch(loop, &w, EPOLLIN), -ENOENT);
	ck_assert_int_eq(loop_watch(loop, &w, fd, EPOLLIN, count, NULL), 0);
	loop_once(loop, 0);
	ck_assert_uint_eq(calls, 0);
	ck_assert_int_eq(loop_rewatch(loop, &w, EPOLLIN | EPOLLOUT), 0);
	loop_once(loop, 0);
	ck_assert_uint_eq(calls, 1);
	loop_unwatch(loop, &w);
	close(fd);
}
END_TEST

static struct loop_fd pair[2];

static void unwatch_both(struct loop_fd *w, uint32_t events)
{
	(void)w;
	(void)events;
	calls++;
	for (int i = 0; i < 2; i++) {
		loop_unwatch(loop, &pair[i]);
		memset(&pair[i], 0xff, sizeof pair[i]);
	}
}

START_TEST(a_watch_may_end_another_of_the_same_wake_up)
{
	int fds[2];

	memset(pair, 0, sizeof pair);
	for (int i = 0; i < 2; i++) {
		fds[i] = eventfd(1, EFD_CLOEXEC);
		ck_assert_int_eq(
			loop_watch(loop, &pair[i], fds[i], EPOLLIN, unwatch_both, NULL), 0);
	}
	loop_once(loop, 0);
	ck_assert_uint_eq(calls, 1);
	for (int i = 0; i < 2; i++)
		close(fds[i]);
}
END_TEST

START_TEST(a_regular_file_is_refused)
{
	FILE *f = tmpfile();
	struct loop_fd w = {0};

	ck_assert_int_eq(loop_watch(loop, &w, fileno(f), EPOLLIN, count, NULL), -EPERM);
	ck_assert(!w.watched);
	fclose(f);
}
END_TEST

static void fire_count(struct loop_timer *t)
{
	(void)t;
	calls++;
}

START_TEST(a_timer_fires_once_and_not_early)
{
	struct loop_timer t;
	int64_t start = clock_mono_ms();

	loop_timer_init(&t, fire_count, NULL);
	ck_assert_int_eq(loop_timer_set(loop, &t, 30), 0);
	loop_once(loop, 0);
	ck_assert_uint_eq(calls, 0);
	while (!calls)
		loop_once(loop, -1);
	ck_assert_int_ge(clock_mono_ms() - start, 30);
	ck_assert_int_ge(loop_now(loop), start + 30);
	ck_assert_uint_eq(t.slot, 0);
	loop_once(loop, 40);
	ck_assert_uint_eq(calls, 1);
}
END_TEST

START_TEST(a_timer_is_reset_and_cleared)
{
	struct loop_timer t;

	loop_timer_init(&t, fire_count, NULL);
	loop_timer_clear(loop, &t);
	loop_timer_set(loop, &t, 0);
	loop_timer_set(loop, &t, 100000);
	loop_once(loop, 5);
	ck_assert_uint_eq(calls, 0);
	loop_timer_set(loop, &t, 0);
	loop_once(loop, 5);
	ck_assert_uint_eq(calls, 1);
	loop_timer_set(loop, &t, 0);
	loop_timer_clear(loop, &t);
	loop_once(loop, 5);
	ck_assert_uint_eq(calls, 1);
}
END_TEST

enum { TIMERS = 1000 };
static int64_t last_at;

static void fire_in_order(struct loop_timer *t)
{
	int64_t *at = t->arg;

	ck_assert_int_ge(*at, last_at);
	last_at = *at;
	calls++;
}

START_TEST(many_timers_fire_in_order)
{
	static struct loop_timer timers[TIMERS];
	static int64_t at[TIMERS];
	unsigned left = 0;

	srand(7);
	last_at = 0;
	for (int i = 0; i < TIMERS; i++) {
		loop_timer_init(&timers[i], fire_in_order, &at[i]);
		ck_assert_int_eq(loop_timer_set(loop, &timers[i], rand() % 50), 0);
	}
	for (int i = 0; i < TIMERS; i += 3)
		loop_timer_set(loop, &timers[i], rand() % 50);
	for (int i = 0; i < TIMERS; i += 2)
		loop_timer_clear(loop, &timers[i]);
	for (int i = 0; i < TIMERS; i++) {
		at[i] = timers[i].at;
		left += i % 2;
	}
	while (calls < left)
		loop_once(loop, -1);
	loop_once(loop, 0);
	ck_assert_uint_eq(calls, left);
}
END_TEST

static void fire_again(struct loop_timer *t)
{
	calls++;
	loop_timer_set(loop, t, 0);
}

START_TEST(a_greedy_timer_does_not_stop_the_others)
{
	int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	struct loop_fd w = {0};
	struct loop_timer t;
	eventfd_t n;

	ck_assert_int_eq(loop_watch(loop, &w, fd, EPOLLIN, count_and_read, NULL), 0);
	loop_timer_init(&t, fire_again, NULL);
	loop_timer_set(loop, &t, 0);
	loop_once(loop, 0);
	ck_assert_uint_le(calls, 65);
	/* Served in the same wake-up. */
	ck_assert_int_eq(eventfd_read(fd, &n), -1);
	loop_timer_clear(loop, &t);
	loop_unwatch(loop, &w);
	close(fd);
}
END_TEST

static void fire_stop(struct loop_timer *t)
{
	(void)t;
	loop_stop(loop, 3);
}

START_TEST(run_ends_with_what_stop_was_given)
{
	struct loop_timer t;

	loop_timer_init(&t, fire_stop, NULL);
	loop_timer_set(loop, &t, 1);
	ck_assert_int_eq(loop_run(loop), 3);
	loop_stop(loop, 4);
	ck_assert_int_eq(loop_run(loop), 4);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("loop");
	TCase *t = tcase_create("loop");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_ready_descriptor_is_told);
	tcase_add_test(t, rewatch_changes_what_is_told);
	tcase_add_test(t, a_watch_may_end_another_of_the_same_wake_up);
	tcase_add_test(t, a_regular_file_is_refused);
	tcase_add_test(t, a_timer_fires_once_and_not_early);
	tcase_add_test(t, a_timer_is_reset_and_cleared);
	tcase_add_test(t, many_timers_fire_in_order);
	tcase_add_test(t, a_greedy_timer_does_not_stop_the_others);
	tcase_add_test(t, run_ends_with_what_stop_was_given);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
