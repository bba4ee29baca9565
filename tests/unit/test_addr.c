/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/addr.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

START_TEST(macs_parse_and_format)
{
	char buf[MAC_TEXT];
	struct mac m, other;

	ck_assert_int_eq(mac_parse("52:54:C0:a8:7A:03", &m), 0);
	ck_assert_str_eq(mac_format(&m, buf), "52:54:c0:a8:7a:03");
	ck_assert_int_eq(mac_parse("52-54-c0-a8-7a-03", &other), 0);
	ck_assert(mac_eq(&m, &other));
	other.b[5]++;
	ck_assert(!mac_eq(&m, &other));
	ck_assert(!mac_is_zero(&m));
	ck_assert_int_eq(mac_parse("00:00:00:00:00:00", &m), 0);
	ck_assert(mac_is_zero(&m));
	ck_assert_int_eq(mac_parse("01:00:5e:00:00:01", &m), 0);
}
END_TEST

static const char *const bad_macs[] = {
	"",
	"5",
	"52",
	"52:54:c0:a8:7a",
	"52:54:c0:a8:7a:",
	"52:54:c0:a8:7a:0",
	"52:54:c0:a8:7a:03:",
	" 52:54:c0:a8:7a:03",
	"52:54:c0:a8:7a:03 ",
	"52:54:c0:a8:7a:0g",
	"5254c0a87a03",
	"52.54.c0.a8.7a.03",
	"52:54:c0:a8:7a:003",
	"+2:54:c0:a8:7a:03",
};

START_TEST(bad_macs_are_refused_and_nothing_is_written)
{
	struct mac m = {{1, 2, 3, 4, 5, 6}}, before = m;

	ck_assert_int_eq(mac_parse(bad_macs[_i], &m), -EINVAL);
	ck_assert(mac_eq(&m, &before));
}
END_TEST

START_TEST(addresses_parse_and_format)
{
	char buf[IP_TEXT];
	struct ip a, b;

	ck_assert_int_eq(ip_parse("192.168.122.3", &a), 0);
	ck_assert_int_eq(a.family, IP_V4);
	ck_assert_uint_eq(ip_to_v4(&a), 0xc0a87a03);
	b = ip_from_v4(0xc0a87a03);
	ck_assert(ip_eq(&a, &b));
	ck_assert_int_eq(memcmp(&a, &b, sizeof a), 0);
	ck_assert_str_eq(ip_format(&a, buf), "192.168.122.3");
	ck_assert_int_eq(ip_parse("2001:DB8::1", &b), 0);
	ck_assert_int_eq(b.family, IP_V6);
	ck_assert_uint_eq(ip_to_v4(&b), 0);
	ck_assert_str_eq(ip_format(&b, buf), "2001:db8::1");
	ck_assert(!ip_eq(&a, &b));
	ck_assert(ip_is_set(&b));
	ck_assert_int_eq(ip_parse("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", &b), 0);
	ip_format(&b, buf);
}
END_TEST

START_TEST(an_address_that_is_not_set_is_nothing)
{
	struct ip none = {0}, any;
	char buf[IP_TEXT] = "x";

	ck_assert(!ip_is_set(&none));
	ck_assert_str_eq(ip_format(&none, buf), "");
	ck_assert_int_eq(ip_parse("0.0.0.0", &any), 0);
	ck_assert(ip_is_set(&any));
	ck_assert(!ip_eq(&none, &any));
}
END_TEST

static const char *const bad_ips[] = {
	"",
	"1.2.3",
	"1.2.3.4.5",
	"1.2.3.256",
	" 1.2.3.4",
	"1.2.3.4 ",
	"1.2.3.4/24",
	"a.b.c.d",
	":::",
	"fe80::1%lo",
	"1.2.3.-4",
};

START_TEST(bad_addresses_are_refused_and_nothing_is_written)
{
	struct ip ip = ip_from_v4(0x01020304), before = ip;

	ck_assert_int_eq(ip_parse(bad_ips[_i], &ip), -EINVAL);
	ck_assert(ip_eq(&ip, &before));
}
END_TEST

START_TEST(masks)
{
	ck_assert_uint_eq(v4_mask(0), 0);
	ck_assert_uint_eq(v4_mask(1), 0x80000000);
	ck_assert_uint_eq(v4_mask(24), 0xffffff00);
	ck_assert_uint_eq(v4_mask(31), 0xfffffffe);
	ck_assert_uint_eq(v4_mask(32), 0xffffffff);
}
END_TEST

START_TEST(macs_are_computed_both_ways)
{
	struct ip ip, back;
	char buf[MAC_TEXT];
	struct mac m;

	ck_assert_int_eq(ip_parse("192.168.122.3", &ip), 0);
	ck_assert_int_eq(mac_from_ip(&ip, &m), 0);
	ck_assert_str_eq(mac_format(&m, buf), "52:54:c0:a8:7a:03");
	ck_assert_int_eq(mac_to_ip(&m, &back), 0);
	ck_assert(ip_eq(&ip, &back));
	/* libvirt's own random MACs begin with 52:54:00: 0.x.y.z, which no segment accepts. */
	m.b[1] = 0x55;
	ck_assert_int_eq(mac_to_ip(&m, &back), -ENOENT);
	ck_assert(ip_eq(&ip, &back));
	ck_assert_int_eq(ip_parse("::1", &ip), 0);
	ck_assert_int_eq(mac_from_ip(&ip, &m), -EAFNOSUPPORT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("addr");
	TCase *t = tcase_create("addr");
	SRunner *sr;
	int failed;

	tcase_add_test(t, macs_parse_and_format);
	tcase_add_loop_test(t, bad_macs_are_refused_and_nothing_is_written, 0,
		sizeof bad_macs / sizeof bad_macs[0]);
	tcase_add_test(t, addresses_parse_and_format);
	tcase_add_test(t, an_address_that_is_not_set_is_nothing);
	tcase_add_loop_test(t, bad_addresses_are_refused_and_nothing_is_written, 0,
		sizeof bad_ips / sizeof bad_ips[0]);
	tcase_add_test(t, masks);
	tcase_add_test(t, macs_are_computed_both_ways);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
