/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The syslog receiver on loopback: what is taken, from whom, how much at a time, and who may stay connected. */
#include "syslogd/syslogd.h"

#include "core/loop.h"
#include "core/sockaddr.h"
#include "stepped_clock.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT = 45514, SEGMENT = 3 };

static struct loop *loop;
static struct syslogd *d;
static struct ip six, four;
static unsigned taken;
static char last[64];
static bool admit, wanted;
static struct ip from;

static bool admits(void *arg, uint32_t segment, const struct ip *peer)
{
	(void)arg, (void)peer;
	ck_assert_uint_eq(segment, SEGMENT);
	return admit;
}

static bool took(void *arg, uint32_t segment, const struct ip *peer, const char *bytes, size_t n)
{
	(void)arg;
	ck_assert_uint_eq(segment, SEGMENT);
	from = *peer;
	snprintf(last, sizeof last, "%.*s", (int)n, bytes);
	taken++;
	return wanted;
}

static void unread(void *arg, uint32_t segment, uint32_t datagrams)
{
	(void)arg, (void)segment, (void)datagrams;
}

static void open_on(const struct ip *server)
{
	char why[256] = "";

	ck_assert_msg(!syslogd_open(d, SEGMENT, "lo", server, PORT, why, sizeof why), "%s", why);
}

static void setup(void)
{
	ck_assert_int_eq(ip_parse("127.0.0.1", &four), 0);
	ck_assert_int_eq(ip_parse("::1", &six), 0);
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(
		syslogd_new(
			&(struct syslogd_config){
				.loop = loop, .admits = admits, .took = took, .unread = unread},
			&d),
		0);
	admit = wanted = true;
	taken = 0;
	open_on(&four);
}

static void teardown(void)
{
	memset(&stepped, 0, sizeof stepped);
	syslogd_free(d);
	loop_free(loop);
}

/* A peer of it. */
static int peer(int type, const struct ip *server)
{
	struct sockaddr_storage sa;
	socklen_t len = sockaddr_of(server, PORT, &sa);
	int fd = socket(sa.ss_family, type | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&sa, len), 0);
	return fd;
}

static void turns(int n)
{
	for (int i = 0; i < n; i++)
		loop_once(loop, 0);
}

static bool is_closed(int fd)
{
	char c;

	return recv(fd, &c, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET;
}

START_TEST(datagrams)
{
	int fd = peer(SOCK_DGRAM, &four);

	ck_assert_int_eq(send(fd, "one", 3, 0), 3);
	ck_assert_int_eq(send(fd, "", 0, 0), 0);
	turns(2);
	ck_assert_uint_eq(taken, 1);
	ck_assert_str_eq(last, "one");
	ck_assert(ip_eq(&from, &four));
	close(fd);
	open_on(&six);
	fd = peer(SOCK_DGRAM, &six);
	ck_assert_int_eq(send(fd, "six", 3, 0), 3);
	turns(2);
	ck_assert_str_eq(last, "six");
	ck_assert(ip_eq(&from, &six));
	syslogd_close_family(d, SEGMENT, IP_V6);
	(void)send(fd, "more", 4, 0);
	turns(2);
	ck_assert_uint_eq(taken, 2);
	close(fd);
}
END_TEST

/* No more in a turn, nor in a moment: then the socket rests. */
START_TEST(a_flood)
{
	int fd = peer(SOCK_DGRAM, &four);
	unsigned before, sent = 0;

	for (int i = 0; i < 40; i++) {
		for (int k = 0; k < 20; k++)
			sent += send(fd, "x", 1, MSG_DONTWAIT) == 1;
		before = taken;
		turns(1);
		ck_assert_uint_le(taken - before, SYSLOGD_BATCH);
	}
	ck_assert_uint_le(taken, SYSLOGD_DATAGRAMS + SYSLOGD_BATCH);
	before = taken;
	turns(5);
	ck_assert_uint_eq(taken, before);
	stepped.mono += SYSLOGD_WINDOW_MS;
	turns(100);
	ck_assert_uint_eq(taken, sent);
	close(fd);
}
END_TEST

START_TEST(a_stream)
{
	int fd = peer(SOCK_STREAM, &four);

	turns(2);
	ck_assert_uint_eq(syslogd_connections(d), 1);
	ck_assert_int_eq(send(fd, "<13>one\n<13>tw", 14, 0), 14);
	turns(2);
	ck_assert_uint_eq(taken, 1);
	ck_assert_str_eq(last, "<13>one");
	ck_assert_int_eq(send(fd, "o", 1, 0), 1);
	close(fd);
	turns(3);
	ck_assert_str_eq(last, "<13>two"); /* it has no end but that of the stream */
	ck_assert_uint_eq(syslogd_connections(d), 0);
}
END_TEST

START_TEST(not_wanted)
{
	int fd;

	admit = false;
	fd = peer(SOCK_STREAM, &four);
	turns(2);
	ck_assert(is_closed(fd));
	close(fd);
	admit = true;
	fd = peer(SOCK_STREAM, &four);
	wanted = false;
	ck_assert_int_eq(send(fd, "a\nb\nc\n", 6, 0), 6);
	turns(3);
	ck_assert_uint_eq(taken, 1);
	ck_assert(is_closed(fd));
	close(fd);
}
END_TEST

/* The one that is silent for longest gives way. */
START_TEST(too_many)
{
	int fd[SYSLOGD_PER_ADDRESS + 1];

	for (int i = 0; i < SYSLOGD_PER_ADDRESS; i++) {
		fd[i] = peer(SOCK_STREAM, &four);
		turns(2);
		stepped.mono += 10;
	}
	ck_assert_int_eq(send(fd[0], "a\n", 2, 0), 2);
	turns(2);
	fd[SYSLOGD_PER_ADDRESS] = peer(SOCK_STREAM, &four);
	turns(2);
	ck_assert_uint_eq(syslogd_connections(d), SYSLOGD_PER_ADDRESS);
	ck_assert(is_closed(fd[1]));
	ck_assert(!is_closed(fd[0]) && !is_closed(fd[2]) && !is_closed(fd[SYSLOGD_PER_ADDRESS]));
	syslogd_close(d, SEGMENT);
	ck_assert_uint_eq(syslogd_connections(d), 0);
	for (int i = 0; i <= SYSLOGD_PER_ADDRESS; i++)
		close(fd[i]);
}
END_TEST

START_TEST(taken_port)
{
	struct syslogd *other;
	char why[256] = "";

	ck_assert_int_eq(
		syslogd_new(&(struct syslogd_config){.loop = loop, .unread = unread}, &other), 0);
	ck_assert_int_eq(syslogd_open(other, 1, "lo", &four, PORT, why, sizeof why), -EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(why,
		"syslog: cannot listen on 127.0.0.1 port 45514/udp of lo: "
		"Address already in use ("));
	open_on(&four); /* anew */
	syslogd_free(other);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("syslogd");
	TCase *t = tcase_create("syslogd");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, datagrams);
	tcase_add_test(t, a_flood);
	tcase_add_test(t, a_stream);
	tcase_add_test(t, not_wanted);
	tcase_add_test(t, too_many);
	tcase_add_test(t, taken_port);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
