/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/mailbox.h"

#include <check.h>
#include <stdlib.h>

enum { THREADS = 4, EACH = 5000 };

struct letter {
	struct message m; /* first: it is cast back */
	unsigned from, number;
};

static struct mailbox mailbox;
static unsigned next_number[THREADS];
static unsigned delivered;

static void deliver(struct message *m)
{
	struct letter *l = (struct letter *)m;

	ck_assert_uint_eq(l->number, next_number[l->from]);
	next_number[l->from]++;
	delivered++;
	free(l);
}

static void post(unsigned from, unsigned number)
{
	struct letter *l = calloc(1, sizeof *l);

	l->m.deliver = deliver;
	l->from = from;
	l->number = number;
	mailbox_post(&mailbox, &l->m);
}

static void *sender(void *arg)
{
	unsigned from = (unsigned)(uintptr_t)arg;

	for (unsigned i = 0; i < EACH; i++)
		post(from, i);
	return NULL;
}

static void setup(void)
{
	delivered = 0;
	for (int i = 0; i < THREADS; i++)
		next_number[i] = 0;
	ck_assert_int_eq(mailbox_init(&mailbox), 0);
}

static void start(pthread_t *threads)
{
	for (uintptr_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, sender, (void *)i), 0);
}

static void join(pthread_t *threads)
{
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

START_TEST(a_waiting_thread_gets_all_in_each_senders_order)
{
	pthread_t threads[THREADS];

	start(threads);
	while (delivered < THREADS * EACH)
		mailbox_wait(&mailbox, -1);
	join(threads);
	mailbox_wait(&mailbox, 0);
	ck_assert_uint_eq(delivered, THREADS * EACH);
	mailbox_fini(&mailbox);
}
END_TEST

START_TEST(a_loop_gets_all_in_each_senders_order)
{
	pthread_t threads[THREADS];
	struct loop *loop;

	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(mailbox_attach(&mailbox, loop), 0);
	start(threads);
	while (delivered < THREADS * EACH)
		loop_once(loop, -1);
	join(threads);
	mailbox_fini(&mailbox);
	loop_free(loop);
	ck_assert_uint_eq(delivered, THREADS * EACH);
}
END_TEST

START_TEST(a_wake_up_delivers_a_bounded_number)
{
	struct loop *loop;
	unsigned rounds = 0;

	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(mailbox_attach(&mailbox, loop), 0);
	for (unsigned i = 0; i < 1000; i++)
		post(0, i);
	while (delivered < 1000) {
		unsigned before = delivered;

		loop_once(loop, 0);
		ck_assert_uint_gt(delivered, before);
		ck_assert_uint_le(delivered - before, 256);
		rounds++;
	}
	ck_assert_uint_eq(rounds, 4);
	mailbox_fini(&mailbox);
	loop_free(loop);
}
END_TEST

static void post_more(struct message *m)
{
	free(m);
	post(1, 0);
}

START_TEST(what_was_posted_is_delivered_at_the_end)
{
	struct message *m = calloc(1, sizeof *m);

	post(0, 0);
	m->deliver = post_more;
	mailbox_post(&mailbox, m);
	mailbox_fini(&mailbox);
	ck_assert_uint_eq(delivered, 2);
}
END_TEST

START_TEST(a_wait_has_an_end)
{
	mailbox_wait(&mailbox, 1);
	ck_assert_uint_eq(delivered, 0);
	mailbox_fini(&mailbox);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mailbox");
	TCase *t = tcase_create("mailbox");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_waiting_thread_gets_all_in_each_senders_order);
	tcase_add_test(t, a_loop_gets_all_in_each_senders_order);
	tcase_add_test(t, a_wake_up_delivers_a_bounded_number);
	tcase_add_test(t, what_was_posted_is_delivered_at_the_end);
	tcase_add_test(t, a_wait_has_an_end);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
