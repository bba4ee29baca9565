/*
 * Private to httpd/: the thread that drives a listener's libmicrohttpd, and for how long it lets a
 * connection wait for a whole request.
 *
 * Why a thread of ours: libmicrohttpd's own waits a second time when exactly 128 events come at
 * once (0.9.75, epoll), and those lie until a connection times out; one that is run from outside
 * never waits. And it knows only idle connections: a byte a minute keeps one for ever.
 */
#ifndef USHER_HTTPD_HTTP_PUMP_H
#define USHER_HTTPD_HTTP_PUMP_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct http_peer;

struct http_pump {
	struct MHD_Daemon *daemon;
	int events, wake; /* libmicrohttpd's epoll; an eventfd */
	atomic_bool woken, stop;
	pthread_t thread;
	int64_t patience_ms;               /* for a request to come whole */
	struct http_peer *oldest, *newest; /* who is waited for; the thread's */
	struct http_peer *corked;          /* whose cork is to be drawn; the thread's */
	int64_t flush_at;                  /* mono ms; 0: nothing to flush */
	void (*flush)(void *arg);
	void *flush_arg;
	/* On the thread, now and then while there is traffic. To be set before http_pump_start(). */
	void (*look)(void *arg);
	void *look_arg;
	int64_t looked_at; /* mono ms */
	bool one_left;     /* a full libmicrohttpd listens again only when it is run once more */
};

/* `flush` is called on the pump's thread some ms after http_pump_flush_soon(), and at the end.
 * Before the daemon is started, with http_pump_connection() as its notification of connections and
 * the pump as argument. 0 or -errno. */
int http_pump_init(struct http_pump *p, int64_t patience_ms, void (*flush)(void *arg), void *arg);
void http_pump_connection(void *pump, struct MHD_Connection *conn, void **context,
	enum MHD_ConnectionNotificationCode code);
/* Takes the daemon: started with MHD_USE_EPOLL and no thread. 0 or -errno, and it is stopped. */
int http_pump_start(struct http_pump *p, struct MHD_Daemon *daemon);
/* Joins the thread; connections end on the caller's. Also for one that was only initialised. */
void http_pump_fini(struct http_pump *p);

/* Any thread, after MHD_resume_connection(): libmicrohttpd without a thread tells nobody. */
void http_pump_wake(struct http_pump *p);

/* The pump's thread: the request of this connection is here; it is over, the next is waited for. */
void http_pump_has(struct http_pump *p, struct MHD_Connection *conn);
void http_pump_waits(struct http_pump *p, struct MHD_Connection *conn);
/* Its answer is long. libmicrohttpd holds TCP_CORK while it sends a body; then the segments come
 * larger and later, and one client alone gets little more than half of what it gets without. */
void http_pump_streams(struct http_pump *p, struct MHD_Connection *conn);
void http_pump_flush_soon(struct http_pump *p);

#endif
