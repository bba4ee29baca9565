/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an advertisement says of a segment. That it leaves, and who hears it: tests/lab/lab_ra.sh. */
#include "dhcp6_world.h"

#include "dhcpd/ra.h"

#include <stdlib.h>

static struct segment seg;

static void setup(void)
{
	seg = (struct segment){.name = "lab",
		.six = {.server = six(1), .prefix_len = 64, .router_s = SEGMENT_ROUTER_S}};
}

START_TEST(test_prefix)
{
	struct ndp_router r = ra_content(&seg, true);
	struct ip net = six(1);

	memset(net.b + 8, 0, 8);
	ck_assert(r.managed && r.other);
	ck_assert_uint_eq(r.n_prefixes, 1);
	ck_assert(ip_eq(&r.prefixes[0].ip, &net));
	ck_assert_uint_eq(r.prefixes[0].len, 64);
	ck_assert(r.prefixes[0].on_link && !r.prefixes[0].autonomous);
	ck_assert_uint_ge(r.prefixes[0].valid_s, r.prefixes[0].preferred_s);
	/* whoever hears one and then none for a while goes on */
	ck_assert_uint_gt(r.prefixes[0].preferred_s, 3 * RA_EVERY_MS / 1000);
}
END_TEST

/* RFC 4862 5.5.3: an address can be made only in a /64. */
START_TEST(test_autonomous)
{
	seg.six.autonomous = true;
	ck_assert(ra_content(&seg, true).prefixes[0].autonomous);
	seg.six.prefix_len = 80;
	ck_assert(!ra_content(&seg, true).prefixes[0].autonomous);
	ck_assert_uint_eq(ra_content(&seg, true).prefixes[0].len, 80);
}
END_TEST

START_TEST(test_router)
{
	ck_assert_uint_eq(ra_content(&seg, true).lifetime_s, SEGMENT_ROUTER_S);
	ck_assert_uint_eq(ra_content(&seg, false).lifetime_s, 0);
	seg.six.router_s = 0;
	ck_assert_uint_eq(ra_content(&seg, true).lifetime_s, 0);
	/* RFC 4861 6.2.1: it outlives the longest time between two */
	ck_assert_uint_ge(SEGMENT_ROUTER_S, 3 * RA_EVERY_MS / 2 / 1000);
}
END_TEST

START_TEST(test_mtu)
{
	ck_assert_uint_eq(ra_content(&seg, true).mtu, 0);
	seg.extra.mtu = 1400;
	ck_assert_uint_eq(ra_content(&seg, true).mtu, 1400);
	seg.extra.mtu = 1279; /* not IPv6's (RFC 8200 5) */
	ck_assert_uint_eq(ra_content(&seg, true).mtu, 0);
}
END_TEST

/* As it comes out of the codec again. */
START_TEST(test_dns)
{
	struct ndp_message m = {.type = NDP_ROUTER_ADVERT}, got;
	struct mac ours = {{2, 0, 0, 0, 0, 1}};
	uint8_t frame[NDP_FRAME_MAX];
	struct ip from;
	int len;

	for (uint32_t i = 0; i < SEGMENT_DNS_MAX; i++)
		seg.six.dns[seg.six.n_dns++] = six(50 + i);
	strcpy(seg.domain, "lab.example");
	ip_parse("fe80::1", &from);
	m.way = ndp_wire_to_all(&ours, &from);
	m.router = ra_content(&seg, true);
	len = ndp_wire_encode(&m, frame, sizeof(frame));
	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(ndp_wire_decode(frame, (size_t)len, &got), 0);
	ck_assert_uint_eq(got.router.n_dns,
		(int)SEGMENT_DNS_MAX < (int)NDP_DNS ? (int)SEGMENT_DNS_MAX : (int)NDP_DNS);
	ck_assert(ip_eq(&got.router.dns[0], &seg.six.dns[0]));
	ck_assert_uint_eq(got.router.dns_s, RA_DNS_S);
	ck_assert_str_eq(got.router.search, "lab.example");
	memset(seg.domain, 'x', sizeof(seg.domain) - 1);
	ck_assert_uint_lt(strlen(ra_content(&seg, true).search), sizeof(m.router.search));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ra");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, test_prefix);
	tcase_add_test(t, test_autonomous);
	tcase_add_test(t, test_router);
	tcase_add_test(t, test_mtu);
	tcase_add_test(t, test_dns);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
