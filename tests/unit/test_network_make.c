/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The XML of a network that usher makes, read again; and what is otherwise about one that is there. */
#include "guest/network_make.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct guest_network_spec spec(void)
{
	struct guest_network_spec s = {.name = "lab0", .subnet = {0x0a4d0000, 24}};

	return s;
}

static struct guest_network made(const struct guest_network_spec *s, const char *has)
{
	char *xml = network_make_xml(s), why[GUEST_WHY];
	struct guest_network n;

	ck_assert_ptr_nonnull(xml);
	ck_assert_msg(!has || strstr(xml, has), "%s", xml);
	ck_assert_msg(!strstr(xml, "<dhcp"), "%s", xml);
	ck_assert_int_eq(guest_network_parse(xml, &n, why, sizeof why), 0);
	free(xml);
	return n;
}

START_TEST(xml)
{
	struct guest_network_spec s = spec(), back;
	struct guest_network n = made(&s, "<bridge stp=\"off\" delay=\"0\"/>");
	char text[IP_TEXT];

	ck_assert(n.ours);
	ck_assert(n.dns);
	ck_assert(!n.dhcp);
	ck_assert_str_eq(n.name, "lab0");
	ck_assert_str_eq(n.forward_mode, "nat");
	ck_assert_str_eq(ip_format(&n.address, text), "10.77.0.1");
	ck_assert_uint_eq(n.prefix_len, 24);
	strcpy(s.forward, "none");
	strcpy(s.domain, "lab.test");
	s.mtu = 9000;
	s.subnet.len = 22;
	n = made(&s, "<domain name=\"lab.test\"/>");
	ck_assert(!n.forward);
	ck_assert_uint_eq(n.mtu, 9000);
	back = network_make_spec(&n);
	ck_assert_mem_eq(&back.subnet, &s.subnet, sizeof s.subnet);
	ck_assert_str_eq(back.forward, "none");
	ck_assert_str_eq(back.domain, "lab.test");
	ck_assert(!ip_is_set(&back.prefix6) && !ip_is_set(&n.address6));
	ck_assert_int_eq(ip_parse("fd00:78::", &s.prefix6), 0);
	n = made(&s, "<ip family=\"ipv6\" address=\"fd00:78::1\" prefix=\"64\"/>");
	ck_assert(!n.dns && !n.advertises);
	ck_assert_str_eq(ip_format(&n.address6, text), "fd00:78::1");
	back = network_make_spec(&n);
	ck_assert(ip_eq(&back.prefix6, &s.prefix6));
	ck_assert(!back.ipv6_only);
	s.subnet.len = 0;
	s.ipv6_only = true;
	n = made(&s, "<ip family=\"ipv6\" address=\"fd00:78::1\" prefix=\"64\"/>");
	ck_assert(!ip_is_set(&n.address));
	back = network_make_spec(&n);
	ck_assert(back.ipv6_only && !back.subnet.len);
	strcpy(s.forward, "route");
	ck_assert(made(&s, "<forward mode=\"route\"/>").forward);
	/* what leads nowhere by itself is masqueraded; a global prefix is routed */
	strcpy(s.forward, "nat");
	ck_assert(made(&s, "<nat ipv6=\"yes\"/>").nat6);
	ip_parse("2001:db8:78::", &s.prefix6);
	ck_assert(!made(&s, "<forward mode=\"nat\"/>").nat6);
}
END_TEST

static void is_other(const struct guest_network_spec *want, const struct guest_network_spec *is,
	const char *what)
{
	char why[256], line[256];

	snprintf(line, sizeof line,
		"network 'lab0' exists with %s: choose another name, or run 'usher network delete "
		"lab0' first",
		what);
	ck_assert_int_eq(network_make_compare(want, is, why, sizeof why), -EEXIST);
	ck_assert_str_eq(why, line);
}

START_TEST(compare)
{
	struct guest_network_spec is = spec(), want = {.name = "lab0"};
	char why[256];

	strcpy(is.forward, "nat");
	ck_assert_int_eq(network_make_compare(&want, &is, why, sizeof why), 0);
	ck_assert_int_eq(network_make_compare(&is, &is, why, sizeof why), 0);
	want.subnet = (struct subnet){0x0a4d0000, 25};
	is_other(&want, &is, "subnet 10.77.0.0/24, not 10.77.0.0/25");
	want = (struct guest_network_spec){.name = "lab0", .forward = "route"};
	is_other(&want, &is, "forward nat, not route");
	want = (struct guest_network_spec){.name = "lab0", .domain = "x"};
	is_other(&want, &is, "domain none, not x");
	want = (struct guest_network_spec){.name = "lab0", .mtu = 1400};
	is_other(&want, &is, "mtu none, not 1400");
	want = (struct guest_network_spec){
		.name = "lab0", .ipv6_only = true, .prefix6 = {IP_V6, {0xfd, 0, 0, 0x77}}};
	is_other(&want, &is, "subnet 10.77.0.0/24, not IPv6 alone");
	want = (struct guest_network_spec){.name = "lab0", .prefix6 = {IP_V6, {0xfd, 0, 0, 0x78}}};
	is_other(&want, &is, "IPv6 prefix none, not fd00:78::");
}
END_TEST

START_TEST(others)
{
	struct guest_network n;
	char why[GUEST_WHY];

	ck_assert_int_eq(guest_network_parse("<network><name>default</name><forward/><metadata>"
					     "<x:y xmlns:x='urn:other'/></metadata></network>",
				 &n, why, sizeof why),
		0);
	ck_assert(!n.ours);
	ck_assert_str_eq(n.forward_mode, "nat");
	ck_assert_uint_eq(network_make_subnet(&n).len, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("network_make");
	TCase *t = tcase_create("network_make");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, xml);
	tcase_add_test(t, compare);
	tcase_add_test(t, others);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
