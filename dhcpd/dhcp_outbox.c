/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_outbox.h"

#include "core/clock.h"
#include "core/log.h"
#include "dhcpd/dhcp6_socket.h"
#include "dhcpd/dhcp_notice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	OUTBOX_PACKETS = 8192, /* answers held at once, 12 MB: what waits for a slow disk. Beyond,
				  clients ask again */
	OUTBOX_PARKED = OUTBOX_PACKETS - 4 * DHCP_BATCH, /* ACKs of them: a disk that hangs must not
							    take the OFFERs' room */
};

static const struct histogram_bounds bounds = {1000000, 14,
	{100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000,
		2500000}};

struct packet_list {
	struct dhcp_packet *head, **tail;
	size_t n;
};

struct dhcp_outbox {
	struct dhcp_outbox_config c;
	struct dhcp_packet *free_packets;
	size_t n_packets;           /* made so far */
	struct packet_list now;     /* leave with the batch that is being worked on */
	struct packet_list parked;  /* ACKs that the next commit is for */
	struct packet_list waiting; /* and those of the commit that is under way */
	bool committing;
	bool dirty;    /* something was put that no ACK waits for */
	bool gone;     /* dhcp_outbox_free() was called: the callback frees */
	int64_t begun; /* mono µs: when the messages of this wake-up were read; 0: none were */
	int64_t committed_at; /* mono ms: when the last commit was asked for */
	struct loop_timer gather;
	struct dhcp_meter send_errors, commit_errors;
	size_t unstored; /* ACKs dropped since the last line about it */
	struct dhcp_outbox_stats stats;
};

static void list_init(struct packet_list *l)
{
	*l = (struct packet_list){.tail = &l->head};
}

static void list_add(struct packet_list *l, struct dhcp_packet *p)
{
	p->next = NULL;
	*l->tail = p;
	l->tail = &p->next;
	l->n++;
}

struct dhcp_packet *dhcp_outbox_room(struct dhcp_outbox *o)
{
	struct dhcp_packet *p = o->free_packets;

	if (p) {
		o->free_packets = p->next;
		p->six = NULL;
		return p;
	}
	if (o->n_packets == OUTBOX_PACKETS)
		return NULL;
	p = malloc(sizeof(*p));
	o->n_packets += p != NULL;
	if (p)
		p->six = NULL;
	return p;
}

void dhcp_outbox_put_back(struct dhcp_outbox *o, struct dhcp_packet *p)
{
	p->next = o->free_packets;
	o->free_packets = p;
}

/* Takes the packets that go together, up to a batch: same socket, same kind. */
static size_t take_run(struct packet_list *l, struct dhcp_packet *run[DHCP_BATCH])
{
	size_t n = 0;

	while (l->head && n < DHCP_BATCH &&
		(n == 0 ||
			(l->head->socket == run[0]->socket && l->head->six == run[0]->six &&
				l->head->route.frame == run[0]->route.frame))) {
		run[n++] = l->head;
		l->head = l->head->next;
	}
	return n;
}

static void send_failed(struct dhcp_outbox *o, const struct dhcp_packet *p, size_t n, int error)
{
	unsigned lines = dhcp_meter_due(&o->send_errors, loop_now(o->c.loop));

	o->stats.dropped += n;
	if (lines)
		log_warn("dhcp %s: %u answers could not be sent: %s",
			p->six ? p->six->name : p->socket->name, lines, strerror(-error));
}

/* One that cannot be sent (no such neighbour) must not hold up the others; a full device holds up
 * all. */
static void send_run(struct dhcp_outbox *o, struct dhcp_packet *const *run, size_t n)
{
	size_t at = 0;

	while (at < n) {
		int error = 0;
		size_t sent = run[0]->six
			? dhcp6_socket_send(run[0]->six, run + at, n - at, &error)
			: dhcp_socket_send(run[0]->socket, run + at, n - at, &error);

		o->stats.out += sent;
		at += sent;
		if (at == n)
			break;
		if (error == -EAGAIN || error == -ENOBUFS || error == -ENODEV || error == -ENXIO) {
			send_failed(o, run[at], n - at, error);
			break;
		}
		send_failed(o, run[at], 1, error);
		at++;
	}
}

static void list_discard(struct dhcp_outbox *o, struct packet_list *l)
{
	while (l->head) {
		struct dhcp_packet *p = l->head;

		l->head = p->next;
		dhcp_outbox_put_back(o, p);
	}
	list_init(l);
}

static void list_send(struct dhcp_outbox *o, struct packet_list *l)
{
	struct dhcp_packet *run[DHCP_BATCH];
	size_t n;

	while ((n = take_run(l, run)) > 0) {
		send_run(o, run, n);
		for (size_t i = 0; i < n; i++)
			dhcp_outbox_put_back(o, run[i]);
	}
	list_init(l);
}

static void release_memory(struct dhcp_outbox *o)
{
	while (o->free_packets) {
		struct dhcp_packet *p = o->free_packets;

		o->free_packets = p->next;
		free(p);
	}
	free(o);
}

/* The store says what is wrong and what to do; this is whom it hurts. */
static void note_unstored(struct dhcp_outbox *o, size_t n, int error)
{
	o->unstored += n;
	if (!dhcp_meter_due(&o->commit_errors, loop_now(o->c.loop)))
		return;
	log_error("dhcp: %zu ACKs were dropped, their leases are not on disk: %s", o->unstored,
		strerror(-error));
	o->unstored = 0;
}

/* Each has its own: they gathered. */
static void time_stored(struct dhcp_outbox *o)
{
	int64_t now = clock_mono_us();

	for (const struct dhcp_packet *p = o->waiting.head; p; p = p->next)
		if (p->begun)
			histogram_add(&o->stats.stored, now - p->begun, 1);
}

static void commit_over(struct dhcp_outbox *o, int rc)
{
	size_t n = o->waiting.n;

	o->stats.parked -= n;
	if (rc == 0 && !o->gone) {
		time_stored(o);
		list_send(o, &o->waiting);
		return;
	}
	o->stats.dropped += n;
	if (!o->gone)
		note_unstored(o, n, rc);
	list_discard(o, &o->waiting);
}

static void commit_if_due(struct dhcp_outbox *o);

/* store_done */
static void committed(void *arg, int rc)
{
	struct dhcp_outbox *o = arg;

	o->committing = false;
	commit_over(o, rc);
	if (o->gone)
		release_memory(o);
	else
		commit_if_due(o);
}

static void commit(struct dhcp_outbox *o)
{
	int rc;

	loop_timer_clear(o->c.loop, &o->gather);
	o->committed_at = loop_now(o->c.loop);
	o->dirty = false;
	o->waiting = o->parked;
	list_init(&o->parked);
	rc = o->c.store ? store_commit(o->c.store, committed, o) : 0;
	if (o->c.store && rc == 0)
		o->committing = true;
	else
		commit_over(o, rc);
}

/* One commit at a time, and one in gather_ms: what comes meanwhile goes with the next. The first
 * after a rest waits for nothing. */
static void commit_if_due(struct dhcp_outbox *o)
{
	int64_t wait = o->committed_at + o->c.gather_ms - loop_now(o->c.loop);

	if (o->committing || o->parked.n == 0 || o->gather.slot)
		return;
	if (wait <= 0 || loop_timer_set(o->c.loop, &o->gather, wait) < 0)
		commit(o);
}

static void gathered(struct loop_timer *t)
{
	commit_if_due(t->arg);
}

void dhcp_outbox_begin(struct dhcp_outbox *o)
{
	o->begun = clock_mono_us();
}

void dhcp_outbox_flush(struct dhcp_outbox *o)
{
	size_t n = o->now.n;

	list_send(o, &o->now);
	if (n && o->begun)
		histogram_add(&o->stats.direct, clock_mono_us() - o->begun, n);
	o->begun = 0;
	commit_if_due(o);
	if (o->dirty && o->parked.n == 0 && o->c.store)
		(void)store_commit(o->c.store, NULL, NULL);
	o->dirty = false;
}

void dhcp_outbox_send(struct dhcp_outbox *o, struct dhcp_packet *p)
{
	list_add(&o->now, p);
}

void dhcp_outbox_park(struct dhcp_outbox *o, struct dhcp_packet *p)
{
	if (o->stats.parked >= OUTBOX_PARKED) {
		o->stats.dropped++;
		dhcp_outbox_put_back(o, p);
		return;
	}
	p->begun = o->begun;
	list_add(&o->parked, p);
	o->stats.parked++;
}

void dhcp_outbox_touch(struct dhcp_outbox *o)
{
	o->dirty = true;
}

struct dhcp_outbox_stats dhcp_outbox_stats(const struct dhcp_outbox *o)
{
	return o->stats;
}

int dhcp_outbox_new(const struct dhcp_outbox_config *c, struct dhcp_outbox **ret)
{
	struct dhcp_outbox *o = calloc(1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	o->c = *c;
	o->stats.direct.bounds = o->stats.stored.bounds = &bounds;
	list_init(&o->now);
	list_init(&o->parked);
	list_init(&o->waiting);
	loop_timer_init(&o->gather, gathered, o);
	*ret = o;
	return 0;
}

void dhcp_outbox_free(struct dhcp_outbox *o)
{
	if (!o)
		return;
	loop_timer_clear(o->c.loop, &o->gather);
	o->gone = true;
	list_discard(o, &o->now);
	o->stats.parked -= o->parked.n;
	list_discard(o, &o->parked);
	if (!o->committing)
		release_memory(o);
}
