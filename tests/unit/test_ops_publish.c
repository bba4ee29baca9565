/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and reservations in a libvirt network, of libvirt's own test driver. */
#include "guest/ops.h"
#include "guest/virt.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RANGE "<range start='10.7.0.2' end='10.7.0.99'/>"

static virConnectPtr conn;
static char why[GUEST_WHY];
static struct ip ip;
static struct mac mac;

static void setup(void)
{
	conn = virt_open("test:///default", why, sizeof why);
	ck_assert_msg(conn != NULL, "%s", why);
	ip_parse("10.7.0.5", &ip);
	mac_from_ip(&ip, &mac);
}

static void teardown(void)
{
	virConnectClose(conn);
}

/* A network "lan" that runs and is not kept: of others the test driver does not tell what is kept. `more` stands before
 * its addresses. */
static void network(const char *more, const char *ips)
{
	char xml[2048];
	virNetworkPtr n;

	snprintf(xml, sizeof xml,
		"<network><name>lan</name><forward mode='nat'/><bridge name='virbr7'/>%s%s</network>",
		more, ips);
	n = virNetworkCreateXML(conn, xml);
	ck_assert_ptr_nonnull(n);
	virNetworkFree(n);
}

static void lan(const char *dns, const char *hosts)
{
	char ips[1024];

	snprintf(ips, sizeof ips,
		"<ip address='10.7.0.1' prefix='24'><dhcp>" RANGE "%s</dhcp></ip>", hosts);
	network(dns, ips);
}

static int publish(bool add)
{
	why[0] = '\0';
	return ops_publish(&(struct op){.conn = conn, .why = why}, "lan", "web01", &ip, &mac, add);
}

static void publishes(bool add)
{
	ck_assert_msg(!publish(add), "%s", why);
}

static unsigned count(const char *part)
{
	virNetworkPtr n = virNetworkLookupByName(conn, "lan");
	char *xml = virNetworkGetXMLDesc(n, 0);
	unsigned found = 0;

	for (const char *p = xml; (p = strstr(p, part)); p++)
		found++;
	free(xml);
	virNetworkFree(n);
	return found;
}

#define OURS "<host mac='52:54:0a:07:00:05' name='web01' ip='10.7.0.5'/>"

START_TEST(there_and_back)
{
	lan("", "");
	publishes(true);
	publishes(true);
	ck_assert_uint_eq(count("<hostname>web01</hostname>"), 1);
	ck_assert_uint_eq(count(OURS), 1);
	ip_parse("10.7.0.6", &ip);
	publishes(true);
	ck_assert_uint_eq(count("10.7.0.5"), 0);
	ck_assert_uint_eq(count("10.7.0.6"), 2);
	publishes(false);
	ck_assert_uint_eq(count("web01"), 0);
	publishes(false);
	ck_assert_str_eq(why, "");
}
END_TEST

/* libvirt takes no record there. */
START_TEST(no_dns)
{
	lan("<dns enable='no'/>", "");
	publishes(true);
	ck_assert_str_eq(why, "");
	ck_assert_uint_eq(count("<hostname>"), 0);
	ck_assert_uint_eq(count(OURS), 1);
	publishes(false);
	ck_assert_uint_eq(count("web01"), 0);
}
END_TEST

/* What libvirt has against the name is said, and the reservation is there all the same. */
START_TEST(dns_is_a_convenience)
{
	lan("<dns><host ip='10.7.0.5'><hostname>mail</hostname></host></dns>", "");
	publishes(true);
	ck_assert_str_ne(why, "");
	ck_assert_uint_eq(count("<hostname>"), 1);
	ck_assert_uint_eq(count("mail"), 1);
	ck_assert_uint_eq(count(OURS), 1);
}
END_TEST

#define RECORD(ip, names) "<host ip='" ip "'>" names "</host>"
#define NAME(name) "<hostname>" name "</hostname>"

/* The site's record with our name and others: neither the name's removal nor its move takes it away. */
START_TEST(a_record_of_several_names)
{
	lan("<dns>" RECORD("10.7.0.5", NAME("web01") NAME("gitlab")) "</dns>", "");
	publishes(true);
	ck_assert_str_eq(why, ""); /* says what we would */
	publishes(false);
	ck_assert_ptr_nonnull(strstr(why, "left as they are"));
	ck_assert_uint_eq(count("gitlab"), 1);
	ip_parse("10.7.0.6", &ip);
	publishes(true);
	ck_assert_ptr_nonnull(strstr(why, "left as they are"));
	ck_assert_uint_eq(count("gitlab"), 1);
	ck_assert_uint_eq(count("<hostname>"), 2);
	ck_assert_uint_eq(count("ip='10.7.0.6'/>"), 1); /* reserved */
}
END_TEST

START_TEST(several_records_of_a_name)
{
	lan("<dns>" RECORD("10.7.0.8", NAME("web01")) RECORD("10.7.0.9", NAME("web01")) "</dns>",
		"");
	publishes(true);
	ck_assert_ptr_nonnull(strstr(why, "left as they are"));
	ck_assert_uint_eq(count("<hostname>"), 2);
	ip_parse("10.7.0.9", &ip);
	publishes(true);
	ck_assert_str_eq(why, "");
	publishes(false);
	ck_assert_uint_eq(count("<hostname>"), 2);
}
END_TEST

/* Ours is elsewhere, and the address is another name's. */
START_TEST(a_record_at_the_address)
{
	lan("<dns>" RECORD("10.7.0.8", NAME("web01")) RECORD("10.7.0.5", NAME("mail")) "</dns>",
		"");
	publishes(true);
	ck_assert_uint_eq(count("<hostname>"), 2);
	ck_assert_uint_eq(count(OURS), 1);
	publishes(false);
	ck_assert_uint_eq(count("<hostname>"), 2);
	ck_assert_str_eq(why, "");
}
END_TEST

START_TEST(several_addresses)
{
	network("",
		"<ip family='ipv6' address='fd00:7::1' prefix='64'><dhcp><range start='fd00:7::2' "
		"end='fd00:7::9'/></dhcp></ip><ip address='10.6.0.1' prefix='24'/>"
		"<ip address='10.7.0.1' prefix='24'><dhcp>" RANGE "</dhcp></ip>");
	publishes(true);
	publishes(true);
	ck_assert_uint_eq(count(OURS), 1);
	publishes(false);
	ck_assert_uint_eq(count("10.7.0.5"), 0);
}
END_TEST

#define HOST(mac, name, ip) "<host mac='" mac "' name='" name "' ip='" ip "'/>"
#define NAMELESS "<host mac='52:54:0a:07:00:05' ip='10.7.0.5'/>"

/* The site's reservation has our name: ours goes without, there and back. */
START_TEST(a_reserved_name)
{
	lan("", HOST("52:54:00:00:00:01", "web01", "10.7.0.9"));
	publishes(true);
	publishes(true);
	ck_assert_uint_eq(count(NAMELESS), 1);
	ck_assert_uint_eq(count("52:54:00:00:00:01"), 1);
	publishes(false);
	ck_assert_uint_eq(count(NAMELESS), 0);
	ck_assert_uint_eq(count("52:54:00:00:00:01"), 1);
}
END_TEST

/* And ours moves without theirs. */
START_TEST(a_reserved_name_before_ours)
{
	lan("",
		HOST("52:54:00:00:00:01", "web01",
			"10.7.0.9") "<host mac='52:54:0a:07:00:05' ip='10.7.0.8'/>");
	publishes(true);
	ck_assert_uint_eq(count(NAMELESS), 1);
	ck_assert_uint_eq(count("52:54:00:00:00:01"), 1);
	ck_assert_uint_eq(count("10.7.0.8"), 0);
}
END_TEST

static void define(const char *name, const char *mac1)
{
	char xml[512];
	virDomainPtr d;

	snprintf(xml, sizeof xml,
		"<domain type='test'><name>%s</name><memory>1024</memory><os><type>hvm</type></os>"
		"<devices><interface type='network'><source network='lan'/><mac address='%s'/>"
		"</interface></devices></domain>",
		name, mac1);
	d = virDomainDefineXML(conn, xml);
	ck_assert_ptr_nonnull(d);
	virDomainFree(d);
}

static int seat_guests(void)
{
	why[0] = '\0';
	return ops_seat_guests(&(struct op){.conn = conn, .why = why}, "lan", "");
}

/* One whose name is reserved for another MAC keeps none of those after it without. */
START_TEST(seats_of_all)
{
	lan("",
		"<host mac='52:54:00:00:00:01' ip='10.7.0.9'/>" HOST(
			"52:54:00:00:00:02", "b", "10.7.0.8"));
	define("a", "52:54:0a:07:00:05");
	define("b", "52:54:0a:07:00:06");
	define("c", "52:54:0a:07:00:07");
	ck_assert_msg(!seat_guests(), "%s", why);
	ck_assert_uint_eq(count(HOST("52:54:0a:07:00:05", "a", "10.7.0.5")), 1);
	ck_assert_uint_eq(count("<host mac='52:54:0a:07:00:06' ip='10.7.0.6'/>"), 1);
	ck_assert_uint_eq(count(HOST("52:54:0a:07:00:07", "c", "10.7.0.7")), 1);
}
END_TEST

START_TEST(no_network)
{
	ck_assert_int_eq(publish(true), -ENOENT);
	publishes(false);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {there_and_back, no_dns, dns_is_a_convenience,
		a_record_of_several_names, several_records_of_a_name, a_record_at_the_address,
		several_addresses, a_reserved_name, a_reserved_name_before_ours, seats_of_all,
		no_network};
	Suite *s = suite_create("ops_publish");
	TCase *t = tcase_create("ops_publish");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
