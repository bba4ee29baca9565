/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests: two segments with the same prefixes, one with a pool and computed MACs and one with neither; their machines and
 * leases; and a DHCPv6 client's message, decided and applied. `2001:db8:7a::/64` is 10.77.0.0/25's.
 */
#ifndef USHER_TESTS_DHCP6_WORLD_H
#define USHER_TESTS_DHCP6_WORLD_H

#include "dhcpd/dhcp6_policy.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

enum { LEASE_S = 3600, HOUR = 3600 * 1000, POOL_FIRST = 100, POOL_LAST = 103 };

struct world {
	struct segments segments;
	const struct segment *lab, *bare;
	struct timeline *timeline;
	struct machines *machines;
	struct leases *leases;
	int64_t now;
	struct dhcp6_message msg;
	struct dhcp6_policy policy; /* of the last message */
	struct dhcp6_decision last;
};

static const uint32_t NET = 0x0a4d0000; /* 10.77.0.0 */

static inline struct ip four(uint32_t n)
{
	return ip_from_v4(NET + n);
}

/* 2001:db8:7a::a4d:N */
static inline struct ip six(uint32_t n)
{
	const uint8_t b[16] = {0x20, 1, 0x0d, 0xb8, 0,
		0x7a, [12] = 10, [13] = 77, [14] = (uint8_t)(n >> 8), [15] = (uint8_t)n};

	return ip_from_v6(b);
}

/* Of no segment. */
static inline struct ip elsewhere(uint32_t n)
{
	struct ip ip = six(n);

	ip.b[5] = 0x7b;
	return ip;
}

static inline struct mac mac(unsigned n)
{
	return (struct mac){{2, 0, 0, 0, (uint8_t)(n >> 8), (uint8_t)n}};
}

static inline struct mac computed(uint8_t n)
{
	return (struct mac){{0x52, 0x54, 10, 77, 0, n}};
}

static inline const struct segment *world_segment(
	struct world *w, const char *name, uint32_t first, uint32_t last, bool comp)
{
	struct segment s = {.server = four(1),
		.prefix_len = 25,
		.lease_s = LEASE_S,
		.pool_first = first ? NET + first : 0,
		.pool_last = last ? NET + last : 0,
		.computed = comp,
		.http_port = 8080,
		.six = {.server = six(1),
			.prefix_len = 64,
			.pool_first = first ? NET + first : 0,
			.pool_last = last ? NET + last : 0}};
	const struct segment *ret;

	snprintf(s.name, sizeof(s.name), "%s", name);
	ck_assert_int_eq(segments_add(&w->segments, &s, &ret), 0);
	return ret;
}

static inline void world_begin(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->lab = world_segment(w, "lab", POOL_FIRST, POOL_LAST, true);
	w->bare = world_segment(w, "bare", 0, 0, false);
	ck_assert_int_eq(timeline_new(NULL, &w->timeline), 0);
	ck_assert_int_eq(machines_new(NULL, w->timeline, &w->segments, &w->machines), 0);
	ck_assert_int_eq(leases_new(&w->segments, NULL, &w->leases), 0);
	w->now = 1700000000000;
}

static inline void world_end(struct world *w)
{
	leases_free(w->leases);
	machines_free(w->machines);
	timeline_free(w->timeline);
	segments_fini(&w->segments);
}

/* With one address, of either family; not set: none. */
static inline struct machine *world_machine(
	struct world *w, const char *name, const struct segment *s, struct mac m, struct ip a)
{
	struct machine *r = machine_new();

	ck_assert_ptr_nonnull(r);
	snprintf(r->name, sizeof(r->name), "%s", name);
	snprintf(r->nics[0].segment, sizeof(r->nics[0].segment), "%s", s->name);
	r->nics[0].segment_id = s->id;
	r->nics[0].mac = m;
	r->nics[0].addrs[0] = a;
	r->nics[0].n_addrs = ip_is_set(&a);
	r->n_nics = 1;
	ck_assert_int_eq(machines_add(w->machines, r), 0);
	return r;
}

/* The next message: of this type, with one IA_NA, which has this address if it is set. */
static inline struct dhcp6_message *world_message(
	struct world *w, enum dhcp6_type type, struct ip has)
{
	memset(&w->msg, 0, sizeof(w->msg));
	w->msg.type = type;
	w->msg.xid = 0x123456;
	w->msg.arch = DHCP6_ARCH_NONE;
	w->msg.n_ias = type != DHCP6_INFORMATION_REQUEST;
	w->msg.ias[0] = (struct dhcp6_ia){.code = OPT6_IA_NA, .iaid = 7};
	if (ip_is_set(&has)) {
		w->msg.ias[0].addresses[0] = (struct dhcp6_address){has, LEASE_S, LEASE_S};
		w->msg.ias[0].n_addresses = 1;
	}
	return &w->msg;
}

/* Decides it, as to us where a server is named, and applies it. */
static inline enum dhcp6_verdict world_decide(
	struct world *w, const struct segment *s, struct mac who)
{
	w->policy = (struct dhcp6_policy){.msg = &w->msg,
		.segment = s,
		.machines = w->machines,
		.leases = w->leases,
		.mac = who,
		.ours = true,
		.now = w->now};
	w->last = dhcp6_policy_decide(&w->policy);
	ck_assert_int_eq(dhcp6_policy_apply(&w->policy, &w->last), 0);
	return w->last.verdict;
}

static inline enum dhcp6_verdict world_say(struct world *w, const struct segment *s, struct mac who,
	enum dhcp6_type type, struct ip has)
{
	world_message(w, type, has);
	return world_decide(w, s, who);
}

/* SOLICIT and REQUEST: the number that it is given; 0: none. */
static inline uint32_t world_get(struct world *w, const struct segment *s, struct mac who)
{
	struct ip offered;
	uint32_t n;

	if (world_say(w, s, who, DHCP6_SOLICIT, (struct ip){0}) != DHCP6_SEND_ADVERTISE)
		return 0;
	offered = w->last.choice.address;
	ck_assert_int_eq(world_say(w, s, who, DHCP6_REQUEST, offered), DHCP6_SEND_LEASE);
	ck_assert(ip_eq(&w->last.choice.address, &offered));
	ck_assert(segment_number(s, &offered, &n));
	return n - NET;
}

#endif
