#include "dhcpd/dhcpd.h"

#include "core/clock.h"
#include "core/log.h"
#include "dhcpd/dhcp_answer.h"
#include "dhcpd/dhcp_notice.h"
#include "dhcpd/dhcp_policy.h"
#include "dhcpd/dhcp_socket.h"
#include "dhcpd/ndp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum {
	DHCPD_PACKETS = 4096, /* answers held at once, 6 MB: what waits for a slow disk. Beyond,
				 clients ask again */
	DHCPD_BATCHES = 1024, /* commits under way at once */
	/* Events of one MAC's leases a minute. A reinstallation has some six; a client gone mad has
	 * thousands. */
	TOLD_OF_MACHINE = 20,
	TOLD_OF_GUEST = 4,
	TOLD_OF_MACHINES = 3000, /* of all: a room that powers on at once */
	ASKING_SLOTS = 4096, /* iPXEs remembered, 96 kB: racks that boot at once; one lost waits */
	ASKING_MS = 30 * 1000, /* iPXE gives up on IPv6 after 16 s */
};

struct port {
	struct dhcpd *d;
	const struct segment *segment;
	struct dhcp_socket socket;
	struct loop_fd watch;
	struct ndp ndp;
	struct dhcp_meter malformed;
};

struct packet_list {
	struct dhcp_packet *head, **tail;
	size_t n;
};

/* An iPXE that had an answer of ours, and asks for an IPv6 router beside it. */
struct asking {
	uint32_t segment;
	struct mac mac;
	int64_t until; /* mono ms */
};

/* The ACKs that wait for one commit. */
struct batch {
	struct dhcpd *d;
	struct batch *next;
	struct packet_list acks;
};

struct dhcpd {
	struct dhcpd_config c;
	struct leases *leases;
	struct port *ports[SEGMENT_MAX]; /* by segment id - 1 */
	struct dhcp_packet *free_packets;
	size_t n_packets; /* made so far */
	struct batch *free_batches;
	size_t n_batches, in_flight;
	struct batch *filling;  /* gathers ACKs until it is committed, or NULL */
	struct packet_list now; /* leave with the batch that is being worked on */
	bool dirty;             /* something was put that no batch commits */
	bool gone;              /* dhcpd_free() was called: the last callback frees */
	struct loop_timer gather;
	struct dhcp_notices notices;          /* refusals */
	struct dhcp_notices machines, guests; /* leases: of records, of computed MACs without one */
	struct dhcp_meter send_errors, refusals;
	struct dhcpd_stats stats;
	struct dhcp_message msg; /* the one that is being worked on */
	struct dhcp_inbox inbox;
	struct asking asking[ASKING_SLOTS]; /* by hash; a newer one takes an older one's place */
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

static struct dhcp_packet *packet_get(struct dhcpd *d)
{
	struct dhcp_packet *p = d->free_packets;

	if (p) {
		d->free_packets = p->next;
		return p;
	}
	if (d->n_packets == DHCPD_PACKETS)
		return NULL;
	p = malloc(sizeof(*p));
	d->n_packets += p != NULL;
	return p;
}

static void packet_put(struct dhcpd *d, struct dhcp_packet *p)
{
	p->next = d->free_packets;
	d->free_packets = p;
}

static struct batch *batch_get(struct dhcpd *d)
{
	struct batch *b = d->free_batches;

	if (b) {
		d->free_batches = b->next;
	} else {
		if (d->n_batches == DHCPD_BATCHES)
			return NULL;
		b = malloc(sizeof(*b));
		if (!b)
			return NULL;
		d->n_batches++;
	}
	*b = (struct batch){.d = d};
	list_init(&b->acks);
	return b;
}

static void batch_put(struct dhcpd *d, struct batch *b)
{
	b->next = d->free_batches;
	d->free_batches = b;
}

/* Takes the packets that go together, up to a batch: same socket, same kind. */
static size_t take_run(struct packet_list *l, struct dhcp_packet *run[DHCP_BATCH])
{
	size_t n = 0;

	while (l->head && n < DHCP_BATCH &&
		(n == 0 ||
			(l->head->segment == run[0]->segment &&
				l->head->route.frame == run[0]->route.frame))) {
		run[n++] = l->head;
		l->head = l->head->next;
	}
	return n;
}

static void send_failed(struct dhcpd *d, const struct port *port, size_t n, int error)
{
	unsigned lines = dhcp_meter_due(&d->send_errors, loop_now(d->c.loop));

	d->stats.dropped += n;
	if (lines)
		log_warn("dhcp %s: %u answers could not be sent: %s", port->segment->name, lines,
			strerror(-error));
}

/* One that cannot be sent (no such neighbour) must not hold up the others; a full device holds up
 * all. */
static void send_run(struct dhcpd *d, struct dhcp_packet *const *run, size_t n)
{
	const struct port *port = d->ports[run[0]->segment - 1];
	size_t at = 0;

	while (at < n) {
		int error = 0;
		size_t sent = dhcp_socket_send(&port->socket, run + at, n - at, &error);

		d->stats.out += sent;
		at += sent;
		if (at == n)
			break;
		if (error == -EAGAIN || error == -ENOBUFS || error == -ENODEV || error == -ENXIO) {
			send_failed(d, port, n - at, error);
			break;
		}
		send_failed(d, port, 1, error);
		at++;
	}
}

static void list_discard(struct dhcpd *d, struct packet_list *l)
{
	while (l->head) {
		struct dhcp_packet *p = l->head;

		l->head = p->next;
		packet_put(d, p);
	}
	list_init(l);
}

static void list_send(struct dhcpd *d, struct packet_list *l)
{
	struct dhcp_packet *run[DHCP_BATCH];
	size_t n;

	while ((n = take_run(l, run)) > 0) {
		send_run(d, run, n);
		for (size_t i = 0; i < n; i++)
			packet_put(d, run[i]);
	}
	list_init(l);
}

static void release_memory(struct dhcpd *d)
{
	while (d->free_packets) {
		struct dhcp_packet *p = d->free_packets;

		d->free_packets = p->next;
		free(p);
	}
	while (d->free_batches) {
		struct batch *b = d->free_batches;

		d->free_batches = b->next;
		free(b);
	}
	free(d);
}

static void batch_over(struct batch *b, int rc)
{
	struct dhcpd *d = b->d;

	d->stats.parked -= b->acks.n;
	if (rc == 0 && !d->gone) {
		list_send(d, &b->acks);
	} else {
		d->stats.dropped += b->acks.n;
		if (!d->gone)
			log_error("dhcp: %zu leases are not on disk, their ACKs are dropped: %s",
				b->acks.n, strerror(-rc));
		list_discard(d, &b->acks);
	}
	batch_put(d, b);
}

/* store_done */
static void committed(void *arg, int rc)
{
	struct batch *b = arg;
	struct dhcpd *d = b->d;

	d->in_flight--;
	batch_over(b, rc);
	if (d->gone && d->in_flight == 0)
		release_memory(d);
}

static void commit_batch(struct dhcpd *d)
{
	struct batch *b = d->filling;
	int rc;

	d->filling = NULL;
	d->dirty = false;
	loop_timer_clear(d->c.loop, &d->gather);
	if (!d->c.store) {
		batch_over(b, 0);
		return;
	}
	d->in_flight++;
	rc = store_commit(d->c.store, committed, b);
	if (rc < 0) {
		d->in_flight--;
		batch_over(b, rc);
	}
}

static void gathered(struct loop_timer *t)
{
	struct dhcpd *d = t->arg;

	if (d->filling)
		commit_batch(d);
}

/* After all messages of a wake-up: what may leave leaves, what must wait waits. */
static void flush(struct dhcpd *d)
{
	struct batch *b = d->filling;

	list_send(d, &d->now);
	if (b &&
		(d->c.gather_ms == 0 || b->acks.n >= DHCP_BATCH ||
			(d->gather.slot == 0 &&
				loop_timer_set(d->c.loop, &d->gather, d->c.gather_ms) < 0)))
		commit_batch(d);
	if (d->dirty && !d->filling && d->c.store)
		(void)store_commit(d->c.store, NULL, NULL);
	d->dirty = false;
}

static const char *client_text(const struct dhcp_policy *p, char *buf, size_t size)
{
	char what[DHCP_CLIENT_TEXT];
	const char *text = dhcp_boot_client_text(p->msg, what);

	snprintf(buf, size, "%s%sxid %08x", text, text[0] ? ", " : "", p->msg->xid);
	return buf;
}

static const char *machine_name(const struct dhcp_decision *d)
{
	return d->machine ? d->machine->name : "";
}

static bool is_news(const struct dhcp_decision *dec)
{
	switch (dec->reason) {
	case DHCP_STRANGER:
	case DHCP_POOL_FULL:
	case DHCP_TAKEN:
	case DHCP_MISPLACED:
	case DHCP_NOT_YOURS:
	case DHCP_OFF_LINK:
		return true;
	default:
		return false;
	}
}

static void note_refusal(
	struct dhcpd *d, const struct dhcp_policy *p, const struct dhcp_decision *dec)
{
	const struct segment *s = p->segment;
	struct mac who = dec->reason == DHCP_POOL_FULL ? (struct mac){0} : p->msg->mac;
	char mac[MAC_TEXT], client[80];

	if (!is_news(dec) || !dhcp_notice_due(&d->notices, s->id, &who, clock_mono_ms()))
		return;
	mac_format(&p->msg->mac, mac);
	client_text(p, client, sizeof(client));
	timeline_add(d->c.timeline, machine_name(dec), "refused", "%s on %s: %s (%s, %s)", mac,
		s->name, dhcp_reason_text(dec->reason), dhcp_type_name(p->msg->type), client);
	d->dirty = true;
}

static bool is_computed(const struct dhcp_policy *p, const struct dhcp_decision *dec)
{
	struct ip ip;

	return p->segment->computed && mac_to_ip(&p->msg->mac, &ip) == 0 &&
		ip_eq(&ip, &dec->address);
}

static bool within_reason(
	struct dhcpd *d, const struct dhcp_policy *p, const struct dhcp_decision *dec)
{
	return dhcp_notice_due(dec->machine ? &d->machines : &d->guests, p->segment->id,
		&p->msg->mac, clock_mono_ms());
}

/* A stranger's lease is no event: strangers come by the thousands, and the timeline is our
 * machines'. */
static void note_lease(
	struct dhcpd *d, const struct dhcp_policy *p, const struct dhcp_decision *dec)
{
	char mac[MAC_TEXT], ip[IP_TEXT], client[80];

	if (!dec->news)
		return;
	ip_format(&dec->address, ip);
	mac_format(&p->msg->mac, mac);
	client_text(p, client, sizeof(client));
	if ((dec->machine || is_computed(p, dec)) && within_reason(d, p, dec))
		timeline_add(d->c.timeline, machine_name(dec), "leased", "%s to %s (%s)", ip, mac,
			client);
	else
		log_debug("dhcp %s: leased %s to %s (%s)", p->segment->name, ip, mac, client);
}

static void note_decline(
	struct dhcpd *d, const struct dhcp_policy *p, const struct dhcp_decision *dec)
{
	char mac[MAC_TEXT], ip[IP_TEXT];

	if (!within_reason(d, p, dec))
		return;
	ip_format(&dec->address, ip);
	mac_format(&p->msg->mac, mac);
	timeline_add(d->c.timeline, machine_name(dec), "declined",
		"%s declined by %s on %s: in use already; set aside for %d minutes", ip, mac,
		p->segment->name, LEASE_DECLINE_MS / 60000);
}

static struct dhcp_boot boot_for(const struct dhcp_policy *p, const struct dhcp_decision *dec)
{
	const struct machine *m = dec->machine;
	struct dhcp_boot_for f = {.server = ip_to_v4(&p->segment->server),
		.http_port = p->segment->http_port,
		.loaders = &DHCP_LOADERS};

	if (m && life_netboots(m->state)) {
		f.armed = true;
		f.token = m->attempt.next_token;
	}
	return dhcp_boot_decide(p->msg, &f);
}

static int fill_packet(
	const struct dhcp_policy *p, const struct dhcp_decision *dec, struct dhcp_packet *packet)
{
	struct dhcp_boot boot = boot_for(p, dec);
	int len = dhcp_answer_encode(p, dec, &boot, packet->buf + DHCP_FRAME_HEADER);

	if (len < 0)
		return len;
	packet->len = (size_t)len;
	packet->segment = p->segment->id;
	packet->route = dhcp_answer_route(p->msg, dec);
	return 0;
}

static void park(struct dhcpd *d, struct dhcp_packet *packet)
{
	list_add(&d->filling->acks, packet);
	d->stats.parked++;
	d->stats.acks++;
	if (d->filling->acks.n >= DHCP_BATCH)
		commit_batch(d);
}

static void queue(struct dhcpd *d, const struct dhcp_decision *dec, struct dhcp_packet *packet)
{
	if (dec->verdict == DHCP_SEND_ACK) {
		park(d, packet);
		return;
	}
	list_add(&d->now, packet);
	d->stats.offers += dec->verdict == DHCP_SEND_OFFER;
	d->stats.naks += dec->verdict == DHCP_SEND_NAK;
	d->stats.acks += dec->verdict == DHCP_SEND_INFO;
}

static void lost(struct dhcpd *d, const struct dhcp_policy *p, int rc)
{
	unsigned lines = dhcp_meter_due(&d->refusals, loop_now(d->c.loop));

	d->stats.dropped++;
	if (lines)
		log_warn("dhcp %s: %u messages got no answer: %s", p->segment->name, lines,
			strerror(-rc));
}

static bool sends(const struct dhcp_decision *dec)
{
	return dec->verdict == DHCP_SEND_OFFER || dec->verdict == DHCP_SEND_ACK ||
		dec->verdict == DHCP_SEND_NAK || dec->verdict == DHCP_SEND_INFO;
}

static struct asking *asking_slot(struct dhcpd *d, uint32_t segment, const struct mac *mac)
{
	return &d->asking[hash_bytes(mac, sizeof(*mac), segment) % ASKING_SLOTS];
}

/* Ours: a record's, or a guest's with a computed MAC. A stranger's may boot by IPv6 from another. */
static void note_ipxe(struct dhcpd *d, const struct dhcp_policy *p, const struct dhcp_decision *dec)
{
	bool ours = dec->machine || is_computed(p, dec);

	if (ours && dhcp_boot_client(p->msg) == DHCP_CLIENT_IPXE)
		*asking_slot(d, p->segment->id, &p->msg->mac) = (struct asking){
			p->segment->id, p->msg->mac, loop_now(d->c.loop) + ASKING_MS};
}

static void note(struct dhcpd *d, const struct dhcp_policy *p, const struct dhcp_decision *dec)
{
	switch (dec->verdict) {
	case DHCP_SEND_ACK:
		note_lease(d, p, dec);
		break;
	case DHCP_TAKE_DECLINE:
		note_decline(d, p, dec);
		d->dirty = true;
		break;
	case DHCP_TAKE_RELEASE:
		d->dirty = true;
		break;
	case DHCP_IGNORE:
	case DHCP_SEND_NAK:
		note_refusal(d, p, dec);
		break;
	default:
		break;
	}
}

/* `packet` is used or given back. Encoded before anything is changed: a lease that cannot be told
 * is not given. */
static void serve(struct dhcpd *d, const struct dhcp_policy *p, struct dhcp_packet *packet)
{
	struct dhcp_decision dec = dhcp_policy_decide(p);
	int rc = sends(&dec) ? fill_packet(p, &dec, packet) : 0;

	if (rc == 0)
		rc = dhcp_policy_apply(p, &dec);
	if (rc < 0) {
		lost(d, p, rc);
		packet_put(d, packet);
		return;
	}
	note(d, p, &dec);
	if (sends(&dec)) {
		note_ipxe(d, p, &dec);
		queue(d, &dec, packet);
		return;
	}
	d->stats.ignored += dec.verdict == DHCP_IGNORE;
	packet_put(d, packet);
}

static void note_malformed(struct port *port, const struct sockaddr_in *from, const char *why)
{
	struct dhcpd *d = port->d;
	unsigned lines = dhcp_meter_due(&port->malformed, loop_now(d->c.loop));
	struct ip ip = ip_from_v4(ntohl(from->sin_addr.s_addr));
	char text[IP_TEXT];

	d->stats.malformed++;
	if (lines)
		log_info("dhcp %s: %u malformed packets, the last from %s: %s", port->segment->name,
			lines, ip_format(&ip, text), why);
}

/* Room for the answer first: what cannot be answered is not decided. */
static struct dhcp_packet *room(struct dhcpd *d)
{
	if (!d->filling)
		d->filling = batch_get(d);
	return d->filling ? packet_get(d) : NULL;
}

static void receive_one(struct port *port, size_t i, int64_t now)
{
	struct dhcpd *d = port->d;
	struct dhcp_policy p = {.msg = &d->msg,
		.segment = port->segment,
		.machines = d->c.machines,
		.leases = d->leases,
		.now = now};
	struct dhcp_packet *packet;
	const char *why;
	int rc = dhcp_wire_decode(d->inbox.bytes[i], d->inbox.msgs[i].msg_len, &d->msg, &why);

	if (rc == -EBADMSG) {
		note_malformed(port, &d->inbox.from[i], why);
		return;
	}
	if (rc < 0) {
		d->stats.ignored++;
		return;
	}
	d->stats.in_type[d->msg.type]++;
	packet = room(d);
	if (packet)
		serve(d, &p, packet);
	else
		lost(d, &p, -ENOBUFS);
}

static void drop_empty_batch(struct dhcpd *d)
{
	if (d->filling && d->filling->acks.n == 0) {
		batch_put(d, d->filling);
		d->filling = NULL;
	}
}

/* One system call's worth; the loop comes back when there is more. */
static void readable(struct loop_fd *w, uint32_t events)
{
	struct port *port = w->arg;
	struct dhcpd *d = port->d;
	int64_t now = clock_wall_ms();
	int n = dhcp_socket_receive(&port->socket, &d->inbox);

	(void)events;
	if (n < 0) {
		if (dhcp_meter_due(&d->send_errors, loop_now(d->c.loop)))
			log_warn("dhcp %s: cannot receive: %s", port->segment->name, strerror(-n));
		return;
	}
	d->stats.in += (uint64_t)n;
	for (int i = 0; i < n; i++)
		receive_one(port, (size_t)i, now);
	drop_empty_batch(d);
	flush(d);
}

int dhcpd_new(const struct dhcpd_config *c, struct dhcpd **ret)
{
	struct dhcpd *d = calloc(1, sizeof(*d));
	int rc;

	if (!d)
		return -ENOMEM;
	d->c = *c;
	rc = leases_new(c->segments, c->store, &d->leases);
	if (rc < 0) {
		free(d);
		return rc;
	}
	list_init(&d->now);
	d->machines = (struct dhcp_notices){.each = TOLD_OF_MACHINE, .most = TOLD_OF_MACHINES};
	d->guests = (struct dhcp_notices){.each = TOLD_OF_GUEST};
	dhcp_inbox_init(&d->inbox);
	loop_timer_init(&d->gather, gathered, d);
	*ret = d;
	return 0;
}

int dhcpd_load(struct dhcpd *d, char *why, size_t why_size)
{
	return leases_load(d->leases, why, why_size);
}

static struct port *port_of(const struct dhcpd *d, const struct segment *s)
{
	return s->id && s->id <= SEGMENT_MAX ? d->ports[s->id - 1] : NULL;
}

static void port_close(struct port *port)
{
	if (port->watch.watched)
		loop_unwatch(port->d->c.loop, &port->watch);
	dhcp_socket_close(&port->socket);
	ndp_close(&port->ndp);
}

static int port_get(struct dhcpd *d, const struct segment *s, struct port **ret)
{
	struct port *port = port_of(d, s);

	if (!port) {
		if (!s->id || s->id > SEGMENT_MAX)
			return -EINVAL;
		port = calloc(1, sizeof(*port));
		if (!port)
			return -ENOMEM;
		port->d = d;
		port->segment = s;
		port->socket = DHCP_SOCKET_CLOSED;
		port->ndp = NDP_CLOSED;
		d->ports[s->id - 1] = port;
	}
	*ret = port;
	return 0;
}

/* Nobody else: other systems may make of an advertisement what they like. */
static bool is_asking(void *arg, const struct mac *mac)
{
	const struct port *port = arg;
	const struct asking *a = asking_slot(port->d, port->segment->id, mac);

	return a->segment == port->segment->id && mac_eq(&a->mac, mac) &&
		a->until > loop_now(port->d->c.loop);
}

/* Without it firmware boots all the same, only later. */
static void open_ndp(struct port *port)
{
	int rc;

	ndp_close(&port->ndp);
	rc = ndp_open(&port->ndp, port->d->c.loop, port->socket.ifindex, &port->socket.mac,
		is_asking, port);
	if (rc)
		log_warn("dhcp %s: IPv6 router solicitations stay unanswered, iPXE will wait: %s",
			port->segment->name, strerror(-rc));
}

int dhcpd_open(struct dhcpd *d, const struct segment *s, char *why, size_t why_size)
{
	struct port *port;
	int rc = port_get(d, s, &port);

	if (rc < 0) {
		snprintf(why, why_size, "%s: %s", s->name, strerror(-rc));
		return rc;
	}
	if (dhcp_socket_fits(&port->socket, s->ifname)) {
		open_ndp(port);
		return 0;
	}
	port_close(port);
	rc = dhcp_socket_open(&port->socket, s->ifname, ip_to_v4(&s->server), why, why_size);
	if (rc < 0)
		return rc;
	rc = loop_watch(d->c.loop, &port->watch, port->socket.udp, EPOLLIN, readable, port);
	if (rc < 0) {
		snprintf(why, why_size, "%s: %s", s->ifname, strerror(-rc));
		port_close(port);
	} else {
		open_ndp(port);
	}
	return rc;
}

void dhcpd_close(struct dhcpd *d, const struct segment *s)
{
	struct port *port = port_of(d, s);

	if (port)
		port_close(port);
}

bool dhcpd_is_open(const struct dhcpd *d, const struct segment *s)
{
	const struct port *port = port_of(d, s);

	return port && port->socket.udp >= 0;
}

void dhcpd_free(struct dhcpd *d)
{
	if (!d)
		return;
	loop_timer_clear(d->c.loop, &d->gather);
	for (size_t i = 0; i < SEGMENT_MAX; i++) {
		if (d->ports[i])
			port_close(d->ports[i]);
		free(d->ports[i]);
		d->ports[i] = NULL;
	}
	d->gone = true;
	if (d->filling)
		batch_over(d->filling, -ECANCELED);
	leases_free(d->leases);
	if (d->in_flight == 0)
		release_memory(d);
}

const struct leases *dhcpd_leases(const struct dhcpd *d)
{
	return d->leases;
}

void dhcpd_forget(struct dhcpd *d, const struct mac *mac)
{
	(void)leases_forget(d->leases, mac);
}

struct dhcpd_stats dhcpd_stats(const struct dhcpd *d)
{
	return d->stats;
}
