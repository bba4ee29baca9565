/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "httpd/http_exchange.h"
#include "httpd/http_listen.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/plain.h"
#include "core/sockaddr.h"
#include "core/wipe.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum {
	FIRST_BODY = 4096,
	/* Of a body that is refused, this much is read and thrown away so that the peer reads our
	 * answer instead of meeting a reset; beyond, the connection is closed. */
	SWALLOW_MAX = 8 * 1024 * 1024,
	ERROR_TEXT = 512,
};

/* A request on its way to the main thread. Apart from the exchange, which may be over before it
 * arrives. */
struct http_arrival {
	struct message m;
	struct httpd *h;
	struct http_exchange *x; /* NULL: it is over */
};

static const char *const method_names[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};

const char *http_method_name(enum http_method m)
{
	return method_names[m];
}

void httpd_ref(struct httpd *h)
{
	atomic_fetch_add(&h->refs, 1);
}

void httpd_unref(struct httpd *h)
{
	if (atomic_fetch_sub(&h->refs, 1) == 1) {
		pthread_mutex_destroy(&h->refusals_lock);
		free(h);
	}
}

/* Life */

struct http_exchange *http_exchange_new(struct http_listener *l, const char *target)
{
	struct http_exchange *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->target = strdup(target);
	if (!x->target) {
		free(x);
		return NULL;
	}
	x->h = l->h;
	x->listener = l;
	x->started = clock_mono_ms();
	x->target_at = (uintptr_t)target;
	x->r.target = x->target;
	x->r.path = x->path;
	x->r.body = "";
	x->r.segment = l->segment;
	x->r.local = l->local;
	x->r.api = l->serves & HTTP_SERVES_API;
	atomic_init(&x->refs, 1);
	httpd_ref(l->h);
	atomic_fetch_add(&l->busy, 1);
	return x;
}

/* In httpd.bodies and .answers: none of them takes another's room. */
static int share_of(const struct http_exchange *x)
{
	return x->r.local ? 2 : x->r.api;
}

static atomic_size_t *bodies_of(struct http_exchange *x)
{
	return &x->h->bodies[share_of(x)];
}

static void drop_body(struct http_exchange *x)
{
	atomic_fetch_sub(bodies_of(x), x->body_cap);
	wipe_free(x->body);
	x->body = NULL;
	x->body_cap = 0;
	x->r.body = "";
	x->r.body_len = 0;
}

void http_exchange_unref(struct http_exchange *x)
{
	if (atomic_fetch_sub(&x->refs, 1) != 1)
		return;
	if (x->answer)
		MHD_destroy_response(x->answer);
	atomic_fetch_sub(&x->h->answers[share_of(x)], x->long_answer);
	drop_body(x);
	while (x->n_headers) {
		free(x->headers[--x->n_headers].name);
		free(x->headers[x->n_headers].value);
	}
	free(x->query);
	free(x->target);
	httpd_unref(x->h);
	free(x);
}

void http_exchange_end(struct http_exchange *x, struct MHD_Connection *conn, bool completed)
{
	struct http_listener *l = x->listener;
	char shown[HTTP_SHOWN_MAX];

	if (x->kind == HTTP_KIND_FILE)
		http_file_ended(x, conn, completed);
	log_debug("http: %u %s: %s, %lld ms", x->status, http_path_shown(x->target, shown),
		completed ? "sent" : "broken off", (long long)(clock_mono_ms() - x->started));
	http_pump_turn(&l->pump, conn, CROWD_WAITS);
	http_exchange_unref(x);
	atomic_fetch_sub(&l->busy, 1);
}

/* What is asked, and may it be asked here? */

static void refuse(struct http_exchange *x, unsigned status, const char *why)
{
	x->kind = HTTP_KIND_REFUSED;
	x->refuse = status;
	x->refuse_why = why;
}

static void read_peer(struct http_exchange *x, struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *i;
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (x->r.local) {
		x->r.uid = (uid_t)-1;
		i = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
		if (!i || getsockopt(i->connect_fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
			return;
		x->r.uid = cred.uid;
		x->r.pid = cred.pid;
		user_name(&x->listener->names, cred.uid, clock_mono_ms(), x->r.user);
		return;
	}
	i = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	x->r.peer = sockaddr_ip(i ? i->client_addr : NULL, &x->r.peer_port);
}

static int read_target(struct http_exchange *x)
{
	const char *path, *query;
	size_t len;
	int r = http_target_split(x->target, &path, &len, &query);

	if (r < 0)
		return r;
	r = http_path_normalise(path, len, x->path);
	if (r < 0 || !query)
		return r;
	x->query = strdup(query);
	if (!x->query)
		return -ENOMEM;
	return http_args_parse(x->query, x->args, &x->n_args);
}

static int method_parse(const char *name, enum http_method *ret)
{
	for (size_t i = 0; i < sizeof(method_names) / sizeof(method_names[0]); i++)
		if (strcmp(name, method_names[i]) == 0) {
			*ret = (enum http_method)i;
			return 0;
		}
	return -EINVAL;
}

/* What a path may be asked with; 0: there is no such path. */
static unsigned methods_of(struct http_exchange *x, struct MHD_Connection *conn)
{
	const unsigned get = 1u << HTTP_GET | 1u << HTTP_HEAD;
	const unsigned put = 1u << HTTP_POST | 1u << HTTP_PUT;

	if (x->listener->serves & HTTP_SERVES_MACHINES) {
		if (http_path_below(x->path, "/m/")) {
			x->kind = HTTP_KIND_STATE;
			return get | put;
		}
		if (x->h->c.asks &&
			x->h->c.asks(x->h->c.arg, x->path,
				MHD_lookup_connection_value(conn, MHD_HEADER_KIND, "User-Agent"))) {
			x->kind = HTTP_KIND_STATE;
			return get;
		}
		if (http_path_below(x->path, "/boot/") && x->h->c.open) {
			x->kind = HTTP_KIND_FILE;
			return get;
		}
	}
	if (!x->r.api)
		return 0;
	x->kind = HTTP_KIND_STATE;
	return http_path_below(x->path, "/api/v1/")
		? get | put | 1u << HTTP_PATCH | 1u << HTTP_DELETE
		: get;
}

struct http_conditions http_exchange_conditions(struct MHD_Connection *conn)
{
	return (struct http_conditions){
		.match = MHD_lookup_connection_value(conn, MHD_HEADER_KIND, "If-Match"),
		.unmodified_since =
			MHD_lookup_connection_value(conn, MHD_HEADER_KIND, "If-Unmodified-Since"),
		.none_match = MHD_lookup_connection_value(conn, MHD_HEADER_KIND, "If-None-Match"),
		.modified_since =
			MHD_lookup_connection_value(conn, MHD_HEADER_KIND, "If-Modified-Since"),
	};
}

/* What is made for the asker has no entity tag: who names one does not mean what is there now. The API's handler judges its
 * own. */
static bool names_a_version(struct MHD_Connection *conn)
{
	const struct http_conditions c = http_exchange_conditions(conn);

	return http_conditions_judge(&c, NULL, 0) == HTTP_FAILED;
}

static void judge(
	struct http_exchange *x, struct MHD_Connection *conn, const char *method, bool cut)
{
	unsigned methods;
	int r = cut ? -EINVAL : read_target(x);

	if (r == -ENAMETOOLONG)
		return refuse(x, 414, "path too long");
	if (r == -ENOMEM)
		return refuse(x, 503, "out of memory");
	if (r < 0) {
		x->path[0] = '\0';
		return refuse(x, 400, r == -E2BIG ? "too many arguments" : "bad path or query");
	}
	methods = methods_of(x, conn);
	if (!methods)
		return refuse(x, 404, "no such path");
	if (method_parse(method, &x->r.method) < 0 || !(methods & 1u << x->r.method))
		refuse(x, 405, "method not allowed");
	else if (x->kind == HTTP_KIND_STATE && !http_path_below(x->path, "/api/v1/") &&
		names_a_version(conn))
		refuse(x, 412, "If-Match: there are no entity tags here");
}

static enum MHD_Result send_answer(struct http_exchange *x, struct MHD_Connection *conn);
static void answer_refusal(struct http_exchange *x);

enum MHD_Result http_exchange_begin(
	struct http_exchange *x, struct MHD_Connection *conn, const char *method, bool cut)
{
	const char *length = MHD_lookup_connection_value(conn, MHD_HEADER_KIND, "Content-Length");
	const char *expect = MHD_lookup_connection_value(conn, MHD_HEADER_KIND, "Expect");
	unsigned long long n = length ? strtoull(length, NULL, 10) : 0;

	x->begun = true;
	read_peer(x, conn);
	judge(x, conn, method, cut);
	if (!x->refuse && n > HTTP_BODY_MAX)
		refuse(x, 413, "body too large");
	/* Where the body was not begun, or is too long to swallow, the answer comes before it. */
	if (x->refuse && n > 0 && (expect || n > SWALLOW_MAX)) {
		answer_refusal(x);
		return send_answer(x, conn);
	}
	return MHD_YES;
}

/* Bodies */

static size_t next_cap(size_t cap, size_t want)
{
	if (!cap)
		cap = FIRST_BODY;
	while (cap < want)
		cap *= 2;
	return cap <= HTTP_BODY_MAX ? cap : HTTP_BODY_MAX + 1;
}

static int body_grow(struct http_exchange *x, struct MHD_Connection *conn, size_t want)
{
	atomic_size_t *held = bodies_of(x);
	size_t cap = next_cap(x->body_cap, want), more = cap - x->body_cap;
	size_t most = share_of(x) ? HTTP_BODIES_MAX : HTTP_BODIES_ALL;
	char *body;

	if (!http_pump_hold(&x->listener->pump, conn, more))
		return -ENOSPC;
	if (atomic_fetch_add(held, more) + more > most) {
		atomic_fetch_sub(held, more);
		return -ENOSPC;
	}
	body = wipe_grow(x->body, x->r.body_len, cap);
	if (!body) {
		atomic_fetch_sub(held, more);
		return -ENOMEM;
	}
	x->body = body;
	x->body_cap = cap;
	return 0;
}

static void body_append(
	struct http_exchange *x, struct MHD_Connection *conn, const char *data, size_t len)
{
	size_t want = x->r.body_len + len + 1;

	if (want > x->body_cap && body_grow(x, conn, want) < 0) {
		drop_body(x);
		return refuse(x, 503, "too many request bodies at a time");
	}
	memcpy(x->body + x->r.body_len, data, len);
	x->r.body_len += len;
	x->body[x->r.body_len] = '\0';
	x->r.body = x->body;
}

enum MHD_Result http_exchange_body(
	struct http_exchange *x, struct MHD_Connection *conn, const char *data, size_t len)
{
	if (x->kind == HTTP_KIND_STATE && len > HTTP_BODY_MAX - x->r.body_len) {
		drop_body(x);
		refuse(x, 413, "body too large");
	}
	if (x->kind == HTTP_KIND_STATE) {
		body_append(x, conn, data, len);
		/* libmicrohttpd's own buffer, of which it takes back nothing that we have taken */
		explicit_bzero((char *)(uintptr_t)data, len);
		return MHD_YES;
	}
	x->swallowed += len;
	return x->swallowed > SWALLOW_MAX ? MHD_NO : MHD_YES;
}

/* Answers */

/* Takes `a`; NULL: out of memory. */
static struct MHD_Response *with_headers(struct MHD_Response *a, const char *content_type)
{
	if (!a)
		return NULL;
	if (MHD_add_response_header(a, "Content-Type", content_type) != MHD_YES ||
		MHD_add_response_header(a, "Cache-Control", "no-store") != MHD_YES) {
		MHD_destroy_response(a);
		return NULL;
	}
	return a;
}

struct MHD_Response *http_text_response(const char *content_type, const void *bytes, size_t len)
{
	/* libmicrohttpd copies and does not write to it */
	return with_headers(MHD_create_response_from_buffer(
				    len, (void *)(uintptr_t)bytes, MHD_RESPMEM_MUST_COPY),
		content_type);
}

/* A person may read it on a terminal: what drives one, or is not seen, is escaped. */
char *http_json_text(const json_t *json)
{
	return json ? json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
}

/* What a fault is told as, and its type in *ret_type. Heap; NULL: out of memory. */
static char *error_text(const struct http_request *r, const char *why, const char **ret_type)
{
	char line[ERROR_TEXT + 1], *text;
	json_t *json;
	size_t n = plain_copy(line, ERROR_TEXT, why, strlen(why), PLAIN_SECRETS);

	*ret_type = r->api ? "application/json" : "text/plain; charset=utf-8";
	if (!r->api) {
		line[n++] = '\n';
		return strndup(line, n);
	}
	json = json_pack("{s:s%}", "error", line, n);
	text = http_json_text(json);
	json_decref(json);
	return text;
}

struct MHD_Response *http_error_response(const struct http_request *r, const char *why)
{
	const char *type;
	char *text = error_text(r, why, &type);
	struct MHD_Response *a = text ? http_text_response(type, text, strlen(text)) : NULL;

	free(text);
	return a;
}

static bool refusal_told(struct httpd *h)
{
	unsigned over;
	bool told;

	pthread_mutex_lock(&h->refusals_lock);
	over = rate_look(&h->refusals, 1000, clock_mono_ms());
	told = rate_take(&h->refusals, HTTP_REFUSALS_A_SECOND);
	pthread_mutex_unlock(&h->refusals_lock);
	if (over)
		log_warn("http: %u more refused requests in one second", over);
	return told;
}

void http_log_refusal(struct httpd *h, const struct http_request *r, const char *path,
	unsigned status, const char *why)
{
	char peer[IP_TEXT], shown[HTTP_SHOWN_MAX];

	if (refusal_told(h))
		log_info("http %s: %s: %u %s", r->local ? "local" : ip_format(&r->peer, peer),
			http_path_shown(path, shown), status, why);
}

static void answer_refusal(struct http_exchange *x)
{
	http_log_refusal(x->h, &x->r, x->target, x->refuse, x->refuse_why);
	x->status = x->refuse;
	x->answer = http_error_response(&x->r, x->refuse_why);
	if (x->answer && x->refuse == 405)
		MHD_add_response_header(x->answer, "Allow",
			http_path_below(x->path, "/boot/")        ? "GET, HEAD"
				: http_path_below(x->path, "/m/") ? "GET, HEAD, POST, PUT"
				: http_path_below(x->path, "/api/v1/")
				? "GET, HEAD, POST, PUT, PATCH, DELETE"
				: "GET, HEAD");
}

static enum MHD_Result send_answer(struct http_exchange *x, struct MHD_Connection *conn)
{
	struct http_pump *p = &x->listener->pump;
	enum MHD_Result r;

	if (x->vouched)
		http_pump_vouch(p, conn);
	if (x->r.api && x->answer) /* a browser guesses no other type: RFC 9110 has none for this */
		MHD_add_response_header(x->answer, "X-Content-Type-Options", "nosniff");
	/* who takes little of a stream is the handler's to drop */
	http_pump_turn(p, conn, x->streams ? CROWD_HELD : CROWD_SENDS);
	if (!x->answer)
		return MHD_NO; /* out of memory: the connection is closed */
	if (x->streams)
		http_pump_streams(p, conn);
	r = MHD_queue_response(conn, x->status, x->answer);
	MHD_destroy_response(x->answer);
	x->answer = NULL;
	return r;
}

/* Put aside, answered by the main thread, resumed */

static void deadline_passed(struct loop_timer *t)
{
	http_exchange_abandon(t->arg, "timed out");
}

static void arrive(struct message *m)
{
	struct http_arrival *a = (struct http_arrival *)m;
	struct http_exchange *x = a->x;
	struct httpd *h = a->h;

	free(a);
	if (x) {
		x->arrival = NULL;
		loop_timer_init(&x->deadline, deadline_passed, x);
		if (loop_timer_set(h->c.loop, &x->deadline, h->c.deadline_ms) < 0)
			http_respond_error(&x->r, 503, "out of memory");
		else
			h->c.handle(h->c.arg, &x->r);
	}
	httpd_unref(h);
}

static int put_aside(struct http_exchange *x, struct MHD_Connection *conn)
{
	struct http_listener *l = x->listener;
	struct http_arrival *a = malloc(sizeof(*a));

	if (!a)
		return -ENOMEM;
	*a = (struct http_arrival){.m.deliver = arrive, .h = x->h, .x = x};
	pthread_mutex_lock(&l->lock);
	if (l->closing) {
		pthread_mutex_unlock(&l->lock);
		free(a);
		return -ESHUTDOWN;
	}
	x->next = l->waiting;
	if (x->next)
		x->next->prev = x;
	l->waiting = x;
	x->conn = conn;
	x->arrival = a;
	atomic_fetch_add(&x->refs, 1);
	httpd_ref(x->h);
	http_pump_turn(&l->pump, conn, CROWD_HELD);
	MHD_suspend_connection(conn);
	mailbox_post(x->h->c.home, &a->m);
	pthread_mutex_unlock(&l->lock);
	return 0;
}

enum MHD_Result http_exchange_go_on(struct http_exchange *x, struct MHD_Connection *conn)
{
	int r;

	if (x->status) /* settled by the main thread */
		return send_answer(x, conn);
	if (x->kind == HTTP_KIND_STATE) {
		r = put_aside(x, conn);
		if (r == 0)
			return MHD_YES;
		refuse(x, 503, r == -ENOMEM ? "out of memory" : "shutting down");
	}
	if (x->kind == HTTP_KIND_FILE)
		http_file_answer(x, conn);
	else
		answer_refusal(x);
	return send_answer(x, conn);
}

/* Gives it back to libmicrohttpd with its answer; afterwards only the main side's reference holds
 * it. */
static void settle(struct http_exchange *x, unsigned status, struct MHD_Response *answer)
{
	struct http_listener *l = x->listener;
	struct MHD_Connection *conn = x->conn;

	loop_timer_clear(x->h->c.loop, &x->deadline);
	pthread_mutex_lock(&l->lock);
	if (x->prev)
		x->prev->next = x->next;
	else
		l->waiting = x->next;
	if (x->next)
		x->next->prev = x->prev;
	pthread_mutex_unlock(&l->lock);
	x->conn = NULL;
	x->status = status;
	x->answer = answer;
	MHD_resume_connection(conn);
	http_pump_wake(&l->pump);
}

void http_exchange_abandon(struct http_exchange *x, const char *why)
{
	void (*abandoned)(void *, struct http_request *) = x->abandoned;

	x->abandoned = NULL;
	settle(x, 503, http_error_response(&x->r, why));
	if (x->arrival) { /* its handler has not seen it */
		x->arrival->x = NULL;
		http_exchange_unref(x);
	} else if (abandoned) {
		abandoned(x->abandoned_arg, &x->r);
	}
}

static struct http_exchange *exchange_of(const struct http_request *r)
{
	return (struct http_exchange *)(uintptr_t)r; /* `r` is its first member */
}

static void add_header(struct MHD_Response *a, const struct http_header *h)
{
	if (!strcasecmp(h->name, "Cache-Control"))
		MHD_del_response_header(a, "Cache-Control", "no-store");
	MHD_add_response_header(a, h->name, h->value);
}

/* Who wanted to know: "" when there was no memory for it. */
static void tell(struct http_request *r, unsigned status, const char *text, size_t len)
{
	struct http_exchange *x = exchange_of(r);
	void (*told)(void *, unsigned, const char *, size_t) = x->told;

	x->told = NULL;
	if (told)
		told(x->told_arg, status, text ? text : "", text ? len : 0);
}

static void answer(struct http_request *r, unsigned status, struct MHD_Response *a)
{
	struct http_exchange *x = exchange_of(r);

	if (status < 200 || status > 599)
		status = 500; /* libmicrohttpd would refuse it */
	for (size_t i = 0; a && i < x->n_headers; i++)
		add_header(a, &x->headers[i]);
	if (x->conn)
		settle(x, status, a);
	else if (a)
		MHD_destroy_response(a);
	http_exchange_unref(x);
}

void http_respond(struct http_request *r, unsigned status, const char *content_type,
	const void *body, size_t len)
{
	tell(r, status, body, len);
	answer(r, status, http_text_response(content_type, body, len));
}

void http_respond_json(struct http_request *r, unsigned status, json_t *json)
{
	char *text = http_json_text(json);

	json_decref(json);
	http_respond_text(r, status, text, text ? strlen(text) : 0);
}

/* What slow readers do not take stays in memory. An answer to anything but GET is told in any case: what was asked for is done. */
static bool answer_fits(struct http_request *r, size_t len)
{
	struct http_exchange *x = exchange_of(r);
	atomic_size_t *held = &x->h->answers[share_of(x)];

	if (r->method != HTTP_GET || len <= HTTP_ANSWER_LONG)
		return true;
	if (atomic_fetch_add(held, len) + len > HTTP_ANSWERS_MAX) {
		atomic_fetch_sub(held, len);
		return false;
	}
	x->long_answer = len;
	return true;
}

void http_respond_text(struct http_request *r, unsigned status, char *text, size_t len)
{
	struct MHD_Response *a;

	if (!text) {
		http_respond_error(r, 500, "the answer could not be made");
		return;
	}
	if (!answer_fits(r, len)) {
		free(text);
		http_respond_error(r, 503,
			"too many long answers are not taken yet: ask again, or for a page of it");
		return;
	}
	tell(r, status, text, len);
	a = MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
	if (!a)
		free(text);
	answer(r, status, with_headers(a, "application/json"));
}

/* `allow`: of a 405, else NULL. */
static void respond_line(
	struct http_request *r, unsigned status, const char *line, const char *allow)
{
	const char *type;
	char *text = error_text(r, line, &type);
	struct MHD_Response *a = text ? http_text_response(type, text, strlen(text)) : NULL;

	if (a && allow)
		MHD_add_response_header(a, "Allow", allow);
	tell(r, status, text, text ? strlen(text) : 0);
	free(text);
	answer(r, status, a);
}

struct http_stream *http_respond_stream(struct http_request *r, const char *content_type)
{
	struct http_exchange *x = exchange_of(r);
	struct MHD_Response *a = NULL;
	struct http_stream *s = x->conn ? http_stream_new(x->listener, x->conn, &a) : NULL;

	if (!s) {
		http_respond_error(r, 503, "out of memory");
		return NULL;
	}
	x->streams = true;
	tell(r, 200, NULL, 0);
	answer(r, 200, with_headers(a, content_type));
	return s;
}

void http_respond_error(struct http_request *r, unsigned status, const char *fmt, ...)
{
	char line[ERROR_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	respond_line(r, status, line, NULL);
}

void http_respond_method(struct http_request *r, const char *allow, const char *line)
{
	respond_line(r, 405, line, allow);
}

void http_on_answer(struct http_request *r,
	void (*told)(void *arg, unsigned status, const char *text, size_t len), void *arg)
{
	struct http_exchange *x = exchange_of(r);

	x->told = told;
	x->told_arg = arg;
}

/* The rest of what a handler may ask */

const char *http_arg(const struct http_request *r, const char *name)
{
	const struct http_exchange *x = exchange_of(r);

	for (size_t i = 0; i < x->n_args; i++)
		if (strcmp(x->args[i].name, name) == 0)
			return x->args[i].value;
	return NULL;
}

const char *http_header(const struct http_request *r, const char *name)
{
	struct MHD_Connection *conn = exchange_of(r)->conn;

	return conn ? MHD_lookup_connection_value(conn, MHD_HEADER_KIND, name) : NULL;
}

void http_add_header(struct http_request *r, const char *name, const char *value)
{
	struct http_exchange *x = exchange_of(r);
	struct http_header h = {strdup(name), strdup(value)};

	if (h.name && h.value && x->n_headers < HTTP_HEADERS) {
		x->headers[x->n_headers++] = h;
		return;
	}
	free(h.name);
	free(h.value);
}

bool http_wants_other(const struct http_request *r, const char *etag)
{
	const struct http_conditions c = {.match = http_header(r, "If-Match")};

	return http_conditions_judge(&c, etag, 0) == HTTP_FAILED;
}

void http_vouch(struct http_request *r)
{
	exchange_of(r)->vouched = true;
}

int http_hold(struct http_request *r, int64_t ms)
{
	struct http_exchange *x = exchange_of(r);

	if (!x->conn)
		return 0;
	return loop_timer_set(x->h->c.loop, &x->deadline, ms < HTTP_HOLD_MS ? ms : HTTP_HOLD_MS);
}

void http_on_abandon(
	struct http_request *r, void (*abandoned)(void *arg, struct http_request *r), void *arg)
{
	struct http_exchange *x = exchange_of(r);

	x->abandoned = abandoned;
	x->abandoned_arg = arg;
}
