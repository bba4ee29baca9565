/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_pace.h"

#include "dhcpd/dhcp_socket.h"

#include <check.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static int64_t now; /* ms, of every clock: found before libc's */

int clock_gettime(clockid_t id, struct timespec *t)
{
	(void)id;
	*t = (struct timespec){now / 1000, now % 1000 * 1000000};
	return 0;
}

static struct loop *loop;
static struct loop_fd watch;
static struct dhcp_pace pace;
static unsigned readings;
static int gives; /* what a reading returns */
static bool others_wait;

static int receive(void *arg)
{
	uint64_t n;

	(void)arg;
	readings++;
	if (read(watch.fd, &n, sizeof(n)) < 0)
		return 0;
	return gives;
}

static bool waits(void *arg)
{
	(void)arg;
	return others_wait;
}

static void readable(struct loop_fd *w, uint32_t events)
{
	(void)w, (void)events;
	dhcp_pace_readable(&pace);
}

static void setup(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	readings = 0;
	gives = 1;
	others_wait = false;
	watch = (struct loop_fd){0};
	now = 1000000;
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(loop_watch(loop, &watch, fd, EPOLLIN, readable, NULL), 0);
	dhcp_pace_init(&pace, loop, &watch, receive, waits, NULL);
}

static void teardown(void)
{
	int fd = watch.fd;

	dhcp_pace_clear(&pace);
	loop_unwatch(loop, &watch);
	close(fd);
	loop_free(loop);
}

/* A message, `ms` after the last; how many readings that made. */
static unsigned comes(int64_t ms)
{
	unsigned before = readings;

	now += ms;
	ck_assert_int_eq(eventfd_write(watch.fd, 1), 0);
	loop_once(loop, 0);
	return readings - before;
}

static unsigned passes(int64_t ms)
{
	unsigned before = readings;

	now += ms;
	loop_once(loop, 0);
	return readings - before;
}

START_TEST(test_alone)
{
	for (int i = 0; i < 5; i++)
		ck_assert_uint_eq(comes(1), 1);
	ck_assert_uint_eq(passes(100), 0);
}
END_TEST

START_TEST(test_crowd)
{
	ck_assert_uint_eq(comes(1), 1);
	ck_assert_uint_eq(comes(0), 1);
	/* what comes now gathers */
	ck_assert_uint_eq(comes(0), 0);
	ck_assert_uint_eq(comes(DHCP_PACE_MS - 1), 0);
	ck_assert_uint_eq(passes(1), 1);
	ck_assert_uint_eq(comes(DHCP_PACE_MS - 1), 0);
	ck_assert_uint_eq(passes(1), 1);
	/* until none came: then each is read at once again */
	ck_assert_uint_eq(passes(DHCP_PACE_MS), 1);
	ck_assert_uint_eq(passes(DHCP_PACE_MS), 0);
	ck_assert_uint_eq(comes(0), 1);
}
END_TEST

/* There is more: the next reading does not wait. */
START_TEST(test_full_batch)
{
	ck_assert_uint_eq(comes(1), 1);
	gives = DHCP_BATCH;
	ck_assert_uint_eq(comes(0), 1);
	ck_assert_uint_eq(comes(0), 2); /* the second finds that this was all */
	gives = 1;
	ck_assert_uint_eq(comes(0), 1);
	ck_assert_uint_eq(comes(0), 0);
}
END_TEST

START_TEST(test_others_wait)
{
	others_wait = true;
	ck_assert_uint_eq(comes(1), 1);
	ck_assert_uint_eq(comes(0), 2);
	others_wait = false;
	ck_assert_uint_eq(comes(0), 1);
	ck_assert_uint_eq(comes(0), 0);
	ck_assert_uint_eq(passes(DHCP_PACE_MS), 1);
	ck_assert_uint_eq(passes(DHCP_PACE_MS), 1);
	ck_assert_uint_eq(passes(DHCP_PACE_MS), 0);
}
END_TEST

START_TEST(test_fault)
{
	ck_assert_uint_eq(comes(1), 1);
	gives = -1;
	ck_assert_uint_eq(comes(0), 1);
	ck_assert_uint_eq(comes(0), 1); /* the watch still reads */
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dhcp_pace");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_alone);
	tcase_add_test(t, test_crowd);
	tcase_add_test(t, test_full_batch);
	tcase_add_test(t, test_others_wait);
	tcase_add_test(t, test_fault);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
