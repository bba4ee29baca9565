/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcpd.h"

#include "core/log.h"
#include "dhcpd/dhcp6_own.h"
#include "dhcpd/dhcp_listen.h"
#include "dhcpd/dhcp_own.h"
#include "dhcpd/dhcp_proxy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One of the three is open, as the segment's mode says. */
struct port {
	struct dhcpd *d;
	const struct segment *segment;
	struct dhcp_own own;        /* we lease */
	struct dhcp6_own own6;      /* and IPv6 addresses too */
	struct dhcp_proxy *proxy;   /* somebody else leases; or NULL */
	struct dhcp_listen listen;  /* not known yet */
	struct dhcpd_server server; /* who was found to lease, or zero */
	int no_ipv6;                /* why IPv6 is not served: the last that was told; 0: it is */
};

struct dhcpd {
	struct dhcpd_config c;
	struct dhcp_lessor lessor;
	struct dhcp6_lessor lessor6;
	struct port *ports[SEGMENT_MAX]; /* by segment id - 1 */
};

int dhcpd_new(const struct dhcpd_config *c, struct dhcpd **ret)
{
	const struct dhcp_outbox_config out = {c->loop, c->store, c->gather_ms};
	struct dhcpd *d = calloc(1, sizeof(*d));
	int rc;

	if (!d)
		return -ENOMEM;
	d->c = *c;
	d->lessor.c = &d->c;
	dhcp_events_init(&d->lessor.events, c->timeline);
	dhcp_inbox_init(&d->lessor.inbox);
	d->lessor6.four = &d->lessor;
	dhcp6_inbox_init(&d->lessor6.inbox);
	rc = leases_new(c->segments, c->store, &d->lessor.leases);
	if (rc == 0)
		rc = dhcp_outbox_new(&out, &d->lessor.outbox);
	if (rc < 0) {
		leases_free(d->lessor.leases);
		free(d);
		return rc;
	}
	*ret = d;
	return 0;
}

int dhcpd_load(struct dhcpd *d, char *why, size_t why_size)
{
	return leases_load(d->lessor.leases, why, why_size);
}

static struct port *port_of(const struct dhcpd *d, const struct segment *s)
{
	uint32_t id = segment_link(s);

	return id && id <= SEGMENT_MAX ? d->ports[id - 1] : NULL;
}

static void port_close(struct port *port)
{
	dhcp_own_close(&port->own);
	dhcp6_own_close(&port->own6);
	dhcp_proxy_free(port->proxy);
	port->proxy = NULL;
	dhcp_listen_close(&port->listen);
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
		dhcp_own_init(&port->own, &d->lessor, s);
		dhcp6_own_init(&port->own6, &d->lessor6, s);
		d->ports[s->id - 1] = port;
	}
	/* a port outlives its segment, as parked ACKs name its socket: the next of that id has it */
	if (!s->via)
		port->segment = port->own.segment = port->own6.segment = s;
	*ret = port;
	return 0;
}

/* Its prefix is another, and so it is for the subnets behind its relays, which come and go with it. */
static int move_pools(struct dhcpd *d, const struct segment *s)
{
	int rc = leases_move_pool(d->lessor.leases, s->id);

	for (size_t i = 0; i < d->c.segments->count && rc == 0; i++)
		if (d->c.segments->all[i]->via == s->id)
			rc = leases_move_pool(d->lessor.leases, d->c.segments->all[i]->id);
	return rc;
}

/* Without it IPv4 is served all the same. Each reason is told once. */
static void open_own6(struct port *port)
{
	const struct segment *s = port->segment;
	char why[256] = "out of memory";
	int rc;

	if (!ip_is_set(&s->six.server)) {
		dhcp6_own_close(&port->own6);
		return;
	}
	if (dhcp6_own_fits(&port->own6))
		return;
	dhcp6_own_close(&port->own6);
	rc = move_pools(port->d, s);
	if (rc == 0)
		rc = dhcp6_own_open(&port->own6, why, sizeof(why));
	if (rc && rc != port->no_ipv6)
		log_warn("%s: DHCPv6 waits: %s", s->name, why);
	else if (!rc && port->no_ipv6)
		log_info("%s: DHCPv6 is served", s->name);
	port->no_ipv6 = rc;
}

static int open_own(struct port *port, char *why, size_t why_size)
{
	int rc = 0;

	if (!dhcp_own_fits(&port->own)) {
		port_close(port);
		rc = dhcp_own_open(&port->own, why, why_size);
	}
	if (rc == 0)
		open_own6(port);
	return rc;
}

static int open_proxy(struct port *port, char *why, size_t why_size)
{
	struct dhcpd *d = port->d;
	const struct dhcp_proxy_config c = {.loop = d->c.loop,
		.machines = d->c.machines,
		.segments = d->c.segments,
		.timeline = d->c.timeline,
		.events = &d->lessor.events,
		.programs = d->c.programs,
		.hears = d->c.hears,
		.stranger = d->c.stranger,
		.arg = d->c.arg,
		.inbox = &d->lessor.inbox,
		.server = &port->server};

	if (port->proxy && dhcp_proxy_fits(port->proxy))
		return 0;
	port_close(port);
	return dhcp_proxy_open(&c, port->segment, &port->proxy, why, why_size);
}

static struct dhcpd_server server_of(const struct dhcp_heard *h)
{
	return (struct dhcpd_server){
		.address = ip_from_v4(h->server), .mac = h->from, .gives = ip_from_v4(h->address)};
}

static void decided(void *arg, const struct dhcp_question *q)
{
	struct port *port = arg;
	struct dhcpd *d = port->d;
	const struct dhcp_heard *server = dhcp_question_server(q),
				*forger = dhcp_question_forger(q);

	port->server = server ? server_of(server) : (struct dhcpd_server){0};
	dhcp_listen_close(&port->listen);
	dhcp_events_note_question(&d->lessor.events, port->segment, forger, q);
	d->c.decided(d->c.arg, port->segment, server ? &port->server : NULL);
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
		return open_proxy(port, why, why_size);
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

void dhcpd_drop(struct dhcpd *d, const struct segment *s)
{
	struct port *port = port_of(d, s);

	dhcpd_close(d, s);
	if (port && !s->via)
		dhcp_foreign_forget(&port->own.foreign);
	leases_forget_segment(d->lessor.leases, s->id);
}

size_t dhcpd_others(
	const struct dhcpd *d, const struct segment *s, struct dhcpd_server ret[DHCPD_OTHERS_MAX])
{
	const struct port *port = port_of(d, s);
	const struct dhcp_foreign *f = !port ? NULL
		: port->proxy                ? dhcp_proxy_foreign(port->proxy)
					     : &port->own.foreign;
	size_t n = 0;

	for (size_t i = 0; f && i < DHCP_FOREIGN_MAX && n < DHCPD_OTHERS_MAX; i++)
		if (f->seen[i].told && !f->seen[i].ours &&
			loop_now(f->loop) - f->seen[i].told < DHCP_FOREIGN_MS)
			ret[n++] = (struct dhcpd_server){.address = ip_from_v4(f->seen[i].server),
				.mac = f->seen[i].mac,
				.forged = f->seen[i].forged};
	return n;
}

bool dhcpd_is_open(const struct dhcpd *d, const struct segment *s)
{
	const struct port *port = port_of(d, s);

	return port && (port->own.socket.udp >= 0 || port->proxy);
}

bool dhcpd_leases6(const struct dhcpd *d, const struct segment *s)
{
	const struct port *port = port_of(d, s);

	return port && ip_is_set(&s->six.server) && port->own6.socket.raw >= 0 &&
		(s->via || dhcp6_foreign_is_ours(&port->own6.foreign));
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
	dhcp_outbox_free(d->lessor.outbox);
	leases_free(d->lessor.leases);
	free(d);
}

const struct leases *dhcpd_leases(const struct dhcpd *d)
{
	return d->lessor.leases;
}

void dhcpd_forget(struct dhcpd *d, const struct mac *mac)
{
	(void)leases_forget(d->lessor.leases, mac);
}

struct dhcpd_stats dhcpd_stats(const struct dhcpd *d)
{
	struct dhcp_outbox_stats out = dhcp_outbox_stats(d->lessor.outbox);
	struct dhcpd_stats stats = d->lessor.stats;

	stats.out = out.out;
	stats.dropped += out.dropped;
	stats.parked = out.parked;
	stats.direct = out.direct;
	stats.stored = out.stored;
	return stats;
}
