/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of service/: a real httpd on a Unix socket or on 127.0.0.1, asked from the very thread that runs the loop. A
 * test's handler gets the requests that it asks.
 */
#ifndef USHER_TESTS_HTTP_ASK_H
#define USHER_TESTS_HTTP_ASK_H

#include "base_make.h"

#include "httpd/httpd.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { HTTP_ASK_PORT = 8067, HTTP_ASK_MOST = 2 << 20 };

/* Set before http_ask_begin(): what is put aside beside /m/ and /api/; what the client says that it is. */
static bool (*http_ask_asks)(void *arg, const char *path, const char *agent);
static const char *http_ask_agent = "test";
static char http_ask_header[128]; /* a line of the next question, "Name: value\r\n" */

struct http_ask {
	struct base *base;
	struct httpd *h;
	int fd; /* of the question that waits for its answer */
	char *text;
	size_t len;
	/* the answer */
	unsigned status;
	const char *body;
	json_t *json; /* the same, when it is JSON; else NULL */
};

static inline void http_ask_begin(struct http_ask *a, struct base *b,
	void (*handle)(void *arg, struct http_request *r), void *arg)
{
	struct httpd_config c = {.loop = b->loop,
		.home = &b->home,
		.handle = handle,
		.asks = http_ask_asks,
		.arg = arg};
	char why[512] = "";

	*a = (struct http_ask){.base = b, .fd = -1};
	ck_assert_int_eq(httpd_new(&c, &a->h), 0);
	ck_assert_msg(!httpd_open_unix(a->h, b->config.socket, 0600, (gid_t)-1, why, sizeof why),
		"%s", why);
}

static inline void http_ask_end(struct http_ask *a)
{
	if (a->fd >= 0)
		close(a->fd);
	json_decref(a->json);
	free(a->text);
	httpd_free(a->h);
}

static inline void http_ask_connect(struct http_ask *a, const char *from)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = 0};
	int rc;

	snprintf(un.sun_path, sizeof un.sun_path, "%.100s", a->base->config.socket);
	a->fd = socket(from ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(a->fd, 0);
	if (from) {
		struct ip ip = base_ip(from);

		in.sin_addr.s_addr = htonl(ip_to_v4(&ip));
		ck_assert_int_eq(bind(a->fd, (struct sockaddr *)&in, sizeof in), 0);
		in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		in.sin_port = htons(HTTP_ASK_PORT);
	}
	rc = connect(a->fd, from ? (struct sockaddr *)&in : (struct sockaddr *)&un,
		from ? sizeof in : sizeof un);
	ck_assert_msg(!rc, "connect: %s", strerror(errno));
}

/* Sends a question and does not wait. `from`: by TCP, with this source address (127.0.0.0/8); NULL: by the Unix socket. */
static inline void http_ask_send(struct http_ask *a, const char *from, const char *method,
	const char *target, const char *body)
{
	char head[1024];
	size_t len = body ? strlen(body) : 0, done = 0;
	int n = snprintf(head, sizeof head,
		"%s %s HTTP/1.1\r\nHost: x\r\nUser-Agent: %s\r\nConnection: close\r\n%s"
		"Content-Length: %zu\r\n\r\n",
		method, target, http_ask_agent, http_ask_header, len);

	ck_assert_int_lt(n, (int)sizeof head);
	*http_ask_header = '\0';
	http_ask_connect(a, from);
	ck_assert_int_eq(write(a->fd, head, (size_t)n), n);
	ck_assert_int_eq(fcntl(a->fd, F_SETFL, O_NONBLOCK), 0);
	while (done < len) {
		ssize_t w = write(a->fd, body + done, len - done);

		ck_assert(w > 0 || errno == EAGAIN);
		done += w > 0 ? (size_t)w : 0;
		loop_once(a->base->loop, 0);
	}
}

/* Is the answer whole? */
static inline bool http_ask_over(struct http_ask *a)
{
	ssize_t n;

	if (!a->text)
		a->text = calloc(1, HTTP_ASK_MOST);
	ck_assert_ptr_nonnull(a->text);
	while ((n = read(a->fd, a->text + a->len, HTTP_ASK_MOST - 1 - a->len)) > 0)
		a->len += (size_t)n;
	a->text[a->len] = '\0';
	return n == 0 || (n < 0 && errno != EAGAIN);
}

/* Turns the loop until the answer is there: its status. */
static inline unsigned http_ask_wait(struct http_ask *a)
{
	const char *end;

	a->len = 0;
	base_wait(a->base, http_ask_over(a));
	close(a->fd);
	a->fd = -1;
	end = strstr(a->text, "\r\n\r\n");
	ck_assert_msg(end && sscanf(a->text, "HTTP/1.1 %u", &a->status) == 1, "\"%s\"", a->text);
	a->body = end + 4;
	json_decref(a->json);
	a->json = json_loads(a->body, 0, NULL);
	return a->status;
}

/* For machines: on 127.0.0.1, in a network namespace of this (forked) test's own, which it is in already. */
static inline void http_ask_open(struct http_ask *a, uint32_t segment)
{
	struct ip ip = base_ip("127.0.0.1");
	char why[512] = "";

	ck_assert_msg(
		!httpd_open_tcp(a->h, segment, "", &ip, HTTP_ASK_PORT, why, sizeof why), "%s", why);
}

static inline unsigned http_ask(
	struct http_ask *a, const char *method, const char *target, const char *body)
{
	http_ask_send(a, NULL, method, target, body);
	return http_ask_wait(a);
}

/* What an answer of the API's says of a fault. */
static inline const char *http_ask_error(const struct http_ask *a)
{
	const char *s = json_string_value(json_object_get(a->json, "error"));

	return s ? s : "";
}

static inline const char *http_ask_text(const struct http_ask *a, const char *key)
{
	const char *s = json_string_value(json_object_get(a->json, key));

	return s ? s : "";
}

static inline json_int_t http_ask_number(const struct http_ask *a, const char *key)
{
	return json_integer_value(json_object_get(a->json, key));
}

#endif
