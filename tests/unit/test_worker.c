/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/worker.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

enum { TASKS = 20 };

struct sum {
	struct task task;
	int a, b;
	pthread_t by;
};

static struct mailbox home;
static int total, cancelled, order;

static int add(struct task *t)
{
	struct sum *s = (struct sum *)t;

	s->by = pthread_self();
	return s->a + s->b;
}

static void added(struct task *t)
{
	struct sum *s = (struct sum *)t;

	ck_assert(!pthread_equal(s->by, pthread_self()));
	ck_assert_int_eq(s->a, order++);
	total += t->rc;
}

static void counted(struct task *t)
{
	cancelled += t->rc == -ECANCELED;
	total++;
}

/* Long, but for a service that is to end. */
static int until_stopped(struct task *t)
{
	while (!worker_stopping(t->worker))
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	return 0;
}

START_TEST(comes_home)
{
	struct sum all[TASKS];
	struct worker *w;

	ck_assert_int_eq(worker_new(3, &home, &w), 0);
	for (int i = 0; i < TASKS; i++) {
		all[i] = (struct sum){.task = {.run = add, .done = added}, .a = i, .b = 1};
		ck_assert_int_eq(worker_do(w, &all[i].task, "key"), 0);
	}
	while (order < TASKS)
		mailbox_wait(&home, -1);
	ck_assert_int_eq(total, TASKS * (TASKS - 1) / 2 + TASKS);
	worker_free(w);
}
END_TEST

START_TEST(stopped)
{
	struct task all[TASKS];
	struct worker *w;

	ck_assert_int_eq(worker_new(1, &home, &w), 0);
	for (int i = 0; i < TASKS; i++) {
		all[i] = (struct task){.run = until_stopped, .done = counted};
		ck_assert_int_eq(worker_do(w, &all[i], "key"), 0);
	}
	worker_free(w);
	mailbox_wait(&home, 0);
	ck_assert_int_eq(total, TASKS);
	ck_assert_int_ge(cancelled, TASKS - 1);
}
END_TEST

static void set_up(void)
{
	total = cancelled = order = 0;
	ck_assert_int_eq(mailbox_init(&home), 0);
}

static void tear_down(void)
{
	mailbox_fini(&home);
}

int main(void)
{
	Suite *s = suite_create("worker");
	TCase *c = tcase_create("worker");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_add_test(c, comes_home);
	tcase_add_test(c, stopped);
	suite_add_tcase(s, c);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
