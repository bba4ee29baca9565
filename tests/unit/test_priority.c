/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each test is a process of its own, so its main thread may be what it likes. */
#include "core/priority.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int niceness(void)
{
	return getpriority(PRIO_PROCESS, (id_t)gettid());
}

static void *ask(void *ret)
{
	*(int *)ret = niceness();
	return NULL;
}

static void *yield(void *ret)
{
	priority_yield();
	return ask(ret);
}

static int of_thread(void *(*run)(void *))
{
	pthread_t thread;
	int n = 99;

	ck_assert_int_eq(pthread_create(&thread, NULL, run, &n), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	return n;
}

START_TEST(yields_alone)
{
	int before = niceness(), after = before + PRIORITY_STEP;

	ck_assert_int_eq(of_thread(yield), after > 19 ? 19 : after);
	ck_assert_int_eq(niceness(), before);
}
END_TEST

/* Without the privilege: refused, and nothing is different. */
START_TEST(claims)
{
	int before = niceness(), rc = priority_claim(), status;
	pid_t child;

	if (rc || before <= PRIORITY_NICE) {
		ck_assert(!rc || rc == -EPERM || rc == -EACCES);
		ck_assert_int_eq(niceness(), before);
		return;
	}
	ck_assert_int_eq(niceness(), PRIORITY_NICE);
	ck_assert_int_eq(of_thread(ask), 0);
	ck_assert_int_eq(of_thread(yield), PRIORITY_STEP);
	child = fork();
	if (!child)
		_exit(niceness() != 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("priority");
	TCase *c = tcase_create("all");
	SRunner *r;
	int failed;

	tcase_add_test(c, yields_alone);
	tcase_add_test(c, claims);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
