/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A row of frames against the DHCPv6 server without its sockets: opened, decoded, decided, answered, applied. Each is a
 * byte for who and where, one for time, two for its length, and its bytes: of Ethernet on if the first bit of who is set, else
 * of UDP's payload. Never is one address leased to two machines; each answer decodes to what was decided; nothing is
 * written beyond its buffer.
 */
#include "../unit/dhcp6_make.h"
#include "dhcpd/dhcp6_answer.h"
#include "dhcpd/dhcp6_frame.h"
#include "dhcpd/dhcp6_who.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { NET = 0xc0a87a00, TOLD = 64, GUARD = 32, STEP = 4 };

static struct segments segments;
static struct timeline *timeline;
static struct machines *machines;
static const struct segment *seg, *rack;
static uint8_t duid[DHCP6_SERVER_DUID];
/* What was acknowledged, and not over or given back. */
static struct {
	struct ip ip;
	struct mac who;
	int64_t until;
} told[TOLD];
static size_t n_told;

static void check(bool right)
{
	if (!right)
		abort();
}

static struct ip six(uint8_t net, uint8_t last)
{
	const uint8_t b[16] = {
		0x20, 1, 0x0d, 0xb8, 0, net, [12] = 0xc0, [13] = 0xa8, [14] = 0x7a, [15] = last};

	return ip_from_v6(b);
}

static void add_machine(const char *name, const struct segment *s, uint8_t last, struct ip ip)
{
	struct machine *m = machine_new();

	check(m != NULL);
	strcpy(m->name, name);
	strcpy(m->nics[0].segment, s->name);
	m->nics[0].segment_id = s->id;
	m->nics[0].mac = (struct mac){{2, 0, 0, 0, 0, last}};
	m->nics[0].addrs[0] = ip;
	m->nics[0].n_addrs = 1;
	m->n_nics = 1;
	check(machines_add(machines, m) == 0);
}

static void build_world(void)
{
	const struct mac ours = {{0x1a, 0xaf, 0x18, 0xee, 0xc1, 0x74}};
	struct segment s = {.name = "lab",
		.server = ip_from_v4(NET + 1),
		.prefix_len = 24,
		.lease_s = 90,
		.computed = true,
		.domain = "lab.example",
		.six = {.server = six(0x7a, 1),
			.prefix_len = 64,
			.dns = {six(0x7a, 53)},
			.n_dns = 1,
			.pool_first = NET + 20,
			.pool_last = NET + 25}};

	check(segments_add(&segments, &s, &seg) == 0);
	s = (struct segment){.name = "rack",
		.via = seg->id,
		.server = seg->server,
		.lease_s = 3600,
		.six = {.server = six(0x7b, 1),
			.prefix_len = 64,
			.pool_first = NET + 20,
			.pool_last = NET + 21}};
	check(segments_add(&segments, &s, &rack) == 0);
	check(timeline_new(NULL, &timeline) == 0);
	check(machines_new(NULL, timeline, &segments, &machines) == 0);
	add_machine("a", seg, 1, ip_from_v4(NET + 5));
	add_machine("b", seg, 2, six(0x7a, 22));
	add_machine("c", rack, 1, six(0x7b, 5));
	dhcp6_answer_duid(&ours, duid);
}

static void note_end(const struct ip *ip)
{
	for (size_t i = 0; i < n_told; i++)
		if (ip_eq(&told[i].ip, ip))
			told[i] = told[--n_told];
}

static void note_lease(const struct dhcp6_policy *p, const struct dhcp6_decision *d)
{
	const struct ip *ip = &d->choice.address;
	int64_t until = p->now + (int64_t)d->lease_s * 1000;

	check(segment_accepts(p->segment, ip));
	for (size_t i = 0; i < n_told; i++) {
		if (!ip_eq(&told[i].ip, ip))
			continue;
		check(told[i].until <= p->now || mac_eq(&told[i].who, &p->mac));
		told[i].who = p->mac;
		told[i].until = told[i].until > until ? told[i].until : until;
		return;
	}
	if (n_told == TOLD) /* the oldest is no longer looked after */
		memmove(told, told + 1, --n_told * sizeof(*told));
	told[n_told].ip = *ip;
	told[n_told].who = p->mac;
	told[n_told++].until = until;
}

static void note(const struct dhcp6_policy *p, const struct dhcp6_decision *d)
{
	if (d->evicts) { /* a record overrides a stranger's claim, and nothing else */
		check(d->machine != NULL);
		note_end(&d->choice.address);
	}
	if (d->verdict == DHCP6_SEND_LEASE)
		note_lease(p, d);
	if (d->verdict == DHCP6_TAKE_RELEASE || d->verdict == DHCP6_TAKE_DECLINE)
		note_end(&d->choice.address);
}

/* What a client reads in it. */
static void check_answer(const struct dhcp6_policy *p, const struct dhcp6_decision *d)
{
	static uint8_t frame[DHCP6_FRAME_HEADER + DHCP6_REPLY_MAX + GUARD];
	static struct dhcp6_message got;
	const struct dhcp_boot boot = {.boots = p->msg->ipxe,
		.file = "http://[2001:db8:7a::c0a8:7a01]/x",
		.vendor_class = p->msg->has_vendor_class ? "HTTPClient" : ""};
	struct dhcp6_frame f = {.to = p->mac, .from_ip = six(0, 1), .to_ip = six(0, 2)}, back;
	const uint8_t *payload;
	const char *why;
	size_t payload_len;
	int len;

	memset(frame + sizeof(frame) - GUARD, 0x5a, GUARD);
	len = dhcp6_answer_encode(p, d, duid, &boot, frame + DHCP6_FRAME_HEADER);
	for (size_t i = 1; i <= GUARD; i++)
		check(frame[sizeof(frame) - i] == 0x5a);
	if (len < 0)
		return;
	check(len <= DHCP6_REPLY_MAX);
	check(dhcp6_wire_decode(frame + DHCP6_FRAME_HEADER, (size_t)len, &got, &why) == 0);
	check(got.xid == p->msg->xid && got.n_relays == p->msg->n_relays);
	check(got.n_odd <= p->msg->n_odd); /* a relay has back what it sent */
	check(got.type == (d->verdict == DHCP6_SEND_ADVERTISE ? DHCP6_ADVERTISE : DHCP6_REPLY));
	for (size_t i = 0; i < got.n_ias; i++)
		for (size_t k = 0; k < got.ias[i].n_addresses; k++)
			if (got.ias[i].addresses[k].valid_s)
				check(ip_eq(&got.ias[i].addresses[k].ip, &d->choice.address));
	len = dhcp6_frame_wrap(&f, frame, (size_t)len);
	check(len > 0 &&
		dhcp6_frame_open(frame, (size_t)len, true, &back, &payload, &payload_len) == 0 &&
		payload_len == (size_t)len - DHCP6_FRAME_HEADER);
}

static void one(struct leases *leases, const uint8_t *bytes, size_t len, const struct mac *from,
	int64_t now)
{
	static struct dhcp6_message m;
	struct dhcp6_policy p = {
		.msg = &m, .segment = seg, .machines = machines, .leases = leases, .now = now};
	struct dhcp6_decision d;
	struct dhcp6_who who;
	const char *why;

	if (dhcp6_wire_decode(bytes, len, &m, &why) < 0 || dhcp6_wire_refusal(&m))
		return;
	who = dhcp6_who_is(&m, from);
	if (who.by == DHCP6_WHO_NOBODY)
		return;
	p.mac = who.mac;
	for (size_t i = m.n_relays; i-- > 0 && p.segment == seg;)
		if (!ip_is_any6(&m.relays[i].link))
			p.segment = segments_by_ip(&segments, seg, &m.relays[i].link);
	p.astray = !p.segment;
	if (p.astray)
		p.segment = seg;
	p.ours = from->b[4] || dhcp6_answer_is_ours(&m, duid);
	d = dhcp6_policy_decide(&p);
	if (d.verdict != DHCP6_IGNORE)
		check_answer(&p, &d);
	if (dhcp6_policy_apply(&p, &d) == 0)
		note(&p, &d);
}

/* One of a few machines; the fifth byte says that it speaks to us, whatever server it names. */
static struct mac mac_of(uint8_t b)
{
	if (b & 0x40)
		return (struct mac){{0x52, 0x54, 0xc0, 0xa8, 0x7a, b & 0x1e}};
	return (struct mac){{2, 0, 0, 0, b & 1, b >> 1 & 7}};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct leases *leases;
	int64_t now = 1000000;

	if (!machines)
		build_world();
	check(leases_new(&segments, NULL, &leases) == 0);
	n_told = 0;
	while (len >= STEP) {
		size_t says = (size_t)data[2] << 8 | data[3];
		size_t n = says < len - STEP ? says : len - STEP;
		struct mac from = mac_of(data[0]);
		const uint8_t *bytes = data + STEP;
		struct dhcp6_frame f;
		size_t payload_len = n;

		now += data[1] * 500;
		if (!(data[0] & 0x80))
			one(leases, bytes, n, &from, now);
		else if (dhcp6_frame_open(data + STEP, n, data[0] & 1, &f, &bytes, &payload_len) ==
			0)
			one(leases, bytes, payload_len, &f.from, now);
		data += STEP + n;
		len -= STEP + n;
	}
	leases_free(leases);
	return 0;
}
