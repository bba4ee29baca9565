#include "dhcpd/dhcpd.h"

#include "core/clock.h"
#include "core/log.h"
#include "dhcpd/dhcp_answer.h"
#include "dhcpd/dhcp_backlog.h"
#include "dhcpd/dhcp_events.h"
#include "dhcpd/dhcp_foreign.h"
#include "dhcpd/dhcp_listen.h"
#include "dhcpd/dhcp_outbox.h"
#include "dhcpd/dhcp_policy.h"
#include "dhcpd/dhcp_side.h"
#include "dhcpd/ndp.h"
#include "dhcpd/prober.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum {
	ASKING_SLOTS = 4096, /* iPXEs remembered, 96 kB: racks that boot at once; one lost waits */
	ASKING_MS = 30 * 1000, /* iPXE gives up on IPv6 after 16 s */
	/* A busy socket is read once in this time, since a wake-up costs more than a message's
	 * work. */
	PACE_MS = 2,
};

struct port {
	struct dhcpd *d;
	const struct segment *segment;
	struct dhcp_socket socket;
	struct loop_fd watch;
	struct loop_timer pace; /* set: it reads, and not the watch */
	int64_t read_at;        /* loop_now() of the last reading by the watch */
	struct dhcp_backlog backlog;
	struct ndp ndp;
	struct dhcp_foreign foreign; /* open with the socket: we lease */
	struct dhcp_side *side;      /* not NULL: somebody else leases */
	struct dhcp_listen listen;   /* open: not known yet */
	struct prober prober;
	size_t ahead;    /* pool addresses that were asked for in advance and are not yet given */
	bool look_ahead; /* this wake-up took some of them */
	struct dhcp_meter malformed;
};

/* A message as it came. */
struct raw {
	const uint8_t *bytes;
	size_t len;
};

/* An iPXE that had an answer of ours, and asks for an IPv6 router beside it. */
struct asking {
	uint32_t segment;
	struct mac mac;
	int64_t until; /* mono ms */
};

struct dhcpd {
	struct dhcpd_config c;
	struct leases *leases;
	struct port *ports[SEGMENT_MAX]; /* by segment id - 1 */
	struct dhcp_outbox *outbox;
	struct dhcp_events events;
	struct dhcp_meter receive_errors, losses;
	struct dhcpd_stats stats;
	struct dhcp_message msg; /* the one that is being worked on */
	struct dhcp_inbox inbox;
	struct asking asking[ASKING_SLOTS]; /* by hash; a newer one takes an older one's place */
};

static int fill_packet(const struct dhcpd *d, const struct dhcp_policy *p,
	const struct dhcp_decision *dec, struct dhcp_packet *packet)
{
	struct dhcp_boot boot = dhcp_boot_machine(p->msg, p->segment, dec->machine, d->c.programs);
	int len = dhcp_answer_encode(p, dec, &boot, packet->buf + DHCP_FRAME_HEADER);

	if (len < 0)
		return len;
	packet->len = (size_t)len;
	packet->socket = &d->ports[segment_link(p->segment) - 1]->socket;
	packet->route = dhcp_answer_route(p->msg, dec);
	return 0;
}

static void queue(struct dhcpd *d, const struct dhcp_decision *dec, struct dhcp_packet *packet)
{
	if (dec->verdict == DHCP_SEND_ACK) {
		d->stats.acks++;
		dhcp_outbox_park(d->outbox, packet);
		return;
	}
	dhcp_outbox_send(d->outbox, packet);
	d->stats.offers += dec->verdict == DHCP_SEND_OFFER;
	d->stats.naks += dec->verdict == DHCP_SEND_NAK;
	d->stats.acks += dec->verdict == DHCP_SEND_INFO || dec->verdict == DHCP_SEND_BOOTP;
}

static void lost(struct dhcpd *d, const struct dhcp_policy *p, int rc)
{
	unsigned lines = dhcp_meter_due(&d->losses, loop_now(d->c.loop));

	d->stats.dropped++;
	if (lines)
		log_warn("dhcp %s: %u messages got no answer: %s", p->segment->name, lines,
			strerror(-rc));
}

static bool sends(const struct dhcp_decision *dec)
{
	return dec->verdict == DHCP_SEND_OFFER || dec->verdict == DHCP_SEND_ACK ||
		dec->verdict == DHCP_SEND_NAK || dec->verdict == DHCP_SEND_INFO ||
		dec->verdict == DHCP_SEND_BOOTP;
}

static struct asking *asking_slot(struct dhcpd *d, uint32_t segment, const struct mac *mac)
{
	return &d->asking[hash_bytes(mac, sizeof(*mac), segment) % ASKING_SLOTS];
}

/* Ours: a record's, or a guest's with a computed MAC. A stranger's may boot by IPv6 from another. */
static void note_ipxe(struct dhcpd *d, const struct dhcp_policy *p, const struct dhcp_decision *dec)
{
	bool ours = dec->machine || dhcp_events_is_computed(p, dec);

	if (ours && dhcp_boot_client(p->msg) == DHCP_CLIENT_IPXE)
		*asking_slot(d, p->segment->id, &p->msg->mac) = (struct asking){
			p->segment->id, p->msg->mac, loop_now(d->c.loop) + ASKING_MS};
}

static void count_ahead(struct port *port, enum prober_verdict verdict)
{
	port->look_ahead = true;
	if (verdict != PROBER_GIVE)
		port->ahead = 0;
	else if (port->ahead)
		port->ahead--;
}

/* 0: the address may be told. -EINPROGRESS: not before its probe is over; it is kept for the client
 * meanwhile, and the message is served again then. */
static int probe(struct port *port, const struct dhcp_policy *p, const struct dhcp_decision *dec,
	const struct raw *raw)
{
	enum prober_verdict verdict;

	if ((dec->verdict != DHCP_SEND_OFFER && dec->verdict != DHCP_SEND_ACK) || p->segment->via)
		return 0;
	verdict = prober_ask(&port->prober, &dec->address, dec->doubtful, raw->bytes, raw->len);
	if (dec->doubtful)
		count_ahead(port, verdict);
	if (verdict == PROBER_FULL)
		return -ENOBUFS;
	if (verdict == PROBER_GIVE)
		return 0;
	(void)lease_offer(p->leases, p->segment->id, &dec->address, &dec->holder, p->now);
	return -EINPROGRESS;
}

/* `packet` is used or given back. Encoded before anything is changed: a lease that cannot be told
 * is not given. */
static void serve(struct port *port, const struct dhcp_policy *p, const struct raw *raw,
	struct dhcp_packet *packet)
{
	struct dhcpd *d = port->d;
	struct dhcp_decision dec = dhcp_policy_decide(p);
	int rc = probe(port, p, &dec, raw);

	if (rc == 0 && sends(&dec))
		rc = fill_packet(d, p, &dec, packet);
	if (rc == 0)
		rc = dhcp_policy_apply(p, &dec);
	if (rc == -EINPROGRESS) {
		dhcp_outbox_put_back(d->outbox, packet);
		return;
	}
	if (rc < 0) {
		lost(d, p, rc);
		dhcp_outbox_put_back(d->outbox, packet);
		return;
	}
	if (dhcp_events_note(&d->events, p, &dec) || dec.verdict == DHCP_TAKE_RELEASE ||
		dec.verdict == DHCP_TAKE_DECLINE)
		dhcp_outbox_touch(d->outbox);
	if (sends(&dec)) {
		note_ipxe(d, p, &dec);
		queue(d, &dec, packet);
		return;
	}
	d->stats.ignored += dec.verdict == DHCP_IGNORE;
	dhcp_outbox_put_back(d->outbox, packet);
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

static struct dhcp_policy policy_of(const struct port *port, int64_t now)
{
	return (struct dhcp_policy){.msg = &port->d->msg,
		.segment = port->segment,
		.machines = port->d->c.machines,
		.leases = port->d->leases,
		.now = now};
}

/* The message is decoded. Room for the answer first: what cannot be answered is not decided. */
static void serve_raw(struct port *port, const struct raw *raw, int64_t now)
{
	struct dhcpd *d = port->d;
	struct dhcp_policy p = policy_of(port, now);
	struct dhcp_packet *packet = dhcp_outbox_room(d->outbox);

	p.segment = dhcp_policy_segment(d->c.segments, port->segment, &d->msg);
	if (packet)
		serve(port, &p, raw, packet);
	else
		lost(d, &p, -ENOBUFS);
}

/* False: it must be served now. */
static bool put_off(struct port *port, const struct raw *raw, int64_t now)
{
	const struct dhcp_policy p = policy_of(port, now);
	int rc = dhcp_backlog_put(&port->backlog, raw->bytes, raw->len);

	if (rc > 0)
		lost(port->d, &p, -EBUSY);
	return rc >= 0;
}

/* `behind`: more came than one reading takes. */
static void receive_one(struct port *port, size_t i, int64_t now, bool behind)
{
	struct dhcpd *d = port->d;
	const struct raw raw = {d->inbox.bytes[i], d->inbox.msgs[i].msg_len};
	const char *why;
	int rc = dhcp_wire_decode(raw.bytes, raw.len, &d->msg, &why);

	if (rc == -EBADMSG) {
		note_malformed(port, &d->inbox.from[i], why);
		return;
	}
	if (rc < 0) {
		d->stats.ignored++;
		return;
	}
	d->stats.in_type[d->msg.type]++;
	if (!behind || d->msg.type != DHCP_DISCOVER || !put_off(port, &raw, now))
		serve_raw(port, &raw, now);
}

/* So that the next stranger's OFFER need not wait. Only while strangers come: a quiet segment is
 * not asked all day. */
static void probe_ahead(struct port *port, int64_t now)
{
	const struct dhcp_policy p = policy_of(port, now);
	struct ip next[LEASE_CANDIDATES];

	if (!port->look_ahead || !prober_is_open(&port->prober))
		return;
	port->look_ahead = false;
	if (port->ahead > LEASE_CANDIDATES / 2)
		return;
	port->ahead = dhcp_policy_ahead(&p, next, LEASE_CANDIDATES);
	for (size_t i = 0; i < port->ahead; i++)
		prober_begin(&port->prober, &next[i]);
}

/* After all messages of a wake-up. */
static void settle(void *arg)
{
	struct port *port = arg;

	probe_ahead(port, clock_wall_ms());
	prober_flush(&port->prober);
	dhcp_outbox_flush(port->d->outbox);
}

/* prober.again, and what was put off */
static void receive_again(void *arg, const void *bytes, size_t len)
{
	struct port *port = arg;
	const struct raw raw = {bytes, len};
	const char *why;

	if (dhcp_wire_decode(bytes, len, &port->d->msg, &why) == 0)
		serve_raw(port, &raw, clock_wall_ms());
}

/* prober.answered: not the client's own, which was offered the address or runs on it. Where a
 * client-id stands for the MAC of a lease, the card that answers may be its holder's. */
static bool set_aside(void *arg, const struct ip *ip, const struct mac *mac)
{
	struct port *port = arg;
	struct dhcpd *d = port->d;
	uint32_t segment = port->segment->id;
	const struct lease *l = lease_by_ip(d->leases, segment, ip);
	int64_t now = clock_wall_ms();

	if (l && l->expires > now && (mac_eq(&l->mac, mac) || port->segment->by_client_id))
		return false;
	if (lease_set_aside(d->leases, segment, ip, mac, now) < 0)
		return false;
	if (dhcp_events_note_in_use(&d->events, port->segment, ip, mac))
		dhcp_outbox_touch(d->outbox);
	return true;
}

static int serve_backlog(struct port *port)
{
	const uint8_t *bytes;
	size_t len;
	int n = 0;

	while (n < DHCP_BATCH && dhcp_backlog_take(&port->backlog, &bytes, &len)) {
		receive_again(port, bytes, len);
		n++;
	}
	return n;
}

/* One system call's worth, or when there was less than that what was put off: how many messages, or
 * -errno. */
static int receive(struct port *port)
{
	struct dhcpd *d = port->d;
	int64_t now = clock_wall_ms();
	int n = dhcp_socket_receive(&port->socket, &d->inbox);

	if (n < 0) {
		if (dhcp_meter_due(&d->receive_errors, loop_now(d->c.loop)))
			log_warn("dhcp %s: cannot receive: %s", port->segment->name, strerror(-n));
		return n;
	}
	d->stats.in += (uint64_t)n;
	for (int i = 0; i < n; i++)
		receive_one(port, (size_t)i, now, n == DHCP_BATCH);
	if (n < DHCP_BATCH)
		n += serve_backlog(port);
	settle(port);
	return n;
}

/* The next reading is the timer's: 0 or -ENOMEM. */
static int pace(struct port *port, int n)
{
	bool more = n >= DHCP_BATCH || port->backlog.n > 0;

	return loop_timer_set(port->d->c.loop, &port->pace, more ? 0 : PACE_MS);
}

/* A client alone is answered at once. Two readings within a millisecond are a crowd's: its messages
 * are left to gather from then on, until none came. */
static void readable(struct loop_fd *w, uint32_t events)
{
	struct port *port = w->arg;
	struct loop *loop = port->d->c.loop;
	bool again = port->read_at == loop_now(loop);
	int n = receive(port);

	(void)events;
	port->read_at = loop_now(loop);
	if (n > 0 && (again || port->backlog.n > 0) && pace(port, n) == 0)
		(void)loop_rewatch(loop, w, 0);
}

static void paced(struct loop_timer *t)
{
	struct port *port = t->arg;
	int n = receive(port);

	if (n <= 0 || pace(port, n) < 0)
		(void)loop_rewatch(port->d->c.loop, &port->watch, EPOLLIN);
}

int dhcpd_new(const struct dhcpd_config *c, struct dhcpd **ret)
{
	const struct dhcp_outbox_config out = {c->loop, c->store, c->gather_ms};
	struct dhcpd *d = calloc(1, sizeof(*d));
	int rc;

	if (!d)
		return -ENOMEM;
	d->c = *c;
	dhcp_events_init(&d->events, c->timeline);
	dhcp_inbox_init(&d->inbox);
	rc = leases_new(c->segments, c->store, &d->leases);
	if (rc == 0)
		rc = dhcp_outbox_new(&out, &d->outbox);
	if (rc < 0) {
		leases_free(d->leases);
		free(d);
		return rc;
	}
	*ret = d;
	return 0;
}

int dhcpd_load(struct dhcpd *d, char *why, size_t why_size)
{
	return leases_load(d->leases, why, why_size);
}

static struct port *port_of(const struct dhcpd *d, const struct segment *s)
{
	uint32_t id = segment_link(s);

	return id && id <= SEGMENT_MAX ? d->ports[id - 1] : NULL;
}

static void port_close(struct port *port)
{
	if (port->watch.watched)
		loop_unwatch(port->d->c.loop, &port->watch);
	loop_timer_clear(port->d->c.loop, &port->pace);
	dhcp_backlog_fini(&port->backlog);
	dhcp_socket_close(&port->socket);
	ndp_close(&port->ndp);
	dhcp_foreign_close(&port->foreign);
	dhcp_side_free(port->side);
	port->side = NULL;
	dhcp_listen_close(&port->listen);
	prober_close(&port->prober);
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
		loop_timer_init(&port->pace, paced, port);
		port->socket = DHCP_SOCKET_CLOSED;
		port->ndp = NDP_CLOSED;
		port->prober = PROBER_CLOSED;
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

/* Without it addresses are offered as they are: most clients look for themselves. */
static void open_prober(struct port *port)
{
	const struct segment *s = port->segment;
	struct prober *p = &port->prober;
	int rc;

	prober_close(p);
	*p = (struct prober){.loop = port->d->c.loop,
		.arp = ARP_CLOSED,
		.again = receive_again,
		.answered = set_aside,
		.done = settle,
		.arg = port};
	if (!s->probe_ms)
		return;
	rc = prober_open(p, port->socket.ifindex, &port->socket.mac, s->probe_ms);
	if (rc)
		log_warn("dhcp %s: addresses are offered without asking whether somebody uses "
			 "them: %s",
			s->name, strerror(-rc));
	port->ahead = 0;
	port->look_ahead = true;
	settle(port);
}

/* Without it we lease all the same. */
static void open_foreign(struct port *port)
{
	struct dhcpd *d = port->d;
	char why[512];

	if (dhcp_foreign_open(
		    &port->foreign, d->c.loop, d->c.timeline, port->segment, why, sizeof(why)) < 0)
		log_warn("dhcp %s: another DHCP server would stay unseen: %s", port->segment->name,
			why);
}

static int open_own(struct port *port, char *why, size_t why_size)
{
	struct dhcpd *d = port->d;
	const struct segment *s = port->segment;
	int rc;

	if (dhcp_socket_fits(&port->socket, s->ifname)) {
		open_ndp(port);
		open_prober(port);
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
		open_prober(port);
		open_foreign(port);
	}
	return rc;
}

static int open_side(struct port *port, char *why, size_t why_size)
{
	const struct dhcpd *d = port->d;
	const struct dhcp_side_config c = {
		d->c.loop, d->c.machines, d->c.timeline, d->c.programs, &port->d->inbox};

	if (port->side && dhcp_side_fits(port->side))
		return 0;
	port_close(port);
	return dhcp_side_open(&c, port->segment, &port->side, why, why_size);
}

static void decided(void *arg, const struct dhcp_heard *server)
{
	struct port *port = arg;
	struct dhcpd *d = port->d;
	struct dhcpd_server s = {0};

	if (server)
		s = (struct dhcpd_server){.address = ip_from_v4(server->server),
			.mac = server->from,
			.gives = ip_from_v4(server->address)};
	dhcp_listen_close(&port->listen);
	d->c.decided(d->c.arg, port->segment, server ? &s : NULL);
}

static int open_listen(struct port *port, char *why, size_t why_size)
{
	struct dhcpd *d = port->d;

	if (port->listen.loop)
		return 0;
	return dhcp_listen_open(
		&port->listen, d->c.loop, port->segment->ifname, decided, port, why, why_size);
}

int dhcpd_open(struct dhcpd *d, const struct segment *s, char *why, size_t why_size)
{
	struct port *port;
	int rc = port_get(d, s, &port);

	if (rc < 0) {
		snprintf(why, why_size, "%s: %s", s->name, strerror(-rc));
		return rc;
	}
	switch (s->mode) {
	case SEGMENT_PROXY:
		return open_side(port, why, why_size);
	case SEGMENT_AUTO:
		return open_listen(port, why, why_size);
	default:
		return open_own(port, why, why_size);
	}
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

	return port && (port->socket.udp >= 0 || port->side);
}

void dhcpd_free(struct dhcpd *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < SEGMENT_MAX; i++) {
		if (d->ports[i])
			port_close(d->ports[i]);
		free(d->ports[i]);
		d->ports[i] = NULL;
	}
	dhcp_outbox_free(d->outbox);
	leases_free(d->leases);
	free(d);
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
	struct dhcp_outbox_stats out = dhcp_outbox_stats(d->outbox);
	struct dhcpd_stats stats = d->stats;

	stats.out = out.out;
	stats.dropped += out.dropped;
	stats.parked = out.parked;
	return stats;
}
