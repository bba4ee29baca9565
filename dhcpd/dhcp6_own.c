/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp6_own.h"

#include "core/clock.h"
#include "core/log.h"
#include "dhcpd/dhcp_facts.h"
#include "dhcpd/dhcp6_events.h"
#include "dhcpd/dhcp6_secret.h"
#include "dhcpd/dhcp6_who.h"
#include "dhcpd/dhcp_conflict.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

enum { ROUTER_TOLD_MS = 3600 * 1000 };

/* A frame as it came, and what it says of itself. */
struct received {
	const uint8_t *bytes;
	size_t len;
	struct dhcp6_frame frame;
};

static bool may_know(const struct dhcp6_own *own, const struct dhcp6_policy *p,
	const struct dhcp6_decision *d, const struct dhcp6_frame *asked)
{
	const struct dhcpd_config *c = own->lessor->four->c;
	char why[256], text[400], mac[MAC_TEXT];

	if (dhcp6_secret_may_know(c, p, d, asked, why, sizeof(why)))
		return true;
	snprintf(text, sizeof(text), "%s from %s on %s gets no boot script: %s",
		dhcp6_type_name(p->msg->type), mac_format(&p->mac, mac), p->segment->name, why);
	dhcp_facts_withheld(d->machine, text);
	dhcp_outbox_touch(own->lessor->four->outbox);
	return false;
}

/* As boot_of_stranger() in dhcp_own.c. On our link the answer goes to the card that asked; behind a relay it goes to whoever says
 * that he is one, so there nobody is told a token. */
static struct dhcp_boot boot_of_stranger(struct dhcp6_own *own, const struct dhcp6_policy *p,
	const struct dhcp6_decision *d, const struct dhcp6_frame *asked)
{
	const struct dhcpd_config *c = own->lessor->four->c;
	const struct dhcp_firmware w = dhcp6_firmware_of(p->msg);
	const struct dhcp6_who who = dhcp6_who_is(p->msg, &asked->from);
	bool begins = d->verdict == DHCP6_SEND_ADVERTISE || d->verdict == DHCP6_SEND_LEASE;
	const char *token = NULL;

	if (begins && dhcp_boot_client(w) == DHCP_CLIENT_IPXE && !p->msg->n_relays)
		token = c->stranger(c->arg, p->segment, &p->mac, who.has_uuid ? who.uuid : NULL);
	return dhcp_boot_stranger(w, IP_V6, p->segment, token);
}

static struct dhcp_boot boot_of_machine(struct dhcp6_own *own, const struct dhcp6_policy *p,
	const struct dhcp6_decision *d, const struct dhcp6_frame *asked)
{
	struct dhcp_lessor *l = own->lessor->four;
	struct dhcp_boot boot = dhcp_boot_machine(
		dhcp6_firmware_of(p->msg), IP_V6, p->segment, d->machine, l->c->programs);

	if (boot.unserved) {
		dhcp6_events_note_unserved(p, d->machine);
		dhcp_outbox_touch(l->outbox);
	}
	if (boot.secret && !may_know(own, p, d, asked))
		boot = (struct dhcp_boot){.vendor_class = ""};
	return boot;
}

static struct dhcp_boot boot_of(struct dhcp6_own *own, const struct dhcp6_policy *p,
	const struct dhcp6_decision *d, const struct dhcp6_frame *asked)
{
	bool discovers = p->segment->discover && own->lessor->four->c->stranger;

	return !d->machine && discovers ? boot_of_stranger(own, p, d, asked)
					: boot_of_machine(own, p, d, asked);
}

/* To the card that sent it; to a relay by an ordinary datagram, since it may lie behind a router. */
static void address(const struct dhcp6_own *own, const struct dhcp6_frame *asked,
	const struct dhcp6_message *m, struct dhcp_packet *packet)
{
	bool relayed = m->n_relays;

	packet->socket = NULL;
	packet->six = &own->socket;
	packet->route.frame = !relayed;
	packet->frame6 = (struct dhcp6_frame){.from = own->socket.mac,
		.to = asked->from,
		.from_ip = own->socket.link_local,
		.to_ip = asked->from_ip,
		.from_port = DHCP6_SERVER_PORT,
		.to_port = relayed && !m->relays[0].own_port ? DHCP6_SERVER_PORT
			: relayed                            ? asked->from_port
							     : DHCP6_CLIENT_PORT};
}

static int fill_packet(struct dhcp6_own *own, const struct dhcp6_policy *p,
	const struct dhcp6_decision *d, const struct dhcp6_frame *asked, struct dhcp_packet *packet)
{
	struct dhcp_boot boot = boot_of(own, p, d, asked);
	int len = dhcp6_answer_encode(p, d, own->duid, &boot, packet->buf + DHCP6_FRAME_HEADER);

	if (len < 0)
		return len;
	if (d->verdict == DHCP6_SEND_LEASE)
		dhcp_facts_leased(d->machine, &d->choice.address, &boot);
	packet->len = (size_t)len;
	address(own, asked, p->msg, packet);
	return 0;
}

static void queue(struct dhcp_lessor *l, const struct dhcp6_decision *d, struct dhcp_packet *packet)
{
	if (d->verdict == DHCP6_SEND_LEASE) {
		l->stats.acks++;
		l->stats.leases6++;
		dhcp_outbox_park(l->outbox, packet);
		return;
	}
	if (d->verdict == DHCP6_SEND_ADVERTISE)
		l->stats.offers++, l->stats.advertises6++;
	else
		l->stats.replies6++;
	dhcp_outbox_send(l->outbox, packet);
}

static void lost(struct dhcp6_own *own, int rc)
{
	struct dhcp_lessor *l = own->lessor->four;
	unsigned lines = dhcp_meter_due(&l->losses, loop_now(l->c->loop));

	l->stats.dropped++;
	if (lines)
		log_warn("dhcp %s: %u messages got no answer: %s", own->segment->name, lines,
			strerror(-rc));
}

/* As probe() in dhcp_own.c: 0, or the message is served again (-EINPROGRESS) or lost. */
static int probe(struct dhcp6_own *own, const struct dhcp6_policy *p,
	const struct dhcp6_decision *d, const struct received *as)
{
	enum prober_verdict verdict = PROBER_GIVE;

	if (dhcp6_decision_declines(d) && d->doubtful)
		verdict = prober_ask_declined(&own->prober, &d->choice.address, as->bytes, as->len);
	else if (d->verdict == DHCP6_SEND_ADVERTISE || d->verdict == DHCP6_SEND_LEASE)
		verdict = prober_ask(
			&own->prober, &d->choice.address, d->doubtful, as->bytes, as->len);
	if (verdict == PROBER_WAITS && !dhcp6_decision_declines(d))
		dhcp6_policy_keep(p, d);
	return verdict == PROBER_GIVE ? 0 : verdict == PROBER_WAITS ? -EINPROGRESS : -ENOBUFS;
}

/* `packet` is used or given back. Encoded before anything is changed: a lease that cannot be told is not given. */
static void serve(struct dhcp6_own *own, const struct dhcp6_policy *p, const struct received *as,
	struct dhcp_packet *packet)
{
	struct dhcp_lessor *l = own->lessor->four;
	struct dhcp6_decision d = dhcp6_policy_decide(p);
	bool sends = d.verdict != DHCP6_IGNORE;
	int rc = probe(own, p, &d, as);

	dhcp_facts_asked(d.machine, dhcp6_firmware_of(p->msg));
	if (d.verdict == DHCP6_IGNORE || d.verdict == DHCP6_SEND_STATUS)
		dhcp_facts_refused(d.machine, d.reason);
	if (rc == 0 && sends)
		rc = fill_packet(own, p, &d, &as->frame, packet);
	if (rc == 0)
		rc = dhcp6_policy_apply(p, &d);
	if (rc < 0) {
		if (rc != -EINPROGRESS)
			lost(own, rc);
		dhcp_outbox_put_back(l->outbox, packet);
		return;
	}
	if (dhcp6_events_note(&l->events, p, &d) || d.verdict == DHCP6_TAKE_RELEASE ||
		d.verdict == DHCP6_TAKE_DECLINE || d.evicts)
		dhcp_outbox_touch(l->outbox);
	if (d.verdict == DHCP6_SEND_LEASE && d.news)
		prober_given(&own->prober, &d.choice.address);
	if (d.cancel_offers)
		dhcp6_foreign_ask(&own->foreign);
	if (sends) {
		/* the frame says who sent it; a relay's message does not */
		if (!p->msg->n_relays || p->segment->via)
			dhcp_own_firmware(l->c, d.machine, dhcp6_firmware_of(p->msg));
		queue(l, &d, packet);
		return;
	}
	l->stats.ignored++;
	l->stats.refused += !d.machine && d.reason > DHCP_OTHER_SERVER;
	dhcp_outbox_put_back(l->outbox, packet);
}

static void note_malformed(struct dhcp6_own *own, const struct dhcp6_frame *from, const char *why)
{
	struct dhcp_lessor *l = own->lessor->four;
	unsigned lines = dhcp_meter_due(&own->malformed, loop_now(l->c->loop));
	char ip[IP_TEXT];

	l->stats.malformed++;
	if (lines)
		log_info("dhcp %s: %u malformed DHCPv6 packets, the last from %s: %s",
			own->segment->name, lines, ip_format(&from->from_ip, ip), why);
}

/* Behind a relay that says nothing of it, with an address made by chance and a DUID made up. */
static void note_nobody(struct dhcp6_own *own, const struct dhcp6_frame *from)
{
	unsigned lines = dhcp_meter_due(&own->nobodys, loop_now(own->lessor->four->c->loop));
	char ip[IP_TEXT];

	if (lines)
		log_info("dhcp %s: %u DHCPv6 messages through a relay, the last from %s, do not "
			 "tell the client's MAC: let the relay add it (option 79, RFC 6939)",
			own->segment->name, lines, ip_format(&from->from_ip, ip));
}

/* The link where the client is: the innermost relay that says one (RFC 8415 19.1.1), else this one. NULL: not one of ours. */
static const struct segment *segment_of(const struct dhcp6_own *own, const struct dhcp6_message *m)
{
	for (size_t i = m->n_relays; i-- > 0;)
		if (!ip_is_any6(&m->relays[i].link))
			return segments_by_ip(
				own->lessor->four->c->segments, own->segment, &m->relays[i].link);
	return own->segment;
}

/* A client speaks from its link-local address, but when it renews by unicast, which is not offered: anything else is a
 * router's or a forger's. A relay may speak from anywhere. */
static bool is_from_here(const struct dhcp6_message *m, const struct dhcp6_frame *f)
{
	return m->n_relays || ip_is_link_local(&f->from_ip);
}

/* Relays send from 547, from 546 (WIDE's), or from a port of their own (RFC 8357). Guests of ours cannot send from 547: from
 * another it is a relay's only where there are relays, and if no machine's card sent it. */
static bool is_relays(
	const struct dhcp6_own *own, const struct dhcp6_policy *p, const struct dhcp6_frame *f)
{
	return !p->msg->n_relays || f->from_port == DHCP6_SERVER_PORT ||
		(p->segment && p->segment->via &&
			!machines_by_mac(p->machines, own->segment->id, &f->from, NULL));
}

static struct dhcp6_policy policy_of(const struct dhcp6_own *own, int64_t now)
{
	const struct dhcp_lessor *l = own->lessor->four;

	return (struct dhcp6_policy){.msg = &own->lessor->msg,
		.segment = own->segment,
		.machines = l->c->machines,
		.leases = l->leases,
		.now = now,
		.guests = l->c->guests,
		.guests_arg = l->c->arg};
}

static void receive_one(struct dhcp6_own *own, const struct received *as, const uint8_t *payload,
	size_t len, int64_t now)
{
	struct dhcp_lessor *l = own->lessor->four;
	struct dhcp6_message *m = &own->lessor->msg;
	const struct dhcp6_frame *f = &as->frame;
	const char *why;
	int rc = dhcp6_wire_decode(payload, len, m, &why);
	struct dhcp6_policy p = policy_of(own, now);
	struct dhcp_packet *packet;
	struct dhcp6_who who;

	if (rc == -EBADMSG) {
		note_malformed(own, f, why);
		return;
	}
	who = rc ? (struct dhcp6_who){.by = DHCP6_WHO_NOBODY} : dhcp6_who_is(m, &f->from);
	if (rc < 0 || who.by == DHCP6_WHO_NOBODY || !is_from_here(m, f) || dhcp6_wire_refusal(m)) {
		if (rc == 0 && who.by == DHCP6_WHO_NOBODY)
			note_nobody(own, f);
		l->stats.ignored++;
		return;
	}
	p.segment = segment_of(own, m);
	if (!is_relays(own, &p, f)) {
		note_malformed(own, f, "a relay's message, but not from a relay's port (547)");
		return;
	}
	l->stats.in6_type[(unsigned)m->type < DHCPD_TYPES6 ? m->type : 0]++;
	p.mac = who.mac;
	p.astray = !p.segment;
	if (p.astray)
		p.segment = own->segment;
	p.ours = dhcp6_answer_is_ours(m, own->duid);
	if (!m->n_relays && !dhcp6_foreign_is_ours(&own->foreign)) {
		l->stats.ignored++;
		return;
	}
	packet = dhcp_outbox_room(l->outbox);
	if (packet)
		serve(own, &p, as, packet);
	else
		lost(own, -ENOBUFS);
}

/* To a question of ours: another server's. */
static void receive_answer(
	struct dhcp6_own *own, const struct dhcp6_frame *f, const uint8_t *bytes, size_t len)
{
	const char *why;

	own->lessor->four->stats.ignored++;
	if (dhcp6_wire_decode(bytes, len, &own->lessor->msg, &why) == 0)
		dhcp6_foreign_heard(&own->foreign, f, &own->lessor->msg);
}

/* After all messages of a wake-up. */
static void settle(void *arg)
{
	struct dhcp6_own *own = arg;

	prober_flush(&own->prober);
	dhcp_outbox_flush(own->lessor->four->outbox);
}

/* prober.again; its checksum was right. */
static void receive_again(void *arg, const void *bytes, size_t len)
{
	struct received as = {.bytes = bytes, .len = len};
	const uint8_t *payload;
	size_t payload_len;

	if (dhcp6_frame_open(bytes, len, false, &as.frame, &payload, &payload_len) == 0)
		receive_one(arg, &as, payload, payload_len, clock_steady_ms());
}

/* prober.answered */
static bool set_aside(void *arg, const struct ip *ip, const struct mac *mac, bool declined)
{
	struct dhcp6_own *own = arg;

	return dhcp_conflict_found(own->lessor->four, own->segment,
		&(struct dhcp_conflict){*ip, *mac, declined}, clock_steady_ms());
}

/* prober.next */
static size_t next_free(void *arg, struct ip *ret, size_t most)
{
	const struct dhcp6_policy p = policy_of(arg, clock_steady_ms());

	return dhcp6_policy_ahead(&p, ret, most);
}

/* Without it addresses are offered as they are: most clients look for themselves. */
static void open_prober(struct dhcp6_own *own)
{
	const struct segment *s = own->segment;
	struct prober *p = &own->prober;
	int rc;

	prober_close(p);
	*p = (struct prober){.loop = own->lessor->four->c->loop,
		.acd = ACD_CLOSED,
		.again = receive_again,
		.answered = set_aside,
		.next = next_free,
		.done = settle,
		.arg = own};
	if (!s->probe_ms)
		return;
	rc = prober_open(
		p, own->socket.ifindex, &own->socket.mac, &own->socket.link_local, s->probe_ms);
	if (rc)
		log_warn("dhcp %s: cannot check whether IPv6 addresses are in use before offering "
			 "them: %s",
			s->name, strerror(-rc));
	settle(own);
}

static int receive(void *arg)
{
	struct dhcp6_own *own = arg;
	struct dhcp_lessor *l = own->lessor->four;
	struct dhcp6_inbox *in = &own->lessor->inbox;
	int64_t now = clock_steady_ms();
	int n = dhcp6_socket_receive(&own->socket, in);

	dhcp_outbox_begin(l->outbox);
	if (n < 0 && dhcp_meter_due(&own->lessor->receive_errors, loop_now(l->c->loop)))
		log_warn("dhcp %s: cannot receive: %s", own->segment->name, strerror(-n));
	for (int i = 0; i < n; i++) {
		struct received as = {.bytes = in->bytes[i], .len = in->msgs[i].msg_len};
		const uint8_t *payload;
		size_t len;
		int rc = dhcp6_inbox_open(in, (size_t)i, &as.frame, &payload, &len);

		if (rc == -EXDEV)
			continue;
		l->stats.in++;
		if (rc < 0)
			l->stats.malformed++;
		else if (as.frame.to_port == DHCP6_CLIENT_PORT)
			receive_answer(own, &as.frame, payload, len);
		else
			receive_one(own, &as, payload, len, now);
	}
	settle(own);
	return n;
}

static void readable(struct loop_fd *w, uint32_t events)
{
	struct dhcp6_own *own = w->arg;

	(void)events;
	dhcp_pace_readable(&own->pace);
}

/* What it says of the link may be another network's, and a machine may take its default route from it. */
static void foreign_router(void *arg, const struct ndp_message *m)
{
	struct dhcp6_own *own = arg;
	const struct segment *s = own->segment;
	char ip[IP_TEXT], mac[MAC_TEXT];

	if (!dhcp_notice_due(&own->routers, s->id, &m->way.from_mac, clock_mono_ms()))
		return;
	ip_format(&m->way.from, ip);
	mac_format(&m->way.from_mac, mac);
	log_warn("%s: %s (MAC %s) sends router advertisements too: machines may use it as their "
		 "router%s",
		s->name, ip, mac, m->router.managed ? ", and ask it for addresses" : "");
	timeline_add(own->lessor->four->c->timeline, "", "foreign",
		"%s: %s (MAC %s) sends router advertisements too", s->name, ip, mac);
	dhcp_outbox_touch(own->lessor->four->outbox);
	dhcp_outbox_flush(own->lessor->four->outbox);
}

void dhcp6_own_init(struct dhcp6_own *own, struct dhcp6_lessor *l, const struct segment *s)
{
	*own = (struct dhcp6_own){.lessor = l,
		.segment = s,
		.socket = DHCP6_SOCKET_CLOSED,
		.prober = PROBER_CLOSED,
		.ra = RA_CLOSED,
		.routers = {.every = ROUTER_TOLD_MS}};
	dhcp_pace_init(&own->pace, l->four->c->loop, &own->watch, receive, NULL, own);
}

bool dhcp6_own_fits(struct dhcp6_own *own)
{
	const struct segment6 *six = &own->segment->six;

	if (!ip_eq(&own->server, &six->server) || own->prefix_len != six->prefix_len ||
		!dhcp6_socket_fits(&own->socket, own->segment->ifname))
		return false;
	if (dhcp6_foreign_is_ours(&own->foreign))
		open_prober(own);
	return true;
}

/* What is only done where we lease. */
static int begin(struct dhcp6_own *own)
{
	if (!dhcp6_foreign_is_ours(&own->foreign))
		return 0;
	own->ra = (struct ra){.frames = FRAMES_CLOSED,
		.segment = own->segment,
		.mac = own->socket.mac,
		.link_local = own->socket.link_local,
		.foreign = foreign_router,
		.arg = own};
	open_prober(own);
	return ra_open(&own->ra, own->lessor->four->c->loop, own->socket.ifindex);
}

/* dhcp6_foreign.decided: of a segment that was not ours. */
static void decided(void *arg)
{
	struct dhcp6_own *own = arg;
	int rc = begin(own);

	if (rc < 0)
		log_warn("%s: cannot send router advertisements: %s", own->segment->name,
			strerror(-rc));
}

int dhcp6_own_open(struct dhcp6_own *own, char *why, size_t why_size)
{
	int rc = dhcp6_socket_open(&own->socket, own->segment->ifname, why, why_size);

	if (rc < 0)
		return rc;
	own->server = own->segment->six.server;
	own->prefix_len = own->segment->six.prefix_len;
	dhcp6_answer_duid(&own->socket.mac, own->duid);
	rc = loop_watch(
		own->lessor->four->c->loop, &own->watch, own->socket.raw, EPOLLIN, readable, own);
	if (rc == 0) {
		own->foreign.decided = decided;
		own->foreign.arg = own;
		dhcp6_foreign_begin(&own->foreign, own->lessor->four, own->segment, &own->socket);
		rc = begin(own);
	}
	if (rc < 0) {
		snprintf(why, why_size, "%s: %s", own->segment->ifname, strerror(-rc));
		dhcp6_own_close(own);
	}
	return rc;
}

void dhcp6_own_close(struct dhcp6_own *own)
{
	if (own->watch.watched)
		loop_unwatch(own->lessor->four->c->loop, &own->watch);
	dhcp_pace_clear(&own->pace);
	prober_close(&own->prober);
	ra_close(&own->ra);
	dhcp6_foreign_end(&own->foreign);
	dhcp6_socket_close(&own->socket);
}
