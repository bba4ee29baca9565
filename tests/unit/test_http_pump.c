/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "httpd/http_pump.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FULL = 4, IDLE_S = 1 };

static struct http_pump pump;
static struct sockaddr_in where;
static atomic_bool stall;
static atomic_int stalled;

static enum MHD_Result answer(void *arg, struct MHD_Connection *conn, const char *url,
	const char *method, const char *version, const char *data, size_t *size, void **context)
{
	static char text[] = "ok";
	struct MHD_Response *r = MHD_create_response_from_buffer(2, text, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result rc = MHD_queue_response(conn, 200, r);

	(void)arg, (void)url, (void)method, (void)version, (void)data, (void)size, (void)context;
	MHD_destroy_response(r);
	return rc;
}

static void nothing(void *arg)
{
	(void)arg;
}

/* For long enough that whoever is connected has timed out afterwards. */
static void look(void *arg)
{
	(void)arg;
	if (!atomic_exchange(&stall, false))
		return;
	usleep(IDLE_S * 1500000);
	atomic_fetch_add(&stalled, 1);
}

static int listener(void)
{
	socklen_t len = sizeof where;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	where = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&where, sizeof where), 0);
	ck_assert_int_eq(listen(fd, 16), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&where, &len), 0);
	return fd;
}

static void start(void)
{
	const struct http_pump_config c = {.limits = {.all = 100,
						   .strangers = 100,
						   .request_ms = {10000, 10000},
						   .takes_ms = {10000, 10000},
						   .trusting = true},
		.flush = nothing,
		.look = look};
	struct MHD_Daemon *d;

	ck_assert_int_eq(http_pump_init(&pump, &c), 0);
	d = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, answer, NULL,
		MHD_OPTION_LISTEN_SOCKET, listener(), MHD_OPTION_CONNECTION_LIMIT, (unsigned)FULL,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_NOTIFY_CONNECTION,
		http_pump_connection, &pump, MHD_OPTION_END);
	ck_assert_ptr_nonnull(d);
	ck_assert_int_eq(http_pump_start(&pump, d), 0);
}

static int dial(void)
{
	const struct timeval patience = {.tv_sec = 20};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&where, sizeof where), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	return fd;
}

/* Those that it has no room for wait until there is, also when all the others go in one turn. */
START_TEST(full)
{
	static const char ask[] = "GET / HTTP/1.0\r\n\r\n";
	int crowd[FULL], late;
	char text[256];

	start();
	for (int i = 0; i < FULL; i++)
		crowd[i] = dial();
	usleep(100000); /* it takes them */
	late = dial();
	atomic_store(&stall, true);
	http_pump_wake(&pump);
	ck_assert_int_eq(send(late, ask, sizeof ask - 1, MSG_NOSIGNAL), sizeof ask - 1);
	ck_assert_int_gt(recv(late, text, sizeof text, 0), 0);
	ck_assert_int_eq(atomic_load(&stalled), 1);
	for (int i = 0; i < FULL; i++)
		close(crowd[i]);
	close(late);
	http_pump_fini(&pump);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("http_pump");
	TCase *c = tcase_create("all");
	SRunner *r;
	int failed;

	tcase_set_timeout(c, 60);
	tcase_add_test(c, full);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
