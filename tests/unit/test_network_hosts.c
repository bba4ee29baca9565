/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has which address in a libvirt network: reservations, and guests with computed MACs. */
#include "guest/network_hosts.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct network_hosts hosts;

static void teardown(void)
{
	network_hosts_fini(&hosts);
}

static bool seat_is(size_t i, const char *ip, const char *mac, const char *name)
{
	const struct guest_seat *s = &hosts.all[i];
	char a[IP_TEXT], m[MAC_TEXT];

	return !strcmp(ip_format(&s->ip, a), ip) && !strcmp(mac_format(&s->mac, m), mac) &&
		!strcmp(s->name, name);
}

START_TEST(reservations)
{
	char why[GUEST_WHY];

	ck_assert_int_eq(
		network_hosts_parse(
			"<network><name>default</name>"
			"<ip address='192.168.122.1' netmask='255.255.255.0'><dhcp>"
			"<range start='192.168.122.2' end='192.168.122.254'/>"
			"<host mac='52:54:c0:a8:7a:03' name='web' ip='192.168.122.3'/>"
			"<host name='byname' ip='192.168.122.4'/>"
			"<host mac='52:54:00:00:00:05' name='noaddress'/>"
			"</dhcp></ip><ip family='ipv6' address='fd00::1' prefix='64'><dhcp>"
			"<host name='six' ip='fd00::5'/></dhcp></ip></network>",
			&hosts, why, sizeof why),
		0);
	ck_assert_uint_eq(hosts.n, 2);
	ck_assert(seat_is(0, "192.168.122.3", "52:54:c0:a8:7a:03", "web"));
	ck_assert(seat_is(1, "192.168.122.4", "00:00:00:00:00:00", "byname"));
	ck_assert_int_eq(hosts.all[0].what, GUEST_SEAT_HOST);
	ck_assert_int_eq(network_hosts_parse("<network", &hosts, why, sizeof why), -EINVAL);
}
END_TEST

START_TEST(computed)
{
	static const char xml[] = "<domain><devices>"
				  "<interface type='network'><mac address='52:54:c0:a8:7a:4d'/>"
				  "<source network='default' bridge='virbr0'/></interface>"
				  "<interface type='bridge'><mac address='52:54:c0:a8:7a:4e'/>"
				  "<source bridge='virbr0'/></interface>"
				  "<interface type='network'><mac address='52:54:c0:a8:7a:4f'/>"
				  "<source network='other'/></interface>"
				  "<interface type='network'><mac address='02:54:c0:a8:7a:50'/>"
				  "<source network='default'/></interface>"
				  "</devices></domain>";

	ck_assert_int_eq(
		network_hosts_computed(&hosts, xml, "theirs", true, "default", "virbr0"), 0);
	ck_assert_uint_eq(hosts.n, 2);
	ck_assert(seat_is(0, "192.168.122.77", "52:54:c0:a8:7a:4d", "theirs"));
	ck_assert(seat_is(1, "192.168.122.78", "52:54:c0:a8:7a:4e", "theirs"));
	ck_assert_int_eq(hosts.all[1].what, GUEST_SEAT_DOMAIN);
	ck_assert(hosts.all[1].ours);
	ck_assert_int_eq(network_hosts_computed(&hosts, xml, "theirs", false, "default", ""), 0);
	ck_assert_uint_eq(hosts.n, 3); /* no bridge is known */
	ck_assert_int_eq(
		network_hosts_computed(&hosts, "<domain", "theirs", false, "default", ""), 0);
	ck_assert_uint_eq(hosts.n, 3);
}
END_TEST

START_TEST(many)
{
	struct guest_seat s = {.what = GUEST_SEAT_LEASE};

	for (uint32_t i = 0; i < 1000; i++) {
		s.ip = ip_from_v4(i);
		ck_assert_int_eq(network_hosts_add(&hosts, &s), 0);
	}
	ck_assert_uint_eq(hosts.n, 1000);
	ck_assert_uint_eq(ip_to_v4(&hosts.all[999].ip), 999);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("network_hosts");
	TCase *t = tcase_create("network_hosts");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_test(t, reservations);
	tcase_add_test(t, computed);
	tcase_add_test(t, many);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
