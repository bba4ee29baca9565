/*
 * A script of client messages against the policy: never one address acknowledged to two MACs.
 * Six bytes a step: MAC, kind, two for addresses, and two for time.
 */
#include "dhcpd/dhcp_policy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { STEP = 6, HOSTS = 32, NET = 0x0a4d0000 };

static struct segments segments;
static struct timeline *timeline;
static struct machines *machines;
static const struct segment *seg;
static struct {
	struct mac mac;
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

static void add_machine(const char *name, uint8_t mac, uint32_t address)
{
	struct machine *m = machine_new();

	check(m != NULL);
	strcpy(m->name, name);
	strcpy(m->nics[0].segment, seg->name);
	m->nics[0].segment_id = seg->id;
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
		.lease_s = 60,
		.computed = true,
		.pool_first = NET + 20,
		.pool_last = NET + 25};

	check(segments_add(&segments, &s, &seg) == 0);
	check(timeline_new(NULL, &timeline) == 0);
	check(machines_new(NULL, timeline, &segments, &machines) == 0);
	add_machine("a", 1, 5);
	add_machine("b", 2, 22);
	add_machine("c", 0x20 | 9, 10);
}

static void note(const struct dhcp_message *m, const struct dhcp_decision *d, int64_t now)
{
	uint32_t host = ip_to_v4(&d->address) - NET;

	if (d->verdict == DHCP_SEND_ACK) {
		check(host < HOSTS && segment_accepts(seg, &d->address));
		check(told[host].until <= now || mac_eq(&told[host].mac, &m->mac));
		told[host].mac = m->mac;
		told[host].until = now + (int64_t)d->lease_s * 1000;
	}
	if ((d->verdict == DHCP_TAKE_RELEASE || d->verdict == DHCP_TAKE_DECLINE) &&
		mac_eq(&told[host].mac, &m->mac))
		told[host].until = 0;
}

static void step(struct leases *leases, struct dhcp_message *m, const uint8_t *b, int64_t now)
{
	static const enum dhcp_type types[8] = {DHCP_DISCOVER, DHCP_REQUEST, DHCP_REQUEST,
		DHCP_REQUEST, DHCP_DECLINE, DHCP_RELEASE, DHCP_INFORM, DHCP_REQUEST};
	struct dhcp_policy p = {
		.msg = m, .segment = seg, .machines = machines, .leases = leases, .now = now};
	struct dhcp_decision d;

	memset(m, 0, offsetof(struct dhcp_message, arena));
	m->mac = mac_of(b[0]);
	m->type = types[b[1] & 7];
	m->ipxe = b[1] & 8;
	m->server_id = b[1] & 16 ? NET + 1 : b[1] & 32 ? NET + 2 : 0;
	m->requested = b[2] ? NET + b[2] % (HOSTS + 8) : 0;
	m->ciaddr = b[3] ? NET + b[3] % (HOSTS + 8) : 0;
	d = dhcp_policy_decide(&p);
	if (dhcp_policy_apply(&p, &d) == 0)
		note(m, &d, now);
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
