/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/lease.h"

#include "dhcpd/lease_record.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct segments segments;
static const struct segment *seg, *other;
static struct leases *ls;
static const int64_t T0 = 1700000000000;
enum { MINUTE = 60000, HOUR = 3600000 };

static struct ip ip(uint32_t last)
{
	return ip_from_v4(0xc0a87a00u + last);
}

static struct mac mac(uint8_t n)
{
	return (struct mac){{2, 0, 0, 0, 0, n}};
}

static void add_segment(const char *name, uint32_t first, uint32_t last, const struct segment **ret)
{
	struct segment s = {.server = ip(1),
		.prefix_len = 24,
		.lease_s = 3600,
		.pool_first = first ? 0xc0a87a00u + first : 0,
		.pool_last = last ? 0xc0a87a00u + last : 0};

	snprintf(s.name, sizeof(s.name), "%s", name);
	ck_assert_int_eq(segments_add(&segments, &s, ret), 0);
}

static void setup(void)
{
	segments = (struct segments){0};
	add_segment("lab", 10, 14, &seg);
	add_segment("other", 0, 0, &other);
	ck_assert_int_eq(leases_new(&segments, NULL, &ls), 0);
}

static void teardown(void)
{
	leases_free(ls);
	segments_fini(&segments);
}

static int bind_(uint32_t last, uint8_t who, int64_t until, int64_t now)
{
	struct ip a = ip(last);
	struct mac m = mac(who);

	return lease_bind(ls, seg->id, &a, &m, until, "", 7, now);
}

static int offer(uint32_t last, uint8_t who, int64_t now)
{
	struct ip a = ip(last);
	struct mac m = mac(who);

	return lease_offer(ls, seg->id, &a, &m, now);
}

static bool grantable(uint32_t last, uint8_t who, int64_t now)
{
	struct ip a = ip(last);
	struct mac m = mac(who);

	return lease_grantable(ls, seg->id, &a, &m, now);
}

static uint32_t address_of(uint8_t who, int64_t now)
{
	struct mac m = mac(who);
	const struct lease *l = lease_by_mac(ls, seg->id, IP_V4, &m, now);

	return l ? ip_to_v4(&l->ip) & 0xff : 0;
}

static bool nobodys(void *arg, const struct ip *a)
{
	return arg && (ip_to_v4(a) & 0xff) == *(uint32_t *)arg;
}

static uint32_t pick_but(uint32_t wanted, uint32_t *taken, int64_t now)
{
	struct ip w = wanted ? ip(wanted) : (struct ip){0}, got;
	int rc = lease_pick(ls, seg, IP_V4, &w, now, nobodys, taken, &got);

	return rc == 0 ? ip_to_v4(&got) & 0xff : 0;
}

START_TEST(test_one_holder)
{
	struct ip a = ip(50);
	struct mac m;

	ck_assert_int_eq(bind_(50, 1, T0 + HOUR, T0), 0);
	ck_assert(!grantable(50, 2, T0));
	ck_assert(grantable(50, 1, T0));
	ck_assert_int_eq(bind_(50, 2, T0 + HOUR, T0 + HOUR - 1), -EBUSY);
	ck_assert_int_eq(offer(50, 2, T0 + HOUR - 1), -EBUSY);
	ck_assert(lease_holder(ls, seg->id, &a, T0, &m) && m.b[5] == 1);
	ck_assert(!lease_holder(ls, seg->id, &a, T0 + HOUR, &m));
	ck_assert(!lease_holder(ls, other->id, &a, T0, &m));
	ck_assert_int_eq(bind_(50, 2, T0 + 2 * HOUR, T0 + HOUR), 0);
	ck_assert_uint_eq(address_of(1, T0 + HOUR), 0);
	ck_assert_uint_eq(address_of(2, T0 + HOUR), 50);
	ck_assert_uint_eq(leases_count(ls), 1);
}
END_TEST

START_TEST(test_offer_is_only_a_reservation)
{
	struct ip a = ip(50);
	struct mac m;

	ck_assert_int_eq(offer(50, 1, T0), 0);
	ck_assert_uint_eq(address_of(1, T0), 50);
	ck_assert(!lease_holder(ls, seg->id, &a, T0, &m));
	ck_assert(grantable(50, 2, T0));
	ck_assert_uint_eq(pick_but(50, NULL, T0), 10); /* the pool does not give 50 anyway */
	ck_assert_int_eq(offer(10, 1, T0), 0);
	ck_assert_uint_ne(pick_but(10, NULL, T0), 10);
	ck_assert_uint_eq(pick_but(10, NULL, T0 + LEASE_OFFER_MS), 10);
	/* an offer of what is bound does not shorten it */
	ck_assert_int_eq(bind_(50, 1, T0 + HOUR, T0), 0);
	ck_assert_int_eq(offer(50, 1, T0 + MINUTE), 0);
	ck_assert(lease_holder(ls, seg->id, &a, T0 + HOUR - 1, &m));
}
END_TEST

START_TEST(test_cancelled_offers)
{
	struct mac m = mac(1);

	ck_assert_int_eq(offer(10, 1, T0), 0);
	lease_cancel_offers(ls, seg->id, IP_V4, &m);
	ck_assert_uint_eq(pick_but(10, NULL, T0), 10);
	ck_assert_int_eq(bind_(11, 1, T0 + HOUR, T0), 0);
	lease_cancel_offers(ls, seg->id, IP_V4, &m);
	ck_assert_uint_eq(address_of(1, T0), 11);
	ck_assert(!grantable(11, 2, T0));
}
END_TEST

START_TEST(test_renewal_never_shortens)
{
	ck_assert_int_eq(bind_(50, 1, T0 + HOUR, T0), 0);
	ck_assert_int_eq(bind_(50, 1, T0 + MINUTE, T0), 0);
	ck_assert(!grantable(50, 2, T0 + HOUR - 1));
	ck_assert_int_eq(bind_(50, 1, T0 + 2 * HOUR, T0), 0);
	ck_assert(!grantable(50, 2, T0 + 2 * HOUR - 1));
	/* but it begins anew once it was over */
	ck_assert_int_eq(bind_(50, 1, T0 + 3 * HOUR, T0 + 2 * HOUR), 0);
	ck_assert(grantable(50, 2, T0 + 3 * HOUR));
}
END_TEST

/* A MAC that was moved: the address that it had stays held, the new one is what it goes on with. */
START_TEST(test_moved)
{
	ck_assert_int_eq(bind_(50, 1, T0 + HOUR, T0), 0);
	ck_assert_int_eq(bind_(60, 1, T0 + HOUR + 1, T0 + 1), 0);
	ck_assert_uint_eq(address_of(1, T0 + 2), 60);
	ck_assert(!grantable(50, 2, T0 + 2));
	ck_assert_int_eq(offer(70, 1, T0 + 3), 0);
	ck_assert_uint_eq(address_of(1, T0 + 4), 60);
	ck_assert_uint_eq(leases_forget(ls, &(struct mac){{2, 0, 0, 0, 0, 1}}), 3);
	ck_assert(grantable(50, 2, T0 + 4));
	ck_assert_uint_eq(leases_count(ls), 0);
}
END_TEST

START_TEST(test_segment_goes)
{
	struct ip a = ip(50), none = {0}, got;
	struct mac one = mac(1);

	ck_assert_int_eq(bind_(10, 1, T0 + HOUR, T0), 0);
	ck_assert_int_eq(bind_(60, 2, T0 + HOUR, T0), 0);
	ck_assert_int_eq(offer(11, 3, T0), 0);
	ck_assert_int_eq(lease_bind(ls, other->id, &a, &one, T0 + HOUR, "", 0, T0), 0);
	leases_forget_segment(ls, seg->id);
	ck_assert_uint_eq(leases_count(ls), 1);
	ck_assert_ptr_nonnull(lease_by_ip(ls, other->id, &a));
	ck_assert_int_eq(lease_pick(ls, seg, IP_V4, &none, T0, nobodys, NULL, &got), 0);
	ck_assert_uint_eq(ip_to_v4(&got) & 0xff, 10);
}
END_TEST

START_TEST(test_release_and_decline)
{
	struct ip a = ip(10);
	struct mac one = mac(1), two = mac(2);

	ck_assert_int_eq(lease_release(ls, seg->id, &a, &one, T0), -ENOENT);
	ck_assert_int_eq(bind_(10, 1, T0 + HOUR, T0), 0);
	ck_assert_int_eq(lease_release(ls, seg->id, &a, &two, T0), -ENOENT);
	ck_assert_int_eq(lease_decline(ls, seg->id, &a, &two, T0), -ENOENT);
	ck_assert_int_eq(lease_release(ls, seg->id, &a, &one, T0), 0);
	ck_assert_int_eq(lease_release(ls, seg->id, &a, &one, T0), -ENOENT);
	ck_assert(grantable(10, 2, T0));
	ck_assert_uint_eq(address_of(1, T0), 10); /* still its last one */
	ck_assert_int_eq(bind_(10, 2, T0 + HOUR, T0), 0);
	ck_assert_int_eq(lease_decline(ls, seg->id, &a, &two, T0), 0);
	ck_assert(!grantable(10, 1, T0) && !grantable(10, 2, T0));
	ck_assert_uint_eq(address_of(2, T0), 0);
	ck_assert_uint_eq(pick_but(10, NULL, T0), 11);
	ck_assert_int_eq(offer(10, 2, T0), -EBUSY);
	ck_assert(grantable(10, 2, T0 + LEASE_REST_MS));
	ck_assert_int_eq(bind_(10, 1, T0 + HOUR, T0 + LEASE_REST_MS), 0);
}
END_TEST

START_TEST(test_pool)
{
	uint32_t taken = 12;
	struct ip got, none = {0};

	ck_assert_int_eq(lease_pick(ls, other, IP_V4, &none, T0, nobodys, NULL, &got), -ENOENT);
	/* never used ones first, in order, but not a machine's */
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t a = pick_but(0, &taken, T0);

		ck_assert_uint_eq(a, i < 2 ? 10 + i : 11 + i);
		ck_assert_int_eq(bind_(a, (uint8_t)a, T0 + HOUR - (int64_t)i * MINUTE, T0), 0);
	}
	ck_assert_uint_eq(pick_but(0, &taken, T0), 0);
	/* the machine is gone: found at the next full search, not at once */
	ck_assert_uint_eq(pick_but(0, NULL, T0 + 1), 0);
	ck_assert_uint_eq(pick_but(0, NULL, T0 + LEASE_RESCAN_MS), 12);
	ck_assert_int_eq(bind_(12, 12, T0 + 2 * HOUR, T0), 0);
	/* then the one that was free longest: 14 ended first */
	ck_assert_uint_eq(pick_but(0, NULL, T0 + HOUR), 14);
	ck_assert_int_eq(bind_(14, 99, T0 + 3 * HOUR, T0 + HOUR), 0);
	ck_assert_uint_eq(pick_but(0, NULL, T0 + HOUR), 13);
	ck_assert_uint_eq(
		pick_but(10, NULL, T0 + HOUR), 10); /* what it asks for, when it is free */
	taken = 13;
	ck_assert_uint_eq(pick_but(0, &taken, T0 + HOUR), 11);
}
END_TEST

static int set_aside(uint32_t last, uint8_t who, int64_t now)
{
	struct ip a = ip(last);
	struct mac m = mac(who);

	return lease_set_aside(ls, seg->id, &a, &m, now);
}

static const char *state_of(uint32_t last, int64_t now)
{
	struct ip a = ip(last);
	const struct lease *l = lease_by_ip(ls, seg->id, &a);

	return l ? lease_state_name(l, now) : "";
}

/* A neighbour answered: nobody but itself is given the address, for a while. */
START_TEST(test_set_aside)
{
	ck_assert_int_eq(offer(10, 1, T0), 0);
	ck_assert_int_eq(set_aside(10, 9, T0), 0);
	ck_assert_str_eq(state_of(10, T0), "in-use");
	ck_assert(!grantable(10, 1, T0));
	ck_assert(grantable(10, 9, T0));
	ck_assert_uint_eq(address_of(1, T0), 0);
	ck_assert_uint_eq(address_of(9, T0), 10);
	ck_assert_uint_eq(pick_but(10, NULL, T0), 11);
	ck_assert_int_eq(bind_(10, 1, T0 + HOUR, T0 + LEASE_DECLINE_MS - 1), -EBUSY);
	ck_assert_uint_eq(pick_but(10, NULL, T0 + LEASE_DECLINE_MS), 10);
	ck_assert_str_eq(state_of(10, T0 + LEASE_DECLINE_MS), "expired");
	ck_assert_int_eq(bind_(11, 1, T0 + HOUR, T0), 0);
	ck_assert_int_eq(set_aside(11, 9, T0), -EBUSY);
	ck_assert_str_eq(state_of(11, T0), "bound");
	ck_assert_int_eq(bind_(10, 9, T0 + HOUR, T0 + 1), 0);
}
END_TEST

static const char *candidates(uint32_t *taken, int64_t now, size_t most)
{
	static char text[64];
	struct ip got[8];
	size_t n = lease_candidates(ls, seg, IP_V4, now, nobodys, taken, got, most);

	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%u ",
			ip_to_v4(&got[i]) & 0xff);
	return text;
}

/* What comes next: as lease_pick() does it, which changes nothing about it. */
START_TEST(test_candidates)
{
	uint32_t taken = 11;

	ck_assert_str_eq(candidates(NULL, T0, 8), "10 11 12 13 14 ");
	ck_assert_str_eq(candidates(&taken, T0, 3), "10 12 13 ");
	ck_assert_int_eq(bind_(12, 1, T0 + 3 * MINUTE, T0), 0);
	ck_assert_int_eq(bind_(10, 2, T0 + MINUTE, T0), 0);
	ck_assert_int_eq(bind_(13, 3, T0 + 2 * MINUTE, T0), 0);
	ck_assert_str_eq(candidates(NULL, T0, 8), "11 14 ");
	ck_assert_str_eq(candidates(NULL, T0 + 2 * MINUTE, 8), "11 14 10 13 ");
	ck_assert_str_eq(candidates(NULL, T0 + HOUR, 4), "11 14 10 13 ");
	ck_assert_uint_eq(pick_but(0, NULL, T0 + HOUR), 11);
	ck_assert_int_eq(lease_next_free(ls, seg, IP_V4), T0 + MINUTE);
	ck_assert_int_eq(lease_next_free(ls, other, IP_V4), 0);
	ck_assert_uint_eq(
		lease_candidates(ls, other, IP_V4, T0, nobodys, NULL, &(struct ip){0}, 1), 0);
}
END_TEST

START_TEST(test_list)
{
	const struct lease **all;
	size_t n;

	ck_assert_int_eq(bind_(50, 1, T0 + HOUR, T0), 0);
	ck_assert_int_eq(offer(10, 2, T0), 0);
	ck_assert_int_eq(bind_(20, 3, T0 + 1, T0), 0);
	ck_assert_int_eq(leases_list(ls, &all, &n), 0);
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(ip_to_v4(&all[0]->ip) & 0xff, 10);
	ck_assert_uint_eq(ip_to_v4(&all[2]->ip) & 0xff, 50);
	ck_assert_str_eq(lease_state_name(all[0], T0), "offered");
	ck_assert_str_eq(lease_state_name(all[1], T0 + 1), "expired");
	ck_assert_str_eq(lease_state_name(all[2], T0), "bound");
	free(all);
}
END_TEST

/* Many records with changing ends: the pool still gives the one that has been over for longest. */
START_TEST(test_oldest_first)
{
	struct segment wide = {.server = ip_from_v4(0x0a000001),
		.prefix_len = 16,
		.lease_s = 60,
		.name = "wide",
		.pool_first = 0x0a000100,
		.pool_last = 0x0a0004ff};
	const struct segment *w;
	int64_t ends[1024] = {0};

	ck_assert_int_eq(segments_add(&segments, &wide, &w), 0);
	for (int i = 0; i < 20000; i++) {
		uint32_t k = (uint32_t)rand() % 1024;
		struct ip a = ip_from_v4(0x0a000100 + k);
		struct mac m = {{2, 1, 0, 0, (uint8_t)(k >> 8), (uint8_t)k}};
		int64_t end = T0 + rand() % 100000;

		if (end < ends[k])
			end = ends[k];
		ck_assert_int_eq(lease_bind(ls, w->id, &a, &m, end, "", 0, T0 - 1), 0);
		ends[k] = end;
	}
	for (uint32_t k = 0; k < 1024; k += 1 + (uint32_t)rand() % 8) {
		struct mac m = {{2, 1, 0, 0, (uint8_t)(k >> 8), (uint8_t)k}};

		ck_assert_uint_eq(leases_forget(ls, &m), ends[k] != 0);
		ends[k] = 0;
	}
	for (int i = 0; i < 1024; i++) {
		struct ip none = {0}, got;
		struct mac m = {{2, 2, 0, 0, (uint8_t)(i >> 8), (uint8_t)i}};
		uint32_t k, best = 0;

		ck_assert_int_eq(
			lease_pick(ls, w, IP_V4, &none, T0 + HOUR, nobodys, NULL, &got), 0);
		k = ip_to_v4(&got) - 0x0a000100;
		ck_assert(ends[k] != INT64_MAX);
		for (uint32_t j = 1; j < 1024; j++)
			if (ends[j] < ends[best])
				best = j;
		ck_assert_int_eq(ends[k], ends[best]); /* 0: never used, or forgotten */
		ends[k] = INT64_MAX;
		ck_assert_int_eq(
			lease_bind(ls, w->id, &got, &m, T0 + 9 * HOUR, "", 0, T0 + HOUR), 0);
	}
}
END_TEST

START_TEST(test_record)
{
	struct lease l = {.mac = mac(9),
		.expires = T0,
		.state = LEASE_BOUND,
		.stage = 0xfedcba98,
		.hostname = "web01"};
	struct lease back;
	uint8_t buf[LEASE_RECORD_MAX];
	size_t n = lease_record_encode(&l, buf);

	ck_assert_int_eq(lease_record_decode(buf, n, &back), 0);
	ck_assert(mac_eq(&back.mac, &l.mac));
	ck_assert_int_eq(back.expires, T0);
	ck_assert_int_eq(back.state, LEASE_BOUND);
	ck_assert_uint_eq(back.stage, 0xfedcba98);
	ck_assert_str_eq(back.hostname, "web01");
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(lease_record_decode(buf, i, &back), -EPROTO);
	buf[n] = 0;
	ck_assert_int_eq(lease_record_decode(buf, n + 1, &back), -EPROTO);
	buf[0] = 2;
	ck_assert_int_eq(lease_record_decode(buf, n, &back), -EPROTO);
	buf[0] = 1;
	buf[1] = LEASE_OFFERED;
	ck_assert_int_eq(lease_record_decode(buf, n, &back), -EPROTO);
	memset(l.hostname, 'x', sizeof(l.hostname) - 1);
	n = lease_record_encode(&l, buf);
	ck_assert_int_eq(lease_record_decode(buf, n, &back), 0);
	ck_assert_str_eq(back.hostname, l.hostname);
}
END_TEST

START_TEST(test_store)
{
	char dir[] = "/tmp/test_lease.XXXXXX", path[64], why[256] = "", cmd[128];
	struct ip a = ip(10), b = ip(11), c = ip(12), d = ip(13);
	struct mac one = mac(1), two = mac(2), three = mac(3);
	const struct lease *l;
	struct mailbox home;
	struct store *store;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/store", dir);
	ck_assert_int_eq(mailbox_init(&home), 0);
	for (int run = 0; run < 2; run++) {
		leases_free(ls);
		ck_assert_int_eq(store_open(path, &store, why, sizeof(why)), 0);
		ck_assert_int_eq(leases_new(&segments, store, &ls), 0);
		ck_assert_int_eq(leases_load(ls, why, sizeof(why)), 0);
		if (run == 1)
			break;
		ck_assert_int_eq(store_start(store, &home), 0);
		ck_assert_int_eq(lease_bind(ls, seg->id, &a, &one, T0 + HOUR, "web01", 5, T0), 0);
		ck_assert_int_eq(lease_bind(ls, seg->id, &b, &two, T0 + HOUR, "", 6, T0), 0);
		ck_assert_int_eq(lease_decline(ls, seg->id, &b, &two, T0), 0);
		ck_assert_int_eq(lease_offer(ls, seg->id, &c, &two, T0), 0);
		ck_assert_int_eq(lease_bind(ls, seg->id, &d, &three, T0 + HOUR, "", 6, T0), 0);
		ck_assert_uint_eq(leases_forget(ls, &three), 1);
		ck_assert_int_eq(store_commit(store, NULL, NULL), 0);
		store_close(store);
	}
	ck_assert_uint_eq(leases_count(ls), 2);
	l = lease_by_ip(ls, seg->id, &a);
	ck_assert(l && lease_is_live(l, T0) && mac_eq(&l->mac, &one));
	ck_assert_str_eq(l->hostname, "web01");
	ck_assert_uint_eq(l->stage, 5);
	ck_assert_uint_eq(address_of(1, T0), 10);
	ck_assert(!grantable(11, 2, T0) && grantable(11, 2, T0 + LEASE_REST_MS));
	ck_assert_int_eq(leases_restore(ls, "lab", 3, "", 0), -EPROTO);
	store_close(store);
	mailbox_fini(&home);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	ck_assert_int_eq(system(cmd), 0);
}
END_TEST

/* --- both families ------------------------------------------------------------------------------------------------------ */

/* 2001:db8:NET::c0a8:7aLAST */
static struct ip six(uint8_t net, uint8_t last)
{
	const uint8_t b[16] = {
		0x20, 1, 0x0d, 0xb8, [5] = net, [12] = 0xc0, [13] = 0xa8, [14] = 0x7a, [15] = last};

	return ip_from_v6(b);
}

static struct segment *with_six(uint8_t net, uint8_t first, uint8_t last)
{
	struct segment *s = (struct segment *)seg;

	s->six = (struct segment6){.server = six(net, 1),
		.prefix_len = 64,
		.pool_first = 0xc0a87a00u + first,
		.pool_last = 0xc0a87a00u + last};
	return s;
}

static int bind6(uint8_t net, uint8_t last, uint8_t who, int64_t until, int64_t now)
{
	struct ip a = six(net, last);
	struct mac m = mac(who);

	return lease_bind(ls, seg->id, &a, &m, until, "", 7, now);
}

/* The last byte; 0: none. */
static unsigned pick6(int64_t now, int *ret_rc)
{
	struct ip none = {0}, got = {0};

	*ret_rc = lease_pick(ls, seg, IP_V6, &none, now, nobodys, NULL, &got);
	return *ret_rc ? 0 : got.b[15];
}

/* One MAC has a lease of each, and what becomes of one is nothing to the other. */
START_TEST(test_families)
{
	struct mac m = mac(1);
	struct ip a = ip(10), b = six(7, 10);
	const struct lease *l;
	int rc;

	with_six(7, 10, 12);
	ck_assert_int_eq(bind_(10, 1, T0 + HOUR, T0), 0);
	ck_assert_ptr_null(lease_by_mac(ls, seg->id, IP_V6, &m, T0));
	ck_assert_int_eq(bind6(7, 10, 1, T0 + 2 * HOUR, T0), 0);
	l = lease_by_mac(ls, seg->id, IP_V4, &m, T0);
	ck_assert(l && ip_eq(&l->ip, &a));
	l = lease_by_mac(ls, seg->id, IP_V6, &m, T0);
	ck_assert(l && ip_eq(&l->ip, &b));
	ck_assert_int_eq(bind6(7, 10, 2, T0 + HOUR, T0), -EBUSY);
	/* the other family's pool and offers */
	ck_assert_int_eq(offer(11, 1, T0), 0);
	lease_cancel_offers(ls, seg->id, IP_V6, &m);
	ck_assert(lease_by_ip(ls, seg->id, &(const struct ip){IP_V4, {192, 168, 122, 11}})->state ==
		LEASE_OFFERED);
	ck_assert_uint_eq(pick6(T0, &rc), 11);
	ck_assert_int_eq(lease_release(ls, seg->id, &a, &m, T0), 0);
	ck_assert(lease_is_live(lease_by_ip(ls, seg->id, &b), T0));
	ck_assert_uint_eq(leases_forget(ls, &m), 3);
	ck_assert_uint_eq(leases_count(ls), 0);
}
END_TEST

START_TEST(test_pool6_full)
{
	int rc;

	with_six(7, 10, 12);
	for (uint8_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(pick6(T0, &rc), 10 + i);
		ck_assert_int_eq(bind6(7, (uint8_t)(10 + i), i, T0 + HOUR + i, T0), 0);
	}
	ck_assert_uint_eq(pick6(T0, &rc), 0);
	ck_assert_int_eq(rc, -ENOSPC);
	ck_assert_uint_ne(pick_but(0, NULL, T0), 0);
	ck_assert_uint_eq(pick6(T0 + HOUR, &rc), 10);
	((struct segment *)seg)->six = (struct segment6){0};
	ck_assert_uint_eq(pick6(T0 + HOUR, &rc), 0);
	ck_assert_int_eq(rc, -ENOENT);
}
END_TEST

/* However large a pool is, strangers leave room for machines elsewhere. */
START_TEST(test_room_for_machines)
{
	const struct ip own = ip(20);
	const struct mac m = mac(9);
	struct mac stranger = {{2}};
	struct ip at;
	int rc;

	with_six(7, 10, 10)->six.pool_last += 2 * LEASES_MAX;
	while ((rc = lease_pick(ls, seg, IP_V6, &(struct ip){0}, T0, nobodys, NULL, &at)) == 0) {
		uint32_t n = (uint32_t)leases_count(ls);

		memcpy(stranger.b + 2, &n, sizeof(n));
		rc = lease_offer(ls, seg->id, &at, &stranger, T0);
		ck_assert_int_eq(rc, 0);
	}
	ck_assert_int_eq(rc, -ENOSPC);
	ck_assert_uint_eq(leases_count(ls), LEASES_PICKED_MAX);
	ck_assert_uint_eq(pick_but(100, NULL, T0), 0); /* nor by asking for one */
	ck_assert_int_eq(lease_bind(ls, other->id, &own, &m, T0 + HOUR, "", 7, T0), 0);
	/* what is over is given again, and makes room in a pool that had no part in it */
	((struct segment *)other)->six = seg->six;
	ck_assert_int_eq(
		lease_pick(ls, other, IP_V6, &(struct ip){0}, T0, nobodys, NULL, &at), -ENOSPC);
	ck_assert_int_eq(lease_pick(ls, other, IP_V6, &(struct ip){0}, T0 + LEASE_OFFER_MS, nobodys,
				 NULL, &at),
		0);
	ck_assert_uint_eq(leases_count(ls),
		LEASES_PICKED_MAX); /* one for the other, which has yet to be offered */
	ck_assert_int_eq(lease_pick(ls, seg, IP_V6, &(struct ip){0}, T0 + LEASE_OFFER_MS, nobodys,
				 NULL, &at),
		0);
}
END_TEST

/* The prefix is another: what is leased of the old one stays its holder's, and is no longer the pool's to give. */
START_TEST(test_move_pool)
{
	struct ip old = six(7, 10);
	struct mac m;
	int rc;

	with_six(7, 10, 12);
	for (uint8_t i = 10; i <= 12; i++)
		ck_assert_int_eq(bind6(7, i, i, T0 + HOUR + i - 10, T0), 0);
	ck_assert_int_eq(bind6(7, 50, 50, T0 + HOUR, T0), 0);
	ck_assert_int_eq(bind_(10, 1, T0 + HOUR, T0), 0);
	ck_assert_uint_eq(pick6(T0, &rc), 0);
	with_six(8, 10, 12);
	ck_assert_int_eq(leases_move_pool(ls, seg->id), 0);
	ck_assert_uint_eq(pick6(T0, &rc), 10);
	ck_assert_int_eq(bind6(8, 10, 60, T0 + HOUR, T0), 0);
	ck_assert(lease_holder(ls, seg->id, &old, T0, &m) && m.b[5] == 10);
	ck_assert_int_eq(bind6(8, 11, 61, T0 + HOUR, T0), 0);
	ck_assert_int_eq(bind6(8, 12, 62, T0 + HOUR, T0), 0);
	/* all of the old are over first, and none of them is given */
	ck_assert_uint_eq(pick6(T0 + HOUR - 1, &rc), 0);
	ck_assert_int_eq(rc, -ENOSPC);
	/* and back: they are the pool's again, those of the other are not */
	with_six(7, 10, 12);
	ck_assert_int_eq(leases_move_pool(ls, seg->id), 0);
	ck_assert_uint_eq(pick6(T0 + HOUR - 1, &rc), 0);
	ck_assert_uint_eq(pick6(T0 + HOUR, &rc), 10);
	/* a pool that is wider has what was outside it before */
	with_six(7, 49, 51);
	ck_assert_int_eq(leases_move_pool(ls, seg->id), 0);
	ck_assert_uint_eq(pick6(T0, &rc), 49);
	ck_assert_int_eq(bind6(7, 49, 70, T0 + 2 * HOUR, T0), 0);
	ck_assert_int_eq(bind6(7, 51, 71, T0 + 2 * HOUR, T0), 0);
	ck_assert_uint_eq(pick6(T0 + HOUR, &rc), 50);
	ck_assert_int_eq(leases_move_pool(ls, seg->id), 0);
	leases_forget_segment(ls, seg->id);
	ck_assert_uint_eq(leases_count(ls), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lease");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_one_holder);
	tcase_add_test(t, test_offer_is_only_a_reservation);
	tcase_add_test(t, test_cancelled_offers);
	tcase_add_test(t, test_renewal_never_shortens);
	tcase_add_test(t, test_moved);
	tcase_add_test(t, test_segment_goes);
	tcase_add_test(t, test_release_and_decline);
	tcase_add_test(t, test_pool);
	tcase_add_test(t, test_set_aside);
	tcase_add_test(t, test_candidates);
	tcase_add_test(t, test_list);
	tcase_add_test(t, test_oldest_first);
	tcase_add_test(t, test_record);
	tcase_add_test(t, test_store);
	tcase_add_test(t, test_families);
	tcase_add_test(t, test_pool6_full);
	tcase_add_test(t, test_room_for_machines);
	tcase_add_test(t, test_move_pool);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
