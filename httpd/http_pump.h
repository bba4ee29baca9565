/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to httpd/: the thread that drives a listener's libmicrohttpd, and shuts the sockets of those
 * who have to go (http_crowd.h).
 *
 * Why a thread of ours: libmicrohttpd's own waits a second time when exactly 128 events come at
 * once (0.9.75, epoll), and those lie until a connection times out; one that is run from outside
 * never waits. And it knows only idle connections: a byte a minute keeps one for ever; and when all
 * its places are taken, it waits until one of those leaves.
 */
#ifndef USHER_HTTPD_HTTP_PUMP_H
#define USHER_HTTPD_HTTP_PUMP_H

#include "httpd/http_crowd.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct http_peer;

/* Places above the crowd's limit that libmicrohttpd is to have: who comes when it is reached is taken,
 * and somebody else put out. */
enum { HTTP_PUMP_SPARE = 2 * CROWD_NEWCOMERS };

/* Who was put out since it was told last: connections, and the address of the last. */
struct http_put_out {
	unsigned n[CROWD_IDLE + 1]; /* by enum crowd_why */
	struct ip last;
};

struct http_pump_config {
	struct crowd_limits limits;
	bool local; /* a Unix socket: user IDs stand for addresses (http_pump_user_id()) */
	/* On the pump's thread, some ms after http_pump_flush_soon(), and at the end. */
	void (*flush)(void *arg);
	/* On the thread, now and then while there is traffic or somebody is sent to. */
	void (*look)(void *arg);
	/* After http_pump_wake(): something may have come from another thread. NULL is fine. */
	void (*woken)(void *arg);
	void *arg;
};

struct http_pump {
	struct MHD_Daemon *daemon;
	int events, wake; /* libmicrohttpd's epoll; an eventfd */
	atomic_bool woken, stop;
	pthread_t thread;
	struct http_pump_config c;
	struct crowd crowd;          /* the thread's, as all below */
	struct http_peer *corked;    /* whose cork is to be drawn */
	int64_t flush_at;            /* mono ms; 0: nothing to flush */
	int64_t looked_at;           /* mono ms */
	struct http_put_out put_out; /* of which `look` takes what it has told */
	bool tell;                   /* there is something to tell in it */
	bool one_left; /* a full libmicrohttpd listens again only when it is run once more */
};

/* Before the daemon is started, with http_pump_connection() as its notification of connections and
 * the pump as argument. 0 or -errno. */
int http_pump_init(struct http_pump *p, const struct http_pump_config *config);
void http_pump_connection(void *pump, struct MHD_Connection *conn, void **context,
	enum MHD_ConnectionNotificationCode code);
/* Takes the daemon: started with MHD_USE_EPOLL and no thread. 0 or -errno, and it is stopped. */
int http_pump_start(struct http_pump *p, struct MHD_Daemon *daemon);
/* Joins the thread; connections end on the caller's. Also for one that was only initialised. */
void http_pump_fini(struct http_pump *p);

/* Any thread, after MHD_resume_connection(): libmicrohttpd without a thread tells nobody. */
void http_pump_wake(struct http_pump *p);

/* The pump's thread: this connection's request is here, and the main thread has it (CROWD_HELD) or it
 * is answered (CROWD_SENDS); it is over, the next is waited for (CROWD_WAITS). */
void http_pump_turn(struct http_pump *p, struct MHD_Connection *conn, enum crowd_state to);
/* So many bytes more are held of its request's body. False: there is no room for them (crowd_hold()). */
bool http_pump_hold(struct http_pump *p, struct MHD_Connection *conn, size_t more);
/* It came with a machine's token. */
void http_pump_vouch(struct http_pump *p, struct MHD_Connection *conn);
struct ip http_pump_user_id(uid_t uid);
uid_t http_pump_user(const struct ip *id);
/* Its answer is long. libmicrohttpd holds TCP_CORK while it sends a body; then the segments come
 * larger and later, and one client alone gets little more than half of what it gets without. */
void http_pump_streams(struct http_pump *p, struct MHD_Connection *conn);
void http_pump_flush_soon(struct http_pump *p);

#endif
