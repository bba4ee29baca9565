/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks/power/redfish_http.h"

#include "core/base64.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/plain.h"
#include "core/wipe.h"
#include "hooks/power/redfish_pin.h"
#include "hooks/power/redfish_plan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
	TICK_MS = 100, /* how often the caller is asked whether it stops */
	URL_MAX = REDFISH_PATH + POWER_HOST + 32,
};

static int fault(struct redfish_http *h, int rc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static int fault(struct redfish_http *h, int rc, const char *fmt, ...)
{
	char line[REDFISH_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	plain_line(line, h->why, sizeof h->why);
	return rc;
}

static bool is_stopping(const struct redfish_http *h)
{
	return h->call->stopping && h->call->stopping(h->call->arg);
}

static int64_t left(const struct redfish_http *h)
{
	return h->deadline - clock_mono_ms();
}

int redfish_http_pause(struct redfish_http *h, int ms)
{
	for (; ms > 0; ms -= TICK_MS) {
		if (is_stopping(h))
			return -ECANCELED;
		if (left(h) <= 0)
			return -ETIMEDOUT;
		usleep((unsigned)(ms < TICK_MS ? ms : TICK_MS) * 1000);
	}
	return 0;
}

/* Whom it talks to */

static bool was_checked(const struct redfish_http *h, unsigned port)
{
	return h->checked[port / 8] & 1u << port % 8;
}

static const char *certificate(CURL *easy)
{
	struct curl_certinfo *info = NULL;

	curl_easy_getinfo(easy, CURLINFO_CERTINFO, &info);
	if (!info || info->num_of_certs < 1)
		return NULL;
	for (const struct curl_slist *l = info->certinfo[0]; l; l = l->next)
		if (!strncmp(l->data, "Cert:", 5))
			return l->data;
	return NULL;
}

/* libcurl has connected, or takes a connection again, about whose certificate it then says nothing. */
static int on_connected(void *arg, char *ip, char *own_ip, int port, int own_port)
{
	struct redfish_http *h = arg;
	const char *pem = certificate(h->easy);
	unsigned own = (unsigned)own_port & 0xffff;

	(void)ip;
	(void)own_ip;
	(void)port;
	if (pem) {
		h->checked[own / 8] &= (uint8_t) ~(1u << own % 8);
		h->strange = redfish_pin(pem, h->met) || (*h->pin && strcmp(h->pin, h->met) != 0);
		if (!h->strange)
			h->checked[own / 8] |= (uint8_t)(1u << own % 8);
	}
	if (!was_checked(h, own))
		return CURL_PREREQFUNC_ABORT;
	memcpy(h->pin, h->met, sizeof h->pin);
	h->sent = true;
	return CURL_PREREQFUNC_OK;
}

/* What comes back */

static bool header_is(const char *line, size_t n, const char *name, const char **ret, size_t *ret_n)
{
	size_t len = strlen(name);

	if (n <= len || strncasecmp(line, name, len) || line[len] != ':')
		return false;
	line += len + 1;
	n -= len + 1;
	while (n && (*line == ' ' || *line == '\t'))
		line++, n--;
	while (n && (line[n - 1] == '\r' || line[n - 1] == '\n' || line[n - 1] == ' '))
		n--;
	*ret = line;
	*ret_n = n;
	return true;
}

/* "" when it has no room: half of a link or a token is none. */
static void keep(char *buf, size_t size, const char *value, size_t n)
{
	snprintf(buf, size, "%.*s", n < size ? (int)n : 0, value);
}

static unsigned seconds(const char *value, size_t n)
{
	unsigned s = 0;

	for (size_t i = 0; i < n && value[i] >= '0' && value[i] <= '9' && s < 10000; i++)
		s = 10 * s + (unsigned)(value[i] - '0');
	return s;
}

static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
	struct redfish_http *h = arg;
	struct redfish_response *r = h->response;
	const char *v;
	size_t len;

	(void)size;
	if (header_is(line, n, "ETag", &v, &len))
		keep(r->etag, sizeof r->etag, v, len);
	else if (header_is(line, n, "Location", &v, &len))
		keep(r->location, sizeof r->location, v, len);
	else if (header_is(line, n, "X-Auth-Token", &v, &len))
		keep(h->token, sizeof h->token, v, len);
	else if (header_is(line, n, "Retry-After", &v, &len))
		r->after_s = seconds(v, len);
	else if (header_is(line, n, "WWW-Authenticate", &v, &len))
		r->offers_basic |= len >= 5 && !strncasecmp(v, "Basic", 5);
	return n;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct redfish_http *h = arg;

	(void)size;
	text_add(&h->body, bytes, n);
	return h->body.rc ? 0 : n;
}

/* One request */

static struct curl_slist *add_header(struct curl_slist *list, const char *line)
{
	struct curl_slist *more = list ? curl_slist_append(list, line) : NULL;

	if (list && !more)
		curl_slist_free_all(list);
	return more;
}

/* NULL: no memory. */
static struct curl_slist *headers(const struct redfish_http *h, const struct redfish_request *asked)
{
	struct curl_slist *list = curl_slist_append(NULL, "OData-Version: 4.0");
	char line[REDFISH_ETAG + 16];

	list = add_header(list, "Accept: application/json");
	list = add_header(list, "Expect:");
	if (asked->body)
		list = add_header(list, "Content-Type: application/json");
	if (asked->if_match && *asked->if_match) {
		snprintf(line, sizeof line, "If-Match: %s", asked->if_match);
		list = add_header(list, line);
	}
	if (h->credentials && !asked->bare)
		list = add_header(list, h->credentials);
	return list;
}

static void headers_free(struct curl_slist *list)
{
	for (struct curl_slist *l = list; l; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	curl_slist_free_all(list);
}

/* An IPv6 address is in brackets, the sign before its zone encoded (RFC 6874). */
static void place(const struct power_target *t, char *buf, size_t size)
{
	size_t n = strcspn(t->host, "%");

	if (!strchr(t->host, ':'))
		snprintf(buf, size, "https://%s:%u", t->host, t->port);
	else
		snprintf(buf, size, "https://[%.*s%s%s]:%u", (int)n, t->host,
			t->host[n] ? "%25" : "", t->host[n] ? t->host + n + 1 : "", t->port);
}

static void set_place(struct redfish_http *h, const struct redfish_request *asked)
{
	char at[POWER_HOST + 32], url[URL_MAX];

	place(h->call->target, at, sizeof at);
	snprintf(url, sizeof url, "%s%s", at, asked->path);
	curl_easy_setopt(h->easy, CURLOPT_URL, url);
	curl_easy_setopt(h->easy, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(h->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(h->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h->easy, CURLOPT_QUICK_EXIT, 1L); /* no waiting for a slow resolver */
	curl_easy_setopt(h->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(h->easy, CURLOPT_USERAGENT, "usher/" USHER_VERSION);
	curl_easy_setopt(h->easy, CURLOPT_FRESH_CONNECT, asked->once ? 1L : 0L);
}

static void set_trust(struct redfish_http *h)
{
	curl_easy_setopt(h->easy, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(h->easy, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(h->easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(h->easy, CURLOPT_CERTINFO, 1L);
	curl_easy_setopt(h->easy, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(h->easy, CURLOPT_PREREQDATA, h);
}

static void set_request(
	struct redfish_http *h, const struct redfish_request *asked, struct curl_slist *list)
{
	int64_t ms = left(h);

	if (ms > REDFISH_ANSWER_MS)
		ms = REDFISH_ANSWER_MS;
	if (ms < 1)
		ms = 1; /* 0 would be for ever */
	curl_easy_setopt(h->easy, CURLOPT_CUSTOMREQUEST, asked->method);
	curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, list);
	if (asked->body)
		curl_easy_setopt(h->easy, CURLOPT_POSTFIELDS, asked->body);
	curl_easy_setopt(h->easy, CURLOPT_TIMEOUT_MS, (long)ms);
	curl_easy_setopt(h->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)REDFISH_CONNECT_MS);
	curl_easy_setopt(h->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(h->easy, CURLOPT_HEADERDATA, h);
	curl_easy_setopt(h->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(h->easy, CURLOPT_WRITEDATA, h);
	curl_easy_setopt(h->easy, CURLOPT_ERRORBUFFER, h->curl_says);
}

/* -ECANCELED, or 0 and how it ended. */
static int run(struct redfish_http *h, CURLcode *ret)
{
	int running = 1, n;
	CURLMsg *m;

	while (running) {
		if (is_stopping(h))
			return -ECANCELED;
		curl_multi_perform(h->multi, &running);
		if (running)
			curl_multi_poll(h->multi, NULL, 0, TICK_MS, NULL);
	}
	*ret = CURLE_FAILED_INIT;
	while ((m = curl_multi_info_read(h->multi, &n)))
		if (m->msg == CURLMSG_DONE)
			*ret = m->data.result;
	return 0;
}

static const char *detail(struct redfish_http *h, CURLcode code)
{
	long os = 0;

	curl_easy_getinfo(h->easy, CURLINFO_OS_ERRNO, &os);
	if (code == CURLE_COULDNT_CONNECT && os)
		return strerror((int)os);
	return *h->curl_says ? h->curl_says : curl_easy_strerror(code);
}

static double took(struct redfish_http *h)
{
	curl_off_t us = 0;

	curl_easy_getinfo(h->easy, CURLINFO_TOTAL_TIME_T, &us);
	return (double)us / 1e6;
}

static int strange(struct redfish_http *h)
{
	return fault(h, -EKEYREJECTED,
		"it shows another certificate than the one that is known, so it was not sent the password: SHA-256 %s is known, this is %s. If it is right, 'usher power NAME set TARGET' takes it",
		h->pin, *h->met ? h->met : "none that can be read");
}

static int unreachable(struct redfish_http *h, const char *why)
{
	const struct power_target *t = h->call->target;

	return fault(h, -EHOSTUNREACH, "nothing answers at %s, port %u: %s", t->host, t->port, why);
}

/* What libcurl says, as an error and a line. */
static int failed(struct redfish_http *h, const struct redfish_request *asked, CURLcode code)
{
	const char *how = detail(h, code), *m = asked->method, *path = asked->path;

	if (h->strange)
		return strange(h);
	if (h->body.rc == -EFBIG)
		return fault(h, -EPROTO, "%s %s: its answer is larger than 1 MiB", m, path);
	if (h->body.rc || code == CURLE_OUT_OF_MEMORY)
		return fault(h, -ENOMEM, "out of memory");
	h->broke = true;
	if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT)
		return unreachable(h, how);
	if (code == CURLE_OPERATION_TIMEDOUT && !h->sent)
		return unreachable(h, "no connection in time");
	if (code == CURLE_OPERATION_TIMEDOUT)
		return fault(h, -ETIMEDOUT, "no answer to %s %s within %.1f s", m, path, took(h));
	if (code == CURLE_SSL_CONNECT_ERROR)
		return fault(h, -EPROTO, "no TLS connection, of version 1.2 or newer: %s", how);
	return fault(h, -EPROTO, "the connection broke off during %s %s: %s", m, path, how);
}

static int read_body(struct redfish_http *h, const struct redfish_request *asked)
{
	struct redfish_response *r = h->response;
	int rc = h->body.len ? redfish_load(h->body.s, h->body.len, &r->body) : 0;

	/* what is said of an error, or of something done, is no loss */
	if (!rc || r->code >= 300 || strcmp(asked->method, "GET") != 0)
		return rc == -ENOMEM ? fault(h, rc, "out of memory") : 0;
	return fault(h, rc == -ENOMEM ? rc : -EPROTO, "%s %s: its answer is %s", asked->method,
		asked->path,
		rc == -E2BIG ? "nested too deep, or has too much in it" : "no JSON object");
}

static void begin(struct redfish_http *h, struct redfish_response *ret)
{
	*ret = (struct redfish_response){0};
	h->response = ret;
	h->sent = h->broke = h->strange = false;
	*h->curl_says = '\0';
	text_fini(&h->body);
	text_init(&h->body, REDFISH_BODY_MAX);
	curl_easy_reset(h->easy);
}

/* 0: an answer of whatever code. */
static int exchange(
	struct redfish_http *h, const struct redfish_request *asked, struct redfish_response *ret)
{
	struct curl_slist *list = headers(h, asked);
	CURLcode code = CURLE_OK;
	int rc;

	if (!list)
		return fault(h, -ENOMEM, "out of memory");
	begin(h, ret);
	if (left(h) <= 0) {
		headers_free(list);
		return fault(h, -ETIMEDOUT, "the time was over before %s %s", asked->method,
			asked->path);
	}
	set_place(h, asked);
	set_trust(h);
	set_request(h, asked, list);
	curl_multi_add_handle(h->multi, h->easy);
	rc = run(h, &code);
	curl_multi_remove_handle(h->multi, h->easy);
	headers_free(list);
	if (rc)
		return fault(h, rc, "it was stopped");
	if (code)
		return failed(h, asked, code);
	curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &ret->code);
	return read_body(h, asked);
}

/* Again and again */

/* exchange(), as often as it takes. */
static int patiently(
	struct redfish_http *h, const struct redfish_request *asked, struct redfish_response *ret)
{
	char first[REDFISH_TEXT];
	int first_rc = 0;

	*h->first = '\0';
	for (unsigned tries = 1;; tries++) {
		int rc = exchange(h, asked, ret), ms = -1, paused;

		if (!rc || (h->broke && !(asked->once && h->sent)))
			ms = redfish_pause(tries, rc ? 0 : ret->code, ret->after_s);
		if (ms < 0 || ms >= left(h)) {
			if (rc && first_rc && rc != first_rc)
				memcpy(h->first, first, sizeof first);
			return rc;
		}
		if (rc && !first_rc) {
			first_rc = rc;
			memcpy(first, h->why, sizeof first);
		}
		redfish_response_fini(ret);
		paused = redfish_http_pause(h, ms);
		if (paused)
			return fault(h, paused, "it was stopped");
	}
}

/* Credentials */

static int set_credentials(struct redfish_http *h, const char *name, const char *value)
{
	size_t size = strlen(name) + strlen(value) + 1;

	wipe_free(h->credentials);
	h->credentials = malloc(size);
	if (!h->credentials)
		return -ENOMEM;
	snprintf(h->credentials, size, "%s%s", name, value);
	return 0;
}

static int set_basic(struct redfish_http *h)
{
	char *pair = NULL, *text = NULL;
	int rc = -ENOMEM;

	if (asprintf(&pair, "%s:%s", h->call->target->user, h->call->password) >= 0)
		text = base64_encode(pair, strlen(pair));
	else
		pair = NULL;
	if (text)
		rc = set_credentials(h, "Authorization: Basic ", text);
	wipe_free(pair);
	wipe_free(text);
	return rc;
}

static int refused(struct redfish_http *h, const struct redfish_response *r)
{
	const char *user = h->call->target->user;
	char line[REDFISH_LINE];

	redfish_message(r->body, line, sizeof line);
	if (!h->credentials)
		return fault(h, -EACCES, "it wants a user and a password: redfish://USER@%s",
			h->call->target->host);
	if (r->code == 403)
		return fault(h, -EACCES, "user %s may not do that (HTTP 403%s%s)", user,
			*line ? ": " : "", line);
	return fault(h, -EACCES, "it refuses the password of user %s (HTTP %ld%s%s)", user, r->code,
		*line ? ": " : "", line);
}

/* The session's place, for its deletion. */
static void keep_session(struct redfish_http *h, const struct redfish_response *r)
{
	const struct power_target *t = h->call->target;

	if (!redfish_path(r->location, t->host, t->port, h->session))
		redfish_path(json_text(r->body, "@odata.id"), t->host, t->port, h->session);
	if (*h->session)
		h->deadline -= REDFISH_GOODBYE_MS;
}

static int session_opened(struct redfish_http *h, struct redfish_response *r)
{
	int rc;

	if (r->code == 400 || r->code == 401 || r->code == 403)
		return refused(h, r);
	if (r->code != 201 && r->code != 200)
		return fault(h, -EPROTO, "it opens no session: HTTP %ld", r->code);
	if (!*h->token)
		return fault(h, -EPROTO, "it opens a session without a token");
	keep_session(h, r);
	rc = set_credentials(h, "X-Auth-Token: ", h->token);
	explicit_bzero(h->token, sizeof h->token);
	return rc ? fault(h, rc, "out of memory") : 0;
}

static int open_session(struct redfish_http *h)
{
	json_t *pair = json_pack(
		"{s:s, s:s}", "UserName", h->call->target->user, "Password", h->call->password);
	char *body = pair ? json_dumps(pair, JSON_COMPACT) : NULL;
	struct redfish_request asked = {
		.method = "POST", .path = h->sessions, .body = body, .bare = true, .once = true};
	struct redfish_response r;
	int rc;

	json_decref(pair);
	if (!body)
		return fault(h, -ENOMEM, "out of memory");
	rc = patiently(h, &asked, &r);
	wipe_free(body);
	if (rc)
		return rc;
	rc = session_opened(h, &r);
	redfish_response_fini(&r);
	return rc;
}

static void close_session(struct redfish_http *h)
{
	struct redfish_request asked = {.method = "DELETE", .path = h->session};
	const struct redfish_call *call = h->call;
	struct redfish_call last = *call;
	struct redfish_response r;

	if (!*h->session)
		return;
	last.stopping = NULL; /* it is short */
	h->call = &last;
	h->deadline = clock_mono_ms() + REDFISH_GOODBYE_MS;
	if (!exchange(h, &asked, &r))
		redfish_response_fini(&r);
	h->call = call;
}

/* Asking */

/* What follows from 401 and 403: 0: ask again, now with a session. */
static int authorize(
	struct redfish_http *h, struct redfish_request *asked, const struct redfish_response *r)
{
	if (asked->bare && h->credentials) {
		asked->bare = false;
		return 0;
	}
	if (r->code == 403 || *h->session || r->offers_basic || !h->credentials)
		return refused(h, r);
	return open_session(h);
}

/* Where a redirected GET leads: 0 and `path`. */
static int redirected(struct redfish_http *h, const struct redfish_request *asked,
	const struct redfish_response *r, char path[REDFISH_PATH])
{
	const struct power_target *t = h->call->target;

	if (redfish_path(r->location, t->host, t->port, path))
		return 0;
	return fault(h, -EPROTO, "%s %s: it sends on to %s, which is not followed", asked->method,
		asked->path, *r->location ? r->location : "nowhere");
}

static bool is_redirect(long code)
{
	return code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
}

/* An answer is only good, or it says how to ask instead. 0: ask again. 1: it is the answer. */
static int judge(struct redfish_http *h, struct redfish_request *asked,
	const struct redfish_response *r, char path[REDFISH_PATH])
{
	int rc;

	if (r->code == 401 || r->code == 403)
		return authorize(h, asked, r);
	if (!is_redirect(r->code) || strcmp(asked->method, "GET") != 0)
		return 1;
	rc = redirected(h, asked, r, path);
	asked->path = path;
	return rc;
}

int redfish_http_ask(
	struct redfish_http *h, const struct redfish_request *asked, struct redfish_response *ret)
{
	struct redfish_request now = *asked;
	char path[REDFISH_PATH], next[REDFISH_PATH];

	for (int i = 0; i <= REDFISH_REDIRECTS; i++) {
		int rc = patiently(h, &now, ret);

		if (rc)
			return rc;
		rc = judge(h, &now, ret, next);
		if (rc == 1) {
			snprintf(ret->path, sizeof ret->path, "%s", i ? now.path : "");
			return 0;
		}
		redfish_response_fini(ret);
		if (rc)
			return rc;
		if (now.path == next)
			now.path = memcpy(path, next, sizeof path);
	}
	return fault(h, -EPROTO, "%s %s: it sends on and on", asked->method, asked->path);
}

void redfish_response_fini(struct redfish_response *r)
{
	json_decref(r->body);
	r->body = NULL;
}

int redfish_http_init(struct redfish_http *h, const struct redfish_call *call)
{
	int rc = 0;

	*h = (struct redfish_http){.call = call, .deadline = clock_mono_ms() + call->limit_ms};
	snprintf(h->sessions, sizeof h->sessions, "/redfish/v1/SessionService/Sessions");
	snprintf(h->pin, sizeof h->pin, "%s", *call->target->pin ? call->target->pin : call->pin);
	text_init(&h->body, REDFISH_BODY_MAX);
	h->easy = curl_easy_init();
	h->multi = curl_multi_init();
	if (*call->target->user)
		rc = set_basic(h);
	if (h->easy && h->multi && !rc)
		return 0;
	redfish_http_fini(h);
	return -ENOMEM;
}

void redfish_http_fini(struct redfish_http *h)
{
	close_session(h);
	if (h->easy)
		curl_easy_cleanup(h->easy);
	if (h->multi)
		curl_multi_cleanup(h->multi);
	text_fini(&h->body);
	wipe_free(h->credentials);
	h->credentials = NULL;
}
