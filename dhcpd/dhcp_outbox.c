#include "dhcpd/dhcp_outbox.h"

#include "core/log.h"
#include "dhcpd/dhcp_notice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	OUTBOX_PACKETS = 4096, /* answers held at once, 6 MB: what waits for a slow disk. Beyond,
				  clients ask again */
	OUTBOX_BATCHES = 1024, /* commits under way at once */
};

struct packet_list {
	struct dhcp_packet *head, **tail;
	size_t n;
};

/* The ACKs that wait for one commit. */
struct batch {
	struct dhcp_outbox *outbox;
	struct batch *next;
	struct packet_list acks;
};

struct dhcp_outbox {
	struct dhcp_outbox_config c;
	struct dhcp_packet *free_packets;
	size_t n_packets; /* made so far */
	struct batch *free_batches;
	size_t n_batches, in_flight;
	struct batch *filling;  /* gathers ACKs until it is committed, or NULL */
	struct packet_list now; /* leave with the batch that is being worked on */
	bool dirty;             /* something was put that no batch commits */
	bool gone;              /* dhcp_outbox_free() was called: the last callback frees */
	struct loop_timer gather;
	struct dhcp_meter send_errors;
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

static struct dhcp_packet *packet_get(struct dhcp_outbox *o)
{
	struct dhcp_packet *p = o->free_packets;

	if (p) {
		o->free_packets = p->next;
		return p;
	}
	if (o->n_packets == OUTBOX_PACKETS)
		return NULL;
	p = malloc(sizeof(*p));
	o->n_packets += p != NULL;
	return p;
}

static void packet_put(struct dhcp_outbox *o, struct dhcp_packet *p)
{
	p->next = o->free_packets;
	o->free_packets = p;
}

static struct batch *batch_get(struct dhcp_outbox *o)
{
	struct batch *b = o->free_batches;

	if (b) {
		o->free_batches = b->next;
	} else {
		if (o->n_batches == OUTBOX_BATCHES)
			return NULL;
		b = malloc(sizeof(*b));
		if (!b)
			return NULL;
		o->n_batches++;
	}
	*b = (struct batch){.outbox = o};
	list_init(&b->acks);
	return b;
}

static void batch_put(struct dhcp_outbox *o, struct batch *b)
{
	b->next = o->free_batches;
	o->free_batches = b;
}

/* Takes the packets that go together, up to a batch: same socket, same kind. */
static size_t take_run(struct packet_list *l, struct dhcp_packet *run[DHCP_BATCH])
{
	size_t n = 0;

	while (l->head && n < DHCP_BATCH &&
		(n == 0 ||
			(l->head->socket == run[0]->socket &&
				l->head->route.frame == run[0]->route.frame))) {
		run[n++] = l->head;
		l->head = l->head->next;
	}
	return n;
}

static void send_failed(
	struct dhcp_outbox *o, const struct dhcp_socket *socket, size_t n, int error)
{
	unsigned lines = dhcp_meter_due(&o->send_errors, loop_now(o->c.loop));

	o->stats.dropped += n;
	if (lines)
		log_warn("dhcp %s: %u answers could not be sent: %s", socket->name, lines,
			strerror(-error));
}

/* One that cannot be sent (no such neighbour) must not hold up the others; a full device holds up
 * all. */
static void send_run(struct dhcp_outbox *o, struct dhcp_packet *const *run, size_t n)
{
	const struct dhcp_socket *socket = run[0]->socket;
	size_t at = 0;

	while (at < n) {
		int error = 0;
		size_t sent = dhcp_socket_send(socket, run + at, n - at, &error);

		o->stats.out += sent;
		at += sent;
		if (at == n)
			break;
		if (error == -EAGAIN || error == -ENOBUFS || error == -ENODEV || error == -ENXIO) {
			send_failed(o, socket, n - at, error);
			break;
		}
		send_failed(o, socket, 1, error);
		at++;
	}
}

static void list_discard(struct dhcp_outbox *o, struct packet_list *l)
{
	while (l->head) {
		struct dhcp_packet *p = l->head;

		l->head = p->next;
		packet_put(o, p);
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
			packet_put(o, run[i]);
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
	while (o->free_batches) {
		struct batch *b = o->free_batches;

		o->free_batches = b->next;
		free(b);
	}
	free(o);
}

static void batch_over(struct batch *b, int rc)
{
	struct dhcp_outbox *o = b->outbox;

	o->stats.parked -= b->acks.n;
	if (rc == 0 && !o->gone) {
		list_send(o, &b->acks);
	} else {
		o->stats.dropped += b->acks.n;
		if (!o->gone)
			log_error("dhcp: %zu leases are not on disk, their ACKs are dropped: %s",
				b->acks.n, strerror(-rc));
		list_discard(o, &b->acks);
	}
	batch_put(o, b);
}

/* store_done */
static void committed(void *arg, int rc)
{
	struct batch *b = arg;
	struct dhcp_outbox *o = b->outbox;

	o->in_flight--;
	batch_over(b, rc);
	if (o->gone && o->in_flight == 0)
		release_memory(o);
}

static void commit_batch(struct dhcp_outbox *o)
{
	struct batch *b = o->filling;
	int rc;

	o->filling = NULL;
	o->dirty = false;
	loop_timer_clear(o->c.loop, &o->gather);
	if (!o->c.store) {
		batch_over(b, 0);
		return;
	}
	o->in_flight++;
	rc = store_commit(o->c.store, committed, b);
	if (rc < 0) {
		o->in_flight--;
		batch_over(b, rc);
	}
}

static void gathered(struct loop_timer *t)
{
	struct dhcp_outbox *o = t->arg;

	if (o->filling)
		commit_batch(o);
}

static bool is_due(struct dhcp_outbox *o)
{
	if (o->c.gather_ms == 0 || o->filling->acks.n >= DHCP_BATCH)
		return true;
	return o->gather.slot == 0 && loop_timer_set(o->c.loop, &o->gather, o->c.gather_ms) < 0;
}

void dhcp_outbox_flush(struct dhcp_outbox *o)
{
	list_send(o, &o->now);
	if (o->filling && o->filling->acks.n == 0) {
		batch_put(o, o->filling);
		o->filling = NULL;
	}
	if (o->filling && is_due(o))
		commit_batch(o);
	if (o->dirty && !o->filling && o->c.store)
		(void)store_commit(o->c.store, NULL, NULL);
	o->dirty = false;
}

struct dhcp_packet *dhcp_outbox_room(struct dhcp_outbox *o)
{
	if (!o->filling)
		o->filling = batch_get(o);
	return o->filling ? packet_get(o) : NULL;
}

void dhcp_outbox_put_back(struct dhcp_outbox *o, struct dhcp_packet *p)
{
	packet_put(o, p);
}

void dhcp_outbox_send(struct dhcp_outbox *o, struct dhcp_packet *p)
{
	list_add(&o->now, p);
}

void dhcp_outbox_park(struct dhcp_outbox *o, struct dhcp_packet *p)
{
	list_add(&o->filling->acks, p);
	o->stats.parked++;
	if (o->filling->acks.n >= DHCP_BATCH)
		commit_batch(o);
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
	list_init(&o->now);
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
	if (o->filling)
		batch_over(o->filling, -ECANCELED);
	o->filling = NULL;
	if (o->in_flight == 0)
		release_memory(o);
}
