/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tftpd/tftpd.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/priority.h"
#include "core/rate.h"
#include "machine/segment.h"
#include "tftpd/tftp_aside.h"
#include "tftpd/tftp_transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	PORT_DEFAULT = 69,
	REQUEST_MAX = 1500,         /* bytes; RFC 2347 allows 512 */
	REQUESTS_A_WAKE_UP = 16,    /* before running transfers get their turn again */
	REQUESTS_WAITING = 1 << 20, /* bytes of requests that the kernel holds: a lab that powers on
				       asks at once, and a lost request costs its machine a second. The
				       kernel's own limit (net.core.rmem_max) holds some 500 */
	REFUSALS_A_SECOND = 200, /* logged and reported, so that no peer floods log and timeline */
};

/* A listening socket. The TFTP thread's, from its message on. */
struct listener {
	struct message m;
	struct tftpd *t;
	struct listener *next;
	uint32_t segment;
	char ifname[16];
	struct ip server;
	int fd;
	struct loop_fd watch;
};

struct close_message {
	struct message m;
	struct tftpd *t;
	uint32_t segment;
	enum ip_family family;
};

struct tftpd {
	struct tftpd_config config;
	/* The main thread's. */
	pthread_t thread;
	struct {
		uint32_t segment;
		enum ip_family family;
		int fd;
	} seats[2 * SEGMENT_MAX];
	size_t n_seats;
	int inert;      /* takes the place of sockets that are closed, see seat_close() */
	int64_t closed; /* when one was last, by clock_mono_ms() */
	struct message stop;
	/* The TFTP thread's. */
	struct loop *loop;
	struct mailbox box;
	struct listener *listeners;
	struct transfers transfers;
	struct tftp_asides asides;
	struct rate refusals;
};

/* Requests, on the TFTP thread */

/* Whether one more refusal is told; says so in the log when some were not. */
static bool refusal_told(struct tftpd *t)
{
	unsigned over = rate_look(&t->refusals, 1000, loop_now(t->loop));

	if (over)
		log_warn("tftp: %u more refused requests in the last seconds", over);
	return rate_take(&t->refusals, REFUSALS_A_SECOND);
}

static void refusal_tell(
	struct tftpd *t, const struct tftp_client *c, const char *name, const char *why)
{
	struct tftp_report_message *p;
	char ip[IP_TEXT];

	if (!refusal_told(t))
		return;
	log_info("tftp: %s: %s%srefused: %s", ip_format(&c->ip, ip), name, *name ? ": " : "", why);
	p = tftp_report_new(&t->config, c->segment, &c->ip, c->port, name);
	if (!p)
		return;
	p->r.outcome = TFTP_REFUSED;
	snprintf(p->why, sizeof p->why, "%s", why);
	tftp_report_post(p, t->config.home);
}

static void refuse(struct listener *l, const struct tftp_client *c, const char *name,
	enum tftp_error code, const char *why)
{
	uint8_t buf[TFTP_SMALL];
	int len = tftp_wire_error(buf, sizeof buf, code, why);

	if (len > 0)
		(void)!sendto(l->fd, buf, (size_t)len, 0, (const struct sockaddr *)c->peer,
			sizeof *c->peer);
	refusal_tell(l->t, c, name, why);
}

/* `why` is what the opener left, or empty. */
static void refuse_open(
	struct listener *l, const struct tftp_client *c, const char *name, int rc, const char *why)
{
	char text[TFTP_SMALL];

	switch (rc) {
	case -ENOENT:
	case -ENOTDIR:
	case -EISDIR:
		snprintf(text, sizeof text, "no such file on the install server: %s", name);
		refuse(l, c, name, TFTP_E_NOT_FOUND, *why ? why : text);
		return;
	case -EACCES:
	case -EPERM:
	case -ESTALE:
	case -ELOOP:
	case -EXDEV:
		snprintf(text, sizeof text, "the install server may not read or serve %s", name);
		refuse(l, c, name, TFTP_E_ACCESS, *why ? why : text);
		return;
	case -EFBIG:
		snprintf(text, sizeof text, "too large for netascii, ask for octet: %s", name);
		refuse(l, c, name, TFTP_E_ILLEGAL, *why ? why : text);
		return;
	default:
		snprintf(text, sizeof text, "the install server cannot open %s: %s", name,
			strerror(-rc));
		refuse(l, c, name, TFTP_E_OTHER, *why ? why : text);
	}
}

static int open_source(
	struct tftpd *t, const char *name, struct tftp_source *ret, char *why, size_t why_size)
{
	uint64_t size = 0;
	int fd = -1, rc;

	rc = t->config.open(t->config.arg, name, &fd, &size, why, why_size);
	return rc ? rc : tftp_source_init(ret, fd, size);
}

/*
 * What may be over when the client asks again. No ERROR then: firmware gives up at that, and asks
 * again when it hears nothing.
 */
static bool passing(int rc)
{
	return rc == -EAGAIN || rc == -EMFILE || rc == -ENFILE || rc == -ENOMEM || rc == -ENOBUFS;
}

/* Whether it may have a transfer now; says so when it may not. */
static bool admitted(struct listener *l, const struct tftp_client *c, const struct tftp_packet *p)
{
	int rc = transfers_admit(&l->t->transfers, c, p->name, &p->options);

	if (rc == -EBUSY)
		refuse(l, c, p->name, TFTP_E_OTHER,
			"this address has too many transfers under way, wait for one to end");
	else if (rc && rc != -EALREADY)
		refusal_tell(l->t, c, p->name, "too many transfers at once, the client must retry");
	return !rc;
}

/* `rc` and `why` say how it went to get at the source. */
static void start_transfer(struct listener *l, const struct tftp_client *c,
	const struct tftp_packet *p, struct tftp_source *source, int rc, const char *why)
{
	if (!rc && p->netascii) {
		rc = tftp_source_netascii(source);
		if (rc)
			tftp_source_fini(source);
	}
	if (rc && !passing(rc)) {
		refuse_open(l, c, p->name, rc, why);
		return;
	}
	if (!rc)
		rc = transfers_start(&l->t->transfers, c, p->name, &p->options, source);
	if (rc && rc != -EAGAIN)
		refusal_tell(l->t, c, p->name, strerror(-rc));
}

static void read_file(struct listener *l, const struct tftp_client *c, const struct tftp_packet *p)
{
	struct tftp_source source;
	char why[TFTP_WHY] = "";
	int rc = open_source(l->t, p->name, &source, why, sizeof why);

	start_transfer(l, c, p, &source, rc, why);
}

static void put_aside(struct listener *l, const struct tftp_client *c, const struct tftp_packet *p)
{
	int rc = tftp_asides_put(&l->t->asides, c->segment, c->peer, &c->ip, c->port, p);

	if (rc && rc != -EALREADY)
		refusal_tell(l->t, c, p->name, "too many requests at once, the client must retry");
}

static void read_request(
	struct listener *l, const struct tftp_client *c, const struct tftp_packet *p)
{
	const struct tftpd_config *f = &l->t->config;

	if (!admitted(l, c, p))
		return;
	if (f->asks && f->asks(f->arg, p->name))
		put_aside(l, c, p);
	else
		read_file(l, c, p);
}

static struct listener *listener_of(const struct tftpd *t, uint32_t segment, enum ip_family family)
{
	struct listener *l = t->listeners;

	while (l && (l->segment != segment || l->server.family != family))
		l = l->next;
	return l;
}

/* The main thread has answered what was put aside. */
static void on_answer(void *arg, struct tftp_aside *a)
{
	struct tftpd *t = arg;
	struct listener *l = listener_of(t, a->r.segment, a->r.peer.family);
	struct tftp_source source = {.fd = -1};
	struct tftp_client c = {
		.segment = a->r.segment, .peer = &a->peer, .ip = a->r.peer, .port = a->r.peer_port};
	int rc;

	if (a->greeted) {
		transfers_greeted(a);
		return;
	}
	if (l) {
		c.ifname = l->ifname;
		c.server = &l->server;
	}
	if (!l || !admitted(l, &c, &a->packet)) {
		tftp_aside_free(a);
		return;
	}
	if (a->verdict == TFTP_GREET) {
		rc = transfers_greet(&t->transfers, &c, a->packet.name, &a->packet.options, a);
		if (rc && rc != -EAGAIN)
			log_warn("tftp: a client cannot be answered: %s", strerror(-rc));
		return;
	}
	if (a->verdict == TFTP_OPEN) {
		read_file(l, &c, &a->packet);
	} else {
		tftp_source_init_bytes(&source, a->bytes, a->len);
		a->bytes = NULL;
		start_transfer(
			l, &c, &a->packet, &source, a->verdict == TFTP_REFUSE ? a->rc : 0, a->why);
	}
	tftp_aside_free(a);
}

static void request(
	struct listener *l, const struct sockaddr_storage *peer, const uint8_t *bytes, size_t len)
{
	struct tftp_client c = {
		.segment = l->segment, .ifname = l->ifname, .server = &l->server, .peer = peer};
	struct tftp_packet p;
	enum tftp_error code;
	const char *text;
	char ip[IP_TEXT];
	int rc;

	c.ip = tftp_address_ip(peer, &c.port);
	/* A reply to port 0 cannot be sent. */
	if (c.ip.family == IP_NONE || !c.port)
		return;
	/* It may be somebody else's address, to whom all answers go. */
	if (!tftp_unproven_take(
		    &l->t->transfers.unproven, l->segment, &c.ip, loop_now(l->t->loop))) {
		l->t->refusals.over++;
		return;
	}
	rc = tftp_wire_decode(bytes, len, &p);
	/* Never an ERROR for what is no request, or two servers would talk for ever. */
	if (rc == -EBADMSG || (!rc && p.op != TFTP_RRQ && p.op != TFTP_WRQ)) {
		if (refusal_told(l->t))
			log_info("tftp: %s: sent something that is not a request, dropped",
				ip_format(&c.ip, ip));
	} else if (rc) {
		text = tftp_wire_refusal(rc, &code);
		refuse(l, &c, "", code, text);
	} else if (p.op == TFTP_WRQ) {
		refuse(l, &c, p.name, TFTP_E_ACCESS, "read only: this server takes no uploads");
	} else {
		read_request(l, &c, &p);
	}
}

static void on_request(struct loop_fd *w, uint32_t events)
{
	struct listener *l = w->arg;
	struct sockaddr_storage peer = {0};
	uint8_t buf[REQUEST_MAX];

	(void)events;
	for (int i = 0; i < REQUESTS_A_WAKE_UP; i++) {
		socklen_t len = sizeof peer;
		ssize_t n = recvfrom(l->fd, buf, sizeof buf, 0, (struct sockaddr *)&peer, &len);

		if (n < 0)
			return;
		request(l, &peer, buf, (size_t)n);
	}
}

/* Listeners, on the TFTP thread */

static void listener_end(struct tftpd *t, struct listener **at)
{
	struct listener *l = *at;

	*at = l->next;
	loop_unwatch(t->loop, &l->watch);
	close(l->fd);
	free(l);
}

static void listeners_end(struct tftpd *t, uint32_t segment, enum ip_family family)
{
	for (struct listener **at = &t->listeners; *at;) {
		if ((*at)->segment == segment && (*at)->server.family == family)
			listener_end(t, at);
		else
			at = &(*at)->next;
	}
}

static void deliver_open(struct message *m)
{
	struct listener *l = (struct listener *)m;
	struct tftpd *t = l->t;
	int room = REQUESTS_WAITING, rc;

	listeners_end(t, l->segment, l->server.family);
	l->next = t->listeners;
	t->listeners = l;
	(void)setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	rc = loop_watch(t->loop, &l->watch, l->fd, EPOLLIN, on_request, l);
	/* It stays in the list: its descriptor may be closed only after the main thread let go of
	 * it. */
	if (rc)
		log_error("tftp: %s: cannot listen: %s", l->ifname, strerror(-rc));
}

static void deliver_close(struct message *m)
{
	struct close_message *c = (struct close_message *)m;

	listeners_end(c->t, c->segment, c->family);
	tftp_asides_drop_segment(&c->t->asides, c->segment, c->family);
	transfers_end_segment(&c->t->transfers, c->segment, c->family);
	free(c);
}

static void deliver_stop(struct message *m)
{
	struct tftpd *t = (struct tftpd *)((char *)m - offsetof(struct tftpd, stop));

	while (t->listeners)
		listener_end(t, &t->listeners);
	tftp_asides_drop(&t->asides);
	transfers_fini(&t->transfers);
	loop_stop(t->loop, 0);
}

static void *run(void *arg)
{
	struct tftpd *t = arg;

	priority_yield();
	loop_run(t->loop);
	return NULL;
}

/* The main thread's side */

/* Signals are the main thread's. */
static int thread_start(struct tftpd *t)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&t->thread, NULL, run, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!rc)
		pthread_setname_np(t->thread, "tftp");
	return -rc;
}

int tftpd_new(const struct tftpd_config *config, struct tftpd **ret)
{
	struct tftpd *t = calloc(1, sizeof *t);
	int rc;

	if (!t)
		return -ENOMEM;
	t->config = *config;
	if (!t->config.port)
		t->config.port = PORT_DEFAULT;
	t->stop.deliver = deliver_stop;
	t->inert = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = t->inert < 0 ? -errno : mailbox_init(&t->box);
	if (rc)
		goto no_box;
	rc = loop_new(&t->loop);
	if (rc)
		goto no_loop;
	rc = transfers_init(&t->transfers, t->loop, &t->config);
	if (!rc)
		rc = tftp_asides_init(&t->asides, &t->config, t->loop, &t->box, on_answer, t);
	if (!rc)
		rc = mailbox_attach(&t->box, t->loop);
	if (!rc)
		rc = thread_start(t);
	if (!rc) {
		*ret = t;
		return 0;
	}
	tftp_asides_fini(&t->asides);
	transfers_fini(&t->transfers);
no_loop:
	mailbox_fini(&t->box);
	loop_free(t->loop);
no_box:
	if (t->inert >= 0)
		close(t->inert);
	free(t);
	return rc;
}

/*
 * Closes the socket at once without closing the descriptor, which is the TFTP thread's to close: an
 * inert file takes its place, so that the address is free for the next socket and the number is
 * not.
 */
static bool seat_close(struct tftpd *t, uint32_t segment, enum ip_family family)
{
	for (size_t i = 0; i < t->n_seats; i++) {
		if (t->seats[i].segment != segment || t->seats[i].family != family)
			continue;
		dup3(t->inert, t->seats[i].fd, O_CLOEXEC);
		t->closed = clock_mono_ms();
		t->seats[i] = t->seats[--t->n_seats];
		return true;
	}
	return false;
}

/* A socket that was just closed keeps its address while the TFTP thread is still in a call on it: microseconds, or until
 * a busy machine lets that thread run. So "in use" is asked again for some milliseconds, if one was closed just now. */
static int open_socket(const struct tftpd *t, const char *ifname, const struct ip *server)
{
	enum { CLOSED_JUST_NOW_MS = 100, TRIES = 20, PAUSE_US = 1000 };
	int rc = tftp_socket(ifname, server, t->config.port);

	if (!t->closed || clock_mono_ms() - t->closed > CLOSED_JUST_NOW_MS)
		return rc;
	for (int i = 0; rc == -EADDRINUSE && i < TRIES; i++) {
		usleep(PAUSE_US);
		rc = tftp_socket(ifname, server, t->config.port);
	}
	return rc;
}

static int open_why(int rc, const char *ifname, const struct ip *server, uint16_t port, char *why,
	size_t why_size)
{
	const char *hint = "";
	char ip[IP_TEXT];

	if (rc == -EADDRINUSE)
		hint = " (another TFTP server runs there, perhaps libvirt's dnsmasq with <tftp>)";
	else if (rc == -EACCES || rc == -EPERM)
		hint = " (needs CAP_NET_BIND_SERVICE)";
	else if (rc == -EADDRNOTAVAIL)
		hint = " (the interface does not have this address)";
	snprintf(why, why_size, "tftp: cannot listen on %s port %u%s%s: %s%s",
		ip_format(server, ip), port, *ifname ? " of " : "", ifname, strerror(-rc), hint);
	return rc;
}

int tftpd_open(struct tftpd *t, uint32_t segment, const char *ifname, const struct ip *server,
	char *why, size_t why_size)
{
	struct listener *l;
	int rc;

	if (!ifname)
		ifname = "";
	seat_close(t, segment, server->family);
	l = calloc(1, sizeof *l);
	rc = !l ? -ENOMEM : t->n_seats == sizeof t->seats / sizeof *t->seats ? -ENOSPC : 0;
	if (!rc && strlen(ifname) >= sizeof l->ifname)
		rc = -ENODEV;
	if (!rc)
		rc = open_socket(t, ifname, server);
	if (rc < 0) {
		free(l);
		return open_why(rc, ifname, server, t->config.port, why, why_size);
	}
	l->fd = rc;
	l->m.deliver = deliver_open;
	l->t = t;
	l->segment = segment;
	l->server = *server;
	memcpy(l->ifname, ifname, strlen(ifname) + 1);
	t->seats[t->n_seats].segment = segment;
	t->seats[t->n_seats].family = server->family;
	t->seats[t->n_seats++].fd = l->fd;
	mailbox_post(&t->box, &l->m);
	return 0;
}

void tftpd_close_family(struct tftpd *t, uint32_t segment, enum ip_family family)
{
	struct close_message *c = calloc(1, sizeof *c);

	/* Without memory the thread keeps an inert descriptor until the segment is opened again. */
	seat_close(t, segment, family);
	if (!c)
		return;
	*c = (struct close_message){{NULL, deliver_close}, t, segment, family};
	mailbox_post(&t->box, &c->m);
}

void tftpd_close(struct tftpd *t, uint32_t segment)
{
	tftpd_close_family(t, segment, IP_V4);
	tftpd_close_family(t, segment, IP_V6);
}

void tftpd_free(struct tftpd *t)
{
	if (!t)
		return;
	mailbox_post(&t->box, &t->stop);
	pthread_join(t->thread, NULL);
	mailbox_fini(&t->box);
	tftp_asides_fini(&t->asides);
	loop_free(t->loop);
	close(t->inert);
	free(t);
}
