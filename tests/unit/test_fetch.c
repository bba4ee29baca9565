/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fetching thread against a mirror that answers what each test wrote down for it, on loopback. */
#include "kickstart/media/fetch.h"

#include "core/sha256.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ANSWERS = 8, PATIENCE_MS = 20000 };

static struct {
	int fd;
	unsigned port;
	pthread_t thread;
	const char *answers[ANSWERS]; /* one for each connection, in order */
	char asked[ANSWERS][2048];
	int n; /* connections so far */
} mirror;

static char state[64], url[128], why[2048];
static struct mailbox home;
static struct fetches *fetches;
static int ended, crowded;

static void serve_one(int fd, int n)
{
	size_t have = 0;
	ssize_t got;

	while (have < sizeof mirror.asked[n] - 1 && !strstr(mirror.asked[n], "\r\n\r\n") &&
		(got = read(fd, mirror.asked[n] + have, sizeof mirror.asked[n] - 1 - have)) > 0)
		have += (size_t)got;
	got = write(fd, mirror.answers[n], strlen(mirror.answers[n]));
	close(fd);
}

/* Ends when it has no more answers, or its socket is shut down. */
static void *serve(void *arg)
{
	int fd;

	(void)arg;
	while (mirror.n < ANSWERS && mirror.answers[mirror.n] &&
		(fd = accept(mirror.fd, NULL, NULL)) >= 0)
		serve_one(fd, mirror.n++);
	close(mirror.fd); /* from here on nobody answers */
	return NULL;
}

#define MIRROR(...) mirror_start((const char *const[ANSWERS]){__VA_ARGS__})
static void mirror_start(const char *const answers[ANSWERS])
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	int yes = 1;

	at.sin_port = htons((uint16_t)mirror.port); /* the same again, for the same URL */
	memset(mirror.asked, 0, sizeof mirror.asked);
	memcpy(mirror.answers, answers, sizeof mirror.answers);
	mirror.n = 0;
	mirror.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(mirror.fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	ck_assert_int_eq(bind(mirror.fd, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(listen(mirror.fd, 8), 0);
	getsockname(mirror.fd, (struct sockaddr *)&at, &len);
	mirror.port = ntohs(at.sin_port);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/linux", mirror.port);
	ck_assert_int_eq(pthread_create(&mirror.thread, NULL, serve, NULL), 0);
}

/* How many asked. */
static int mirror_end(void)
{
	shutdown(mirror.fd, SHUT_RDWR);
	pthread_join(mirror.thread, NULL);
	return mirror.n;
}

static void on_ended(void *arg, bool ok, const char *line)
{
	(void)arg;
	(void)ok;
	(void)line;
	ended++;
}

static void on_crowded(void *arg)
{
	(void)arg;
	crowded++;
}

static bool keeps_away; /* from this host's own */

static void start(uint64_t cache_max)
{
	struct fetches_config c = {.home = &home,
		.state = state,
		.cache_max = cache_max,
		.local = !keeps_away,
		.ended = on_ended,
		.crowded = on_crowded};

	ck_assert_int_eq(fetches_new(&c, &fetches, why, sizeof why), 0);
}

/* What is known of now is forgotten, as by a restart. */
static void again(void)
{
	fetches_free(fetches);
	start(0);
}

static void setup(void)
{
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	mirror.port = 0;
	ended = crowded = 0;
	keeps_away = false;
	strcpy(state, "/tmp/test_fetch.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(state));
	ck_assert_int_eq(mailbox_init(&home), 0);
	start(0);
}

static void teardown(void)
{
	char command[128];

	fetches_free(fetches);
	mailbox_fini(&home);
	snprintf(command, sizeof command, "rm -r %s", state);
	ck_assert_int_eq(system(command), 0);
}

/* Asks until it is over. */
static int fetch(const char *sum)
{
	int rc = -EINPROGRESS;

	for (int ms = 0; ms < PATIENCE_MS && rc == -EINPROGRESS; ms += 5) {
		rc = fetches_ask(fetches, url, sum, why, sizeof why);
		mailbox_wait(&home, 5);
	}
	return rc;
}

static const char *content(void)
{
	static char buf[256];
	struct fetch_name n;
	char path[256];
	ssize_t got;
	int fd;

	fetch_name(url, &n);
	snprintf(path, sizeof path, "%s/cache/%s/%s", state, n.key, n.file);
	fd = open(path, O_RDONLY);
	got = fd < 0 ? 0 : read(fd, buf, sizeof buf - 1);
	buf[got] = '\0';
	close(fd);
	return buf;
}

#define OK(size) "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: " size "\r\n\r\n"
#define ABC_SUM "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

START_TEST(once)
{
	MIRROR(OK("3") "abc");
	ck_assert_int_eq(fetches_ask(fetches, url, NULL, why, sizeof why), -EINPROGRESS);
	ck_assert_int_eq(fetches_ask(fetches, url, "", why, sizeof why), -EINPROGRESS);
	ck_assert_msg(fetch(NULL) == 0, "%s", why);
	ck_assert_str_eq(why, "");
	ck_assert_str_eq(content(), "abc");
	ck_assert_int_eq(fetch(ABC_SUM), 0);
	ck_assert_int_eq(mirror_end(), 1);
	ck_assert_int_eq(ended, 1);
	again(); /* with the sum nobody is asked: nobody is there */
	ck_assert_int_eq(fetch(ABC_SUM), 0);
	ck_assert_str_eq(why, "");
}
END_TEST

/* By whatever name; the mirror is not even asked. */
START_TEST(what_this_host_serves_to_itself_is_not_fetched)
{
	keeps_away = true;
	again();
	MIRROR(OK("3") "abc");
	ck_assert_int_eq(fetch(NULL), -EACCES);
	ck_assert_ptr_nonnull(strstr(why,
		"usher does not fetch from 127.0.0.1, which only this host reaches: name the address "
		"that machines reach"));
	snprintf(url, sizeof url, "http://localhost:%u/linux", mirror.port);
	ck_assert_int_eq(fetch(NULL), -EACCES);
	snprintf(url, sizeof url, "http://[::ffff:127.0.0.1]:%u/linux", mirror.port);
	ck_assert_int_eq(fetch(NULL), -EACCES);
	ck_assert_int_eq(mirror_end(), 0);
}
END_TEST

START_TEST(broken_off)
{
	MIRROR(OK("6") "abc",
		"HTTP/1.1 206 Partial\r\nETag: \"1\"\r\nContent-Range: bytes 3-5/6\r\n"
		"Content-Length: 3\r\n\r\ndef");
	ck_assert_msg(fetch(NULL) == 0, "%s", why);
	ck_assert_str_eq(content(), "abcdef");
	ck_assert_int_eq(mirror_end(), 2);
	ck_assert_ptr_nonnull(strstr(mirror.asked[1], "\r\nRange: bytes=3-\r\n"));
	ck_assert_ptr_nonnull(strstr(mirror.asked[1], "\r\nIf-Range: \"1\"\r\n"));
}
END_TEST

/* No further: an error, nothing served, and the next one goes on. */
START_TEST(truncated)
{
	MIRROR(OK("6") "abc",
		"HTTP/1.1 206 Partial\r\nContent-Range: bytes 3-5/6\r\nContent-Length: 3\r\n\r\n");
	ck_assert_int_eq(fetch(NULL), -EHOSTUNREACH);
	ck_assert_int_eq(mirror_end(), 2);
	ck_assert_str_eq(content(), "");
	again();
	MIRROR("HTTP/1.1 206 Partial\r\nContent-Range: bytes 3-5/6\r\n"
	       "Content-Length: 3\r\n\r\ndef");
	ck_assert_msg(fetch(NULL) == 0, "%s", why);
	ck_assert_str_eq(content(), "abcdef");
	mirror_end();
}
END_TEST

/* Well ended, and yet not all of it. */
START_TEST(in_pieces)
{
	MIRROR(OK("6") "abc",
		"HTTP/1.1 206 Partial\r\nContent-Range: bytes 3-4/6\r\nContent-Length: 2\r\n\r\nde",
		"HTTP/1.1 206 Partial\r\nContent-Range: bytes 5-5/6\r\nContent-Length: 1\r\n\r\nf");
	ck_assert_msg(fetch(NULL) == 0, "%s", why);
	ck_assert_str_eq(content(), "abcdef");
	ck_assert_int_eq(mirror_end(), 3);
}
END_TEST

/* It is another file by now. */
START_TEST(changed_meanwhile)
{
	MIRROR(OK("6") "abc", "HTTP/1.1 200 OK\r\nETag: \"2\"\r\nContent-Length: 2\r\n\r\nxy");
	ck_assert_msg(fetch(NULL) == 0, "%s", why);
	ck_assert_str_eq(content(), "xy");
	mirror_end();
}
END_TEST

/* A mirror that misunderstands a Range is asked for all of it. */
START_TEST(wrong_range)
{
	MIRROR(OK("6") "abc",
		"HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-5/6\r\nContent-Length: "
		"6\r\n\r\nabcdef",
		OK("6") "abcdef");
	ck_assert_msg(fetch(NULL) == 0, "%s", why);
	ck_assert_str_eq(content(), "abcdef");
	ck_assert_int_eq(mirror_end(), 3);
	ck_assert_ptr_null(strstr(mirror.asked[2], "Range:"));
}
END_TEST

START_TEST(same)
{
	MIRROR(OK("3") "abc");
	ck_assert_int_eq(fetch(NULL), 0);
	mirror_end();
	again();
	MIRROR("HTTP/1.1 304 Not Modified\r\n\r\n");
	ck_assert_int_eq(fetch(NULL), 0);
	ck_assert_str_eq(why, "");
	mirror_end();
	ck_assert_ptr_nonnull(strstr(mirror.asked[0], "\r\nIf-None-Match: \"1\"\r\n"));
	ck_assert_str_eq(content(), "abc");
}
END_TEST

START_TEST(gone)
{
	MIRROR(OK("3") "abc");
	ck_assert_int_eq(fetch(NULL), 0);
	mirror_end();
	again();
	ck_assert_int_eq(fetch(NULL), 0);
	ck_assert_ptr_nonnull(strstr(why, "; using the copy of "));
	again();
	MIRROR("HTTP/1.1 503 Ill\r\nContent-Length: 0\r\n\r\n");
	ck_assert_int_eq(fetch(NULL), 0);
	ck_assert_ptr_nonnull(strstr(why, "HTTP 503; using the copy of "));
	mirror_end();
	again();
	MIRROR("HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n");
	ck_assert_int_eq(fetch(NULL), -ENOENT);
	mirror_end();
	ck_assert_str_eq(content(), "abc"); /* for the machines that were armed with it */
}
END_TEST

/* The one who waits is told, who asks then begins anew. */
START_TEST(wrong_sum)
{
	MIRROR(OK("3") "abd", OK("3") "abc");
	ck_assert_int_eq(fetch(ABC_SUM), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(why, "sha256 differs: expected " ABC_SUM ", was "));
	ck_assert_str_eq(content(), "");
	ck_assert_msg(fetch(ABC_SUM) == 0, "%s", why);
	ck_assert_str_eq(content(), "abc");
	ck_assert_int_eq(mirror_end(), 2);
}
END_TEST

START_TEST(refused)
{
	ck_assert_int_eq(
		fetches_ask(fetches, "file:///etc/passwd", NULL, why, sizeof why), -EINVAL);
	ck_assert_int_eq(fetches_ask(fetches, "http://m/a", "abc", why, sizeof why), -EINVAL);
	MIRROR("HTTP/1.1 302 Found\r\nLocation: file:///etc/hostname\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx", OK("0"),
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
	ck_assert_int_lt(fetch(NULL), 0);
	ck_assert_int_lt(fetch(NULL), 0);
	ck_assert_msg(strstr(why, "larger than 4 GiB") != NULL, "%s", why);
	ck_assert_int_eq(fetch(NULL), -ENODATA);
	ck_assert_int_lt(fetch(NULL), 0); /* its last chunk never came */
	ck_assert_str_eq(content(), "");
	mirror_end();
}
END_TEST

static bool is_there(const char *of)
{
	struct fetch_name n;
	char path[256];

	fetch_name(of, &n);
	snprintf(path, sizeof path, "%s/cache/%s/%s", state, n.key, n.file);
	return !access(path, F_OK);
}

static void make_old(const char *key)
{
	static const struct timespec old[2] = {{1, 0}, {1, 0}};
	char path[256];

	snprintf(path, sizeof path, "%s/fetch/%s.json", state, key);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, old, 0), 0);
}

/* Three of six bytes each, where twelve fit: the one that is needed stays, and the new ones. */
START_TEST(pruned)
{
	char first[128], second[128];
	struct fetch_name needed;

	MIRROR(OK("6") "first.", OK("6") "second", OK("6") "third.");
	fetches_free(fetches);
	start(12);
	ck_assert_int_eq(fetch(NULL), 0);
	strcpy(first, url);
	strcat(url, "2");
	strcpy(second, url);
	ck_assert_int_eq(fetch(NULL), 0);
	ck_assert_int_eq(crowded, 0);
	fetches_free(fetches);
	start(12);
	strcat(url, "3");
	ck_assert_int_eq(fetch(NULL), 0);
	mailbox_wait(&home, 0);
	ck_assert_int_eq(crowded, 1);
	fetch_name(first, &needed);
	make_old(needed.key);
	fetches_prune(fetches, (const char(*)[FETCH_KEY]) & needed.key, 1);
	for (int ms = 0; ms < PATIENCE_MS && is_there(second); ms += 5)
		usleep(5000);
	ck_assert(is_there(first) && !is_there(second) && is_there(url));
	mirror_end();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("fetch");
	TCase *t = tcase_create("fetch");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, once);
	tcase_add_test(t, what_this_host_serves_to_itself_is_not_fetched);
	tcase_add_test(t, broken_off);
	tcase_add_test(t, truncated);
	tcase_add_test(t, in_pieces);
	tcase_add_test(t, changed_meanwhile);
	tcase_add_test(t, wrong_range);
	tcase_add_test(t, same);
	tcase_add_test(t, gone);
	tcase_add_test(t, wrong_sum);
	tcase_add_test(t, refused);
	tcase_add_test(t, pruned);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
