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

static struct ip ip_of(const char *text)
{
	struct ip ip;

	ck_assert_int_eq(ip_parse(text, &ip), 0);
	return ip;
}

static const struct {
	const char *prefix, *v4, *v6;
	unsigned len;
} computed[] = {
	{"2001:db8:7a::", "192.168.122.3", "2001:db8:7a::c0a8:7a03", 64},
	{"2001:db8:7a:0:ffff:ffff:ffff:ffff", "10.0.0.1", "2001:db8:7a::a00:1", 64},
	{"2001:db8:7a:ffff::", "10.0.0.1", "2001:db8:7a:f000::a00:1", 52},
	{"::", "255.255.255.255", "::255.255.255.255", 0},
	{"2001:db8:1:2:3:4::", "1.2.3.4", "2001:db8:1:2:3:4:102:304", 96},
};

START_TEST(ipv6_addresses_are_computed_both_ways)
{
	struct ip prefix = ip_of(computed[_i].prefix), v4 = ip_of(computed[_i].v4), ip, back;
	unsigned len = computed[_i].len;
	char text[IP_TEXT];

	ck_assert_int_eq(ip6_from_v4(&prefix, len, &v4, &ip), 0);
	ck_assert_str_eq(ip_format(&ip, text), computed[_i].v6);
	ck_assert_int_eq(ip6_to_v4(&prefix, len, &ip, &back), 0);
	ck_assert(ip_eq(&back, &v4));
	if (len < 96) { /* a bit between prefix and IPv4 address */
		ip.b[11] ^= 1;
		ck_assert_int_eq(ip6_to_v4(&prefix, len, &ip, &back), -ENOENT);
		ip.b[11] ^= 1;
	}
	if (len) {
		ip.b[0] ^= 0x80;
		ck_assert_int_eq(ip6_to_v4(&prefix, len, &ip, &back), -ENOENT);
	}
	ck_assert(ip_eq(&back, &v4));
}
END_TEST

START_TEST(ipv6_addresses_that_cannot_be_computed)
{
	struct ip prefix = ip_of("2001:db8::"), v4 = ip_of("10.0.0.1"), ip = prefix, none = {0};

	ck_assert_int_eq(ip6_from_v4(&prefix, 97, &v4, &ip), -EINVAL);
	ck_assert_int_eq(ip6_from_v4(&v4, 64, &v4, &ip), -EAFNOSUPPORT);
	ck_assert_int_eq(ip6_from_v4(&prefix, 64, &prefix, &ip), -EAFNOSUPPORT);
	ck_assert_int_eq(ip6_from_v4(&prefix, 64, &none, &ip), -EAFNOSUPPORT);
	ck_assert(ip_eq(&ip, &prefix));
	ck_assert_int_eq(ip6_to_v4(&prefix, 64, &v4, &ip), -ENOENT);
	ck_assert_int_eq(ip6_to_v4(&v4, 64, &prefix, &ip), -EAFNOSUPPORT);
	ck_assert_int_eq(ip6_to_v4(&prefix, 128, &prefix, &ip), -EINVAL);
}
END_TEST

START_TEST(eui64_both_ways)
{
	struct mac m = {{0x52, 0x54, 0xc0, 0xa8, 0x7a, 0x03}}, back;
	struct ip prefix = ip_of("2001:db8:7a:1:ffff::"), ip = ip6_from_mac(&IP6_LINK_LOCAL, &m);
	char text[IP_TEXT];

	ck_assert_str_eq(ip_format(&ip, text), "fe80::5054:c0ff:fea8:7a03");
	ck_assert_int_eq(ip6_to_mac(&ip, &back), 0);
	ck_assert(mac_eq(&m, &back));
	ip = ip6_from_mac(&prefix, &m);
	ck_assert_str_eq(ip_format(&ip, text), "2001:db8:7a:1:5054:c0ff:fea8:7a03");
	ck_assert_int_eq(ip6_to_mac(&ip, &back), 0);
	ck_assert(mac_eq(&m, &back));
	/* the universal bit of a maker's own MAC is 0, that of its EUI-64 is 1 */
	m = (struct mac){{0x00, 0x16, 0x3e, 1, 2, 3}};
	ip = ip6_from_mac(&IP6_LINK_LOCAL, &m);
	ck_assert_str_eq(ip_format(&ip, text), "fe80::216:3eff:fe01:203");
}
END_TEST

static const char *const no_eui64[] = {
	"fe80::1",
	"fe80::5054:c0ff:ffa8:7a03",
	"fe80::5054:c0fe:fea8:7a03",
	"fe80::5154:c0ff:fea8:7a03", /* a group */
	"fe80::200:ff:fe00:0",       /* no MAC at all */
	"2001:db8:7a::c0a8:7a03",
	"192.168.122.3",
};

START_TEST(no_mac_in_it)
{
	struct mac m = {{1, 2, 3, 4, 5, 6}}, before = m;
	struct ip ip = ip_of(no_eui64[_i]);

	ck_assert_int_eq(ip6_to_mac(&ip, &m), -ENOENT);
	ck_assert(mac_eq(&m, &before));
}
END_TEST

static bool in(const char *address, const char *prefix, unsigned len)
{
	struct ip ip = ip_of(address), p = ip_of(prefix);

	return ip_in_prefix6(&ip, &p, len);
}

START_TEST(what_no_server_has)
{
	static const char *const none[] = {"127.0.0.1", "127.255.1.2", "0.0.0.0", "169.254.169.254",
		"224.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1",
		"::ffff:169.254.1.1", "fe80::1", "ff02::1"};
	static const char *const some[] = {"10.0.0.1", "126.0.0.1", "128.0.0.1", "169.253.1.1",
		"223.255.255.255", "192.168.122.1", "::ffff:10.0.0.1", "2001:db8::1", "fd00::1"};
	struct ip ip = {0};

	ck_assert(ip_is_no_server(&ip));
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		ip = ip_of(none[i]);
		ck_assert_msg(ip_is_no_server(&ip), "%s", none[i]);
	}
	for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
		ip = ip_of(some[i]);
		ck_assert_msg(!ip_is_no_server(&ip), "%s", some[i]);
	}
}
END_TEST

START_TEST(kinds_of_ipv6)
{
	struct ip low = ip_of("fe80::1"), high = ip_of("febf::1"), beyond = ip_of("fec0::1"),
		  group = ip_of("ff02::1"), any = ip_of("::"), v4 = ip_of("254.128.0.0"),
		  none = {0};

	ck_assert(ip_is_link_local(&low) && ip_is_link_local(&high));
	ck_assert(!ip_is_link_local(&beyond) && !ip_is_link_local(&v4) && !ip_is_link_local(&none));
	ck_assert(ip_is_group(&group) && !ip_is_group(&low));
	ck_assert(ip_is_any6(&any) && !ip_is_any6(&none) && !ip_is_any6(&low));
	v4 = ip_of("255.2.0.0");
	ck_assert(!ip_is_group(&v4));
	ck_assert(in("2001:db8:7a::1", "2001:db8:7a::", 64));
	ck_assert(!in("2001:db8:7a:1::1", "2001:db8:7a::", 64));
	ck_assert(in("2001:db8:7a:1::1", "2001:db8:7a::", 63));
	ck_assert(in("::1", "2001:db8::", 0));
	ck_assert(in("2001:db8::1", "2001:db8::1", 128) && in("2001:db8::1", "2001:db8::1", 200));
	ck_assert(!in("2001:db8::1", "2001:db8::", 128));
	ck_assert(!in("10.0.0.1", "10.0.0.1", 8));
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
	tcase_add_loop_test(
		t, ipv6_addresses_are_computed_both_ways, 0, sizeof computed / sizeof computed[0]);
	tcase_add_test(t, ipv6_addresses_that_cannot_be_computed);
	tcase_add_test(t, eui64_both_ways);
	tcase_add_loop_test(t, no_mac_in_it, 0, sizeof no_eui64 / sizeof no_eui64[0]);
	tcase_add_test(t, kinds_of_ipv6);
	tcase_add_test(t, what_no_server_has);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
