/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to httpd/: one request and its answer, between libmicrohttpd's thread and the main
 * thread.
 *
 * Who owns it: libmicrohttpd's side from the first byte to http_exchange_end(); from the moment it
 * is put aside also the main side, until the handler answers. Each drops its own reference. While
 * put aside (`conn` set, in the listener's list) only the main thread touches it;
 * http_exchange_settle() ends that and never looks back.
 */
#ifndef USHER_HTTPD_HTTP_EXCHANGE_H
#define USHER_HTTPD_HTTP_EXCHANGE_H

#include "core/pace.h"
#include "core/rate.h"
#include "core/user_name.h"
#include "httpd/http_path.h"
#include "httpd/http_pump.h"
#include "httpd/httpd.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

/* What a listener serves. */
enum http_serves { HTTP_SERVES_MACHINES = 1 << 0, HTTP_SERVES_API = 1 << 1 };

/* Lives until the last exchange, arrival and report that points to it is gone. */
struct httpd {
	struct httpd_config c;
	atomic_uint refs;
	bool stopped; /* main thread: nothing is called back any more */
	struct http_listener *listeners[HTTP_LISTENERS];
	size_t n_listeners;
	uint64_t serials; /* given to listeners */
	atomic_size_t
		bodies[3]; /* bytes held: of machines, of the API by TLS, by the Unix socket */
	atomic_size_t answers[3]; /* bytes of long answers that are not taken yet, likewise */
	atomic_uint reports;      /* posted, not delivered */
	atomic_uint reports_lost;
	pthread_mutex_t refusals_lock;
	struct rate refusals;
};

struct http_told;

struct http_listener {
	struct httpd *h;
	uint32_t segment;
	enum ip_family family;
	unsigned serves;         /* enum http_serves */
	bool local;              /* the Unix socket */
	struct user_names names; /* of its peers; the pump's thread's */
	struct http_pump pump;
	atomic_uint busy;              /* exchanges under way */
	struct http_exchange *sending; /* files; libmicrohttpd's thread */
	pthread_mutex_t lock; /* of the two below; taken before libmicrohttpd's own locks */
	bool closing;         /* nothing is put aside any more */
	struct http_exchange *waiting; /* put aside */
	struct http_reports *reports;  /* gathered; the pump's thread's */
	_Atomic(struct http_told *)
		told;         /* answers for the pump's thread: whose addresses are machines' */
	uint64_t serial;      /* of all listeners that this httpd ever had */
	int64_t dropped_told; /* mono ms; the pump's thread's */
	struct http_stream *streams; /* main thread */
	char *path;                  /* Unix socket: file, with its identity when we made it */
	dev_t dev;
	ino_t ino;
};

enum http_kind { HTTP_KIND_REFUSED, HTTP_KIND_STATE, HTTP_KIND_FILE };

struct http_arrival;

struct http_exchange {
	struct http_request r;
	struct httpd *h;
	atomic_uint refs;

	/* libmicrohttpd's thread, and the main thread while put aside */
	struct http_listener *listener; /* not after the exchange was settled or ended */
	enum http_kind kind;
	bool begun;             /* the first of libmicrohttpd's calls was there */
	unsigned refuse;        /* our own answer's status, 0: none */
	const char *refuse_why; /* static */
	char *target, *query;
	uintptr_t target_at; /* where it lies in libmicrohttpd's buffer */
	char path[HTTP_PATH_MAX];
	struct http_arg args[HTTP_ARGS_MAX];
	size_t n_args;
	char *body;
	size_t body_cap, swallowed;
	size_t long_answer;        /* bytes, as counted in httpd.answers */
	int64_t started;           /* mono ms */
	struct http_report report; /* HTTP_KIND_FILE */
	uint64_t acked; /* bytes that the peer's TCP had acknowledged before this answer */
	struct http_exchange *sending_prev, *sending_next; /* in the listener's list: is a file */
	struct MHD_Connection *sending_to;                 /* NULL: not in it */
	struct pace pace;

	/* main thread while put aside */
	struct MHD_Connection *conn;       /* NULL: not put aside (any more) */
	struct http_exchange *prev, *next; /* in the listener's list, under its lock */
	struct http_arrival *arrival;      /* on its way through the mailbox */
	struct loop_timer deadline;
	void (*abandoned)(void *arg, struct http_request *r);
	void *abandoned_arg;

	void (*told)(void *arg, unsigned status, const char *text, size_t len);
	void *told_arg; /* http_on_answer() */
	bool vouched;   /* a machine's: http_vouch() */
	bool streams;   /* the answer has no end */
	struct http_header {
		char *name, *value;
	} headers[HTTP_HEADERS]; /* http_add_header(): main thread */
	size_t n_headers;
	/* the answer: written before the exchange is settled, read by libmicrohttpd's thread
	 * afterwards */
	struct MHD_Response *answer;
	unsigned status;
};

void httpd_ref(struct httpd *h);
void httpd_unref(struct httpd *h);
void http_exchange_unref(struct http_exchange *x);

/* libmicrohttpd's thread. */
struct http_exchange *http_exchange_new(
	struct http_listener *l, const char *target); /* NULL: no memory */
/* The first call: method, peer, path and length are known; `cut`: there was a NUL in the target.
 * MHD_YES, or what queueing an early answer gave. */
enum MHD_Result http_exchange_begin(
	struct http_exchange *x, struct MHD_Connection *conn, const char *method, bool cut);
struct http_conditions http_exchange_conditions(struct MHD_Connection *conn);
enum MHD_Result http_exchange_body(
	struct http_exchange *x, struct MHD_Connection *conn, const char *data, size_t len);
/* All was received (again: after an exchange was settled): answer it or put it aside. */
enum MHD_Result http_exchange_go_on(struct http_exchange *x, struct MHD_Connection *conn);
/* The connection is done with it, one way or another. */
void http_exchange_end(struct http_exchange *x, struct MHD_Connection *conn, bool completed);

/* Main thread: answers 503 to what is put aside, and tells its handler. */
void http_exchange_abandon(struct http_exchange *x, const char *why);

/* Any thread. One line of log for a refusal, while they are not too many. */
void http_log_refusal(struct httpd *h, const struct http_request *r, const char *path,
	unsigned status, const char *why);

/* Any thread. NULL: no memory. `why` is one line; control characters are replaced. */
struct MHD_Response *http_error_response(const struct http_request *r, const char *why);
struct MHD_Response *http_text_response(const char *content_type, const void *bytes, size_t len);

/* Files (http_file.c), on libmicrohttpd's thread. Sets x->answer, x->status and x->report; NULL
 * answer: no memory. */
void http_file_answer(struct http_exchange *x, struct MHD_Connection *conn);
void http_file_ended(struct http_exchange *x, struct MHD_Connection *conn, bool completed);
void http_file_flush(void *listener); /* sends off what was reported */
/* Reports what has been under way for long. */
void http_file_look(void *listener);

/* Streams (http_stream.c), on the main thread. NULL: no memory. `*ret`, for the connection, holds it too. */
struct http_stream *http_stream_new(
	struct http_listener *l, struct MHD_Connection *conn, struct MHD_Response **ret);
void http_streams_end(struct http_listener *l); /* all: it is being closed */

/* Strangers (http_known.c), on the pump's thread. */
void http_known_ask(struct http_listener *l);  /* whose the new addresses are */
void http_known_take(struct http_listener *l); /* the answers */
void http_known_fini(struct http_listener *l); /* those that nobody took; the thread is gone */
void http_known_look(struct http_listener *l); /* tells who was put out */

#endif
