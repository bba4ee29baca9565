/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp6_foreign.h"

#include "core/clock.h"
#include "core/cursor.h"
#include "core/draw.h"
#include "core/link.h"
#include "core/log.h"

#include <stdio.h>
#include <string.h>

enum { DUID_LL = 3, HARDWARE_ETHERNET = 1, IAID = 1 };

void dhcp6_foreign_solicit(const struct mac *mac, uint32_t xid, uint8_t ret[DHCP6_FOREIGN_SOLICIT])
{
	struct writer w;

	writer_init(&w, ret, DHCP6_FOREIGN_SOLICIT);
	writer_u32(&w, (uint32_t)DHCP6_SOLICIT << 24 | (xid & 0xffffff));
	writer_u16(&w, OPT6_CLIENT_ID);
	writer_u16(&w, 10);
	writer_u16(&w, DUID_LL);
	writer_u16(&w, HARDWARE_ETHERNET);
	writer_bytes(&w, mac->b, sizeof(mac->b));
	writer_u16(&w, OPT6_IA_NA);
	writer_u16(&w, 12);
	writer_u32(&w, IAID);
	writer_zero(&w, 8); /* T1, T2 */
	writer_u16(&w, OPT6_ELAPSED);
	writer_u16(&w, 2);
	writer_u16(&w, 0);
}

static void ask(struct dhcp6_foreign *f)
{
	/* all servers and relays (RFC 8415 7.1), and their MAC (RFC 2464 7) */
	static const uint8_t servers[16] = {0xff, 0x02, [13] = 1, [15] = 2};
	struct dhcp_packet *p = dhcp_outbox_room(f->lessor->outbox);

	if (!p)
		return;
	draw_bytes(&f->xid, sizeof(f->xid));
	f->xid &= 0xffffff;
	dhcp6_foreign_solicit(&f->socket->mac, f->xid, p->buf + DHCP6_FRAME_HEADER);
	p->len = DHCP6_FOREIGN_SOLICIT;
	p->socket = NULL;
	p->six = f->socket;
	p->route.frame = true;
	p->frame6 = (struct dhcp6_frame){.from = f->socket->mac,
		.to = {{0x33, 0x33, 0, 1, 0, 2}},
		.from_ip = f->socket->link_local,
		.to_ip = ip_from_v6(servers),
		.from_port = DHCP6_CLIENT_PORT,
		.to_port = DHCP6_SERVER_PORT};
	f->asked++;
	f->asked_at = clock_mono_ms();
	dhcp_outbox_send(f->lessor->outbox, p);
}

bool dhcp6_yield_note(struct dhcp6_yield *y, bool answered)
{
	enum dhcp6_place before = y->place;

	if (before == DHCP6_PLACE_OURS)
		return false;
	y->answered += answered;
	y->silent = answered && before == DHCP6_PLACE_ANOTHERS ? 0 : y->silent + !answered;
	if (y->silent == DHCP6_FOREIGN_SURE)
		y->place = DHCP6_PLACE_OURS;
	else if (before == DHCP6_PLACE_ASKED && y->answered == DHCP6_FOREIGN_SURE)
		*y = (struct dhcp6_yield){.place = DHCP6_PLACE_ANOTHERS};
	return y->place != before;
}

static void tell_place(struct dhcp6_foreign *f, enum dhcp6_place before)
{
	const char *name = f->segment->name;

	if (f->yield.place == DHCP6_PLACE_ANOTHERS) {
		log_warn("%s: %s: usher leases no IPv6 addresses there: set mode='own' to lease "
			 "them all the same",
			name, f->other);
		timeline_add(f->lessor->c->timeline, "", "foreign",
			"another DHCPv6 server on %s: %s: usher leases no IPv6 addresses there",
			name, f->other);
	} else if (before == DHCP6_PLACE_ANOTHERS) {
		log_info("%s: the other DHCPv6 server does not answer any more: usher leases IPv6 "
			 "addresses there",
			name);
		timeline_add(f->lessor->c->timeline, "", "network",
			"%s: the other DHCPv6 server does not answer any more: usher leases IPv6 "
			"addresses there",
			name);
	}
	dhcp_outbox_touch(f->lessor->outbox);
}

static void settle(struct dhcp6_foreign *f)
{
	enum dhcp6_place before = f->yield.place;
	bool changed = f->asked && dhcp6_yield_note(&f->yield, f->answered);

	f->answered = false;
	if (!changed)
		return;
	tell_place(f, before);
	f->decided(f->arg);
}

static bool is_in_doubt(const struct dhcp6_foreign *f)
{
	return f->asked < DHCP6_FOREIGN_FIRST || f->yield.place == DHCP6_PLACE_ASKED ||
		(f->yield.place == DHCP6_PLACE_ANOTHERS && f->yield.silent);
}

static void again(struct loop_timer *t)
{
	struct dhcp6_foreign *f = t->arg;

	settle(f);
	ask(f);
	dhcp_outbox_flush(f->lessor->outbox);
	loop_timer_set(f->lessor->c->loop, &f->again,
		is_in_doubt(f) ? DHCP6_FOREIGN_FIRST_MS : DHCP6_FOREIGN_MS);
}

static bool is_bound(void *arg, const struct lease *l)
{
	(void)arg;
	return l->state == LEASE_BOUND;
}

void dhcp6_foreign_begin(struct dhcp6_foreign *f, struct dhcp_lessor *l, const struct segment *s,
	const struct dhcp6_socket *socket)
{
	bool yields = s->six.yields &&
		!leases_held(l->leases, s, IP_V6, clock_steady_ms(), is_bound, NULL);

	*f = (struct dhcp6_foreign){.lessor = l,
		.segment = s,
		.socket = socket,
		.yield.place = yields ? DHCP6_PLACE_ASKED : DHCP6_PLACE_OURS,
		.decided = f->decided,
		.arg = f->arg,
		.told = {.every = DHCP6_FOREIGN_TOLD_MS, .most = DHCP_FOREIGN_TOLD}};
	loop_timer_init(&f->again, again, f);
	loop_timer_set(l->c->loop, &f->again, DHCP6_FOREIGN_FIRST_MS / 3);
}

void dhcp6_foreign_end(struct dhcp6_foreign *f)
{
	if (f->lessor)
		loop_timer_clear(f->lessor->c->loop, &f->again);
	f->lessor = NULL;
}

void dhcp6_foreign_ask(struct dhcp6_foreign *f)
{
	if (clock_mono_ms() - f->asked_at >= DHCP6_FOREIGN_AGAIN_MS)
		ask(f);
}

/* By another card of this host on the same wire. */
static bool is_ours(const struct segments *all, const struct mac *mac)
{
	struct link_state link;

	for (size_t i = 0; i < all->count; i++)
		if (!link_lookup(all->all[i]->ifname, &link) && mac_eq(&link.mac, mac))
			return true;
	return false;
}

/* "fe80::9 (MAC 02:00:00:00:00:09) offers 2001:db8:66::9" */
static void describe(
	const struct dhcp6_frame *from, const struct dhcp6_message *m, char *buf, size_t size)
{
	bool offers = m->n_ias && m->ias[0].n_addresses;
	char ip[IP_TEXT], mac[MAC_TEXT], address[IP_TEXT] = "nothing";

	if (offers)
		ip_format(&m->ias[0].addresses[0].ip, address);
	snprintf(buf, size, "%s (MAC %s) offers %s", ip_format(&from->from_ip, ip),
		mac_format(&from->from, mac), address);
}

static void note_answer(
	struct dhcp6_foreign *f, const struct dhcp6_frame *from, const struct dhcp6_message *m)
{
	bool offers = m->n_ias && m->ias[0].n_addresses;

	if (f->answered || !offers || is_ours(f->lessor->c->segments, &from->from))
		return;
	f->answered = true;
	describe(from, m, f->other, sizeof(f->other));
}

void dhcp6_foreign_heard(
	struct dhcp6_foreign *f, const struct dhcp6_frame *from, const struct dhcp6_message *m)
{
	const struct dhcpd_config *c = f->lessor->c;
	char text[160];

	if (!f->asked || m->n_relays || m->xid != f->xid ||
		(m->type != DHCP6_ADVERTISE && m->type != DHCP6_REPLY) ||
		!mac_eq(&from->to, &f->socket->mac))
		return;
	if (!dhcp6_foreign_is_ours(f)) {
		note_answer(f, from, m);
		return;
	}
	if (!dhcp_notice_due(&f->told, f->segment->id, &from->from, clock_mono_ms()) ||
		is_ours(c->segments, &from->from)) /* last: it asks the kernel */
		return;
	describe(from, m, text, sizeof(text));
	log_warn("%s: another DHCPv6 server answers there beside usher: %s: stop that server, or "
		 "take <ipv6> out of the segment",
		f->segment->name, text);
	timeline_add(c->timeline, "", "foreign", "another DHCPv6 server on %s: %s",
		f->segment->name, text);
	dhcp_outbox_touch(f->lessor->outbox);
}
