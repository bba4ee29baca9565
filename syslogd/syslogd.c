/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "syslogd/syslogd.h"
#include "syslogd/syslog_frame.h"

#include "core/clock.h"
#include "core/ports.h"
#include "core/rate.h"
#include "core/sockaddr.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 128 };

/* What is read off, and rests for the end of the window when it gave too much. */
struct source {
	struct syslogd *d;
	struct loop_fd watch;
	struct loop_timer rested;
	struct rate rate;
};

struct connection {
	struct source source; /* first */
	struct connection *next;
	uint32_t segment;
	struct ip from;
	int64_t heard_at; /* mono ms */
	struct syslog_frame frame;
};

/* Our address on a segment. */
struct seat {
	struct source udp; /* first */
	struct loop_fd tcp;
	struct seat *next;
	uint32_t segment;
	enum ip_family family;
	uint32_t dropped; /* by the kernel, as told last */
};

struct syslogd {
	struct syslogd_config config;
	struct seat *seats;
	struct connection *connections;
	size_t n_connections;
	struct mmsghdr heads[SYSLOGD_BATCH];
	struct iovec parts[SYSLOGD_BATCH];
	struct sockaddr_storage from[SYSLOGD_BATCH];
	char bytes[SYSLOGD_BATCH][SYSLOG_MESSAGE];
	char read[SYSLOGD_READ];
};

/* Resting */

static void on_rested(struct loop_timer *t)
{
	struct source *s = t->arg;

	(void)loop_watch(
		s->d->config.loop, &s->watch, s->watch.fd, EPOLLIN, s->watch.ready, s->watch.arg);
}

static int source_begin(struct source *s, struct syslogd *d, int fd,
	void (*ready)(struct loop_fd *, uint32_t), void *arg)
{
	s->d = d;
	loop_timer_init(&s->rested, on_rested, s);
	return loop_watch(d->config.loop, &s->watch, fd, EPOLLIN, ready, arg);
}

static void source_end(struct source *s)
{
	loop_timer_clear(s->d->config.loop, &s->rested);
	loop_unwatch(s->d->config.loop, &s->watch);
	close(s->watch.fd);
}

/* It gave `n` of what it may give `most` of. */
static void source_gave(struct source *s, unsigned n, unsigned most)
{
	int64_t now = clock_mono_ms();

	(void)rate_look(&s->rate, SYSLOGD_WINDOW_MS, now);
	s->rate.taken += n;
	if (rate_has(&s->rate, most))
		return;
	if (!loop_timer_set(s->d->config.loop, &s->rested, s->rate.since + SYSLOGD_WINDOW_MS - now))
		loop_unwatch(s->d->config.loop, &s->watch);
}

/* UDP */

static void look_at_drops(struct seat *seat)
{
	const struct syslogd_config *c = &seat->udp.d->config;
	uint32_t info[SK_MEMINFO_VARS] = {0}, more;
	socklen_t len = sizeof info;

	if (getsockopt(seat->udp.watch.fd, SOL_SOCKET, SO_MEMINFO, info, &len))
		return;
	more = info[SK_MEMINFO_DROPS] - seat->dropped;
	seat->dropped = info[SK_MEMINFO_DROPS];
	if (more)
		c->unread(c->arg, seat->segment, more);
}

static void on_datagrams(struct loop_fd *w, uint32_t events)
{
	struct seat *seat = w->arg;
	struct syslogd *d = seat->udp.d;
	int n;

	(void)events;
	for (size_t i = 0; i < SYSLOGD_BATCH; i++) {
		d->parts[i] = (struct iovec){d->bytes[i], SYSLOG_MESSAGE};
		d->heads[i].msg_hdr = (struct msghdr){.msg_name = &d->from[i],
			.msg_namelen = sizeof d->from[i],
			.msg_iov = &d->parts[i],
			.msg_iovlen = 1};
	}
	n = recvmmsg(w->fd, d->heads, SYSLOGD_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		const struct ip from = sockaddr_ip((struct sockaddr *)&d->from[i], NULL);

		if (d->heads[i].msg_len)
			(void)d->config.took(d->config.arg, seat->segment, &from, d->bytes[i],
				d->heads[i].msg_len);
	}
	look_at_drops(seat);
	if (n > 0)
		source_gave(&seat->udp, (unsigned)n, SYSLOGD_DATAGRAMS);
}

/* TCP */

static void connection_end(struct connection *c)
{
	struct syslogd *d = c->source.d;
	struct connection **at = &d->connections;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	d->n_connections--;
	source_end(&c->source);
	free(c);
}

static bool each(void *arg, const char *bytes, size_t n)
{
	struct connection *c = arg;
	const struct syslogd_config *config = &c->source.d->config;

	return config->took(config->arg, c->segment, &c->from, bytes, n);
}

static void on_bytes(struct loop_fd *w, uint32_t events)
{
	struct connection *c = w->arg;
	struct syslogd *d = c->source.d;
	ssize_t n = recv(w->fd, d->read, sizeof d->read, MSG_DONTWAIT);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		syslog_frame_end(&c->frame, each, c);
		connection_end(c);
		return;
	}
	c->heard_at = clock_mono_ms();
	if (!syslog_frame_add(&c->frame, d->read, (size_t)n, each, c))
		connection_end(c);
	else
		source_gave(&c->source, (unsigned)n, SYSLOGD_BYTES);
}

/* The one that is silent for longest, of `from` alone or (NULL) of all; how many there are. */
static size_t silent(const struct syslogd *d, const struct ip *from, struct connection **ret)
{
	size_t n = 0;

	*ret = NULL;
	for (struct connection *c = d->connections; c; c = c->next) {
		if (from && !ip_eq(&c->from, from))
			continue;
		if (!*ret || c->heard_at < (*ret)->heard_at)
			*ret = c;
		n++;
	}
	return n;
}

static void make_room(struct syslogd *d, const struct ip *from)
{
	struct connection *c;

	if (silent(d, from, &c) >= SYSLOGD_PER_ADDRESS)
		connection_end(c);
	else if (silent(d, NULL, &c) >= SYSLOGD_CONNECTIONS)
		connection_end(c);
}

/* Who was switched off says nothing more, and does not say that either. */
static void keep_alive(int fd)
{
	const int on = 1, idle = SYSLOGD_KEEPALIVE_S, apart = 10, tries = 3;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &apart, sizeof apart);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof tries);
}

static void connection_begin(struct seat *seat, int fd, const struct ip *from)
{
	struct syslogd *d = seat->udp.d;
	struct connection *c;

	make_room(d, from);
	c = calloc(1, sizeof *c);
	if (!c || source_begin(&c->source, d, fd, on_bytes, c)) {
		close(fd);
		free(c);
		return;
	}
	keep_alive(fd);
	c->segment = seat->segment;
	c->from = *from;
	c->heard_at = clock_mono_ms();
	c->next = d->connections;
	d->connections = c;
	d->n_connections++;
}

/* Who waits to be accepted would wake us for ever. */
static void out_of_descriptors(struct syslogd *d, int error)
{
	struct connection *c;

	if ((error == EMFILE || error == ENFILE) && silent(d, NULL, &c))
		connection_end(c);
}

static void on_connect(struct loop_fd *w, uint32_t events)
{
	struct seat *seat = w->arg;
	const struct syslogd_config *config = &seat->udp.d->config;

	(void)events;
	for (int i = 0; i < SYSLOGD_ACCEPTS; i++) {
		struct sockaddr_storage sa = {0};
		socklen_t len = sizeof sa;
		int fd = accept4(w->fd, (struct sockaddr *)&sa, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
		const struct ip from = sockaddr_ip((struct sockaddr *)&sa, NULL);

		if (fd < 0) {
			out_of_descriptors(seat->udp.d, errno);
			return;
		}
		if (config->admits(config->arg, seat->segment, &from))
			connection_begin(seat, fd, &from);
		else
			close(fd);
	}
}

/* Seats */

/* Not blocking, or -errno. */
static int listen_on(bool tcp, const char *ifname, const struct ip *server, uint16_t port)
{
	struct sockaddr_storage sa;
	socklen_t len = sockaddr_of(server, port, &sa);
	const int on = 1, buffer = SYSLOGD_BUFFER;
	int fd = socket(
		sa.ss_family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int rc;

	if (fd < 0)
		return -errno;
	/* The bridge may be there before its address is usable; it works for both families. */
	setsockopt(fd, SOL_IP, IP_FREEBIND, &on, sizeof on);
	if (tcp)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	else
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
	if ((!*ifname ||
		    !setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname,
			    (socklen_t)strlen(ifname) + 1)) &&
		!bind(fd, (struct sockaddr *)&sa, len) && (!tcp || !listen(fd, BACKLOG)))
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

static int open_why(int rc, bool tcp, const char *ifname, const struct ip *server, uint16_t port,
	char *why, size_t size)
{
	char ip[IP_TEXT], holder[96] = "another process", hint[256] = "";

	if (rc == -EADDRINUSE && server->family == IP_V4)
		(void)port_holder(tcp, server, port, holder, sizeof holder);
	if (rc == -EADDRINUSE)
		snprintf(hint, sizeof hint,
			" (%s uses it: stop that, or choose another port with <syslog port=…/>)",
			holder);
	else if (rc == -EACCES || rc == -EPERM)
		snprintf(hint, sizeof hint, " (needs CAP_NET_BIND_SERVICE)");
	snprintf(why, size, "syslog: cannot listen on %s port %u/%s%s%s: %s%s",
		ip_format(server, ip), port, tcp ? "tcp" : "udp", *ifname ? " of " : "", ifname,
		strerror(-rc), hint);
	return rc;
}

static void seat_end(struct syslogd *d, struct seat **at)
{
	struct seat *seat = *at;

	*at = seat->next;
	loop_unwatch(d->config.loop, &seat->tcp);
	close(seat->tcp.fd);
	source_end(&seat->udp);
	free(seat);
}

static int seat_begin(struct seat *seat, struct syslogd *d, int udp, int tcp)
{
	int rc = loop_watch(d->config.loop, &seat->tcp, tcp, EPOLLIN, on_connect, seat);

	if (rc)
		return rc;
	rc = source_begin(&seat->udp, d, udp, on_datagrams, seat);
	if (rc) {
		loop_unwatch(d->config.loop, &seat->tcp);
		return rc;
	}
	seat->next = d->seats;
	d->seats = seat;
	return 0;
}

int syslogd_open(struct syslogd *d, uint32_t segment, const char *ifname, const struct ip *server,
	uint16_t port, char *why, size_t why_size)
{
	struct seat *seat;
	int udp, tcp, rc;

	syslogd_close_family(d, segment, server->family);
	udp = listen_on(false, ifname, server, port);
	if (udp < 0)
		return open_why(udp, false, ifname, server, port, why, why_size);
	tcp = listen_on(true, ifname, server, port);
	if (tcp < 0) {
		close(udp);
		return open_why(tcp, true, ifname, server, port, why, why_size);
	}
	seat = calloc(1, sizeof *seat);
	rc = seat ? seat_begin(seat, d, udp, tcp) : -ENOMEM;
	if (!rc) {
		seat->segment = segment;
		seat->family = server->family;
		return 0;
	}
	free(seat);
	close(udp);
	close(tcp);
	return open_why(rc, false, ifname, server, port, why, why_size);
}

void syslogd_close_family(struct syslogd *d, uint32_t segment, enum ip_family family)
{
	struct connection *c = d->connections, *next;

	for (; c; c = next) {
		next = c->next;
		if (c->segment == segment && c->from.family == family)
			connection_end(c);
	}
	for (struct seat **at = &d->seats; *at;) {
		if ((*at)->segment == segment && (*at)->family == family)
			seat_end(d, at);
		else
			at = &(*at)->next;
	}
}

void syslogd_close(struct syslogd *d, uint32_t segment)
{
	syslogd_close_family(d, segment, IP_V4);
	syslogd_close_family(d, segment, IP_V6);
}

size_t syslogd_connections(const struct syslogd *d)
{
	return d->n_connections;
}

int syslogd_new(const struct syslogd_config *config, struct syslogd **ret)
{
	struct syslogd *d = calloc(1, sizeof *d);

	if (!d)
		return -ENOMEM;
	d->config = *config;
	*ret = d;
	return 0;
}

void syslogd_free(struct syslogd *d)
{
	if (!d)
		return;
	while (d->connections)
		connection_end(d->connections);
	while (d->seats)
		seat_end(d, &d->seats);
	free(d);
}
