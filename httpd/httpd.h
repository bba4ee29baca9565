/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The HTTP transport: libmicrohttpd's threads move bytes; what needs state is answered by the main
 * thread.
 *
 * There are listeners for machines (TCP) and of the API (the Unix socket, and TCP with TLS). A request below /m/ of the former,
 * and every one of the latter, is put aside, handed to `handle` on the main thread, and sent on when it was answered. Files
 * below /boot/ (machines) never come to the main thread: `open` is asked on libmicrohttpd's, and the file leaves by
 * sendfile. Anything else is 404. Methods: GET and HEAD everywhere; POST and PUT below /m/; POST, PUT, PATCH and DELETE
 * below /api/v1/; else 405.
 *
 * All functions below are for the main thread.
 */
#ifndef USHER_HTTPD_HTTPD_H
#define USHER_HTTPD_HTTPD_H

#include "core/addr.h"
#include "core/loop.h"
#include "core/mailbox.h"
#include "core/user_name.h"

#include <jansson.h>
#include <sys/types.h>

enum {
	/* Per listener: some thousand machines that are switched on at once, one each; 64 MiB at most. Where there are
	   more, the incomplete request that waits for longest is dropped, an idle connection counting as one. */
	HTTP_CONNECTIONS = 4096,
	HTTP_STRANGERS =
		768, /* of those: the others are for addresses that machines hold, and root */
	/* Of one address: no machine crowds out the others. Of IPv6 too, not of a /64: that is the whole link, where one
	   could then take the places of all. Who has many addresses has the strangers' share with them, as in IPv4. By TLS
	   also of all who came with a token from one /64: with that they are no strangers. */
	HTTP_PER_IP = 64,
	HTTP_IDLE_S = 120,    /* without a byte either way: an installer's disk may be this slow */
	HTTP_REQUEST_S = 150, /* for a request to come whole, from the end of the one before: who
				 sends a byte a minute is not idle, but holds a connection */
	HTTP_STRANGER_REQUEST_S = 15, /* the same of a stranger: what it asks for is a line */
	HTTP_TAKES =
		64 * 1024, /* bytes of an answer that are taken in HTTP_IDLE_S, or it is broken off:
				   who takes a byte a minute is not idle either… */
	HTTP_STRANGER_IDLE_S = 30, /* …by a stranger in this */
	HTTP_MEMORY = 16 * 1024,   /* per connection: request line and headers must fit, else 431 */
	HTTP_BODY_MAX = 1024 * 1024, /* longest request body, else 413 */
	/* All bodies held at a time, else 503: of a segment's machines by one family, of the API's by TLS, and of the Unix
	   socket's; of all machines; and of one machine's address, which is one longest and small ones beside it. */
	HTTP_BODIES_MAX = 64 * 1024 * 1024,
	HTTP_BODIES_ALL = 256 * 1024 * 1024,
	HTTP_BODIES_PER_IP = HTTP_BODY_MAX + 64 * 1024,
	HTTP_ANSWER_LONG =
		64 * 1024, /* bytes: a longer answer to a GET is counted until it is taken… */
	HTTP_ANSWERS_MAX = 256 * 1024 * 1024, /* …and all of them have so many, else 503 */
	HTTP_DEADLINE_MS = 45 * 1000,         /* for the handler to answer, else 503 */
	HTTP_HOLD_MS = 10 * 60 * 1000,        /* longest http_hold() */
	HTTP_REPORTS_MAX =
		4096, /* reports not yet delivered; more are dropped and counted in the log */
	HTTP_DROPPED_MS = 10 * 1000,  /* between two lines about dropped connections */
	HTTP_REFUSALS_A_SECOND = 100, /* in the log: a peer must not push the rest out of it */
	HTTP_LISTENERS = 144,         /* two of SEGMENT_MAX each, and some */
	/* Of the API's TLS listener: people and programs, not machines. A stranger is who has shown no right token for some
	   minutes; all their bodies together leave room for the others'. */
	HTTP_API_CONNECTIONS = 256,
	HTTP_API_STRANGERS = 24,
	HTTP_HEADERS = 12,           /* that a handler may add to an answer */
	HTTP_STREAM_MAX = 32 * 1024, /* bytes of a stream that its peer has not taken */
};

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE };

/* Borrowed by the handler until it answers. HEAD comes as HEAD (it should change nothing); the body
 * of its answer is not sent. */
struct http_request {
	enum http_method method;
	const char *target; /* as it came, with the query */
	const char *path; /* decoded and normalised (http_path.h): valid UTF-8, no "..", no control
			     character */
	const char *body; /* followed by a NUL that does not count; "" when there is none */
	size_t body_len;
	struct ip peer; /* not set on the Unix socket */
	uint16_t peer_port;
	uint32_t segment; /* id of the listener; 0 on those of the API */
	bool api;         /* by a listener of the API */
	bool local;       /* by the Unix socket: uid, pid and user are the peer's */
	uid_t uid;
	pid_t pid;
	char user[USER_NAME]; /* its name */
};

/* A query argument by name: "" when it has no value, NULL when it is not there. The first of
 * several. */
const char *http_arg(const struct http_request *r, const char *name);
/* A header by name, any case; NULL when it is not there, or when the request was abandoned. */
const char *http_header(const struct http_request *r, const char *name);
const char *http_method_name(enum http_method m);

/*
 * Answers. Each request is answered exactly once, at once or later, by one of these; `r` is
 * gone afterwards. All of them work, and send nothing, for a request that was abandoned. All
 * answers say Cache-Control: no-store, where http_add_header() does not say another.
 */
void http_respond(struct http_request *r, unsigned status, const char *content_type,
	const void *body, size_t len); /* copies */
/* application/json: takes `text` (heap) as it is; NULL: 500. */
void http_respond_text(struct http_request *r, unsigned status, char *text, size_t len);
/* What http_respond_json() sends. Heap; NULL: out of memory, or `json` is. */
char *http_json_text(const json_t *json);
void http_respond_json(
	struct http_request *r, unsigned status, json_t *json); /* takes the reference; NULL: 500 */
/* One line: text/plain to machines, {"error": line} to those who ask the API. */
void http_respond_error(struct http_request *r, unsigned status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* 405, as http_respond_error(), with the methods that the path takes (RFC 9110 15.5.6): "GET, HEAD". */
void http_respond_method(struct http_request *r, const char *allow, const char *line);

/*
 * An answer without an end, sent as it comes: 200, and `content_type`. NULL: it was answered, with 503. The stream is the
 * handler's until http_stream_end(). httpd_free() ends it too, but does not take it away.
 */
struct http_stream;
struct http_stream *http_respond_stream(struct http_request *r, const char *content_type);
/* Copies. 0; -EAGAIN: the peer has not taken what is there, nothing was added; -EPIPE: it is gone. */
int http_stream_send(struct http_stream *s, const void *bytes, size_t n);
size_t http_stream_waits(struct http_stream *s); /* bytes that the peer has not taken */
/* A peer that has not taken what is there does not get it. */
void http_stream_end(struct http_stream *s);

/* A header of the answer, before that; `name` and `value` are copied. More than HTTP_HEADERS are left out. */
void http_add_header(struct http_request *r, const char *name, const char *value);

/* Does the request demand by If-Match another version than `etag` (NULL: what it asks for has none)? Then the answer is 412
 * (RFC 9110 13.1.1). Below /m/ and /boot/ that is judged before. */
bool http_wants_other(const struct http_request *r, const char *etag);

/* It came with a token that is right: whoever has this address is no stranger for some minutes. Before it is answered. */
void http_vouch(struct http_request *r);

/* Long polls: the handler may keep `r` for `ms` from now, at most HTTP_HOLD_MS. 0 or -ENOMEM (as
 * before). */
int http_hold(struct http_request *r, int64_t ms);
/* `abandoned` is called, once at most, when the deadline passed (503 "timed out") or the listener
 * was closed before an answer: the handler drops its waiter and answers, inside the call or later.
 * A client that merely went away is not noticed before the answer. */
void http_on_abandon(
	struct http_request *r, void (*abandoned)(void *arg, struct http_request *r), void *arg);

/* Called once, with what the request is answered, just before that is sent; also when nobody waits for it any more. `text` is
 * borrowed; of a stream, which begins, "". One for each request. */
void http_on_answer(struct http_request *r,
	void (*told)(void *arg, unsigned status, const char *text, size_t len), void *arg);

/* Requests on behalf of another one: from the same peer by the same way, and nobody waits for what they are answered but
 * http_on_answer(). They have no headers and no deadline: http_hold() and http_on_abandon() do nothing. */
struct http_from {
	struct httpd *h;
	struct http_request r; /* who asks */
};
void http_from_init(struct http_from *from, const struct http_request *r);
void http_from_fini(struct http_from *from);
/* `path` is decoded and normalised, `query` "" or as it would be received; all are copied. To be handled as any request. NULL:
 * out of memory, or it is no such path or query. */
struct http_request *http_inner(const struct http_from *from, enum http_method method,
	const char *path, const char *query, const char *body, size_t len);

/* What `open` found: `size` bytes at `offset` of an open descriptor (a file inside an ISO lies at
 * an offset). */
struct http_file {
	int fd; /* given away: httpd closes it */
	uint64_t offset, size;
	int64_t mtime; /* seconds since the epoch */
};

/* A request for a file that is over, or a long one on its way. */
struct http_report {
	struct ip peer;
	uint32_t segment;
	const char *path;      /* normalised */
	unsigned status;       /* 200, 206, 304, 404 ... */
	bool head;             /* HEAD: no bytes were asked for */
	uint64_t size;         /* of the file; 0 when it was not found */
	uint64_t first, asked; /* the bytes that were asked for */
	uint64_t sent;  /* asked when completed; else what the peer's TCP had acknowledged, about */
	bool completed; /* all of it was handed to the kernel */
	bool underway;  /* not over yet: PACE_MOST times a request, core/pace.h */
	int64_t ms;     /* from request to end, or to now */
};

/* Connections that were dropped on one listener, since the last report. */
struct http_dropped {
	uint32_t segment;  /* 0: of the API */
	unsigned requests; /* that had not come whole: to make room, or after their time */
	unsigned answers;  /* that were not taken */
	struct ip last;    /* of whom: not set on the Unix socket */
};

struct httpd_config {
	struct loop *loop;
	struct mailbox *home; /* the main thread's; attached to the loop. Outlives httpd */
	/* Main thread. Must answer, now or later. */
	void (*handle)(void *arg, struct http_request *r);
	/* libmicrohttpd's threads: is this GET of a normalised path, below whatever, put aside for
	 * `handle` too? `agent`: its User-Agent or NULL. TCP only. NULL: none is. */
	bool (*asks)(void *arg, const char *path, const char *agent);
	/* libmicrohttpd's threads, several at a time; may block for a disk, not for a peer. `path`
	 * is normalised and below "/boot/". 0; -ENOENT (404), -EACCES or -EPERM (403), -EISDIR
	 * (404), -EMFILE or -ENFILE (503), others 500; `why` may be given one line for the client.
	 * NULL: no files are served. */
	int (*open)(void *arg, const char *path, struct http_file *ret, char *why, size_t why_size);
	/* Main thread. Does a machine hold this address on that listener's segment? Others are strangers. NULL:
	 * nobody is one. */
	bool (*knows)(void *arg, uint32_t segment, const struct ip *peer);
	/* Main thread, every HTTP_DROPPED_MS at most for one listener. NULL is fine. */
	void (*dropped)(void *arg, const struct http_dropped *d);
	/* Main thread. NULL is fine. */
	void (*ended)(void *arg, const struct http_report *report);
	void *arg;
	/* For tests; 0 takes the limits above. */
	int64_t deadline_ms;
	unsigned idle_s, request_s, stranger_s; /* the last: of both */
	unsigned connections, strangers;
};

struct httpd;

int httpd_new(const struct httpd_config *config, struct httpd **ret);
/* Answers 503 to what waits, gives answers a moment (300 ms at most) to leave, stops and joins the
 * threads. NULL is fine. Nothing is called back afterwards; requests that the handler still keeps
 * are abandoned and must still be answered, which only frees them. */
void httpd_free(struct httpd *h);

/* Listens for machines on an address of the segment, one of each family. `ifname` may be "" (no binding to a device).
 * Opened again for one that is open of that family, the old listener is closed first. 0 or -errno with one
 * line in `why`. */
int httpd_open_tcp(struct httpd *h, uint32_t segment, const char *ifname, const struct ip *ip,
	uint16_t port, char *why, size_t why_size);
/* Listens for the API. A stale socket file is replaced; -EADDRINUSE when somebody listens on it.
 * `gid` (gid_t)-1 keeps the process's group. Removed by httpd_free(). */
int httpd_open_unix(
	struct httpd *h, const char *path, mode_t mode, gid_t gid, char *why, size_t why_size);
/* Listens for the API, with TLS. `certificate` (with those that it rests on) and `key`: PEM, copied. One at a time: opened
 * again, the old one is closed first. 0 or -errno with one line in `why`. */
int httpd_open_tls(struct httpd *h, const struct ip *ip, uint16_t port, const char *certificate,
	const char *key, char *why, size_t why_size);
/* Closes a segment's listeners, at once: transfers break off. Nothing happens when none is open.
 */
void httpd_close(struct httpd *h, uint32_t segment);
/* The same of one family only. */
void httpd_close_family(struct httpd *h, uint32_t segment, enum ip_family family);
bool httpd_is_open(const struct httpd *h, uint32_t segment);

#endif
