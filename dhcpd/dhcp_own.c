/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_own.h"
#include "dhcpd/dhcp_facts.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/neighbour.h"
#include "dhcpd/dhcp_answer.h"
#include "dhcpd/dhcp_conflict.h"
#include "dhcpd/dhcp_policy.h"
#include "dhcpd/dhcp_secret.h"
#include "dhcpd/dhcp_stopgap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

enum {
	ASKING_MS = 30 * 1000, /* iPXE gives up on IPv6 after 16 s */
};

/* A message as it came. */
struct raw {
	const uint8_t *bytes;
	size_t len;
};

static bool is_forged(struct dhcp_own *own, const struct raw *raw)
{
	return dhcp_origin_is_forged(
		&own->origin, raw->bytes, raw->len, loop_now(own->lessor->c->loop));
}

/* An answer goes to giaddr. With link selection (RFC 3527) that may be any address of the link: it has to be the router's to the
 * client, or else anybody may have wrapped a message in its name. */
static bool is_relay_there(const struct dhcp_policy *p, const struct dhcp_decision *dec)
{
	const struct ip giaddr = ip_from_v4(p->msg->giaddr);

	return p->segment->via &&
		(segment_contains(p->segment, p->msg->giaddr) ||
			neighbour_same_way(p->segment->ifname, &dec->address, &giaddr));
}

/* Of an answer on usher's own wire: by a frame, or to the address that the client holds. */
static bool hears(const struct dhcpd_config *c, const struct dhcp_policy *p,
	const struct dhcp_decision *dec, const struct dhcp_route *route, char *why, size_t size)
{
	const struct ip to = ip_from_v4(route->ip);

	return !c->hears || !dec->machine || p->msg->giaddr || p->msg->by_id ||
		c->hears(c->arg, dec->machine, p->segment, &p->msg->mac, route->frame ? NULL : &to,
			why, size);
}

/* -EPERM: no answer is due. */
static int keep_secret(struct dhcp_own *own, const struct dhcp_policy *p,
	const struct dhcp_decision *dec, const struct raw *raw, struct dhcp_route *route,
	struct dhcp_boot *boot)
{
	const struct dhcpd_config *c = own->lessor->c;
	struct dhcp_secret_view v = {.policy = p, .decision = dec, .route = *route, .hears = true};
	char where[160] = "", text[320], mac[MAC_TEXT];
	enum dhcp_secret verdict;
	const char *why;

	if (route->frame)
		v.forged = is_forged(own, raw);
	else if (p->msg->giaddr)
		v.relay_there = is_relay_there(p, dec);
	if (!v.forged)
		v.hears = hears(c, p, dec, route, where, sizeof(where));
	v.where = where;
	dhcp_secret_route(route, &p->msg->mac);
	verdict = dhcp_secret_judge(&v, &why);
	if (verdict == DHCP_SECRET_TOLD)
		return 0;
	snprintf(text, sizeof(text), "%s from %s on %s gets no boot script: %s",
		dhcp_type_name(p->msg->type), mac_format(&p->msg->mac, mac), p->segment->name, why);
	if (dec->machine)
		dhcp_facts_withheld(dec->machine, text);
	dhcp_outbox_touch(own->lessor->outbox);
	*boot = (struct dhcp_boot){.vendor_class = ""};
	return verdict == DHCP_SECRET_SILENT ? -EPERM : 0;
}

/* A token takes an older one's room: it is drawn only for iPXE that is about to boot, and asks itself. */
static struct dhcp_boot boot_of_stranger(struct dhcp_own *own, const struct dhcp_policy *p,
	const struct dhcp_decision *dec, const struct raw *raw, const struct dhcp_route *route)
{
	const struct dhcpd_config *c = own->lessor->c;
	struct dhcp_firmware w = dhcp_firmware_of(p->msg);
	bool begins = dec->verdict == DHCP_SEND_OFFER || dec->verdict == DHCP_SEND_ACK;
	const char *token = NULL;

	if (begins && dhcp_boot_client(w) == DHCP_CLIENT_IPXE &&
		(p->msg->giaddr ? is_relay_there(p, dec) : !(route->frame && is_forged(own, raw))))
		token = c->stranger(
			c->arg, p->segment, &p->msg->mac, p->msg->has_uuid ? p->msg->uuid : NULL);
	return dhcp_boot_stranger(w, IP_V4, p->segment, token);
}

static struct dhcp_boot boot_of(struct dhcp_own *own, const struct dhcp_policy *p,
	const struct dhcp_decision *dec, const struct raw *raw, const struct dhcp_route *route)
{
	const struct dhcpd_config *c = own->lessor->c;

	if (!dec->machine && p->segment->discover && c->stranger)
		return boot_of_stranger(own, p, dec, raw, route);
	return dhcp_boot_machine(
		dhcp_firmware_of(p->msg), IP_V4, p->segment, dec->machine, c->programs);
}

static int fill_packet(struct dhcp_own *own, const struct dhcp_policy *p,
	const struct dhcp_decision *dec, const struct raw *raw, struct dhcp_packet *packet)
{
	struct dhcp_boot boot;
	int len, rc = 0;

	packet->route = dhcp_answer_route(p, dec);
	boot = boot_of(own, p, dec, raw, &packet->route);
	if (boot.unserved && dec->machine && dec->verdict != DHCP_SEND_NAK) {
		dhcp_events_note_unserved(p->segment, dec->machine, p->msg);
		dhcp_outbox_touch(own->lessor->outbox);
	}
	if (boot.secret && dec->verdict != DHCP_SEND_NAK)
		rc = keep_secret(own, p, dec, raw, &packet->route, &boot);
	if (rc < 0)
		return rc;
	if (dec->verdict == DHCP_SEND_ACK)
		dhcp_facts_leased(dec->machine, &dec->address, &boot);
	len = dhcp_answer_encode(p, dec, &boot, packet->buf + DHCP_FRAME_HEADER);
	if (len < 0)
		return len;
	if (p->msg->giaddr && !p->segment->via)
		dhcp_foreign_relays(&own->foreign, packet->buf + DHCP_FRAME_HEADER, (size_t)len);
	packet->len = (size_t)len;
	packet->socket = &own->socket;
	return 0;
}

static void queue(
	struct dhcp_lessor *l, const struct dhcp_decision *dec, struct dhcp_packet *packet)
{
	if (dec->verdict == DHCP_SEND_ACK) {
		l->stats.acks++;
		dhcp_outbox_park(l->outbox, packet);
		return;
	}
	dhcp_outbox_send(l->outbox, packet);
	l->stats.offers += dec->verdict == DHCP_SEND_OFFER;
	l->stats.naks += dec->verdict == DHCP_SEND_NAK;
	l->stats.acks += dec->verdict == DHCP_SEND_INFO || dec->verdict == DHCP_SEND_BOOTP;
}

static void lost(struct dhcp_lessor *l, const struct dhcp_policy *p, int rc)
{
	unsigned lines = dhcp_meter_due(&l->losses, loop_now(l->c->loop));

	l->stats.dropped++;
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

static struct asking *asking_slot(struct dhcp_lessor *l, uint32_t segment, const struct mac *mac)
{
	return &l->asking[hash_bytes(mac, sizeof(*mac), segment) % ASKING_SLOTS];
}

void dhcp_own_firmware(
	const struct dhcpd_config *c, const struct machine *m, struct dhcp_firmware w)
{
	bool uefi;

	if (m && !m->guest && c->firmware && dhcp_boot_uefi(w, &uefi) && uefi != m->uefi)
		c->firmware(c->arg, m, uefi);
}

/* Ours: a record's, a guest's with a computed MAC, or one that is discovered. Another stranger's may boot by IPv6 from another. */
static void note_ipxe(
	struct dhcp_lessor *l, const struct dhcp_policy *p, const struct dhcp_decision *dec)
{
	bool discovered = p->segment->discover && l->c->stranger;
	bool ours = dec->machine || discovered || dhcp_events_is_computed(p, dec);

	if (ours && dhcp_boot_client(dhcp_firmware_of(p->msg)) == DHCP_CLIENT_IPXE)
		*asking_slot(l, p->segment->id, &p->msg->mac) = (struct asking){
			p->segment->id, p->msg->mac, loop_now(l->c->loop) + ASKING_MS};
}

/* A DECLINE is served again, too: then it is known whether somebody else uses the address. */
static int ask_declined(
	struct dhcp_own *own, const struct dhcp_decision *dec, const struct raw *raw)
{
	enum prober_verdict verdict =
		prober_ask_declined(&own->prober, &dec->address, raw->bytes, raw->len);

	return verdict == PROBER_GIVE ? 0 : verdict == PROBER_WAITS ? -EINPROGRESS : -ENOBUFS;
}

/* 0: the address may be told. -EINPROGRESS: not before its probe is over; it is kept for the client
 * meanwhile, and the message is served again then. */
static int probe(struct dhcp_own *own, const struct dhcp_policy *p, const struct dhcp_decision *dec,
	const struct raw *raw)
{
	enum prober_verdict verdict;

	if (dhcp_decision_declines(dec))
		return dec->doubtful ? ask_declined(own, dec, raw) : 0;
	if ((dec->verdict != DHCP_SEND_OFFER && dec->verdict != DHCP_SEND_ACK) || p->segment->via)
		return 0;
	verdict = prober_ask(&own->prober, &dec->address, dec->doubtful, raw->bytes, raw->len);
	if (verdict == PROBER_FULL)
		return -ENOBUFS;
	if (verdict == PROBER_GIVE)
		return 0;
	dhcp_policy_keep(p, dec);
	return -EINPROGRESS;
}

static void note_facts(const struct dhcp_policy *p, const struct dhcp_decision *dec)
{
	if (p->msg->type == DHCP_DISCOVER || p->msg->type == DHCP_REQUEST)
		dhcp_facts_message(dec->machine, p->msg);
	if (dec->verdict == DHCP_IGNORE || dec->verdict == DHCP_SEND_NAK)
		dhcp_facts_refused(dec->machine, dec->reason);
}

/* Its own card sent it; or it came where only relays bring what machines say. */
static bool is_own_word(struct dhcp_own *own, const struct dhcp_policy *p, const struct raw *raw)
{
	return p->segment->via ? p->msg->giaddr != 0 : !p->msg->giaddr && !is_forged(own, raw);
}

/* `packet` is used or given back. Encoded before anything is changed: a lease that cannot be told
 * is not given. */
static void serve(struct dhcp_own *own, const struct dhcp_policy *p, const struct raw *raw,
	struct dhcp_packet *packet)
{
	struct dhcp_lessor *l = own->lessor;
	struct dhcp_decision dec = dhcp_policy_decide(p);
	int rc = probe(own, p, &dec, raw);

	note_facts(p, &dec);
	if (rc == 0 && sends(&dec))
		rc = fill_packet(own, p, &dec, raw, packet);
	if (rc == 0)
		rc = dhcp_policy_apply(p, &dec);
	if (rc < 0) {
		l->stats.ignored += rc == -EPERM;
		if (rc != -EINPROGRESS && rc != -EPERM)
			lost(l, p, rc);
		dhcp_outbox_put_back(l->outbox, packet);
		return;
	}
	if (dhcp_events_note(&l->events, p, &dec) || dec.verdict == DHCP_TAKE_RELEASE ||
		dec.verdict == DHCP_TAKE_DECLINE || dec.evicts)
		dhcp_outbox_touch(l->outbox);
	if (dec.verdict == DHCP_SEND_ACK && dec.news)
		prober_given(&own->prober, &dec.address);
	if (sends(&dec)) {
		note_ipxe(l, p, &dec);
		if (dec.machine && is_own_word(own, p, raw))
			dhcp_own_firmware(l->c, dec.machine, dhcp_firmware_of(p->msg));
		queue(l, &dec, packet);
		return;
	}
	l->stats.ignored += dec.verdict == DHCP_IGNORE;
	l->stats.refused +=
		dec.verdict == DHCP_IGNORE && !dec.machine && dec.reason > DHCP_OTHER_SERVER;
	dhcp_outbox_put_back(l->outbox, packet);
}

static void note_malformed(struct dhcp_own *own, const struct sockaddr_in *from, const char *why)
{
	struct dhcp_lessor *l = own->lessor;
	unsigned lines = dhcp_meter_due(&own->malformed, loop_now(l->c->loop));
	struct ip ip = ip_from_v4(ntohl(from->sin_addr.s_addr));
	char text[IP_TEXT];

	l->stats.malformed++;
	if (lines)
		log_info("dhcp %s: %u malformed packets, the last from %s: %s", own->segment->name,
			lines, ip_format(&ip, text), why);
}

static struct dhcp_policy policy_of(const struct dhcp_own *own, int64_t now)
{
	return (struct dhcp_policy){.msg = &own->lessor->msg,
		.segment = own->segment,
		.machines = own->lessor->c->machines,
		.leases = own->lessor->leases,
		.now = now,
		.guests = own->lessor->c->guests,
		.guests_arg = own->lessor->c->arg};
}

/* IPv6 alone is served here. */
static void serve_stopgap(struct dhcp_own *own, const struct segment *s, struct dhcp_packet *packet)
{
	struct dhcp_lessor *l = own->lessor;
	const struct machine *m = machines_by_mac(l->c->machines, s->id, &l->msg.mac, NULL);
	int len =
		dhcp_stopgap_answer(&l->msg, s, m, packet->buf + DHCP_FRAME_HEADER, &packet->route);

	if (len <= 0) {
		l->stats.ignored++;
		dhcp_outbox_put_back(l->outbox, packet);
		return;
	}
	packet->len = (size_t)len;
	packet->socket = &own->socket;
	dhcp_outbox_send(l->outbox, packet);
}

/* The message is decoded. Room for the answer first: what cannot be answered is not decided. */
static void serve_raw(struct dhcp_own *own, const struct raw *raw, int64_t now, bool astray)
{
	struct dhcp_lessor *l = own->lessor;
	struct dhcp_policy p = policy_of(own, now);
	struct dhcp_packet *packet = dhcp_outbox_room(l->outbox);

	p.segment = dhcp_policy_segment(l->c->segments, own->segment, &l->msg);
	p.astray = astray;
	if (packet && !ip_is_set(&p.segment->server))
		serve_stopgap(own, p.segment, packet);
	else if (packet)
		serve(own, &p, raw, packet);
	else
		lost(l, &p, -ENOBUFS);
}

/* False: it must be served now. */
static bool put_off(struct dhcp_own *own, const struct raw *raw, int64_t now)
{
	const struct dhcp_policy p = policy_of(own, now);
	int rc = dhcp_backlog_put(&own->backlog, raw->bytes, raw->len);

	if (rc > 0)
		lost(own->lessor, &p, -EBUSY);
	return rc >= 0;
}

static void note_twice(struct dhcp_own *own, const struct raw *raw)
{
	struct dhcp_lessor *l = own->lessor;
	const struct segment *s = own->segment, *other;

	if (l->c->segments->count < 2)
		return;
	other = segments_by_id(l->c->segments,
		dhcp_twice_heard(&l->twice, s->id, raw->bytes, raw->len, loop_now(l->c->loop)));
	if (!other)
		return;
	log_warn(
		"%s (%s) and %s (%s) are on one wire: usher answers machines on both, and each "
		"card answers ARP for the other's address: serve only one, give each its own wire, "
		"or run 'sysctl -w net.ipv4.conf.all.arp_ignore=1'",
		other->name, other->ifname, s->name, s->ifname);
	timeline_add(l->c->timeline, "", "network",
		"%s and %s are on one wire: usher answers machines on both", other->name, s->name);
}

/* From another network's address (dhcp_policy_belongs()), but by the card's own frame: a card may have an address by its maker,
 * or have made itself one (RFC 3927), and no router sends in a client's name. */
static bool is_on_our_wire(struct dhcp_own *own, const struct raw *raw)
{
	return !own->lessor->msg.giaddr && own->origin.fd >= 0 && !is_forged(own, raw);
}

/* `behind`: more came than one reading takes. */
static void receive_one(struct dhcp_own *own, size_t i, int64_t now, bool behind)
{
	struct dhcp_lessor *l = own->lessor;
	const struct raw raw = {l->inbox.bytes[i], l->inbox.msgs[i].msg_len};
	const char *why;
	uint32_t from;
	bool astray;
	int rc = dhcp_wire_decode(raw.bytes, raw.len, &l->msg, &why);

	if (rc == -EBADMSG) {
		note_malformed(own, &l->inbox.from[i], why);
		return;
	}
	if (rc < 0) {
		if (rc == -EAFNOSUPPORT)
			dhcp_events_note_hardware(&l->events, own->segment, &l->msg, why);
		l->stats.ignored++;
		return;
	}
	if (l->msg.giaddr && ntohs(l->inbox.from[i].sin_port) != DHCP_SERVER_PORT) {
		note_malformed(own, &l->inbox.from[i],
			"a relay's message, but not from a relay's port (67)");
		return;
	}
	dhcp_events_note_message(&l->events, own->segment, &l->msg);
	if (l->msg.by_id)
		dhcp_events_note_hardware(&l->events, own->segment, &l->msg, NULL);
	l->stats.in_type[l->msg.type]++;
	from = ntohl(l->inbox.from[i].sin_addr.s_addr);
	astray = !dhcp_policy_belongs(l->c->segments, own->segment, &l->msg, from) &&
		!is_on_our_wire(own, &raw);
	/* RFC 2131 4.4.3 has it fill in ciaddr, and many do not: ISC's server takes the source, too. */
	if (l->msg.type == DHCP_INFORM && !l->msg.ciaddr && !l->msg.giaddr)
		l->msg.ciaddr = from;
	if (!astray && !l->msg.giaddr)
		note_twice(own, &raw);
	if (!behind || astray || l->msg.type != DHCP_DISCOVER || !put_off(own, &raw, now))
		serve_raw(own, &raw, now, astray);
}

/* prober.next */
static size_t next_free(void *arg, struct ip *ret, size_t most)
{
	const struct dhcp_policy p = policy_of(arg, clock_steady_ms());

	return dhcp_policy_ahead(&p, ret, most);
}

/* After all messages of a wake-up. */
static void settle(void *arg)
{
	struct dhcp_own *own = arg;

	prober_flush(&own->prober);
	dhcp_outbox_flush(own->lessor->outbox);
}

/* prober.again, and what was put off */
static void receive_again(void *arg, const void *bytes, size_t len)
{
	struct dhcp_own *own = arg;
	const struct raw raw = {bytes, len};
	const char *why;

	if (dhcp_wire_decode(bytes, len, &own->lessor->msg, &why) == 0)
		serve_raw(own, &raw, clock_steady_ms(), false);
}

/* prober.answered */
static bool set_aside(void *arg, const struct ip *ip, const struct mac *mac, bool declined)
{
	struct dhcp_own *own = arg;

	return dhcp_conflict_found(own->lessor, own->segment,
		&(struct dhcp_conflict){*ip, *mac, declined}, clock_steady_ms());
}

static int serve_backlog(struct dhcp_own *own)
{
	const uint8_t *bytes;
	size_t len;
	int n = 0;

	while (n < DHCP_BATCH && dhcp_backlog_take(&own->backlog, &bytes, &len)) {
		receive_again(own, bytes, len);
		n++;
	}
	return n;
}

/* One system call's worth, or when there was less than that what was put off: how many messages, or
 * -errno. */
static int receive(void *arg)
{
	struct dhcp_own *own = arg;
	struct dhcp_lessor *l = own->lessor;
	int64_t now = clock_steady_ms();
	int n = dhcp_socket_receive(&own->socket, &l->inbox);

	if (n < 0) {
		if (dhcp_meter_due(&l->receive_errors, loop_now(l->c->loop)))
			log_warn("dhcp %s: cannot receive: %s", own->segment->name, strerror(-n));
		return n;
	}
	l->stats.in += (uint64_t)n;
	dhcp_outbox_begin(l->outbox);
	for (int i = 0; i < n; i++)
		receive_one(own, (size_t)i, now, n == DHCP_BATCH);
	if (n < DHCP_BATCH)
		n += serve_backlog(own);
	settle(own);
	return n;
}

static bool has_backlog(void *arg)
{
	const struct dhcp_own *own = arg;

	return own->backlog.n > 0;
}

static void readable(struct loop_fd *w, uint32_t events)
{
	struct dhcp_own *own = w->arg;

	(void)events;
	dhcp_pace_readable(&own->pace);
}

/* Nobody else: other systems may make of an advertisement what they like. */
static bool is_asking(void *arg, const struct mac *mac)
{
	const struct dhcp_own *own = arg;
	const struct asking *a = asking_slot(own->lessor, own->segment->id, mac);

	if (ip_is_set(&own->segment->six.server))
		return false; /* ra.h answers */
	return a->segment == own->segment->id && mac_eq(&a->mac, mac) &&
		a->until > loop_now(own->lessor->c->loop);
}

/* Without it firmware boots all the same, only later. */
static void open_ndp(struct dhcp_own *own)
{
	int rc;

	ndp_close(&own->ndp);
	rc = ndp_open(&own->ndp, own->lessor->c->loop, own->socket.ifindex, &own->socket.mac,
		is_asking, own);
	if (rc)
		log_warn("dhcp %s: cannot answer IPv6 router solicitations, so iPXE will wait: %s",
			own->segment->name, strerror(-rc));
}

/* Without it addresses are offered as they are: most clients look for themselves. */
static void open_prober(struct dhcp_own *own)
{
	const struct segment *s = own->segment;
	struct prober *p = &own->prober;
	int rc;

	prober_close(p);
	*p = (struct prober){.loop = own->lessor->c->loop,
		.acd = ACD_CLOSED,
		.again = receive_again,
		.answered = set_aside,
		.next = next_free,
		.done = settle,
		.arg = own};
	if (!s->probe_ms)
		return;
	rc = prober_open(p, own->socket.ifindex, &own->socket.mac, &(struct ip){0}, s->probe_ms);
	if (rc)
		log_warn("dhcp %s: cannot check whether addresses are in use before offering them: "
			 "%s",
			s->name, strerror(-rc));
	settle(own);
}

/* Without it a message is taken for its client's own. */
static void open_origin(struct dhcp_own *own)
{
	int rc = dhcp_origin_open(&own->origin, own->lessor->c->loop, own->socket.ifindex);

	if (rc < 0)
		log_warn("dhcp %s: cannot detect requests forged in another machine's name: %s",
			own->segment->name, strerror(-rc));
}

/* Without it we lease all the same. */
static void open_foreign(struct dhcp_own *own)
{
	struct dhcp_lessor *l = own->lessor;
	char why[512];

	if (dhcp_foreign_open(&own->foreign, l->c->loop, l->c->timeline, l->c->machines,
		    l->c->segments, own->segment, why, sizeof(why)) < 0)
		log_warn("dhcp %s: cannot detect other DHCP servers: %s", own->segment->name, why);
}

void dhcp_own_init(struct dhcp_own *own, struct dhcp_lessor *l, const struct segment *s)
{
	*own = (struct dhcp_own){.lessor = l,
		.segment = s,
		.socket = DHCP_SOCKET_CLOSED,
		.ndp = NDP_CLOSED,
		.origin = DHCP_ORIGIN_CLOSED,
		.prober = PROBER_CLOSED};
	dhcp_pace_init(&own->pace, l->c->loop, &own->watch, receive, has_backlog, own);
}

bool dhcp_own_fits(struct dhcp_own *own)
{
	if (!dhcp_socket_fits(&own->socket, own->segment->ifname))
		return false;
	open_ndp(own);
	open_prober(own);
	return true;
}

int dhcp_own_open(struct dhcp_own *own, char *why, size_t why_size)
{
	const struct segment *s = own->segment;
	uint32_t server = ip_is_set(&s->server) ? ip_to_v4(&s->server) : DHCP_STOPGAP_SERVER;
	int rc = dhcp_socket_open(&own->socket, s->ifname, server, why, why_size);

	if (rc < 0)
		return rc;
	rc = loop_watch(own->lessor->c->loop, &own->watch, own->socket.udp, EPOLLIN, readable, own);
	if (rc < 0) {
		snprintf(why, why_size, "%s: %s", s->ifname, strerror(-rc));
		dhcp_own_close(own);
		return rc;
	}
	open_ndp(own);
	open_prober(own);
	open_foreign(own);
	open_origin(own);
	return 0;
}

void dhcp_own_close(struct dhcp_own *own)
{
	struct loop *loop = own->lessor->c->loop;

	if (own->watch.watched)
		loop_unwatch(loop, &own->watch);
	dhcp_pace_clear(&own->pace);
	dhcp_backlog_fini(&own->backlog);
	dhcp_socket_close(&own->socket);
	ndp_close(&own->ndp);
	dhcp_foreign_close(&own->foreign);
	dhcp_origin_close(&own->origin);
	prober_close(&own->prober);
}
