/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_foreign.h"

#include "core/clock.h"
#include "core/link.h"
#include "core/log.h"
#include "core/neighbour.h"
#include "core/table.h"
#include "machine/watch.h"

#include <stdio.h>
#include <string.h>

enum { FACT_EVERY_MS = 1000 };

static bool is_at(const struct dhcp_foreign *f, size_t i, const struct dhcp_heard *h)
{
	return f->seen[i].told && f->seen[i].server == h->server &&
		mac_eq(&f->seen[i].mac, &h->from);
}

/* Where this server is remembered, or is to be: at the place of the one told of longest ago. */
static size_t slot_of(const struct dhcp_foreign *f, const struct dhcp_heard *h)
{
	size_t oldest = 0;

	for (size_t i = 0; i < DHCP_FOREIGN_MAX; i++) {
		if (is_at(f, i, h))
			return i;
		if (f->seen[i].told < f->seen[oldest].told)
			oldest = i;
	}
	return oldest;
}

/* Whether it was not heard in the last hour. */
static bool remember(struct dhcp_foreign *f, const struct dhcp_heard *h)
{
	int64_t now = loop_now(f->loop);
	size_t i = slot_of(f, h);

	if (is_at(f, i, h) && now - f->seen[i].told < DHCP_FOREIGN_MS)
		return false;
	f->seen[i].mac = h->from;
	f->seen[i].server = h->server;
	f->seen[i].told = now;
	f->seen[i].forged = dhcp_foreign_is_forged(f->segment, h);
	f->seen[i].ours = false;
	return true;
}

bool dhcp_foreign_is_forged(const struct segment *s, const struct dhcp_heard *h)
{
	uint32_t own = ip_to_v4(&s->server);

	return h->server == own || h->from_ip == own;
}

/* Somebody who may lease where we do not: the one that is known to, or whoever does. */
static bool is_meant(const struct segment *s, const struct dhcp_heard *h)
{
	return s->mode == SEGMENT_PROXY &&
		(!ip_is_set(&s->lessor) || h->server == ip_to_v4(&s->lessor));
}

static const char *deed(enum dhcp_type type)
{
	return type == DHCP_OFFER ? "offered" : type == DHCP_ACK ? "leased" : "refused";
}

/* "192.168.122.66, MAC 52:54:00:00:00:42 (evil, port vnet3), offered 192.168.122.200 to 52:54:c0:a8:7a:03" */
static void describe(
	const struct dhcp_foreign *f, const struct dhcp_heard *h, char *buf, size_t size)
{
	const struct machine *from = machines_by_mac(f->machines, f->segment->id, &h->from, NULL);
	struct ip by = ip_from_v4(h->from_ip == h->server ? h->server : h->from_ip);
	struct ip given = ip_from_v4(h->address);
	char ip[IP_TEXT], mac[MAC_TEXT], address[IP_TEXT], client[MAC_TEXT], port[NEIGHBOUR_PORT],
		where[96] = "";
	struct mac unused;

	if (!neighbour_port(f->segment->ifname, &h->from, port, &unused))
		snprintf(where, sizeof where, " (%s%sport %s)", from ? from->name : "",
			from ? ", " : "", port);
	else if (from)
		snprintf(where, sizeof where, " (%s)", from->name);
	ip_format(&given, address);
	snprintf(buf, size, "%s, MAC %s%s, %s %s to %s", ip_format(&by, ip),
		mac_format(&h->from, mac), where, deed(h->type),
		h->address                    ? address
			: h->type == DHCP_NAK ? "an address"
					      : "boot information",
		mac_format(&h->client, client));
}

/* By another card, by its address and its MAC: that both are on one wire is told by dhcp_twice.h. */
static bool is_ours(const struct dhcp_foreign *f, const struct dhcp_heard *h)
{
	struct link_state link;

	for (size_t i = 0; i < f->all->count; i++) {
		const struct segment *s = f->all->all[i];

		if (!s->via && strcmp(s->ifname, f->segment->ifname) != 0 &&
			ip_to_v4(&s->server) == h->server && !link_lookup(s->ifname, &link) &&
			mac_eq(&link.mac, &h->from))
			return true;
	}
	return false;
}

static void tell(
	struct dhcp_foreign *f, const struct dhcp_heard *h, const char *machine, bool forged)
{
	const char *name = f->segment->name;
	char text[256];

	if (!forged && is_ours(f, h)) {
		f->seen[slot_of(f, h)].ours = true;
		return;
	}
	describe(f, h, text, sizeof text);
	timeline_add(f->timeline, machine, forged ? "forged" : "foreign", "%s on %s: %s",
		forged ? "another host answers DHCP in usher's name" : "another DHCP server", name,
		text);
	if (forged)
		log_warn("%s: another host answers DHCP in usher's name (%s): find that host and "
			 "stop it",
			name, text);
	else if (f->segment->mode == SEGMENT_OWN)
		log_warn(
			"%s: two DHCP servers answer there, usher and %s: stop that server, or let "
			"it lease (mode='proxy')",
			name, text);
	else
		log_warn("%s: another DHCP server answers there beside the one that leases: %s",
			name, text);
}

static void note_fact(const struct dhcp_foreign *f, const struct dhcp_heard *h,
	const struct machine *m, bool forged)
{
	enum fact what = forged ? SAW_FORGED : SAW_FOREIGN;
	char text[256];

	/* who is behind a frame takes questions to the kernel: once a second of a machine */
	if (!m->facts || facts_have(m->facts, what, clock_mono_ms() - FACT_EVERY_MS) ||
		(!forged && is_ours(f, h)))
		return;
	describe(f, h, text, sizeof text);
	machine_saw(m, what, text);
}

void dhcp_foreign_relays(struct dhcp_foreign *f, const void *message, size_t len)
{
	unsigned i = f->next_relayed++ % DHCP_FOREIGN_RELAYED;

	f->relayed[i].hash = hash_bytes(message, len, 0);
	f->relayed[i].at = loop_now(f->loop);
}

/* Ours, delivered by a relay. A forger may send it again, as it is. */
static bool is_relayed(const struct dhcp_foreign *f, const struct dhcp_heard *h)
{
	int64_t since = loop_now(f->loop) - DHCP_FOREIGN_RELAYED_MS;

	for (size_t i = 0; i < DHCP_FOREIGN_RELAYED; i++)
		if (f->relayed[i].at && f->relayed[i].at >= since && f->relayed[i].hash == h->hash)
			return true;
	return false;
}

static void heard(void *arg, const struct dhcp_heard *h)
{
	struct dhcp_foreign *f = arg;
	const struct machine *m = machines_by_mac(f->machines, f->segment->id, &h->client, NULL);
	bool forged = dhcp_foreign_is_forged(f->segment, h), fresh, due;
	int64_t now = loop_now(f->loop);
	const struct mac *key;

	if (forged ? is_relayed(f, h) : is_meant(f->segment, h))
		return;
	fresh = remember(f, h);
	if (!fresh && f->seen[slot_of(f, h)].ours)
		return;
	if (m && !forged && !life_netboots(m->state))
		m = NULL;
	if (!fresh && !m)
		return;
	key = m ? &h->client : &h->from;
	if (m)
		note_fact(f, h, m, forged);
	due = dhcp_notice_due(&f->told, f->segment->id, key, now);
	if (due || (fresh && dhcp_notice_due(&f->fresh, f->segment->id, key, now)))
		tell(f, h, m ? m->name : "", forged);
}

int dhcp_foreign_open(struct dhcp_foreign *f, struct loop *l, struct timeline *t,
	const struct machines *machines, const struct segments *all, const struct segment *s,
	char *why, size_t why_size)
{
	f->told.most = f->fresh.most = DHCP_FOREIGN_TOLD;
	f->fresh.each = DHCP_FOREIGN_NEW;
	f->segment = s;
	f->all = all;
	f->machines = machines;
	f->timeline = t;
	f->loop = l;
	return dhcp_watch_open(&f->watch, l, s->ifname, false, heard, f, why, why_size);
}

void dhcp_foreign_forget(struct dhcp_foreign *f)
{
	memset(f->seen, 0, sizeof f->seen);
}

void dhcp_foreign_close(struct dhcp_foreign *f)
{
	dhcp_watch_close(&f->watch);
}
