/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/neighbour.h"

#include <check.h>
#include <errno.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

/* Each test runs in a process and a network namespace of its own. */
static bool in_namespace;

static void setup(void)
{
	in_namespace = !unshare(CLONE_NEWNET) || !unshare(CLONE_NEWUSER | CLONE_NEWNET);
	if (in_namespace &&
		system("ip link set lo up && ip link add br0 type bridge && ip link set br0 up &&"
		       "ip link add p1 address fe:54:00:00:00:01 type veth peer name c1 &&"
		       "ip link set p1 master br0 up && ip link set c1 up"))
		in_namespace = false;
	if (!in_namespace)
		fprintf(stderr, "skipped: neighbours: no network namespace, or no bridge in it\n");
}

/* This is found before libnl's: what the next answer fails with. */
static int fails;

int nl_recvmsgs_default(struct nl_sock *sk)
{
	struct nl_cb *cb = fails ? NULL : nl_socket_get_cb(sk);
	int rc = cb ? nl_recvmsgs(sk, cb) : fails;

	nl_cb_put(cb);
	return rc;
}

static void sh(const char *command)
{
	ck_assert_msg(!system(command), "%s", command);
}

static struct mac mac_of(const char *text)
{
	struct mac mac;

	ck_assert_int_eq(mac_parse(text, &mac), 0);
	return mac;
}

START_TEST(port)
{
	struct mac mac = mac_of("52:54:00:00:00:01"), of;
	char name[NEIGHBOUR_PORT], text[MAC_TEXT];

	if (!in_namespace)
		return;
	ck_assert_int_eq(neighbour_port("br7", &mac, name, &of), -ENODEV);
	ck_assert_int_eq(neighbour_port("p1", &mac, name, &of), -EOPNOTSUPP);
	ck_assert_int_eq(neighbour_port("br0", &mac, name, &of), -ENOENT);
	sh("bridge fdb add 52:54:00:00:00:01 dev p1 master static");
	ck_assert_int_eq(neighbour_port("br0", &mac, name, &of), 0);
	ck_assert_str_eq(name, "p1");
	ck_assert_str_eq(mac_format(&of, text), "fe:54:00:00:00:01");
	sh("bridge fdb del 52:54:00:00:00:01 dev p1 master");
	ck_assert_int_eq(neighbour_port("br0", &mac, name, &of), -ENOENT);
}
END_TEST

/* Only a kernel that does not know the question is one that never tells. */
START_TEST(errors)
{
	static const int passing[] = {-NLE_FAILURE, -NLE_INTR, -NLE_AGAIN, -NLE_INVAL,
		-NLE_DUMP_INTR, -NLE_SEQ_MISMATCH, -NLE_MSG_TRUNC, -NLE_NOMEM, -NLE_BAD_SOCK,
		-NLE_PERM};
	struct mac mac = mac_of("52:54:00:00:00:01"), of;
	struct ip ip = ip_from_v4(0xc0000202);
	char name[NEIGHBOUR_PORT];

	if (!in_namespace)
		return;
	for (size_t i = 0; i < sizeof passing / sizeof *passing; i++) {
		fails = passing[i];
		ck_assert_int_ne(neighbour_mac("br0", &ip, &of), -EOPNOTSUPP);
		ck_assert_int_ne(neighbour_port("br0", &mac, name, &of), -EOPNOTSUPP);
		ck_assert_int_lt(neighbour_port("br0", &mac, name, &of), 0);
	}
	fails = -NLE_OPNOTSUPP;
	ck_assert_int_eq(neighbour_mac("br0", &ip, &of), -EOPNOTSUPP);
	fails = 0;
	ck_assert_int_eq(neighbour_mac("br0", &ip, &of), -ENOENT);
}
END_TEST

/* No descriptor is left, not even to ask ARP: nothing is known, now. */
START_TEST(no_descriptor)
{
	struct rlimit before, none;
	struct ip ip = ip_from_v4(0xc0000202);
	struct mac mac;
	int rc;

	if (!in_namespace)
		return;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){0, before.rlim_max};
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	rc = neighbour_mac("br0", &ip, &mac);
	ck_assert_int_eq(
		setrlimit(RLIMIT_NOFILE, &before), 0); /* sanitizers look at /proc at the end */
	ck_assert_int_lt(rc, 0);
	ck_assert_int_ne(rc, -EOPNOTSUPP);
}
END_TEST

START_TEST(neighbour)
{
	struct ip ip;
	struct mac mac;
	char text[MAC_TEXT];

	if (!in_namespace)
		return;
	ck_assert_int_eq(ip_parse("192.0.2.2", &ip), 0);
	ck_assert_int_eq(neighbour_mac("br7", &ip, &mac), -ENODEV);
	ck_assert_int_eq(neighbour_mac("br0", &ip, &mac), -ENOENT);
	sh("ip address add 192.0.2.1/24 dev br0 &&"
	   "ip neighbour add 192.0.2.2 lladdr 52:54:00:00:00:01 dev br0");
	ck_assert_int_eq(neighbour_mac("br0", &ip, &mac), 0);
	ck_assert_str_eq(mac_format(&mac, text), "52:54:00:00:00:01");
	ck_assert(neighbour_is_there("br0", &ip));
	ck_assert_int_eq(neighbour_mac("c1", &ip, &mac), -ENOENT);
	ck_assert(!neighbour_is_there("c1", &ip));
	/* whether it answers now is not what is asked; whether it has answered is */
	sh("ip neighbour replace 192.0.2.2 lladdr 52:54:00:00:00:03 nud stale dev br0");
	ck_assert_int_eq(neighbour_mac("br0", &ip, &mac), 0);
	ck_assert_str_eq(mac_format(&mac, text), "52:54:00:00:00:03");
	ck_assert(!neighbour_is_there("br0", &ip));
	sh("ip neighbour replace 192.0.2.2 lladdr 52:54:00:00:00:04 nud noarp dev br0");
	ck_assert_int_eq(neighbour_mac("br0", &ip, &mac), 0);
	ck_assert_str_eq(mac_format(&mac, text), "52:54:00:00:00:04");
	sh("ip neighbour del 192.0.2.2 dev br0 && ip neighbour add 192.0.2.2 nud incomplete dev br0");
	ck_assert_int_eq(neighbour_mac("br0", &ip, &mac), -ENOENT);
}
END_TEST

START_TEST(neighbour6)
{
	struct ip own, ip, link_local;
	struct mac mac;
	char text[MAC_TEXT];

	if (!in_namespace)
		return;
	sh("sysctl -qw net.ipv6.conf.br0.disable_ipv6=0 && sysctl -qw net.ipv6.conf.c1.disable_ipv6=0 &&"
	   "ip address add 2001:db8::1/64 dev br0 nodad");
	ck_assert_int_eq(ip_parse("2001:db8::1", &own), 0);
	ck_assert_int_eq(ip_parse("2001:db8::2", &ip), 0);
	ck_assert_int_eq(ip_parse("fe80::2", &link_local), 0);
	ck_assert_int_eq(neighbour_mac("br0", &ip, &mac), -ENOENT);
	sh("ip neighbour add 2001:db8::2 lladdr 52:54:00:00:00:01 dev br0 &&"
	   "ip neighbour add fe80::2 lladdr 52:54:00:00:00:02 dev br0");
	ck_assert_int_eq(neighbour_mac("br0", &ip, &mac), 0);
	ck_assert_str_eq(mac_format(&mac, text), "52:54:00:00:00:01");
	ck_assert_int_eq(neighbour_mac("br0", &link_local, &mac), 0);
	ck_assert_str_eq(mac_format(&mac, text), "52:54:00:00:00:02");
	ck_assert_int_eq(neighbour_mac("c1", &link_local, &mac), -ENOENT);
	/* who is not known is asked for */
	ck_assert_int_eq(ip_parse("2001:db8::3", &ip), 0);
	ck_assert_int_eq(neighbour_provoke("br0", &own, &ip), 0);
	sh("ip -6 neighbour show to 2001:db8::3 nud all dev br0 | grep -q .");
	ck_assert_int_eq(neighbour_mac("br0", &ip, &mac), -ENOENT);
	ck_assert_int_eq(neighbour_provoke("br0", &own, &link_local), 0);
	ip = ip_from_v4(0xc0000202);
	ck_assert_int_eq(neighbour_provoke("br0", &own, &ip), -EAFNOSUPPORT);
}
END_TEST

/* Who is told what is for an address: next_hop("2001:db8::9") is "" where no route goes there by br0. */
static const char *next_hop(const char *to)
{
	static char text[IP_TEXT];
	struct ip ip, hop;

	ck_assert_int_eq(ip_parse(to, &ip), 0);
	return neighbour_next_hop("br0", &ip, &hop) ? "" : ip_format(&hop, text);
}

START_TEST(way)
{
	struct ip ip, hop;

	if (!in_namespace)
		return;
	sh("sysctl -qw net.ipv6.conf.br0.disable_ipv6=0 && ip address add 2001:db8::1/64 dev br0 nodad &&"
	   "ip address add 192.0.2.1/24 dev br0");
	ck_assert_str_eq(next_hop("2001:db8::2"), "2001:db8::2");
	ck_assert_str_eq(next_hop("192.0.2.2"), "192.0.2.2");
	ck_assert_str_eq(next_hop("2001:db8:2::5"), "");
	ck_assert_str_eq(next_hop("198.51.100.5"), "");
	sh("ip -6 route add 2001:db8:2::/64 via 2001:db8::2 && ip -6 route add 2001:db8:3::/64 via fe80::3 dev br0 &&"
	   "ip route add 198.51.100.0/24 via 192.0.2.2 && ip link add br1 type bridge && ip link set br1 up &&"
	   "ip route add 203.0.113.0/24 dev br1");
	ck_assert_str_eq(next_hop("2001:db8:2::5"), "2001:db8::2");
	ck_assert_str_eq(next_hop("2001:db8:3::5"), "fe80::3");
	ck_assert_str_eq(next_hop("198.51.100.5"), "192.0.2.2");
	ck_assert_str_eq(next_hop("203.0.113.5"), "");
	ck_assert_str_eq(next_hop("2001:db8::1"), ""); /* our own */
	ck_assert_int_eq(ip_parse("192.0.2.2", &ip), 0);
	ck_assert_int_eq(neighbour_next_hop("br7", &ip, &hop), -ENODEV);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("neighbour");
	TCase *t = tcase_create("neighbour");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, port);
	tcase_add_test(t, errors);
	tcase_add_test(t, no_descriptor);
	tcase_add_test(t, neighbour);
	tcase_add_test(t, neighbour6);
	tcase_add_test(t, way);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
