/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/console.h"

#include "core/queue.h"
#include "guest/virt.h"

#include <errno.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct consoles {
	struct conn *conn;
	struct mailbox *home;
	struct queue *queue;
	pthread_mutex_t lock; /* for the list */
	struct guest_console *first;
};

/* Who holds a reference: its owner, each call that waits, the message that is on its way, libvirt's callback. */
struct guest_console {
	atomic_uint refs;
	struct consoles *all;
	struct guest_console *next;
	char uuid[UUID_TEXT];
	guest_console_look look;
	void *arg;
	bool closed; /* main thread's: `look` is not called any more */
	struct message message;

	virStreamPtr stream; /* the calls': one at a time */
	bool listening;      /* the same: its callback is there */

	pthread_mutex_t lock; /* for what follows; held for no call that waits */
	bool letting_go;      /* the stream is about to go: libvirt's thread leaves it alone */
	bool told;            /* `message` is on its way */
	bool open, over;
	int rc;
	char why[GUEST_WHY];
	uint8_t *bytes;
	size_t n, room;
	uint64_t dropped;
	size_t typed; /* since the last byte that came */
};

static void unlist(struct guest_console *c)
{
	struct guest_console **at = &c->all->first;

	pthread_mutex_lock(&c->all->lock);
	while (*at && *at != c)
		at = &(*at)->next;
	if (*at)
		*at = c->next;
	pthread_mutex_unlock(&c->all->lock);
}

static void put(struct guest_console *c)
{
	if (atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	pthread_mutex_destroy(&c->lock);
	free(c->bytes);
	free(c);
}

static void deliver(struct message *m)
{
	struct guest_console *c =
		(struct guest_console *)((char *)m - offsetof(struct guest_console, message));

	pthread_mutex_lock(&c->lock);
	c->told = false;
	pthread_mutex_unlock(&c->lock);
	if (!c->closed)
		c->look(c->arg);
	put(c);
}

/* With the lock held. */
static void tell(struct guest_console *c)
{
	if (c->told)
		return;
	c->told = true;
	atomic_fetch_add(&c->refs, 1);
	c->message.deliver = deliver;
	mailbox_post(c->all->home, &c->message);
}

/* With the lock held. The first reason counts. */
static void end(struct guest_console *c, int rc, const char *why)
{
	if (c->over)
		return;
	c->over = true;
	c->rc = rc;
	if (why != c->why)
		snprintf(c->why, sizeof c->why, "%s", why);
	tell(c);
}

/* With the lock held. */
static void add(struct guest_console *c, const char *bytes, size_t n)
{
	size_t room = c->room ? c->room : 1024;
	uint8_t *grown;

	c->typed = 0;
	while (room < c->n + n)
		room *= 2;
	if (c->dropped || room > CONSOLE_WAITING)
		grown = NULL;
	else
		grown = room == c->room ? c->bytes : realloc(c->bytes, room);
	if (!grown) {
		c->dropped += n;
	} else {
		memcpy(grown + c->n, bytes, n);
		c->bytes = grown;
		c->room = room;
		c->n += n;
	}
	tell(c);
}

/* With the lock held: no call on the stream here waits. */
static void drain(struct guest_console *c, virStreamPtr st, int events)
{
	char bytes[4096];
	int n = -2;

	for (int i = 0; i < 64 && (n = virStreamRecv(st, bytes, sizeof bytes)) > 0; i++)
		add(c, bytes, (size_t)n);
	if (n == 0) {
		end(c, 0, "the console is closed");
	} else if (n == -1) {
		virt_error(c->why, sizeof c->why, "the console stream broke");
		end(c, -EPIPE, c->why);
	} else if (n == -2 && events & (VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP)) {
		end(c, -EPIPE, "the console stream was hung up");
	}
	if (c->over)
		virStreamEventUpdateCallback(st, 0);
}

static void on_stream(virStreamPtr st, int events, void *arg)
{
	struct guest_console *c = arg;

	pthread_mutex_lock(&c->lock);
	if (!c->letting_go && !c->over)
		drain(c, st, events);
	pthread_mutex_unlock(&c->lock);
}

/* On libvirt's thread, which runs no callback of the stream meanwhile, and will not again. */
static void on_callback_gone(int timer, void *arg)
{
	virEventRemoveTimeout(timer);
	put(arg);
}

/* The stream's own word that it is done with `arg` never comes (libvirt 9.0's remote driver asks whether there is no
 * callback, and there is). */
static void callback_remove(struct guest_console *c, virStreamPtr st)
{
	virStreamEventRemoveCallback(st);
	virEventAddTimeout(0, on_callback_gone, c, NULL);
}

/* Calls: they wait for libvirtd. Those of one guest come one after another. */

struct call {
	struct work work; /* first */
	struct guest_console *console;
	void (*run)(struct guest_console *c, const struct call *call);
	size_t n;
	char bytes[];
};

static void call_run(struct work *w)
{
	struct call *call = (struct call *)w;

	call->run(call->console, call);
	put(call->console);
	free(call);
}

static int open_error(char *why, size_t size)
{
	const virError *e = virGetLastError();

	if (!e || e->code != VIR_ERR_OPERATION_FAILED)
		return virt_error(why, size, "no console");
	snprintf(why, size, "another client has the console open");
	return -EBUSY;
}

static int stream_attach(struct guest_console *c, virDomainPtr d, char *why, size_t size)
{
	int active = virDomainIsActive(d), rc = 0;
	virStreamPtr st;

	if (active < 0)
		return virt_error(why, size, "cannot look at it");
	if (!active) {
		snprintf(why, size, "the guest is off");
		return -ESHUTDOWN;
	}
	st = virStreamNew(virDomainGetConnect(d), VIR_STREAM_NONBLOCK);
	if (!st)
		return virt_error(why, size, "no stream");
	if (virDomainOpenConsole(d, NULL, st, 0)) {
		rc = open_error(why, size);
		virStreamFree(st);
	} else {
		c->stream = st;
	}
	return rc;
}

static int domain_attach(struct guest_console *c, char *why, size_t size)
{
	unsigned number;
	virConnectPtr v = conn_get(c->all->conn, CONSOLE_CONNECT_WAIT_MS, &number, why, size);
	virDomainPtr d;
	int rc;

	if (!v)
		return -ENOTCONN;
	d = virDomainLookupByUUIDString(v, c->uuid);
	rc = d ? stream_attach(c, d, why, size) : virt_error(why, size, "no domain");
	if (d)
		virDomainFree(d);
	virConnectClose(v);
	return rc;
}

static void call_open(struct guest_console *c, const struct call *call)
{
	char why[GUEST_WHY] = "";
	int rc = domain_attach(c, why, sizeof why);

	(void)call;
	pthread_mutex_lock(&c->lock);
	c->open = !rc;
	if (rc)
		end(c, rc, why);
	else
		tell(c);
	pthread_mutex_unlock(&c->lock);
	if (rc)
		return;
	atomic_fetch_add(&c->refs, 1);
	rc = virStreamEventAddCallback(c->stream,
		VIR_STREAM_EVENT_READABLE | VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP,
		on_stream, c, NULL);
	c->listening = !rc;
	if (!rc)
		return;
	put(c);
	pthread_mutex_lock(&c->lock);
	virt_error(c->why, sizeof c->why, "its stream cannot be read");
	end(c, -EIO, c->why);
	pthread_mutex_unlock(&c->lock);
}

static void call_send(struct guest_console *c, const struct call *call)
{
	size_t sent = 0;
	int n = 0;

	while (c->stream && sent < call->n &&
		(n = virStreamSend(c->stream, call->bytes + sent, call->n - sent)) > 0)
		sent += (size_t)n;
	if (n >= 0)
		return;
	pthread_mutex_lock(&c->lock);
	end(c, -EPIPE, "cannot write to the console stream");
	pthread_mutex_unlock(&c->lock);
}

static void call_close(struct guest_console *c, const struct call *call)
{
	virStreamPtr st = c->stream;

	(void)call;
	if (!st)
		return;
	pthread_mutex_lock(&c->lock);
	c->letting_go = true;
	pthread_mutex_unlock(&c->lock);
	c->stream = NULL;
	if (c->listening)
		callback_remove(c, st);
	virStreamAbort(st);
	virStreamFree(st);
}

static void call_let_go(struct guest_console *c, const struct call *call);

/* What is open is closed, at the end too. */
static void call_drop(struct work *w)
{
	struct call *call = (struct call *)w;

	if (call->run == call_close || call->run == call_let_go)
		call->run(call->console, call);
	put(call->console);
	free(call);
}

static struct call *call_new(struct guest_console *c,
	void (*run)(struct guest_console *, const struct call *), const void *bytes, size_t n)
{
	struct call *call = calloc(1, sizeof *call + n);

	if (!call)
		return NULL;
	call->console = c;
	call->run = run;
	call->n = n;
	if (n)
		memcpy(call->bytes, bytes, n);
	call->work.run = call_run;
	call->work.drop = call_drop;
	snprintf(call->work.key, sizeof call->work.key, "console %s", c->uuid);
	atomic_fetch_add(&c->refs, 1);
	return call;
}

static int call_put(struct guest_console *c, struct call *call)
{
	int rc = call ? queue_put(c->all->queue, &call->work) : -ENOMEM;

	if (rc && call) {
		put(c);
		free(call);
	}
	return rc;
}

int guest_console_open(struct guests *g, const char *uuid, guest_console_look look, void *arg,
	struct guest_console **ret)
{
	struct guest_console *c = calloc(1, sizeof *c);
	int rc;

	if (!c)
		return -ENOMEM;
	atomic_init(&c->refs, 1);
	pthread_mutex_init(&c->lock, NULL);
	c->all = guests_consoles(g);
	c->look = look;
	c->arg = arg;
	snprintf(c->uuid, sizeof c->uuid, "%s", uuid);
	rc = call_put(c, call_new(c, call_open, NULL, 0));
	if (rc) {
		put(c);
		return rc;
	}
	pthread_mutex_lock(&c->all->lock);
	c->next = c->all->first;
	c->all->first = c;
	pthread_mutex_unlock(&c->all->lock);
	*ret = c;
	return 0;
}

void guest_console_take(struct guest_console *c, struct guest_console_news *ret)
{
	pthread_mutex_lock(&c->lock);
	*ret = (struct guest_console_news){.open = c->open,
		.bytes = c->bytes,
		.n = c->n,
		.dropped = c->dropped,
		.over = c->over,
		.rc = c->rc,
		.why = c->why};
	c->bytes = NULL;
	c->n = c->room = 0;
	c->dropped = 0;
	pthread_mutex_unlock(&c->lock);
}

int guest_console_send(struct guest_console *c, const void *bytes, size_t n)
{
	int rc = 0;

	pthread_mutex_lock(&c->lock);
	if (!c->open || c->over)
		rc = -EPIPE;
	else if (c->typed + n > GUEST_CONSOLE_TYPED)
		rc = -EAGAIN;
	else
		c->typed += n;
	pthread_mutex_unlock(&c->lock);
	return rc ? rc : call_put(c, call_new(c, call_send, bytes, n));
}

void guest_console_close(struct guest_console *c)
{
	struct call *call;

	if (!c)
		return;
	c->closed = true;
	unlist(c);
	call = call_new(c, call_close, NULL, 0);
	/* out of memory: the stream stays as it is until libvirt's connection goes */
	(void)call_put(c, call);
	put(c);
}

/* Letting go of one before its domain goes. */

struct letting {
	pthread_mutex_t lock;
	pthread_cond_t over;
	atomic_uint refs; /* who waits, and the call */
	bool done;
};

static void letting_put(struct letting *l)
{
	if (atomic_fetch_sub(&l->refs, 1) != 1)
		return;
	pthread_cond_destroy(&l->over);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static void call_let_go(struct guest_console *c, const struct call *call)
{
	struct letting *l;

	memcpy(&l, call->bytes, sizeof l);
	call_close(c, call);
	pthread_mutex_lock(&c->lock);
	end(c, 0, "the console is closed");
	pthread_mutex_unlock(&c->lock);
	pthread_mutex_lock(&l->lock);
	l->done = true;
	pthread_cond_signal(&l->over);
	pthread_mutex_unlock(&l->lock);
	letting_put(l);
}

static struct guest_console *find(struct consoles *all, const char *uuid)
{
	struct guest_console *c;

	pthread_mutex_lock(&all->lock);
	for (c = all->first; c && strcmp(c->uuid, uuid);)
		c = c->next;
	if (c)
		atomic_fetch_add(&c->refs, 1);
	pthread_mutex_unlock(&all->lock);
	return c;
}

static void letting_wait(struct letting *l)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += CONSOLE_LET_GO_S;
	pthread_mutex_lock(&l->lock);
	while (!l->done && !pthread_cond_clockwait(&l->over, &l->lock, CLOCK_MONOTONIC, &until))
		;
	pthread_mutex_unlock(&l->lock);
}

void consoles_let_go(struct consoles *all, const char *uuid)
{
	struct guest_console *c = all ? find(all, uuid) : NULL;
	struct letting *l = c ? calloc(1, sizeof *l) : NULL;

	if (l) {
		pthread_mutex_init(&l->lock, NULL);
		pthread_cond_init(&l->over, NULL);
		atomic_init(&l->refs, 2);
		if (call_put(c, call_new(c, call_let_go, &l, sizeof l)))
			letting_put(l);
		else
			letting_wait(l);
		letting_put(l);
	}
	if (c)
		put(c);
}

int consoles_new(struct conn *conn, struct mailbox *home, struct consoles **ret)
{
	struct consoles *all = calloc(1, sizeof *all);
	int rc;

	if (!all)
		return -ENOMEM;
	all->conn = conn;
	all->home = home;
	pthread_mutex_init(&all->lock, NULL);
	rc = queue_new(CONSOLE_WORKERS, CONSOLE_CALLS_MAX, &all->queue);
	if (rc) {
		pthread_mutex_destroy(&all->lock);
		free(all);
	} else {
		*ret = all;
	}
	return rc;
}

void consoles_free(struct consoles *all)
{
	if (!all)
		return;
	queue_free(all->queue);
	pthread_mutex_destroy(&all->lock);
	free(all);
}
