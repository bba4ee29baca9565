/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Following a service that does not let it wait: it is asked once a second, not as fast as it answers. */
#include "usher/client/follow.h"

#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NOTHING "{\"events\":[],\"newest\":7}"
#define ONE \
	"{\"events\":[{\"seq\":8,\"machine\":\"web01\",\"kind\":\"test\",\"text\":\"a\"}],\"newest\":8}"

/* Found before libc's. */
static unsigned slept;

unsigned sleep(unsigned s)
{
	slept += s;
	return 0;
}

/* A service: each answer on a connection of its own. */
static struct {
	char path[64];
	int fd;
	pthread_t thread;
	int crowded; /* status for who wants to wait; 0: none */
	const char *says;
	char asked[256]; /* last */
	unsigned n;
} service;

static void serve_one(int fd)
{
	char text[2048];
	ssize_t n = read(fd, text, sizeof text - 1);
	bool refused;

	text[n > 0 ? n : 0] = '\0';
	if (sscanf(text, "GET %255s", service.asked) == 1)
		service.n++;
	refused = service.crowded && !strstr(service.asked, "wait=0");
	dprintf(fd, "HTTP/1.1 %d x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
		refused ? service.crowded : 200, strlen(refused ? "{}" : service.says),
		refused ? "{}" : service.says);
	close(fd);
}

static void *serve(void *arg)
{
	int fd;

	(void)arg;
	while ((fd = accept(service.fd, NULL, NULL)) >= 0)
		serve_one(fd);
	return NULL;
}

static struct follow f;

static void setup(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	memset(&service, 0, sizeof service);
	slept = 0;
	service.says = NOTHING;
	snprintf(service.path, sizeof service.path, "/tmp/test_follow.%d", (int)getpid());
	snprintf(un.sun_path, sizeof un.sun_path, "%s", service.path);
	service.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(service.fd, (struct sockaddr *)&un, sizeof un), 0);
	ck_assert_int_eq(listen(service.fd, 16), 0);
	ck_assert_int_eq(pthread_create(&service.thread, NULL, serve, NULL), 0);
	f = (struct follow){.client = client_new(service.path), .after = 7, .quiet = true};
	ck_assert_ptr_nonnull(f.client);
}

static void teardown(void)
{
	client_free(f.client);
	shutdown(service.fd, SHUT_RDWR);
	pthread_join(service.thread, NULL);
	close(service.fd);
	unlink(service.path);
}

START_TEST(at_once_and_empty)
{
	for (unsigned i = 1; i <= 3; i++) {
		ck_assert_int_eq(follow_step(&f, 5), 0);
		ck_assert_uint_eq(slept, i);
		ck_assert_uint_eq(service.n, i);
	}
	ck_assert_ptr_nonnull(strstr(service.asked, "/events?after=7&wait=5"));
	ck_assert_int_eq(follow_step(&f, 0), 0); /* it was not to wait */
	ck_assert_uint_eq(slept, 3);
}
END_TEST

START_TEST(something)
{
	service.says = ONE;
	ck_assert_int_eq(follow_step(&f, 5), 0);
	ck_assert_uint_eq(slept, 0);
	ck_assert_uint_eq(f.after, 8);
}
END_TEST

/* Too many wait: it asks without that. */
START_TEST(crowded)
{
	service.crowded = 429;
	ck_assert_int_eq(follow_step(&f, 5), 0);
	ck_assert_ptr_nonnull(strstr(service.asked, "/events?after=7&wait=0"));
	ck_assert_uint_eq(slept, 1);
	service.says = ONE;
	ck_assert_int_eq(follow_step(&f, 5), 0);
	ck_assert_uint_eq(slept, 1);
	ck_assert_uint_eq(f.after, 8);
	service.crowded = 403;
	ck_assert_int_eq(follow_step(&f, 5), -1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("follow");
	TCase *t = tcase_create("follow");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, at_once_and_empty);
	tcase_add_test(t, something);
	tcase_add_test(t, crowded);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
