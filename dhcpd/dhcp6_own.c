/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp6_own.h"

#include "core/clock.h"
#include "core/log.h"
#include "dhcpd/dhcp6_events.h"
#include "dhcpd/dhcp6_secret.h"
#include "dhcpd/dhcp6_who.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

enum { ROUTER_TOLD_MS = 3600 * 1000 };

static bool may_know(const struct dhcp6_own *own, const struct dhcp6_policy *p,
	const struct dhcp6_decision *d, const struct dhcp6_frame *asked)
{
	const struct dhcpd_config *c = own->lessor->four->c;
	char why[256], text[400], mac[MAC_TEXT];

	if (dhcp6_secret_may_know(c, p, d, asked, why, sizeof(why)))
		return true;
	snprintf(text, sizeof(text), "%s from %s on %s gets no boot script: %s",
		dhcp6_type_name(p->msg->type), mac_format(&p->mac, mac), p->segment->name, why);
	machine_tell(d->machine, "refused", text);
	dhcp_outbox_touch(own->lessor->four->outbox);
	return false;
}

static struct dhcp_boot boot_of(struct dhcp6_own *own, const struct dhcp6_policy *p,
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
	packet->len = (size_t)len;
	address(own, asked, p->msg, packet);
	return 0;
}

static void queue(struct dhcp_lessor *l, const struct dhcp6_decision *d, struct dhcp_packet *packet)
{
	if (d->verdict == DHCP6_SEND_LEASE) {
		l->stats.acks++;
		dhcp_outbox_park(l->outbox, packet);
		return;
	}
	l->stats.offers += d->verdict == DHCP6_SEND_ADVERTISE;
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

/* `packet` is used or given back. Encoded before anything is changed: a lease that cannot be told is not given. */
static void serve(struct dhcp6_own *own, const struct dhcp6_policy *p,
	const struct dhcp6_frame *asked, struct dhcp_packet *packet)
{
	struct dhcp_lessor *l = own->lessor->four;
	struct dhcp6_decision d = dhcp6_policy_decide(p);
	bool sends = d.verdict != DHCP6_IGNORE;
	int rc = sends ? fill_packet(own, p, &d, asked, packet) : 0;

	if (rc == 0)
		rc = dhcp6_policy_apply(p, &d);
	if (rc < 0) {
		lost(own, rc);
		dhcp_outbox_put_back(l->outbox, packet);
		return;
	}
	if (dhcp6_events_note(&l->events, p, &d) || d.verdict == DHCP6_TAKE_RELEASE ||
		d.verdict == DHCP6_TAKE_DECLINE || d.evicts)
		dhcp_outbox_touch(l->outbox);
	if (d.cancel_offers)
		dhcp6_foreign_ask(&own->foreign);
	if (sends) {
		queue(l, &d, packet);
		return;
	}
	l->stats.ignored++;
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

static void receive_one(struct dhcp6_own *own, const struct dhcp6_frame *f, const uint8_t *bytes,
	size_t len, int64_t now)
{
	struct dhcp_lessor *l = own->lessor->four;
	struct dhcp6_message *m = &own->lessor->msg;
	const char *why;
	int rc = dhcp6_wire_decode(bytes, len, m, &why);
	struct dhcp6_policy p = {.msg = m,
		.machines = l->c->machines,
		.leases = l->leases,
		.now = now,
		.guests = l->c->guests,
		.guests_arg = l->c->arg};
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
	p.mac = who.mac;
	p.segment = segment_of(own, m);
	p.astray = !p.segment;
	if (p.astray)
		p.segment = own->segment;
	p.ours = dhcp6_answer_is_ours(m, own->duid);
	packet = dhcp_outbox_room(l->outbox);
	if (packet)
		serve(own, &p, f, packet);
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

static int receive(void *arg)
{
	struct dhcp6_own *own = arg;
	struct dhcp_lessor *l = own->lessor->four;
	struct dhcp6_inbox *in = &own->lessor->inbox;
	int64_t now = clock_steady_ms();
	int n = dhcp6_socket_receive(&own->socket, in);

	if (n < 0 && dhcp_meter_due(&own->lessor->receive_errors, loop_now(l->c->loop)))
		log_warn("dhcp %s: cannot receive: %s", own->segment->name, strerror(-n));
	for (int i = 0; i < n; i++) {
		struct dhcp6_frame f;
		const uint8_t *bytes;
		size_t len;
		int rc = dhcp6_inbox_open(in, (size_t)i, &f, &bytes, &len);

		l->stats.in++;
		if (rc < 0)
			l->stats.malformed++;
		else if (f.to_port == DHCP6_CLIENT_PORT)
			receive_answer(own, &f, bytes, len);
		else
			receive_one(own, &f, bytes, len, now);
	}
	dhcp_outbox_flush(l->outbox);
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
		.ra = RA_CLOSED,
		.routers = {.every = ROUTER_TOLD_MS}};
	dhcp_pace_init(&own->pace, l->four->c->loop, &own->watch, receive, NULL, own);
}

bool dhcp6_own_fits(const struct dhcp6_own *own)
{
	const struct segment6 *six = &own->segment->six;

	return ip_eq(&own->server, &six->server) && own->prefix_len == six->prefix_len &&
		dhcp6_socket_fits(&own->socket, own->segment->ifname);
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
		own->ra = (struct ra){.frames = FRAMES_CLOSED,
			.segment = own->segment,
			.mac = own->socket.mac,
			.link_local = own->socket.link_local,
			.foreign = foreign_router,
			.arg = own};
		rc = ra_open(&own->ra, own->lessor->four->c->loop, own->socket.ifindex);
	}
	if (rc == 0)
		dhcp6_foreign_begin(&own->foreign, own->lessor->four, own->segment, &own->socket);
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
	ra_close(&own->ra);
	dhcp6_foreign_end(&own->foreign);
	dhcp6_socket_close(&own->socket);
}
