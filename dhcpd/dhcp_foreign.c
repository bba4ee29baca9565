#include "dhcpd/dhcp_foreign.h"

#include "core/log.h"

#include <stdio.h>
#include <string.h>

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

static bool is_due(struct dhcp_foreign *f, const struct dhcp_heard *h)
{
	int64_t now = loop_now(f->loop);
	size_t i = slot_of(f, h);

	if (is_at(f, i, h) && now - f->seen[i].told < DHCP_FOREIGN_MS)
		return false;
	f->seen[i].mac = h->from;
	f->seen[i].server = h->server;
	f->seen[i].told = now;
	return true;
}

static const char *deed(enum dhcp_type type)
{
	return type == DHCP_OFFER ? "offered" : type == DHCP_ACK ? "leased" : "refused";
}

static void heard(void *arg, const struct dhcp_heard *h)
{
	struct dhcp_foreign *f = arg;
	struct ip server = ip_from_v4(h->server), given = ip_from_v4(h->address);
	char by[IP_TEXT], mac[MAC_TEXT], address[IP_TEXT], client[MAC_TEXT];

	if (h->server == ip_to_v4(&f->segment->server) || !is_due(f, h))
		return;
	ip_format(&server, by);
	mac_format(&h->from, mac);
	ip_format(&given, address);
	timeline_add(f->timeline, "", "foreign",
		"another DHCP server on %s: %s, MAC %s, %s %s to %s", f->segment->name, by, mac,
		deed(h->type),
		h->address                    ? address
			: h->type == DHCP_NAK ? "an address"
					      : "boot information",
		mac_format(&h->client, client));
	log_warn("%s: two DHCP servers answer there, ours and %s (%s): stop that one, or let it "
		 "lease (mode='proxy')",
		f->segment->name, by, mac);
}

int dhcp_foreign_open(struct dhcp_foreign *f, struct loop *l, struct timeline *t,
	const struct segment *s, char *why, size_t why_size)
{
	f->segment = s;
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
