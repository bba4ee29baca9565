/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/queue.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { KEYS = 3, EACH = 20 };

struct item {
	struct work work;
	unsigned key, number;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct item items[KEYS * EACH];
static unsigned next_of[KEYS], running_of[KEYS], running, most_running, ran, dropped;
static bool wrong;

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

static void run(struct work *w)
{
	struct item *it = (struct item *)w;

	pthread_mutex_lock(&lock);
	wrong = wrong || it->number != next_of[it->key]++ || running_of[it->key]++;
	if (++running > most_running)
		most_running = running;
	pthread_mutex_unlock(&lock);
	nap();
	pthread_mutex_lock(&lock);
	running--;
	running_of[it->key]--;
	ran++;
	pthread_mutex_unlock(&lock);
}

static void drop(struct work *w)
{
	(void)w;
	dropped++;
}

static void setup(void)
{
	memset(next_of, 0, sizeof next_of);
	memset(running_of, 0, sizeof running_of);
	running = most_running = ran = dropped = 0;
	wrong = false;
	for (unsigned i = 0; i < KEYS * EACH; i++) {
		items[i] = (struct item){.key = i % KEYS, .number = i / KEYS};
		items[i].work.run = run;
		items[i].work.drop = drop;
		snprintf(items[i].work.key, sizeof items[i].work.key, "key %u", i % KEYS);
	}
}

static bool all_ran(void)
{
	bool all;

	pthread_mutex_lock(&lock);
	all = ran == KEYS * EACH;
	pthread_mutex_unlock(&lock);
	return all;
}

START_TEST(order_and_parallel)
{
	struct queue *q;

	ck_assert_int_eq(queue_new(4, 1000, &q), 0);
	for (unsigned i = 0; i < KEYS * EACH; i++)
		ck_assert_int_eq(queue_put(q, &items[i].work), 0);
	for (int i = 0; i < 5000 && !all_ran(); i++)
		nap();
	queue_free(q);
	ck_assert_uint_eq(ran, KEYS * EACH);
	ck_assert_uint_eq(dropped, 0);
	ck_assert(!wrong);
	ck_assert_uint_le(most_running, KEYS);
	ck_assert_uint_gt(most_running, 1);
}
END_TEST

/* Slow work leaves workers to the rest, and is all done in the end: half of them, and two of many. */
START_TEST(slow_work_has_its_part)
{
	static const size_t workers[] = {2, 4, 12}, most[] = {1, 2, 2};
	struct queue *q;

	for (unsigned i = 0; i < KEYS * EACH; i++)
		items[i].work.slow = true;
	ck_assert_int_eq(queue_new(workers[_i], 1000, &q), 0);
	for (unsigned i = 0; i < KEYS * EACH; i++)
		ck_assert_int_eq(queue_put(q, &items[i].work), 0);
	for (int i = 0; i < 5000 && !all_ran(); i++)
		nap();
	queue_free(q);
	ck_assert_uint_eq(ran, KEYS * EACH);
	ck_assert_uint_eq(most_running, most[_i]);
	ck_assert(!wrong);
}
END_TEST

START_TEST(freed_with_work_left)
{
	struct queue *q;

	ck_assert_int_eq(queue_new(1, 1000, &q), 0);
	for (unsigned i = 0; i < KEYS * EACH; i++)
		ck_assert_int_eq(queue_put(q, &items[i].work), 0);
	queue_free(q);
	ck_assert_uint_eq(ran + dropped, KEYS * EACH);
	ck_assert_uint_gt(dropped, 0);
	ck_assert(!wrong);
}
END_TEST

START_TEST(full)
{
	struct queue *q;
	int rc = 0;
	unsigned i;

	ck_assert_int_eq(queue_new(1, 5, &q), 0);
	for (i = 0; i < 20 && !rc; i++)
		rc = queue_put(q, &items[i].work);
	ck_assert_int_eq(rc, -ENOSPC);
	queue_free(q);
	ck_assert_uint_eq(ran + dropped, i - 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("queue");
	TCase *t = tcase_create("queue");
	SRunner *r;
	int failed;

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, order_and_parallel);
	tcase_add_loop_test(t, slow_work_has_its_part, 0, 3);
	tcase_add_test(t, freed_with_work_left);
	tcase_add_test(t, full);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
