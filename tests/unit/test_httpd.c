/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transport, whole: real listeners on the loopback of a network namespace of our own, libcurl
 * and plain sockets as clients on a second thread, while the first runs the loop as the service
 * does.
 */
#include "core/pace.h"
#include "httpd/httpd.h"

#include "core/clock.h"
#include "core/log.h"

#include <check.h>
#include <curl/curl.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	PORT = 8080,
	SEGMENT = 7,
	BIG = 5 * 1024 * 1024 + 123,
	DEADLINE_MS = 400,
	KEPT_MAX = 128,
	REPORTS = 256,
	LONG_ANSWER = HTTP_ANSWERS_MAX / 4,
};

static struct {
	struct loop *loop;
	struct mailbox home;
	struct httpd *h;
	pthread_t main;
	struct http_request *kept[KEPT_MAX];
	size_t n_kept, n_abandoned, n_handled;
	bool answer_on_abandon;
	struct loop_timer late;
	struct http_report reports[REPORTS];
	char report_paths[REPORTS][64];
	size_t n_reports;
	char dir[64], file[96], sock[96];
	uint8_t *big;
} t;

/* The handler */

static void keep(struct http_request *r)
{
	ck_assert_uint_lt(t.n_kept, KEPT_MAX);
	t.kept[t.n_kept++] = r;
}

static void forget(void *arg, struct http_request *r)
{
	(void)arg;
	ck_assert(pthread_equal(pthread_self(), t.main));
	ck_assert_ptr_null(http_header(r, "Host"));
	t.n_abandoned++;
	for (size_t i = 0; i < t.n_kept && t.answer_on_abandon; i++) {
		if (t.kept[i] != r)
			continue;
		t.kept[i] = t.kept[--t.n_kept];
		http_respond(r, 200, "text/plain", "too late", 8);
		return;
	}
}

static void answer_kept(void)
{
	while (t.n_kept > 0)
		http_respond(t.kept[--t.n_kept], 200, "text/plain", "late", 4);
}

static void on_late(struct loop_timer *timer)
{
	(void)timer;
	answer_kept();
}

static void echo(struct http_request *r)
{
	const char *a = http_arg(r, "a"), *x = http_header(r, "x-test");
	char head[512];
	size_t n;
	char *all;

	n = (size_t)snprintf(head, sizeof(head), "%s %s a=%s x=%s seg=%u peer=%u.%u ",
		http_method_name(r->method), r->path, a ? a : "-", x ? x : "-", r->segment,
		r->peer.b[0], r->peer.b[3]);
	all = malloc(n + r->body_len + 1);
	ck_assert_ptr_nonnull(all);
	ck_assert_int_eq(r->body[r->body_len], 0);
	memcpy(all, head, n);
	memcpy(all + n, r->body, r->body_len);
	http_respond(r, 200, "text/plain", all, n + r->body_len);
	free(all);
}

static void handle(void *arg, struct http_request *r)
{
	ck_assert_ptr_eq(arg, &t);
	ck_assert(pthread_equal(pthread_self(), t.main));
	t.n_handled++;
	if (strcmp(r->path, "/m/keep") == 0) {
		http_on_abandon(r, forget, NULL);
		return keep(r);
	}
	if (strcmp(r->path, "/m/late") == 0) {
		loop_timer_set(t.loop, &t.late, 50);
		return keep(r);
	}
	if (strcmp(r->path, "/m/hold") == 0) {
		ck_assert_int_eq(http_hold(r, 5 * DEADLINE_MS), 0);
		loop_timer_set(t.loop, &t.late, 2 * DEADLINE_MS);
		return keep(r);
	}
	if (strcmp(r->path, "/m/long") == 0)
		return http_respond_text(r, 200, calloc(1, LONG_ANSWER), LONG_ANSWER);
	if (strcmp(r->path, "/m/error") == 0)
		return http_respond_error(r, 409, "no\nsuch %s", "luck");
	if (strcmp(r->path, "/api/v1/error") == 0)
		return http_respond_error(r, 409, "no \"%s\xff\"", "luck");
	if (strcmp(r->path, "/api/v1/who") == 0)
		return http_respond_json(
			r, 201, json_pack("{s:i,s:b}", "uid", (int)r->uid, "local", r->local));
	if (strcmp(r->path, "/api/v1/null") == 0)
		return http_respond_json(r, 200, NULL);
	echo(r);
}

static int open_file(void *arg, const char *path, struct http_file *ret, char *why, size_t why_size)
{
	uint64_t offset = 0, size = BIG;

	ck_assert_ptr_eq(arg, &t);
	ck_assert(!pthread_equal(pthread_self(), t.main));
	if (strcmp(path, "/boot/secret") == 0)
		return -EACCES;
	if (strcmp(path, "/boot/out") == 0)
		return -EXDEV;
	if (strcmp(path, "/boot/busy") == 0) {
		snprintf(why, why_size, "later, please");
		return -EMFILE;
	}
	if (strcmp(path, "/boot/broken") == 0)
		return -EIO;
	if (strcmp(path, "/boot/iso/part.efi") == 0)
		offset = 1000, size = 2000;
	else if (strcmp(path, "/boot/empty") == 0)
		size = 0;
	else if (strcmp(path, "/boot/big") != 0)
		return -ENOENT;
	*ret = (struct http_file){.fd = open(t.file, O_RDONLY | O_CLOEXEC),
		.offset = offset,
		.size = size,
		.mtime = 784111777};
	return ret->fd < 0 ? -errno : 0;
}

static void ended(void *arg, const struct http_report *report)
{
	ck_assert_ptr_eq(arg, &t);
	ck_assert(pthread_equal(pthread_self(), t.main));
	if (t.n_reports == REPORTS)
		return;
	t.reports[t.n_reports] = *report;
	snprintf(t.report_paths[t.n_reports], sizeof(t.report_paths[0]), "%s", report->path);
	t.n_reports++;
}

/* The client's thread */

struct reply {
	CURLcode rc;
	long status;
	char *body;
	size_t len;
	char head[4096];
	size_t head_len;
};

struct ask {
	const char *path, *method, *header, *range, *body, *unix_path, *ip;
	const char *host; /* NULL: 127.0.0.1 */
	size_t body_len;
	bool chunked, expect, nobody;
	long timeout_ms;
	size_t at; /* of the body, sent so far */
};

static size_t take_body(char *data, size_t size, size_t n, void *arg)
{
	struct reply *r = arg;

	r->body = realloc(r->body, r->len + size * n + 1);
	ck_assert_ptr_nonnull(r->body);
	memcpy(r->body + r->len, data, size * n);
	r->len += size * n;
	r->body[r->len] = '\0';
	return size * n;
}

static size_t take_head(char *data, size_t size, size_t n, void *arg)
{
	struct reply *r = arg;

	if (r->head_len + size * n < sizeof(r->head)) {
		memcpy(r->head + r->head_len, data, size * n);
		r->head_len += size * n;
	}
	return size * n;
}

static size_t give_body(char *to, size_t size, size_t n, void *arg)
{
	struct ask *a = arg;
	size_t left = a->body_len - a->at, len = size * n < left ? size * n : left;

	memcpy(to, a->body + a->at, len);
	a->at += len;
	return len;
}

static struct curl_slist *set_up(CURL *c, struct ask *a)
{
	struct curl_slist *headers = NULL;

	if (a->header)
		headers = curl_slist_append(headers, a->header);
	if (!a->expect)
		headers = curl_slist_append(headers, "Expect:");
	else
		headers = curl_slist_append(headers, "Expect: 100-continue");
	if (a->chunked) {
		headers = curl_slist_append(headers, "Transfer-Encoding: chunked");
		curl_easy_setopt(c, CURLOPT_POST, 1L);
		curl_easy_setopt(c, CURLOPT_READFUNCTION, give_body);
		curl_easy_setopt(c, CURLOPT_READDATA, a);
	} else if (a->body) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, a->body);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)a->body_len);
	}
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	if (a->method)
		curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, a->method);
	if (a->nobody)
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	if (a->range)
		curl_easy_setopt(c, CURLOPT_RANGE, a->range);
	if (a->unix_path)
		curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, a->unix_path);
	if (a->ip)
		curl_easy_setopt(c, CURLOPT_INTERFACE, a->ip);
	return headers;
}

static struct reply fetch(struct ask a)
{
	struct reply r = {0};
	char url[4096];
	CURL *c = curl_easy_init();
	struct curl_slist *headers;

	ck_assert_ptr_nonnull(c);
	snprintf(url, sizeof(url), "http://%s:%d%s", a.host ? a.host : "127.0.0.1", PORT, a.path);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, a.timeout_ms ? a.timeout_ms : 20000L);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &r);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_head);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, &r);
	headers = set_up(c, &a);
	r.rc = curl_easy_perform(c);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &r.status);
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);
	return r;
}

/* Status, and when `body` is not NULL the whole body. */
static void expect_reply(struct ask a, long status, const char *body)
{
	struct reply r = fetch(a);

	ck_assert_msg(r.rc == CURLE_OK, "%s: %s", a.path, curl_easy_strerror(r.rc));
	ck_assert_msg(r.status == status, "%s: %ld, not %ld: %s", a.path, r.status, status,
		r.body ? r.body : "");
	if (body)
		ck_assert_str_eq(r.body ? r.body : "", body);
	free(r.body);
}

static bool has_header(const struct reply *r, const char *line)
{
	return strcasestr(r->head, line) != NULL;
}

static int dial(const char *from)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	struct sockaddr_in src = {.sin_family = AF_INET};
	struct ip ip;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	if (from) {
		ck_assert_int_eq(ip_parse(from, &ip), 0);
		src.sin_addr.s_addr = htonl(ip_to_v4(&ip));
		ck_assert_int_eq(bind(fd, (struct sockaddr *)&src, sizeof(src)), 0);
	}
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void say_bytes(int fd, const char *text, size_t len)
{
	ck_assert_int_eq(send(fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void say(int fd, const char *text)
{
	say_bytes(fd, text, strlen(text));
}

/* The status of the answer to these very bytes; 0: closed without one. */
static int status_of_bytes(const char *request, size_t len)
{
	char answer[512] = "";
	int fd = dial(NULL), status = 0;
	ssize_t n;

	say_bytes(fd, request, len);
	n = recv(fd, answer, sizeof(answer) - 1, 0);
	close(fd);
	if (n > 0)
		ck_assert_int_eq(sscanf(answer, "HTTP/1.%*d %d", &status), 1);
	return status;
}

static int raw_status(const char *request)
{
	return status_of_bytes(request, strlen(request));
}

struct client {
	void (*run)(void);
	atomic_bool done;
};

static void *client_main(void *arg)
{
	struct client *c = arg;

	c->run();
	atomic_store(&c->done, true);
	return NULL;
}

static void serve_while(void (*run)(void))
{
	struct client c = {.run = run};
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, client_main, &c), 0);
	while (!atomic_load(&c.done))
		loop_once(t.loop, 5);
	pthread_join(thread, NULL);
}

static void serve_ms(int64_t ms)
{
	for (int64_t end = clock_mono_ms() + ms; clock_mono_ms() < end;)
		loop_once(t.loop, 5);
}

/* Set-up */

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* Without root's privilege: a user namespace in which we are who we were. */
static void own_users(void)
{
	unsigned uid = getuid(), gid = getgid();
	char map[64];

	ck_assert_msg(unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0, "no network namespace: %s",
		strerror(errno));
	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "%u %u 1", uid, uid);
	write_file("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "%u %u 1", gid, gid);
	write_file("/proc/self/gid_map", map);
}

static void own_network(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		own_users();
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(ioctl(fd, SIOCSIFFLAGS, &lo), 0);
	close(fd);
}

static void make_files(void)
{
	FILE *f;
	uint32_t v = 1;

	snprintf(t.dir, sizeof(t.dir), "/tmp/test_httpd.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(t.dir));
	snprintf(t.file, sizeof(t.file), "%s/big", t.dir);
	snprintf(t.sock, sizeof(t.sock), "%s/sock", t.dir);
	t.big = malloc(BIG);
	ck_assert_ptr_nonnull(t.big);
	for (size_t i = 0; i < BIG; i++) {
		v = v * 1664525 + 1013904223;
		t.big[i] = (uint8_t)(v >> 24);
	}
	f = fopen(t.file, "wb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(t.big, 1, BIG, f), BIG);
	fclose(f);
}

static void start(unsigned idle_s, unsigned request_s)
{
	struct httpd_config c = {.loop = t.loop,
		.home = &t.home,
		.handle = handle,
		.open = open_file,
		.ended = ended,
		.arg = &t,
		.deadline_ms = DEADLINE_MS,
		.idle_s = idle_s,
		.request_s = request_s};

	ck_assert_int_eq(httpd_new(&c, &t.h), 0);
}

static void open_tcp(void)
{
	struct ip ip = ip_from_v4(INADDR_LOOPBACK);
	char why[256] = "";

	ck_assert_msg(
		httpd_open_tcp(t.h, SEGMENT, "lo", &ip, PORT, why, sizeof(why)) == 0, "%s", why);
}

static void setup(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	log_init(getenv("V") ? LOG_DEBUG : LOG_ERR);
	own_network();
	make_files();
	t.main = pthread_self();
	ck_assert_int_eq(loop_new(&t.loop), 0);
	ck_assert_int_eq(mailbox_init(&t.home), 0);
	ck_assert_int_eq(mailbox_attach(&t.home, t.loop), 0);
	loop_timer_init(&t.late, on_late, NULL);
	start(0, 0);
	open_tcp();
}

static void teardown(void)
{
	httpd_free(t.h);
	answer_kept();
	mailbox_fini(&t.home);
	loop_free(t.loop);
	unlink(t.file);
	ck_assert_int_lt(access(t.sock, F_OK), 0);
	ck_assert_int_eq(rmdir(t.dir), 0);
	free(t.big);
	curl_global_cleanup();
}

/* Requests of all kinds */

static void ask_basics(void)
{
	struct reply r;

	expect_reply((struct ask){.path = "/m/echo?a=1%202", .header = "X-Test: yes"}, 200,
		"GET /m/echo a=1 2 x=yes seg=7 peer=127.1 ");
	expect_reply((struct ask){.path = "/m//a/./b%20c", .body = "hello", .body_len = 5}, 200,
		"POST /m/a/b c a=- x=- seg=7 peer=127.1 hello");
	expect_reply((struct ask){.path = "/m/echo", .method = "PUT", .body = "", .body_len = 0},
		200, "PUT /m/echo a=- x=- seg=7 peer=127.1 ");
	expect_reply((struct ask){.path = "/m/error"}, 409, "no such luck\n");
	r = fetch((struct ask){.path = "/m/echo", .nobody = true});
	ck_assert_int_eq(r.status, 200);
	ck_assert(has_header(&r, "Cache-Control: no-store"));
	ck_assert(has_header(&r, "Content-Length: 38\r\n"));
	ck_assert_uint_eq(r.len, 0);
	free(r.body);
	for (int i = 0; i < 3; i++)
		expect_reply((struct ask){.path = "/"}, 404, "no such path\n");
	expect_reply((struct ask){.path = "/m/"}, 404, NULL);
	expect_reply((struct ask){.path = "/api/v1/who"}, 404, NULL);
	r = fetch((struct ask){.path = "/m/echo", .method = "DELETE"});
	ck_assert_int_eq(r.status, 405);
	ck_assert(has_header(&r, "Allow: GET, HEAD, POST, PUT\r\n"));
	free(r.body);
	expect_reply((struct ask){.path = "/boot/big", .method = "POST"}, 405, NULL);
	expect_reply((struct ask){.path = "/m/echo", .method = "BREW"}, 405, NULL);
}

START_TEST(basics)
{
	serve_while(ask_basics);
	ck_assert_uint_eq(t.n_handled, 5);
}
END_TEST

static void ask_bad(void)
{
	static const char nul[] = "GET /m/echo\0b HTTP/1.1\r\nHost: x\r\n\r\n",
			  nul_last[] = "GET /m/echo\0 HTTP/1.1\r\nHost: x\r\n\r\n";
	char long_path[2048], headers[32768];

	expect_reply((struct ask){.path = "/m/../etc/passwd"}, 400, "bad path or query\n");
	expect_reply((struct ask){.path = "/m/%2e%2e/x"}, 400, NULL);
	expect_reply((struct ask){.path = "/m/a%00b"}, 400, NULL);
	expect_reply((struct ask){.path = "/m/%zz"}, 400, NULL);
	expect_reply((struct ask){.path = "/m/a\\b"}, 400, NULL);
	expect_reply((struct ask){.path = "/m/echo?a=%ff"}, 400, NULL);
	memset(long_path, 'a', sizeof(long_path));
	memcpy(long_path, "/m/", 3);
	long_path[1500] = '\0';
	expect_reply((struct ask){.path = long_path}, 414, NULL);
	ck_assert_int_eq(status_of_bytes(nul, sizeof(nul) - 1), 400);
	ck_assert_int_eq(status_of_bytes(nul_last, sizeof(nul_last) - 1), 400);
	ck_assert_int_eq(raw_status("GET m/echo HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
	ck_assert_int_eq(raw_status("GET http://x/m/echo HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
	ck_assert_int_eq(raw_status("GET /m/echo HTTP/1.0\r\n\r\n"), 200);
	ck_assert_int_ne(raw_status("\x16\x03\x01\x02\r\n\r\n"), 200);
	ck_assert_int_ne(
		raw_status("POST /m/echo HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n"), 200);
	memset(headers, 'h', sizeof(headers));
	memcpy(headers, "GET /m/echo HTTP/1.1\r\nX: ", 25);
	headers[sizeof(headers) - 5] = '\0';
	strcat(headers, "\r\n\r\n");
	ck_assert_int_eq(raw_status(headers), 431);
}

START_TEST(bad)
{
	serve_while(ask_bad);
	ck_assert_uint_eq(t.n_handled, 2);
}
END_TEST

enum { REFUSALS = 6 * HTTP_REFUSALS_A_SECOND };

static void ask_for_nothing(void)
{
	for (int i = 0; i < REFUSALS / 2; i++) {
		expect_reply((struct ask){.path = "/nothing"}, 404, NULL);
		expect_reply((struct ask){.path = "/boot/nothing"}, 404, NULL);
	}
}

/* Whoever asks for nothing for ever does not push the rest out of the log. */
START_TEST(refusals_in_the_log)
{
	int64_t from = clock_mono_ms();
	FILE *lines = tmpfile();
	int n = 0, c;

	ck_assert_ptr_nonnull(lines);
	ck_assert_int_ge(dup2(fileno(lines), STDERR_FILENO), 0);
	log_init(LOG_INFO);
	serve_while(ask_for_nothing);
	rewind(lines);
	while ((c = getc(lines)) != EOF)
		n += c == '\n';
	ck_assert_int_ge(n, HTTP_REFUSALS_A_SECOND);
	ck_assert_int_le(n, (HTTP_REFUSALS_A_SECOND + 2) * ((clock_mono_ms() - from) / 1000 + 2));
	fclose(lines);
}
END_TEST

static void ask_bodies(void)
{
	struct ask a = {.path = "/m/echo", .body_len = HTTP_BODY_MAX};
	struct reply r;
	char *body = malloc(10 * HTTP_BODY_MAX);

	ck_assert_ptr_nonnull(body);
	memset(body, 'b', 10 * HTTP_BODY_MAX);
	a.body = body;
	for (int chunked = 0; chunked < 2; chunked++) {
		a.body_len = HTTP_BODY_MAX;
		a.chunked = chunked;
		r = fetch(a);
		ck_assert_int_eq(r.rc, CURLE_OK);
		ck_assert_int_eq(r.status, 200);
		ck_assert_int_eq(strcspn(r.body, "b") + HTTP_BODY_MAX, r.len);
		ck_assert_int_eq(memcmp(r.body + r.len - HTTP_BODY_MAX, body, HTTP_BODY_MAX), 0);
		free(r.body);
		a.body_len = HTTP_BODY_MAX + 1;
		expect_reply(a, 413, "body too large\n");
		a.body_len = 3 * HTTP_BODY_MAX;
		expect_reply(a, 413, NULL);
	}
	a.expect = true;
	expect_reply(a, 413, NULL);
	a.chunked = false;
	expect_reply(a, 413, NULL);
	a.path = "/nothing";
	expect_reply(a, 404, NULL);
	/* More than is swallowed: an answer or a reset, and nothing held. */
	a = (struct ask){.path = "/m/echo", .body = body, .body_len = 10 * HTTP_BODY_MAX};
	r = fetch(a);
	ck_assert(r.rc != CURLE_OK || r.status == 413);
	free(r.body);
	a.chunked = true;
	r = fetch(a);
	ck_assert(r.rc != CURLE_OK || r.status == 413);
	free(r.body);
	free(body);
	expect_reply((struct ask){.path = "/m/echo"}, 200, NULL);
}

START_TEST(bodies)
{
	serve_while(ask_bodies);
}
END_TEST

static int status_of(int fd)
{
	char answer[512] = "";
	int status = 0;

	if (recv(fd, answer, sizeof answer - 1, 0) > 0)
		ck_assert_int_eq(sscanf(answer, "HTTP/1.%*d %d", &status), 1);
	return status;
}

/* One address begins as many bodies as it has connections, each just over half of the longest, and sends no more. */
static void ask_half_bodies(void)
{
	static const char head[] =
		"POST /m/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n";
	enum { HALF = HTTP_BODY_MAX / 2 + 1 };
	struct ask a = {.path = "/m/echo", .body_len = HTTP_BODY_MAX, .ip = "127.0.0.9"};
	char *body = malloc(HTTP_BODY_MAX);
	int fds[HTTP_PER_IP], taken = 0;

	ck_assert_ptr_nonnull(body);
	memset(body, 'b', HTTP_BODY_MAX);
	for (size_t i = 0; i < HTTP_PER_IP; i++) {
		fds[i] = dial(NULL);
		say(fds[i], head);
		say_bytes(fds[i], body, HALF);
	}
	usleep(300 * 1000);
	a.body = body;
	expect_reply(a, 200, NULL);
	for (size_t i = 0; i < HTTP_PER_IP; i++) {
		int status;

		say_bytes(fds[i], body, HTTP_BODY_MAX - HALF);
		status = status_of(fds[i]);
		ck_assert(status == 200 || status == 503);
		taken += status == 200;
		close(fds[i]);
	}
	ck_assert_int_le(taken, 1);
	usleep(300 * 1000);
	a.ip = NULL;
	expect_reply(a, 200, NULL);
	free(body);
}

START_TEST(half_bodies)
{
	serve_while(ask_half_bodies);
}
END_TEST

/* Long answers that are not taken: no more of them than there is room for, and nothing else is refused meanwhile. */
static void ask_long(void)
{
	static const char get[] = "GET /m/long HTTP/1.1\r\nHost: x\r\n\r\n";
	int fds[HTTP_ANSWERS_MAX / LONG_ANSWER], n = sizeof fds / sizeof *fds, left = 500;

	for (int i = 0; i < n; i++) {
		char first;

		fds[i] = dial(NULL);
		say(fds[i], get);
		ck_assert_int_eq(recv(fds[i], &first, 1, 0), 1);
	}
	expect_reply((struct ask){.path = "/m/long"}, 503,
		"too many long answers are not taken yet: ask again, or for a page of it\n");
	expect_reply((struct ask){.path = "/m/echo"}, 200, NULL);
	ck_assert_int_eq(raw_status("POST /m/long HTTP/1.1\r\nHost: x\r\n"
				    "Content-Length: 0\r\n\r\n"),
		200);
	close(fds[0]);
	while (left-- && raw_status(get) != 200)
		usleep(10000);
	ck_assert_int_gt(left, 0);
	for (int i = 1; i < n; i++)
		close(fds[i]);
}

START_TEST(long_answers)
{
	serve_while(ask_long);
}
END_TEST

/* What is made for the asker has no version (RFC 9110 13.1.1). */
static void ask_for_a_version(void)
{
	const char *body = "{}";

	expect_reply((struct ask){.path = "/m/echo", .header = "If-Match: \"a\""}, 412,
		"If-Match: there are no entity tags here\n");
	expect_reply((struct ask){.path = "/m/echo",
			     .method = "PUT",
			     .body = body,
			     .body_len = 2,
			     .header = "If-Match: W/\"a\""},
		412, NULL);
	ck_assert_uint_eq(t.n_handled, 0);
	expect_reply((struct ask){.path = "/m/echo", .header = "If-Match: *"}, 200, NULL);
	expect_reply((struct ask){.path = "/m/echo",
			     .header = "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT"},
		200, NULL);
}

START_TEST(no_version)
{
	serve_while(ask_for_a_version);
}
END_TEST

/* Files */

static void expect_part(struct ask a, long status, size_t first, size_t len)
{
	struct reply r = fetch(a);

	ck_assert_int_eq(r.rc, CURLE_OK);
	ck_assert_int_eq(r.status, status);
	ck_assert_uint_eq(r.len, len);
	ck_assert(memcmp(r.body, t.big + first, len) == 0);
	free(r.body);
}

static char etag[128];

static void ask_files(void)
{
	char header[256];
	struct reply r;

	expect_part((struct ask){.path = "/boot/big"}, 200, 0, BIG);
	expect_part((struct ask){.path = "/boot//big", .range = "100-199"}, 206, 100, 100);
	expect_part((struct ask){.path = "/boot/big", .range = "-7"}, 206, BIG - 7, 7);
	expect_part((struct ask){.path = "/boot/big", .range = "5000000-"}, 206, 5000000,
		BIG - 5000000);
	expect_part((struct ask){.path = "/boot/big", .range = "0-1,5-6"}, 200, 0, BIG);
	expect_part((struct ask){.path = "/boot/iso/part.efi"}, 200, 1000, 2000);
	expect_part(
		(struct ask){.path = "/boot/iso/part.efi", .range = "500-9999"}, 206, 1500, 1500);
	expect_reply((struct ask){.path = "/boot/empty"}, 200, "");
	r = fetch((struct ask){.path = "/boot/big", .range = "6000000-"});
	ck_assert_int_eq(r.status, 416);
	snprintf(header, sizeof(header), "Content-Range: bytes */%d\r\n", BIG);
	ck_assert(has_header(&r, header));
	free(r.body);
	r = fetch((struct ask){.path = "/boot/iso/part.efi", .range = "0-9"});
	ck_assert(has_header(&r, "Content-Range: bytes 0-9/2000\r\n"));
	ck_assert(has_header(&r, "Content-Length: 10\r\n"));
	free(r.body);
	r = fetch((struct ask){.path = "/boot/iso/part.efi", .nobody = true, .range = "0-9"});
	ck_assert_int_eq(r.status, 200);
	ck_assert_uint_eq(r.len, 0);
	ck_assert(has_header(&r, "Content-Length: 2000\r\n"));
	ck_assert(has_header(&r, "Content-Type: application/efi\r\n"));
	ck_assert(has_header(&r, "Accept-Ranges: bytes\r\n"));
	ck_assert(has_header(&r, "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
	ck_assert_int_eq(sscanf(strcasestr(r.head, "etag:"), "%*s %120s", etag), 1);
	free(r.body);
}

static void ask_conditions(void)
{
	struct ask a = {.path = "/boot/iso/part.efi"};
	char header[256];
	struct reply r;

	a.header = header;
	snprintf(header, sizeof(header), "If-None-Match: \"x\", %s", etag);
	r = fetch(a);
	ck_assert_int_eq(r.status, 304);
	ck_assert_uint_eq(r.len, 0);
	ck_assert(has_header(&r, etag));
	free(r.body);
	snprintf(header, sizeof(header), "If-None-Match: \"x\"");
	expect_part(a, 200, 1000, 2000);
	a.path = "/boot/big";
	snprintf(header, sizeof(header), "If-None-Match: %s", etag);
	expect_part(a, 200, 0, BIG);
	a.path = "/boot/iso/part.efi";
	snprintf(header, sizeof(header), "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT");
	expect_reply(a, 304, "");
	snprintf(header, sizeof(header), "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT");
	expect_part(a, 200, 1000, 2000);
	a.range = "0-9";
	snprintf(header, sizeof(header), "If-Range: %s", etag);
	expect_part(a, 206, 1000, 10);
	snprintf(header, sizeof(header), "If-Range: \"old\"");
	expect_part(a, 200, 1000, 2000);
	/* RFC 9110 13.1.1: a part, or the whole, of that version or nothing */
	snprintf(header, sizeof(header), "If-Match: %s", etag);
	expect_part(a, 206, 1000, 10);
	snprintf(header, sizeof(header), "If-Match: \"old\"");
	expect_reply(a, 412, NULL);
	a.range = NULL;
	expect_reply(a, 412, NULL);
	snprintf(header, sizeof(header), "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT");
	expect_part(a, 200, 1000, 2000);
	snprintf(header, sizeof(header), "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT");
	expect_reply(a, 412, NULL);
}

static void ask_no_files(void)
{
	expect_reply((struct ask){.path = "/boot/none"}, 404, "no such file\n");
	expect_reply((struct ask){.path = "/boot/secret"}, 403, "may not be read\n");
	expect_reply((struct ask){.path = "/boot/out"}, 403, "may not be read\n");
	expect_reply((struct ask){.path = "/boot/busy"}, 503, "later, please\n");
	expect_reply((struct ask){.path = "/boot/broken"}, 500, "cannot be read\n");
	expect_reply((struct ask){.path = "/boot/big/../none"}, 400, NULL);
}

static const struct http_report *report_of(const char *path, unsigned status)
{
	for (size_t i = 0; i < t.n_reports; i++)
		if (strcmp(t.report_paths[i], path) == 0 && t.reports[i].status == status)
			return &t.reports[i];
	return NULL;
}

START_TEST(files)
{
	const struct http_report *r;

	serve_while(ask_files);
	serve_while(ask_conditions);
	serve_while(ask_no_files);
	serve_ms(50);
	ck_assert_uint_eq(t.n_handled, 0);
	r = report_of("/boot/big", 206);
	ck_assert_ptr_nonnull(r);
	ck_assert(r->completed && !r->head);
	ck_assert_uint_eq(r->segment, SEGMENT);
	ck_assert_uint_eq(r->size, BIG);
	ck_assert_uint_eq(r->first, 100);
	ck_assert_uint_eq(r->asked, 100);
	ck_assert_uint_eq(r->sent, 100);
	ck_assert_uint_eq(r->peer.b[0], 127);
	r = report_of("/boot/none", 404);
	ck_assert_ptr_nonnull(r);
	ck_assert_uint_eq(r->asked, 0);
	ck_assert_ptr_nonnull(report_of("/boot/iso/part.efi", 304));
	ck_assert_ptr_null(report_of("/boot/none", 400));
}
END_TEST

static void break_off(void)
{
	char some[1000];
	int fd = dial(NULL), small = 4096;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	say(fd, "GET /boot/big HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert_int_gt(recv(fd, some, sizeof(some), 0), 0);
	usleep(50000);
	close(fd);
}

START_TEST(broken_off)
{
	serve_while(break_off);
	for (int i = 0; i < 100 && t.n_reports == 0; i++)
		serve_ms(20);
	ck_assert_uint_eq(t.n_reports, 1);
	ck_assert(!t.reports[0].completed);
	ck_assert_uint_eq(t.reports[0].status, 200);
	ck_assert_uint_eq(t.reports[0].asked, BIG);
	ck_assert_uint_gt(t.reports[0].sent, 0);
	ck_assert_uint_lt(t.reports[0].sent, BIG);
}
END_TEST

/* A client that takes its time: half of it some seconds later, then the rest. */
static void take_long(void)
{
	int fd = dial(NULL), room = 65536;
	static char some[65536];
	ssize_t n;
	size_t got = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	say(fd, "GET /boot/big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	usleep((PACE_APART_MS + 100) * 1000);
	while ((n = recv(fd, some, sizeof(some), 0)) > 0) {
		got += (size_t)n;
		if (got > BIG / 2 && got - (size_t)n <= BIG / 2)
			usleep(3000000);
	}
	ck_assert_uint_gt(got, BIG);
	close(fd);
}

START_TEST(under_way)
{
	serve_while(take_long);
	for (int i = 0; i < 100 && t.n_reports < 2; i++)
		serve_ms(20);
	ck_assert_uint_eq(t.n_reports, 2);
	ck_assert(t.reports[0].underway && !t.reports[0].completed);
	ck_assert_uint_lt(t.reports[0].sent, BIG);
	ck_assert_uint_eq(t.reports[0].asked, BIG);
	ck_assert_str_eq(t.report_paths[0], "/boot/big");
	ck_assert_int_ge(t.reports[0].ms, PACE_APART_MS);
	ck_assert(t.reports[1].completed && !t.reports[1].underway);
}
END_TEST

/* Waiting */

enum { PARALLEL = 64 };

/* Each from its own address: a closed connection counts until the server has seen it close. */
static void *one_of_many(void *arg)
{
	char path[64], want[128], from[32];
	int i = (int)(intptr_t)arg;

	snprintf(from, sizeof(from), "127.0.0.%d", i + 1);
	snprintf(path, sizeof(path), "/m/n%d?a=%d", i, i);
	snprintf(want, sizeof(want), "GET /m/n%d a=%d x=- seg=7 peer=127.%d ", i, i, i + 1);
	for (int k = 0; k < 10; k++)
		expect_reply((struct ask){.path = path, .ip = from}, 200, want);
	return NULL;
}

static void in_parallel(void *(*one)(void *), int n)
{
	pthread_t threads[PARALLEL];

	ck_assert_int_le(n, PARALLEL);
	for (int i = 0; i < n; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, one, (void *)(intptr_t)i), 0);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
}

static void ask_parallel(void)
{
	in_parallel(one_of_many, PARALLEL);
}

START_TEST(parallel)
{
	serve_while(ask_parallel);
	ck_assert_uint_eq(t.n_handled, PARALLEL * 10);
}
END_TEST

/* Each only once the handler has its request: a reset before that may take the request with it. */
static void hang_up(void)
{
	size_t before = t.n_kept;

	for (size_t i = 0; i < 20; i++) {
		int fd = dial(NULL);
		struct linger reset = {.l_onoff = 1};

		say(fd, "GET /m/keep HTTP/1.1\r\nHost: x\r\n\r\n");
		while (t.n_kept == before + i)
			loop_once(t.loop, 5);
		if (i % 2)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
	}
}

/* Before its headers, or its body, are whole. */
static void leave_early(void)
{
	static const char *const parts[] = {"GET /m/ec", "GET /m/echo HTTP/1.1\r\nHost: ",
		"POST /m/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1234",
		"POST /m/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n12"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		int fd = dial(NULL);

		say(fd, parts[i]);
		usleep(5000);
		close(fd);
	}
}

static void ask_one(void)
{
	expect_reply((struct ask){.path = "/m/echo"}, 200, NULL);
}

START_TEST(hung_up)
{
	hang_up();
	serve_ms(50);
	ck_assert_uint_eq(t.n_kept, 20);
	answer_kept();
	serve_while(ask_one);
	ck_assert_uint_eq(t.n_abandoned, 0);
}
END_TEST

static void ask_unanswered(void)
{
	int64_t from = clock_mono_ms();

	expect_reply((struct ask){.path = "/m/keep"}, 503, "timed out\n");
	ck_assert_int_ge(clock_mono_ms() - from, DEADLINE_MS - 5);
	ck_assert_int_lt(clock_mono_ms() - from, 10 * DEADLINE_MS);
}

START_TEST(deadline)
{
	serve_while(ask_unanswered);
	ck_assert_uint_eq(t.n_abandoned, 1);
	ck_assert_uint_eq(t.n_kept, 1);
	ck_assert_str_eq(t.kept[0]->path, "/m/keep"); /* still the handler's */
	ck_assert_int_eq(http_hold(t.kept[0], 1000), 0);
	answer_kept(); /* goes nowhere */
	t.answer_on_abandon = true;
	serve_while(ask_unanswered);
	ck_assert_uint_eq(t.n_abandoned, 2);
	ck_assert_uint_eq(t.n_kept, 0);
}
END_TEST

static void ask_later(void)
{
	expect_reply((struct ask){.path = "/m/late"}, 200, "late");
	expect_reply((struct ask){.path = "/m/hold"}, 200, "late"); /* past the usual deadline */
}

START_TEST(long_poll)
{
	serve_while(ask_later);
}
END_TEST

/* Stopping */

static atomic_int got_503, got_other;

static void *ask_until_stopped(void *arg)
{
	struct reply r = fetch((struct ask){.path = "/m/keep"});

	(void)arg;
	atomic_fetch_add(r.rc == CURLE_OK && r.status == 503 ? &got_503 : &got_other, 1);
	free(r.body);
	return NULL;
}

/* `seen`: the handler has them; else they are still in the mailbox when the service stops. */
static void stop_with_waiting(bool seen)
{
	pthread_t threads[10];

	for (int i = 0; i < 10; i++)
		pthread_create(&threads[i], NULL, ask_until_stopped, NULL);
	if (seen)
		while (t.n_kept < 10)
			loop_once(t.loop, 5);
	else
		usleep(200000);
	httpd_free(t.h);
	t.h = NULL;
	for (int i = 0; i < 10; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(atomic_load(&got_503), 10);
	ck_assert_uint_eq(t.n_abandoned, seen ? 10 : 0);
	serve_ms(20);
	ck_assert_uint_eq(t.n_handled, seen ? 10 : 0);
}

START_TEST(stop_seen)
{
	stop_with_waiting(true);
}
END_TEST

START_TEST(stop_unseen)
{
	stop_with_waiting(false);
}
END_TEST

START_TEST(stop_answering)
{
	t.answer_on_abandon = true;
	stop_with_waiting(true);
	ck_assert_uint_eq(t.n_kept, 0);
}
END_TEST

static atomic_bool enough;

static void *ask_endlessly(void *arg)
{
	static const char *const paths[] = {"/m/echo", "/boot/big", "/m/keep", "/m/late"};
	int i = (int)(intptr_t)arg;

	while (!atomic_load(&enough)) {
		struct reply r = fetch((struct ask){.path = paths[i % 4], .timeout_ms = 2000});

		free(r.body);
		if (r.rc != CURLE_OK)
			usleep(1000);
	}
	return NULL;
}

/* Closed, opened and stopped at any moment, with all kinds of requests under way. */
START_TEST(stop_under_load)
{
	pthread_t threads[16];

	t.answer_on_abandon = true;
	for (int i = 0; i < 16; i++)
		pthread_create(&threads[i], NULL, ask_endlessly, (void *)(intptr_t)i);
	for (int round = 0; round < 20; round++) {
		serve_ms(20);
		if (round % 2)
			httpd_close(t.h, SEGMENT);
		open_tcp();
		if (round % 5 == 4) {
			httpd_free(t.h);
			start(0, 0);
			open_tcp();
		}
	}
	atomic_store(&enough, true);
	httpd_free(t.h);
	t.h = NULL;
	for (int i = 0; i < 16; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_gt(t.n_handled, 0);
}
END_TEST

static void expect_closed(void)
{
	struct reply r = fetch((struct ask){.path = "/m/echo"});

	ck_assert_int_eq(r.rc, CURLE_COULDNT_CONNECT);
}

START_TEST(close_and_reopen)
{
	struct ip nobody = ip_from_v4(0x0a010203);
	char why[256] = "";

	ck_assert(httpd_is_open(t.h, SEGMENT));
	httpd_close(t.h, SEGMENT);
	httpd_close(t.h, SEGMENT);
	ck_assert(!httpd_is_open(t.h, SEGMENT));
	serve_while(expect_closed);
	open_tcp();
	serve_while(ask_one);
	open_tcp(); /* once more, without closing */
	serve_while(ask_one);
	/* An address that is not there yet is fine, a device is not. */
	ck_assert_int_eq(httpd_open_tcp(t.h, 8, "", &nobody, PORT, why, sizeof(why)), 0);
	ck_assert_int_eq(httpd_open_tcp(t.h, 9, "none0", &nobody, PORT, why, sizeof(why)), -ENODEV);
	ck_assert_ptr_nonnull(strstr(why, "none0"));
	ck_assert_int_eq(httpd_open_tcp(t.h, 9, "", &nobody, PORT, why, sizeof(why)), -EADDRINUSE);
	ck_assert_msg(strstr(why, "http: cannot listen on ") &&
			strstr(why, "Address already in use") && strstr(why, "test_httpd (process"),
		"%s", why);
	ck_assert(!httpd_is_open(t.h, 9));
}
END_TEST

static void expect_both(void)
{
	expect_reply((struct ask){.path = "/m/echo", .host = "[::1]"}, 200, NULL);
	ask_one();
}

static void expect_only_ipv4(void)
{
	struct reply r = fetch((struct ask){.path = "/m/echo", .host = "[::1]"});

	ck_assert_int_eq(r.rc, CURLE_COULDNT_CONNECT);
	ask_one();
}

/* Both families of a segment, each of which is closed alone. */
START_TEST(both_families)
{
	struct ip six;
	char why[256] = "";

	ck_assert_int_eq(ip_parse("::1", &six), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_msg(!httpd_open_tcp(t.h, SEGMENT, "lo", &six, PORT, why, sizeof(why)),
			"%s", why);
		serve_while(expect_both);
		httpd_close_family(t.h, SEGMENT, IP_V6);
		ck_assert(httpd_is_open(t.h, SEGMENT));
		serve_while(expect_only_ipv4);
	}
	ck_assert_int_eq(httpd_open_tcp(t.h, SEGMENT, "lo", &six, PORT, why, sizeof(why)), 0);
	httpd_close_family(t.h, SEGMENT, IP_V4);
	ck_assert(httpd_is_open(t.h, SEGMENT));
	open_tcp();
	httpd_close(t.h, SEGMENT);
	ck_assert(!httpd_is_open(t.h, SEGMENT));
	serve_while(expect_closed);
}
END_TEST

static int count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void ask_for_leaks(void)
{
	ask_basics();
	ask_files();
	ask_conditions();
	ask_no_files();
	break_off();
	leave_early();
}

START_TEST(no_leak)
{
	char why[256];
	int before = 0;

	for (int round = 0; round < 3; round++) {
		ck_assert_int_eq(
			httpd_open_unix(t.h, t.sock, 0660, (gid_t)-1, why, sizeof(why)), 0);
		serve_while(ask_for_leaks);
		hang_up();
		httpd_free(t.h);
		answer_kept();
		if (round == 0)
			before = count_fds();
		ck_assert_int_eq(count_fds(), before);
		start(0, 0);
		open_tcp();
	}
}
END_TEST

/* The Unix socket */

static void ask_local(void)
{
	struct reply r = fetch((struct ask){.path = "/api/v1/who", .unix_path = t.sock});
	json_t *j;

	ck_assert_int_eq(r.status, 201);
	ck_assert(has_header(&r, "Content-Type: application/json\r\n"));
	j = json_loads(r.body, 0, NULL);
	ck_assert_ptr_nonnull(j);
	ck_assert_int_eq(json_integer_value(json_object_get(j, "uid")), getuid());
	ck_assert(json_is_true(json_object_get(j, "local")));
	json_decref(j);
	free(r.body);
	expect_reply((struct ask){.path = "/api/v1/error", .unix_path = t.sock}, 409,
		"{\"error\":\"no \\\"luck\\\\xff\\\"\"}");
	expect_reply((struct ask){.path = "/api/v1/null", .unix_path = t.sock}, 500, NULL);
	expect_reply((struct ask){.path = "/api/v1/x", .method = "PATCH", .unix_path = t.sock}, 200,
		NULL);
	/* all paths are the handler's; but no files, and below /api/v1/ alone something can be changed */
	expect_reply((struct ask){.path = "/web/x", .unix_path = t.sock}, 200, NULL);
	expect_reply((struct ask){.path = "/boot/small", .unix_path = t.sock}, 200, NULL);
	expect_reply((struct ask){.path = "/m/echo", .method = "POST", .unix_path = t.sock}, 405,
		"{\"error\":\"method not allowed\"}");
}

static void *one_local(void *arg)
{
	char path[64];

	snprintf(path, sizeof(path), "/api/v1/n%d", (int)(intptr_t)arg);
	expect_reply((struct ask){.path = path, .unix_path = t.sock}, 200, NULL);
	return NULL;
}

static void ask_local_parallel(void)
{
	in_parallel(one_local, PARALLEL);
}

START_TEST(local)
{
	char why[256] = "", *ours = t.sock;
	struct stat st;

	ck_assert_int_eq(httpd_open_unix(t.h, ours, 0660, getgid(), why, sizeof(why)), 0);
	ck_assert_int_eq(stat(ours, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0660);
	ck_assert_uint_eq(st.st_gid, getgid());
	serve_while(ask_local);
	serve_while(ask_local_parallel);
	ck_assert_int_eq(
		httpd_open_unix(t.h, ours, 0660, (gid_t)-1, why, sizeof(why)), -EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(why, "another usher serves "));
	serve_while(ask_local);
	ck_assert_int_eq(httpd_open_unix(t.h, t.file, 0660, (gid_t)-1, why, sizeof(why)), -EEXIST);
	ck_assert_int_eq(
		httpd_open_unix(t.h, "/none/such", 0660, (gid_t)-1, why, sizeof(why)), -ENOENT);
}
END_TEST

START_TEST(local_stale)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	char why[256] = "", long_path[200];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", t.sock);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	close(fd); /* as kill -9 leaves it */
	ck_assert_int_eq(access(t.sock, F_OK), 0);
	ck_assert_msg(
		httpd_open_unix(t.h, t.sock, 0600, (gid_t)-1, why, sizeof(why)) == 0, "%s", why);
	serve_while(ask_local);
	memset(long_path, 'a', sizeof(long_path));
	long_path[sizeof(long_path) - 1] = '\0';
	ck_assert_int_eq(
		httpd_open_unix(t.h, long_path, 0600, (gid_t)-1, why, sizeof(why)), -ENAMETOOLONG);
}
END_TEST

/* Peers that send half a request and wait */

enum { CROWD = 1500, RACK = 131 };

static int crowd[CROWD];

/* How many of the first `n` the server has not closed. */
static int still_open(int n)
{
	int count = 0;
	char c;

	for (int i = 0; i < n; i++)
		if (recv(crowd[i], &c, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN)
			count++;
	return count;
}

/* How many are left when those above the limit are closed; a busy machine takes its time for that. */
static int open_in_the_end(int n)
{
	int open = still_open(n);

	for (int64_t end = clock_mono_ms() + 2000; open > HTTP_PER_IP && clock_mono_ms() < end;) {
		usleep(50000);
		open = still_open(n);
	}
	return open;
}

/* The deadline that the server has for them, and the time that a busy machine takes. */
static void expect_none_open(int n)
{
	for (int64_t end = clock_mono_ms() + 30000; still_open(n) && clock_mono_ms() < end;)
		usleep(50000);
	ck_assert_int_eq(still_open(n), 0);
}

static void half_open(int i, const char *from)
{
	static const char half[] = "GET /m/echo HT";

	crowd[i] = dial(from);
	/* it may be closed already */
	(void)!send(crowd[i], half, sizeof(half) - 1, MSG_NOSIGNAL);
}

static void leave(int n)
{
	for (int i = 0; i < n; i++)
		close(crowd[i]);
}

static void one_address_crowd(void)
{
	int open;

	for (int i = 0; i < 1000; i++)
		half_open(i, "127.0.0.5");
	usleep(200000);
	open = open_in_the_end(1000);
	ck_assert_int_gt(open, 0);
	ck_assert_int_le(open, HTTP_PER_IP);
	expect_reply((struct ask){.path = "/m/echo", .ip = "127.0.0.9"}, 200, NULL);
	expect_none_open(1000);
	leave(1000);
	expect_reply((struct ask){.path = "/m/echo", .ip = "127.0.0.5"}, 200, NULL);
}

static void many_addresses_crowd(void)
{
	char from[32];

	for (int i = 0; i < CROWD; i++) {
		snprintf(from, sizeof(from), "127.0.1.%d", 1 + i % 50);
		half_open(i, from);
	}
	usleep(200000);
	ck_assert_int_gt(still_open(CROWD), 0);
	sleep(1); /* those that wait in the backlog come too */
	expect_none_open(CROWD);
	leave(CROWD);
	expect_reply((struct ask){.path = "/m/echo", .ip = "127.0.1.1"}, 200, NULL);
}

/* All have an answer before anybody asks again. */
static void a_rack_at_once(void)
{
	static const char ask[] = "HEAD /boot/small HTTP/1.1\r\nHost: x\r\n\r\n";
	const struct timeval patience = {.tv_sec = 40};
	char from[32], answer[1024];

	for (int i = 0; i < RACK; i++) {
		snprintf(from, sizeof(from), "127.0.2.%d", 1 + i % 50);
		crowd[i] = dial(from);
		setsockopt(crowd[i], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	}
	for (int n = RACK - 5; n <= RACK; n++) {
		for (int i = 0; i < n; i++)
			say(crowd[i], ask);
		for (int i = 0; i < n; i++)
			ck_assert_int_gt(recv(crowd[i], answer, sizeof(answer), 0), 0);
	}
	leave(RACK);
}

static void set_policy(int policy)
{
	const struct sched_param none = {0};

	ck_assert_int_eq(sched_setscheduler(0, policy, &none), 0);
}

/* The server's thread runs when nobody else wants to, so it finds all requests there at once. */
START_TEST(rack)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	httpd_free(t.h);
	start(0, 0);
	set_policy(SCHED_IDLE);
	open_tcp();
	set_policy(SCHED_OTHER);
	serve_while(a_rack_at_once);
}
END_TEST

START_TEST(crowds)
{
	struct rlimit fds;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &fds), 0);
	fds.rlim_cur = fds.rlim_max < 8192 ? fds.rlim_max : 8192;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &fds), 0);
	httpd_free(t.h);
	start(1, 0);
	open_tcp();
	serve_while(one_address_crowd);
	if (fds.rlim_cur >= CROWD + HTTP_CONNECTIONS + 100)
		serve_while(many_addresses_crowd);
}
END_TEST

/* Never idle, never done: its request, or what comes after one that was answered. */
static void drip(void)
{
	static const char ask[] = "GET /m/echo HTTP/1.1\r\nHost: x\r\n\r\n";
	char answer[512];
	int64_t began;

	crowd[0] = dial(NULL);
	crowd[1] = dial(NULL);
	say(crowd[1], ask);
	ck_assert_int_gt(recv(crowd[1], answer, sizeof(answer), 0), 0);
	began = clock_mono_ms();
	for (size_t i = 0; still_open(2) && clock_mono_ms() - began < 20000; i++) {
		for (int c = 0; c < 2; c++)
			(void)!send(crowd[c], ask + i % 10, 1, MSG_NOSIGNAL);
		usleep(100000);
	}
	ck_assert_int_lt(clock_mono_ms() - began, 20000);
	leave(2);
}

static void read_slowly(void)
{
	struct reply r;
	char some[4096];
	size_t n = 0;

	crowd[0] = dial(NULL);
	say(crowd[0], "GET /boot/big HTTP/1.1\r\nHost: x\r\n\r\n");
	r = fetch((struct ask){.path = "/m/hold"});
	ck_assert_int_eq(r.status, 200);
	free(r.body);
	for (int i = 0; i < 15; i++, usleep(100000))
		n += (size_t)recv(crowd[0], some, sizeof(some), 0);
	for (ssize_t got = 1; n < BIG && got > 0; n += (size_t)got)
		got = recv(crowd[0], some, sizeof(some), 0);
	ck_assert_uint_ge(n, BIG);
	leave(1);
}

START_TEST(request_deadline)
{
	httpd_free(t.h);
	start(0, 1);
	open_tcp();
	serve_while(drip);
	serve_while(read_slowly); /* answers may take longer */
}
END_TEST

int main(void)
{
	Suite *s = suite_create("httpd");
	TCase *c = tcase_create("all");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 90);
	tcase_add_test(c, basics);
	tcase_add_test(c, bad);
	tcase_add_test(c, refusals_in_the_log);
	tcase_add_test(c, bodies);
	tcase_add_test(c, half_bodies);
	tcase_add_test(c, long_answers);
	tcase_add_test(c, no_version);
	tcase_add_test(c, files);
	tcase_add_test(c, broken_off);
	tcase_add_test(c, under_way);
	tcase_add_test(c, parallel);
	tcase_add_test(c, hung_up);
	tcase_add_test(c, deadline);
	tcase_add_test(c, long_poll);
	tcase_add_test(c, stop_seen);
	tcase_add_test(c, stop_unseen);
	tcase_add_test(c, stop_answering);
	tcase_add_test(c, stop_under_load);
	tcase_add_test(c, close_and_reopen);
	tcase_add_test(c, both_families);
	tcase_add_test(c, no_leak);
	tcase_add_test(c, local);
	tcase_add_test(c, local_stale);
	tcase_add_test(c, rack);
	tcase_add_test(c, request_deadline);
	tcase_add_test(c, crowds);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
