#include "httpd/http_pump.h"

#include "core/clock.h"
#include "core/priority.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	FLUSH_MS = 10, /* a wake-up of the main thread is worth that */
	LOOK_MS = 500,
};

/* A connection. All have the same patience, so the list is in the order in which it ends. */
struct http_peer {
	struct http_peer *prev, *next;
	int fd;
	int64_t until; /* mono ms */
	bool waited_for;
	struct http_peer *next_corked;
	bool corked; /* in that list */
};

static void unlist(struct http_pump *p, struct http_peer *peer)
{
	if (!peer->waited_for)
		return;
	*(peer->prev ? &peer->prev->next : &p->oldest) = peer->next;
	*(peer->next ? &peer->next->prev : &p->newest) = peer->prev;
	peer->waited_for = false;
}

static void list(struct http_pump *p, struct http_peer *peer)
{
	unlist(p, peer);
	peer->until = clock_mono_ms() + p->patience_ms;
	peer->prev = p->newest;
	peer->next = NULL;
	*(p->newest ? &p->newest->next : &p->oldest) = peer;
	p->newest = peer;
	peer->waited_for = true;
}

static struct http_peer *peer_of(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *i =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return i ? i->socket_context : NULL;
}

static void forget_cork(struct http_pump *p, struct http_peer *peer)
{
	struct http_peer **at = &p->corked;

	if (!peer->corked)
		return;
	while (*at != peer)
		at = &(*at)->next_corked;
	*at = peer->next_corked;
	peer->corked = false;
}

void http_pump_streams(struct http_pump *p, struct MHD_Connection *conn)
{
	struct http_peer *peer = peer_of(conn);

	if (!peer || peer->corked)
		return;
	peer->next_corked = p->corked;
	p->corked = peer;
	peer->corked = true;
}

/* libmicrohttpd puts it in some turns after the answer was queued, and only once: it remembers. */
static void draw_corks(struct http_pump *p)
{
	struct http_peer **at = &p->corked, *peer;

	while ((peer = *at)) {
		int on = 0;
		socklen_t len = sizeof(on);

		getsockopt(peer->fd, IPPROTO_TCP, TCP_CORK, &on, &len);
		if (!on) {
			at = &peer->next_corked;
			continue;
		}
		setsockopt(peer->fd, IPPROTO_TCP, TCP_CORK, &(int){0}, sizeof(int));
		*at = peer->next_corked;
		peer->corked = false;
	}
}

void http_pump_has(struct http_pump *p, struct MHD_Connection *conn)
{
	struct http_peer *peer = peer_of(conn);

	if (peer)
		unlist(p, peer);
}

void http_pump_waits(struct http_pump *p, struct MHD_Connection *conn)
{
	struct http_peer *peer = peer_of(conn);

	if (!peer)
		return;
	forget_cork(p, peer);
	list(p, peer);
}

/* Out of memory: the connection lives as long as libmicrohttpd lets it. */
void http_pump_connection(void *pump, struct MHD_Connection *conn, void **context,
	enum MHD_ConnectionNotificationCode code)
{
	const union MHD_ConnectionInfo *i =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http_peer *peer = *context;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED)
		((struct http_pump *)pump)->one_left = true;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED && peer) {
		unlist(pump, peer);
		forget_cork(pump, peer);
		free(peer);
		*context = NULL;
	} else if (code == MHD_CONNECTION_NOTIFY_STARTED && i) {
		peer = calloc(1, sizeof(*peer));
		if (!peer)
			return;
		peer->fd = i->connect_fd;
		list(pump, peer);
		*context = peer;
	}
}

/* libmicrohttpd, which owns the descriptor, finds it at its end. */
static void cut_off(struct http_pump *p, int64_t now)
{
	while (p->oldest && p->oldest->until <= now) {
		shutdown(p->oldest->fd, SHUT_RDWR);
		unlist(p, p->oldest);
	}
}

void http_pump_flush_soon(struct http_pump *p)
{
	if (!p->flush_at)
		p->flush_at = clock_mono_ms() + FLUSH_MS;
}

static void flush(struct http_pump *p)
{
	if (!p->flush_at)
		return;
	p->flush_at = 0;
	p->flush(p->flush_arg);
}

static void look(struct http_pump *p, int64_t now)
{
	if (now - p->looked_at < LOOK_MS)
		return;
	p->looked_at = now;
	p->look(p->look_arg);
}

/* ms until something is due, for poll(). */
static int due_in(const struct http_pump *p)
{
	int64_t now = clock_mono_ms(), least = INT_MAX;
	MHD_UNSIGNED_LONG_LONG ms;

	if (p->one_left)
		return 0;
	if (MHD_get_timeout(p->daemon, &ms) == MHD_YES && ms < (unsigned)INT_MAX)
		least = (int64_t)ms;
	if (p->oldest && p->oldest->until - now < least)
		least = p->oldest->until - now;
	if (p->flush_at && p->flush_at - now < least)
		least = p->flush_at - now;
	return least > 0 ? (int)least : 0;
}

static void *run(void *arg)
{
	struct http_pump *p = arg;
	struct pollfd on[] = {
		{.fd = p->events, .events = POLLIN}, {.fd = p->wake, .events = POLLIN}};
	eventfd_t n;
	int64_t now;
	int due;

	priority_yield();
	while (!atomic_load(&p->stop)) {
		due = due_in(p);
		on[1].revents = 0;
		if (due) /* else libmicrohttpd looks, and there is more to send */
			poll(on, 2, due);
		if (on[1].revents) {
			(void)eventfd_read(p->wake, &n);
			atomic_store(&p->woken, false); /* before we look for what was resumed */
		}
		p->one_left = false;
		MHD_run(p->daemon);
		draw_corks(p);
		now = clock_mono_ms();
		cut_off(p, now);
		if (p->flush_at <= now)
			flush(p);
		look(p, now);
	}
	return NULL;
}

void http_pump_wake(struct http_pump *p)
{
	if (!atomic_exchange(&p->woken, true))
		eventfd_write(p->wake, 1);
}

int http_pump_init(
	struct http_pump *p, int64_t patience_ms, void (*flush_gathered)(void *arg), void *arg)
{
	*p = (struct http_pump){.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.patience_ms = patience_ms,
		.flush = flush_gathered,
		.flush_arg = arg};
	return p->wake < 0 ? -errno : 0;
}

/* Signals are the main thread's, and where SIGPIPE is not ours libmicrohttpd does without sendfile. */
static int thread_start(struct http_pump *p)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&p->thread, NULL, run, p);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!rc)
		pthread_setname_np(p->thread, "http");
	return rc;
}

int http_pump_start(struct http_pump *p, struct MHD_Daemon *daemon)
{
	const union MHD_DaemonInfo *i = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
	int rc = i ? 0 : EIO;

	p->daemon = daemon;
	p->events = i ? i->epoll_fd : -1;
	if (!rc)
		rc = thread_start(p);
	if (rc) {
		MHD_stop_daemon(daemon);
		p->daemon = NULL;
	}
	return -rc;
}

void http_pump_fini(struct http_pump *p)
{
	if (p->daemon) {
		atomic_store(&p->stop, true);
		eventfd_write(p->wake, 1);
		pthread_join(p->thread, NULL);
		MHD_stop_daemon(p->daemon);
		flush(p);
	}
	close(p->wake);
}
