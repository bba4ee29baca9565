/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "httpd/http_pump.h"
#include "httpd/http_listen.h"

#include "core/clock.h"
#include "core/priority.h"
#include "core/sockaddr.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <linux/tcp.h>
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

struct http_peer {
	struct crowd_peer crowd;
	struct http_peer *next_corked;
	bool corked; /* in that list */
};

struct ip http_pump_user_id(uid_t uid)
{
	return ip_from_v4(uid);
}

uid_t http_pump_user(const struct ip *id)
{
	return ip_to_v4(id);
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

		getsockopt(peer->crowd.fd, IPPROTO_TCP, TCP_CORK, &on, &len);
		if (!on) {
			at = &peer->next_corked;
			continue;
		}
		setsockopt(peer->crowd.fd, IPPROTO_TCP, TCP_CORK, &(int){0}, sizeof(int));
		*at = peer->next_corked;
		peer->corked = false;
	}
}

void http_pump_turn(struct http_pump *p, struct MHD_Connection *conn, enum crowd_state to)
{
	struct http_peer *peer = peer_of(conn);

	if (!peer)
		return;
	if (to == CROWD_WAITS)
		forget_cork(p, peer);
	crowd_turn(&p->crowd, &peer->crowd, to, clock_mono_ms());
}

bool http_pump_hold(struct http_pump *p, struct MHD_Connection *conn, size_t more)
{
	struct http_peer *peer = peer_of(conn);

	return peer && crowd_hold(&p->crowd, &peer->crowd, more);
}

/* Who goes */

/* libmicrohttpd, which owns the descriptor, finds it at its end. What it was sent and did not take goes
 * too: else the kernel would keep that and offer it for minutes. */
static void shut(struct http_pump *p, const struct crowd_peer *peer, enum crowd_why why)
{
	const struct linger none = {.l_onoff = 1};

	if (why == CROWD_STUCK)
		setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	shutdown(peer->fd, SHUT_RDWR);
	p->put_out.n[why]++;
	if (why == CROWD_IDLE)
		return;
	p->put_out.last = *crowd_ip(peer);
	p->tell = true;
}

void http_pump_vouch(struct http_pump *p, struct MHD_Connection *conn)
{
	struct http_peer *peer = peer_of(conn);
	const struct crowd_peer *out =
		peer ? crowd_vouch(&p->crowd, &peer->crowd, clock_mono_ms()) : NULL;

	if (out)
		shut(p, out, CROWD_ROOM);
}

static void put_out(struct http_pump *p, int64_t now)
{
	const struct crowd_peer *peer;
	enum crowd_why why;

	while ((peer = crowd_put_out(&p->crowd, now, &why)))
		shut(p, peer, why);
}

/* What this peer's TCP has acknowledged; 0 on a Unix socket, where nobody knows. */
static uint64_t taken(const struct crowd_peer *peer)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	getsockopt(peer->fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info.tcpi_bytes_acked;
}

static void look_at_slow(struct http_pump *p, int64_t now)
{
	struct crowd_peer *peer = crowd_sent_to(&p->crowd, NULL, now), *next;

	for (; peer; peer = next) {
		next = crowd_sent_to(&p->crowd, peer, now);
		if (crowd_took(&p->crowd, peer, taken(peer), now))
			shut(p, peer, CROWD_STUCK);
	}
}

/* Who comes */

/* Not known: all who are so are one. */
static struct ip id_of(const struct http_pump *p, struct MHD_Connection *conn, int fd)
{
	const union MHD_ConnectionInfo *i;
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (p->c.local)
		return http_pump_user_id(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0
				? (uid_t)-1
				: cred.uid);
	i = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	return i ? sockaddr_ip(i->client_addr, NULL) : (struct ip){0};
}

/* Out of memory: the connection lives as long as libmicrohttpd lets it. */
static struct http_peer *come(struct http_pump *p, struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *i =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http_peer *peer = i ? calloc(1, sizeof(*peer)) : NULL;
	struct crowd_peer *out;
	struct ip id;

	if (!peer)
		return NULL;
	id = id_of(p, conn, i->connect_fd);
	peer->crowd.fd = i->connect_fd;
	if (crowd_add(&p->crowd, &peer->crowd, &id, clock_mono_ms(), &out) < 0) {
		free(peer);
		return NULL;
	}
	if (out)
		shut(p, out, CROWD_ROOM);
	if (crowd_asks(&p->crowd))
		http_pump_flush_soon(p);
	return peer;
}

void http_pump_connection(void *pump, struct MHD_Connection *conn, void **context,
	enum MHD_ConnectionNotificationCode code)
{
	struct http_pump *p = pump;
	struct http_peer *peer = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = come(p, conn);
		return;
	}
	p->one_left = true;
	if (!peer)
		return;
	crowd_remove(&p->crowd, &peer->crowd);
	forget_cork(p, peer);
	free(peer);
	*context = NULL;
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
	p->c.flush(p->c.arg);
}

static void look(struct http_pump *p, int64_t now)
{
	if (now - p->looked_at < LOOK_MS)
		return;
	p->looked_at = now;
	look_at_slow(p, now);
	p->c.look(p->c.arg);
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
	if (crowd_due_in(&p->crowd, now) < least)
		least = crowd_due_in(&p->crowd, now);
	if ((crowd_sends(&p->crowd) || p->tell) && LOOK_MS < least)
		least = LOOK_MS;
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
			if (p->c.woken)
				p->c.woken(p->c.arg);
		}
		p->one_left = false;
		MHD_run(p->daemon);
		draw_corks(p);
		now = clock_mono_ms();
		put_out(p, now);
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

int http_pump_init(struct http_pump *p, const struct http_pump_config *config)
{
	*p = (struct http_pump){.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .c = *config};
	if (p->wake < 0)
		return -errno;
	crowd_init(&p->crowd, &config->limits);
	return 0;
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
	crowd_fini(&p->crowd);
	close(p->wake);
}
