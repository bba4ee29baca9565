/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/segment.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ip ip(const char *text)
{
	struct ip r = {0};

	ck_assert_int_eq(ip_parse(text, &r), 0);
	return r;
}

static bool accepts(const char *server, uint8_t prefix_len, const char *address)
{
	struct segment s = {.server = ip(server), .prefix_len = prefix_len};
	struct ip a = ip(address);

	return segment_accepts(&s, &a);
}

START_TEST(test_accepts)
{
	ck_assert(accepts("192.168.122.1", 24, "192.168.122.2"));
	ck_assert(accepts("192.168.122.1", 24, "192.168.122.254"));
	ck_assert(!accepts("192.168.122.1", 24, "192.168.122.0"));
	ck_assert(!accepts("192.168.122.1", 24, "192.168.122.255"));
	ck_assert(!accepts("192.168.122.1", 24, "192.168.122.1"));
	ck_assert(!accepts("192.168.122.1", 24, "192.168.123.2"));
	ck_assert(!accepts("192.168.122.1", 24, "fd00::2"));
	/* In the middle of a wide one these are hosts. */
	ck_assert(accepts("10.0.0.1", 16, "10.0.1.0"));
	ck_assert(accepts("10.0.0.1", 16, "10.0.1.255"));
	ck_assert(!accepts("10.0.0.1", 16, "10.0.255.255"));
	ck_assert(accepts("10.0.0.0", 31, "10.0.0.1"));
	ck_assert(!accepts("10.0.0.0", 31, "10.0.0.0"));
	ck_assert(!accepts("10.0.0.0", 32, "10.0.0.0"));
	ck_assert(!accepts("10.0.0.0", 32, "10.0.0.1"));
}
END_TEST

START_TEST(test_accepts_nothing_without_a_server)
{
	struct segment s = {.prefix_len = 24};
	struct ip a = ip("0.0.0.5"), none = {0};

	ck_assert(!segment_accepts(&s, &a));
	s.server = ip("10.0.0.1");
	ck_assert(!segment_accepts(&s, &none));
}
END_TEST

/* The router's address is nobody's by chance. */
START_TEST(test_router)
{
	struct segment s = {.server = ip("10.0.0.1"), .prefix_len = 24, .router = ip("10.0.0.254")};
	struct ip a = ip("10.0.0.254"), b = ip("10.0.0.253");

	ck_assert(segment_accepts(&s, &a) && !segment_offers(&s, &a));
	ck_assert(segment_offers(&s, &b));
	ck_assert(!segment_offers(&s, &s.server));
}
END_TEST

START_TEST(test_behind_a_relay)
{
	struct segments ss = {0};
	struct segment s = {.name = "lab", .server = ip("10.0.0.1"), .prefix_len = 24};
	const struct segment *lab, *rack;
	struct ip a = ip("10.2.0.9"), b = ip("10.0.0.9"), net = ip("10.2.0.0");

	ck_assert_int_eq(segments_add(&ss, &s, &lab), 0);
	strcpy(s.name, "rack");
	s.subnet = net;
	s.via = lab->id;
	ck_assert_int_eq(segments_add(&ss, &s, &rack), 0);
	ck_assert_uint_eq(segment_net(rack), 0x0a020000);
	ck_assert_uint_eq(segment_link(rack), lab->id);
	ck_assert_uint_eq(segment_link(lab), lab->id);
	ck_assert(segment_accepts(rack, &a) && !segment_accepts(rack, &b));
	ck_assert(!segment_accepts(rack, &net) && !segment_accepts(rack, &s.server));
	ck_assert_ptr_eq(segments_by_address(&ss, lab, 0x0a000009), lab);
	ck_assert_ptr_eq(segments_by_address(&ss, lab, 0x0a020009), rack);
	ck_assert_ptr_null(segments_by_address(&ss, lab, 0x0a030009));
	ck_assert_ptr_null(segments_by_address(&ss, rack, 0x0a000009));
	segments_fini(&ss);
}
END_TEST

START_TEST(test_pool)
{
	struct ip first = ip("10.0.0.10"), last = ip("10.0.0.20"), below = ip("10.0.0.9");
	struct ip above = ip("10.0.0.21"), other = ip("fd00::a"), none = {0};
	struct segment s = {.pool_first = ip_to_v4(&first), .pool_last = ip_to_v4(&last)};
	struct segment empty = {0};

	ck_assert(segment_in_pool(&s, &first));
	ck_assert(segment_in_pool(&s, &last));
	ck_assert(!segment_in_pool(&s, &below));
	ck_assert(!segment_in_pool(&s, &above));
	ck_assert(!segment_in_pool(&s, &other));
	ck_assert(!segment_in_pool(&empty, &none));
	ck_assert(!segment_in_pool(&empty, &first));
}
END_TEST

START_TEST(test_ipv6)
{
	struct segment s = {.server = ip("192.168.122.1"),
		.prefix_len = 24,
		.computed = true,
		.http_port = 8067,
		.six = {.server = ip("2001:db8:7a::1"),
			.prefix_len = 64,
			.pool_first = 0xc0a87a64,
			.pool_last = 0xc0a87ac8}};
	const struct mac mac = {{0x52, 0x54, 0xc0, 0xa8, 0x7a, 0x03}}, other = {{0x52, 0x55}};
	const struct {
		const char *ip;
		bool accepts, pool;
		uint32_t number; /* 0: has none */
	} cases[] = {{"2001:db8:7a::2", true, false, 2}, {"2001:db8:7a::1", false, false, 1},
		{"2001:db8:7a::", false, false, 0}, {"2001:db8:7b::2", false, false, 0},
		{"fe80::2", false, false, 0}, {"2001:db8:7a::c0a8:7a64", true, true, 0xc0a87a64},
		{"2001:db8:7a::c0a8:7ac8", true, true, 0xc0a87ac8},
		{"2001:db8:7a::c0a8:7ac9", true, false, 0xc0a87ac9},
		{"2001:db8:7a::1:c0a8:7ac8", true, false, 0},
		{"192.168.122.100", true, false, 0xc0a87a64}};
	uint32_t n, first, last;
	char url[64];
	struct ip a;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		a = ip(cases[i].ip);
		ck_assert_msg(segment_accepts(&s, &a) == cases[i].accepts, "%s", cases[i].ip);
		ck_assert_msg(segment_in_pool(&s, &a) == cases[i].pool, "%s", cases[i].ip);
		n = 0;
		ck_assert_msg(segment_number(&s, &a, &n) == (cases[i].number != 0) || !n, "%s",
			cases[i].ip);
		ck_assert_msg(n == cases[i].number, "%s: %x", cases[i].ip, n);
	}
	ck_assert(segment_computed(&s, IP_V6, &mac, &a));
	ck_assert(ip_eq(&a,
		&(struct ip){
			IP_V6, {0x20, 1, 0xd, 0xb8, 0, 0x7a, 0, 0, 0, 0, 0, 0, 192, 168, 122, 3}}));
	ck_assert(segment_computed(&s, IP_V4, &mac, &a) && ip_to_v4(&a) == 0xc0a87a03);
	ck_assert(!segment_computed(&s, IP_V6, &other, &a));
	ck_assert(segment_pool(&s, IP_V6, &first, &last) && last == 0xc0a87ac8);
	ck_assert(!segment_pool(&s, IP_V4, &first, &last));
	segment_base_url(&s, url, sizeof url);
	ck_assert_str_eq(url, "http://192.168.122.1:8067");
	segment_url(&s, &s.six.server, url, sizeof url);
	ck_assert_str_eq(url, "http://[2001:db8:7a::1]:8067");
	ck_assert_ptr_eq(segment_asked(&s, IP_V6), &s.six.server);
	ck_assert_ptr_eq(segment_asked(&s, IP_V4), &s.server);
	ck_assert_ptr_eq(segment_asked(&s, IP_NONE), &s.server);
	/* made by who has it: link-local, and what it was told to make */
	a = ip("fe80::5");
	ck_assert(segment_self_made(&s, &a));
	a = ip("2001:db8:7a::5054:c0ff:fea8:7a03");
	ck_assert(!segment_self_made(&s, &a));
	s.six.autonomous = true;
	ck_assert(segment_self_made(&s, &a));
	a = ip("2001:db8:7b::5");
	ck_assert(!segment_self_made(&s, &a));
	a = ip("192.168.122.5");
	ck_assert(!segment_self_made(&s, &a) && !segment_v4_of(&s, &a, &a));
	a = ip("2001:db8:7a::c0a8:7a05");
	ck_assert(segment_v4_of(&s, &a, &a) && ip_to_v4(&a) == 0xc0a87a05);
	a = ip("2001:db8:7a::c0a8:7b05"); /* in another subnet */
	ck_assert(!segment_v4_of(&s, &a, &a));
	/* and alone */
	s.server = (struct ip){0};
	segment_base_url(&s, url, sizeof url);
	ck_assert_str_eq(url, "http://[2001:db8:7a::1]:8067");
	ck_assert_ptr_eq(segment_asked(&s, IP_V4), &s.six.server);
	a = segment_at(&s, IP_V4, 5);
	ck_assert(!ip_is_set(&a) && !segment_computed(&s, IP_V4, &mac, &a));
	s.six.server = (struct ip){0};
	a = ip("2001:db8:7a::2");
	ck_assert(!segment_accepts(&s, &a) && !segment_number(&s, &a, &n));
	ck_assert(!segment_pool(&s, IP_V6, &first, &last));
}
END_TEST

/* Our address lies in another prefix. */
START_TEST(test_ipv6_behind_a_relay)
{
	struct segment link = {
		.name = "eth1", .six = {.server = ip("2001:db8:7a::1"), .prefix_len = 64}};
	struct segment s = {.name = "rack2",
		.computed = true,
		.six = {.server = ip("2001:db8:7a::1"),
			.subnet = ip("2001:db8:2::"),
			.prefix_len = 64,
			.pool_first = 10,
			.pool_last = 20}};
	const struct ip in = ip("2001:db8:2::a"), ours = ip("2001:db8:7a::a"),
			nobodys = ip("2001:db8:3::a");
	struct segments all = {0};
	const struct segment *at, *rack;
	uint32_t n;
	struct ip a;

	ck_assert(segment_accepts(&s, &in) && segment_in_pool(&s, &in));
	ck_assert(!segment_accepts(&s, &ours) && !segment_number(&s, &ours, &n));
	ck_assert(segment_number(&s, &in, &n) && n == 10);
	a = segment_at(&s, IP_V6, 10);
	ck_assert(ip_eq(&a, &in));
	ck_assert_int_eq(segments_add(&all, &link, &at), 0);
	s.via = at->id;
	ck_assert_int_eq(segments_add(&all, &s, &rack), 0);
	ck_assert_ptr_eq(segments_by_ip(&all, at, &in), rack);
	ck_assert_ptr_eq(segments_by_ip(&all, at, &ours), at);
	ck_assert_ptr_null(segments_by_ip(&all, at, &nobodys));
	/* it is served as long as the link is */
	s.six.server = (struct ip){0};
	ck_assert(!segment_accepts(&s, &in) && !segment_in_pool(&s, &in));
	segments_fini(&all);
}
END_TEST

START_TEST(test_set)
{
	struct segments ss = {0};
	struct segment s = {.name = "default", .id = 99};
	const struct segment *first = NULL, *second = NULL;

	ck_assert_int_eq(segments_add(&ss, &s, &first), 0);
	ck_assert_uint_eq(first->id, 1);
	ck_assert_ptr_ne(first, &s);
	ck_assert_int_eq(segments_add(&ss, &s, &second), -EEXIST);
	strcpy(s.name, "lab");
	ck_assert_int_eq(segments_add(&ss, &s, &second), 0);
	ck_assert_uint_eq(second->id, 2);
	ck_assert_ptr_eq(segments_by_name(&ss, "default"), first);
	ck_assert_ptr_eq(segments_by_name(&ss, "lab"), second);
	ck_assert_ptr_null(segments_by_name(&ss, "other"));
	ck_assert_ptr_null(segments_by_id(&ss, 0));
	ck_assert_ptr_eq(segments_by_id(&ss, 2), second);
	ck_assert_ptr_null(segments_by_id(&ss, 3));
	segments_fini(&ss);
	ck_assert_uint_eq(ss.count, 0);
}
END_TEST

START_TEST(test_removed)
{
	struct segments ss = {0};
	struct segment s = {0};
	const struct segment *added;

	for (int i = 0; i < 3; i++) {
		snprintf(s.name, sizeof s.name, "s%d", i);
		ck_assert_int_eq(segments_add(&ss, &s, NULL), 0);
	}
	segments_remove(&ss, 2);
	ck_assert_uint_eq(ss.count, 2);
	ck_assert_ptr_null(segments_by_id(&ss, 2));
	ck_assert_ptr_null(segments_by_name(&ss, "s1"));
	ck_assert_str_eq(segments_by_id(&ss, 3)->name, "s2");
	ck_assert_str_eq(ss.all[1]->name, "s2");
	ck_assert_int_eq(segments_add(&ss, &(struct segment){.name = "s3"}, &added), 0);
	ck_assert_uint_eq(added->id, 2);
	ck_assert_ptr_eq(ss.all[2], added);
	segments_fini(&ss);
}
END_TEST

START_TEST(test_limit)
{
	struct segments ss = {0};
	struct segment s = {0};

	for (int i = 0; i < SEGMENT_MAX; i++) {
		snprintf(s.name, sizeof s.name, "s%d", i);
		ck_assert_int_eq(segments_add(&ss, &s, NULL), 0);
	}
	strcpy(s.name, "more");
	ck_assert_int_eq(segments_add(&ss, &s, NULL), -ENOSPC);
	segments_fini(&ss);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("segment");
	TCase *t = tcase_create("segment");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_accepts);
	tcase_add_test(t, test_accepts_nothing_without_a_server);
	tcase_add_test(t, test_router);
	tcase_add_test(t, test_behind_a_relay);
	tcase_add_test(t, test_pool);
	tcase_add_test(t, test_ipv6);
	tcase_add_test(t, test_set);
	tcase_add_test(t, test_ipv6_behind_a_relay);
	tcase_add_test(t, test_removed);
	tcase_add_test(t, test_limit);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
