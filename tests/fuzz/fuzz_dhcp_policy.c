/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A script of client messages against the policy, on our link and behind a relay: never one address
 * acknowledged to two clients. Six bytes a step: who and where, kind, two for addresses, and two
 * for time, the first of which is also the lease time that it asks for.
 */
#include "dhcpd/dhcp_policy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { STEP = 6, HOSTS = 64, NET = 0x0a4d0000, RACK = NET + 32, RELAY = RACK + 1 };

static struct segments segments;
static struct timeline *timeline;
static struct machines *machines;
static const struct segment *seg, *rack;
static struct {
	struct mac who;
	int64_t until;
} told[HOSTS];

static void check(bool right)
{
	if (!right)
		abort();
}

static struct mac mac_of(uint8_t n)
{
	if (n & 0x20)
		return (struct mac){{0x52, 0x54, 10, 77, 0, n & 0x1f}};
	return (struct mac){{2, 0, 0, 0, 0, n & 0x0f}};
}

static void add_machine(const char *name, const struct segment *s, uint8_t mac, uint32_t address)
{
	struct machine *m = machine_new();

	check(m != NULL);
	strcpy(m->name, name);
	strcpy(m->nics[0].segment, s->name);
	m->nics[0].segment_id = s->id;
	m->nics[0].mac = mac_of(mac);
	m->nics[0].addrs[0] = ip_from_v4(NET + address);
	m->nics[0].n_addrs = 1;
	m->n_nics = 1;
	check(machines_add(machines, m) == 0);
}

static void build_world(void)
{
	struct segment s = {.name = "lab",
		.server = ip_from_v4(NET + 1),
		.prefix_len = 27,
		.lease_s = 90,
		.computed = true,
		.pool_first = NET + 20,
		.pool_last = NET + 25};

	check(segments_add(&segments, &s, &seg) == 0);
	s = (struct segment){.name = "rack",
		.via = seg->id,
		.server = seg->server,
		.subnet = ip_from_v4(RACK),
		.router = ip_from_v4(RELAY),
		.prefix_len = 27,
		.lease_s = 3600,
		.by_client_id = true,
		.pool_first = RELAY,
		.pool_last = RACK + 5};
	check(segments_add(&segments, &s, &rack) == 0);
	check(timeline_new(NULL, &timeline) == 0);
	check(machines_new(NULL, timeline, &segments, &machines) == 0);
	add_machine("a", seg, 1, 5);
	add_machine("b", seg, 2, 22);
	add_machine("c", seg, 0x20 | 9, 10);
	add_machine("d", rack, 1, 35);
}

static void note_ack(const struct dhcp_policy *p, const struct dhcp_decision *d)
{
	uint32_t host = ip_to_v4(&d->address) - NET;
	int64_t until = p->now + (int64_t)d->lease_s * 1000;

	check(host < HOSTS && segment_accepts(p->segment, &d->address));
	check(told[host].until <= p->now || mac_eq(&told[host].who, &d->holder));
	check(d->lease_s >= DHCP_LEASE_MIN_S && d->lease_s <= p->segment->lease_s);
	/* an ACK may be lost: then the client goes on with what it was told before */
	if (!mac_eq(&told[host].who, &d->holder) || told[host].until < until)
		told[host].until = until;
	told[host].who = d->holder;
}

static void note(const struct dhcp_policy *p, const struct dhcp_decision *d)
{
	uint32_t host = ip_to_v4(&d->address) - NET;

	if (d->evicts) { /* a record overrides a stranger's claim, and nothing else */
		check(told[host].until <= p->now ||
			(d->machine && told[host].who.b[0] == 0x52 && told[host].who.b[5] == host));
		told[host].until = 0;
	}
	if (d->verdict == DHCP_SEND_ACK)
		note_ack(p, d);
	if (d->verdict == DHCP_SEND_BOOTP)
		check(d->machine && ip_eq(&d->address, &d->machine->nics[0].addrs[0]) &&
			(told[host].until <= p->now || mac_eq(&told[host].who, &p->msg->mac)));
	if ((d->verdict == DHCP_TAKE_RELEASE || d->verdict == DHCP_TAKE_DECLINE) &&
		mac_eq(&told[host].who, &d->holder))
		told[host].until = 0;
}

static void fill(struct dhcp_message *m, const uint8_t *b)
{
	static const enum dhcp_type types[8] = {DHCP_DISCOVER, DHCP_REQUEST, DHCP_REQUEST,
		DHCP_REQUEST, DHCP_DECLINE, DHCP_RELEASE, DHCP_INFORM, DHCP_BOOTP};

	memset(m, 0, offsetof(struct dhcp_message, arena));
	m->mac = mac_of(b[0]);
	m->type = types[b[1] & 7];
	m->ipxe = b[1] & 8;
	m->server_id = b[1] & 16 ? NET + 1 : b[1] & 32 ? NET + 2 : 0;
	m->requested = b[2] ? NET + b[2] % (HOSTS + 8) : 0;
	m->ciaddr = b[3] ? NET + b[3] % (HOSTS + 8) : 0;
	m->lease_s = b[4];
	if (b[0] & 0x40)
		m->giaddr = b[1] & 64 ? NET + 100 : RELAY;
	if (m->giaddr && b[1] & 128)
		m->link = b[1] & 64 ? RACK : NET;
	if (b[0] & 0x80) { /* a client-id: one of eight, whatever the MAC */
		m->arena[0] = 255;
		m->arena[1] = b[0] >> 1 & 7;
		m->options[OPT_CLIENT_ID] = (struct dhcp_span){1, 2};
	}
}

static void step(struct leases *leases, struct dhcp_message *m, const uint8_t *b, int64_t now)
{
	struct dhcp_policy p = {.msg = m, .machines = machines, .leases = leases, .now = now};
	struct dhcp_decision d;

	fill(m, b);
	p.segment = dhcp_policy_segment(&segments, seg, m);
	d = dhcp_policy_decide(&p);
	if (dhcp_policy_apply(&p, &d) == 0)
		note(&p, &d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct dhcp_message m;
	struct leases *leases;
	int64_t now = 1000000;

	if (!machines)
		build_world();
	check(leases_new(&segments, NULL, &leases) == 0);
	memset(told, 0, sizeof(told));
	for (; len >= STEP; data += STEP, len -= STEP) {
		now += data[4] * 16 + data[5] * 4096;
		step(leases, &m, data, now);
	}
	leases_free(leases);
	return 0;
}
