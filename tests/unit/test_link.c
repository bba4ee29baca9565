/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/link.h"

#include <check.h>
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Each test runs in a process and a network namespace of its own. */
static bool in_namespace;

static void setup(void)
{
	in_namespace = !unshare(CLONE_NEWNET) || !unshare(CLONE_NEWUSER | CLONE_NEWNET);
	if (in_namespace &&
		system("ip link set lo up && ip link add br0 type bridge && ip link del br0"))
		in_namespace = false;
	if (!in_namespace)
		fprintf(stderr,
			"skipped: links: no network namespace, or ip(8) makes no bridge in it\n");
}

static void sh(const char *command)
{
	ck_assert_msg(!system(command), "%s", command);
}

START_TEST(a_link_is_looked_up)
{
	struct link_state st = {.index = 77};
	char buf[IP_TEXT], mac[MAC_TEXT];

	if (!in_namespace)
		return;
	ck_assert_int_eq(link_lookup("br0", &st), -ENODEV);
	ck_assert_int_eq(link_lookup("", &st), -ENODEV);
	ck_assert_int_eq(link_lookup("a-name-that-is-too-long", &st), -ENODEV);
	ck_assert_uint_eq(st.index, 77);
	sh("ip link add br0 address 52:54:00:01:02:03 mtu 1400 type bridge");
	ck_assert_int_eq(link_lookup("br0", &st), 0);
	ck_assert_str_eq(st.name, "br0");
	ck_assert_uint_gt(st.index, 0);
	ck_assert_uint_eq(st.mtu, 1400);
	ck_assert_str_eq(mac_format(&st.mac, mac), "52:54:00:01:02:03");
	ck_assert(!st.up);
	ck_assert_uint_eq(st.n_addresses, 0);
	sh("ip addr add 169.254.1.1/16 scope link dev br0");
	sh("ip addr add 192.0.2.1/24 dev br0 && ip addr add 198.51.100.1/25 dev br0");
	ck_assert_int_eq(link_lookup("br0", &st), 0);
	ck_assert_uint_eq(st.n_addresses, 2);
	ck_assert_str_eq(ip_format(&st.addresses[0].ip, buf), "192.0.2.1");
	ck_assert_uint_eq(st.addresses[0].prefix_len, 24);
	ck_assert_str_eq(ip_format(&st.addresses[1].ip, buf), "198.51.100.1");
	ck_assert_uint_eq(st.addresses[1].prefix_len, 25);
	sh("i=10; while [ $i -lt 40 ]; do echo address add 203.0.113.$i/32 dev br0; i=$((i + 1)); "
	   "done | ip -batch -");
	ck_assert_int_eq(link_lookup("br0", &st), 0);
	ck_assert_uint_eq(st.n_addresses, LINK_ADDRESSES);
}
END_TEST

/* Global and unique local, the oldest first; whoever asks for IPv4 does not see them. */
START_TEST(ipv6_addresses)
{
	struct link_state st;
	char buf[IP_TEXT];

	if (!in_namespace)
		return;
	sh("sysctl -qw net.ipv6.conf.default.disable_ipv6=0");
	sh("ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up");
	sh("ip addr add 192.0.2.1/24 dev v0");
	sh("ip addr add 2001:db8::1/64 dev v0 nodad && ip addr add fd00::1/80 dev v0 nodad");
	sh("ip addr add 2001:db8::2/64 dev v0 nodad preferred_lft 0");
	ck_assert_int_eq(link_lookup("v0", &st), 0);
	ck_assert_uint_eq(st.n_addresses, 1);
	ck_assert_str_eq(ip_format(&st.addresses[0].ip, buf), "192.0.2.1");
	ck_assert_uint_eq(st.n_addresses6, 2);
	ck_assert_str_eq(ip_format(&st.addresses6[0].ip, buf), "2001:db8::1");
	ck_assert_uint_eq(st.addresses6[0].prefix_len, 64);
	ck_assert(!st.addresses6[0].tentative);
	ck_assert_str_eq(ip_format(&st.addresses6[1].ip, buf), "fd00::1");
	ck_assert_uint_eq(st.addresses6[1].prefix_len, 80);
	/* a bridge without ports does not find out whether another has it */
	sh("ip link add br0 type bridge && ip link set br0 up && ip addr add fd00:1::1/64 dev br0");
	ck_assert_int_eq(link_lookup("br0", &st), 0);
	ck_assert_uint_eq(st.n_addresses6, 1);
	ck_assert(st.addresses6[0].tentative);
	/* a duplicate is none of ours */
	sh("ip addr add fd00::9/64 dev v1 nodad && ip addr add fd00::9/64 dev v0");
	for (int i = 0; i < 500; i++) {
		ck_assert_int_eq(link_lookup("v0", &st), 0);
		if (st.n_addresses6 == 2)
			break;
		usleep(10000);
	}
	ck_assert_uint_eq(st.n_addresses6, 2);
	/* more than are kept: the first stay */
	sh("i=10; while [ $i -lt 40 ]; do echo address add fd00:2::$i/128 dev br0; i=$((i + 1)); "
	   "done | ip -batch -");
	ck_assert_int_eq(link_lookup("br0", &st), 0);
	ck_assert_uint_eq(st.n_addresses6, LINK_ADDRESSES);
	ck_assert_str_eq(ip_format(&st.addresses6[0].ip, buf), "fd00:1::1");
}
END_TEST

START_TEST(up_means_carrier_too)
{
	struct link_state st;

	if (!in_namespace)
		return;
	sh("ip link add v0 type veth peer name v1 && ip link set v0 up");
	ck_assert_int_eq(link_lookup("v0", &st), 0);
	ck_assert(!st.up);
	sh("ip link set v1 up");
	ck_assert_int_eq(link_lookup("v0", &st), 0);
	ck_assert(st.up);
	/* Of the loopback nobody knows whether it has a carrier. */
	ck_assert_int_eq(link_lookup("lo", &st), 0);
	ck_assert(st.up);
	ck_assert_uint_eq(st.n_addresses, 0); /* 127.0.0.1 is of host scope */
}
END_TEST

static char told[1024];

static void on_change(void *arg, const char *name)
{
	ck_assert_ptr_eq(arg, told);
	name = name ? name : "any";
	if (strlen(told) + strlen(name) + 2 < sizeof told)
		strcat(strcat(told, name), " ");
}

/* Has the monitor told of this link within a second? Then begin anew. */
static bool hears(struct loop *l, const char *name)
{
	bool heard;

	for (int i = 0; i < 100 && !strstr(told, name); i++)
		loop_once(l, 10);
	heard = strstr(told, name);
	for (int i = 0; i < 20; i++)
		loop_once(l, 1);
	told[0] = 0;
	return heard;
}

START_TEST(changes_are_told_by_name)
{
	struct link_monitor *m;
	struct loop *l;

	if (!in_namespace)
		return;
	ck_assert_int_eq(loop_new(&l), 0);
	ck_assert_int_eq(link_monitor_new(l, on_change, told, &m), 0);
	loop_once(l, 0);
	ck_assert_str_eq(told, "");
	sh("ip link add br0 type bridge");
	ck_assert(hears(l, "br0 "));
	sh("ip addr add 192.0.2.1/24 dev br0");
	ck_assert(hears(l, "br0 "));
	sh("ip addr del 192.0.2.1/24 dev br0");
	ck_assert(hears(l, "br0 "));
	sh("sysctl -qw net.ipv6.conf.br0.disable_ipv6=0 && ip addr add fd00::1/64 dev br0");
	ck_assert(hears(l, "br0 "));
	sh("ip addr del fd00::1/64 dev br0");
	ck_assert(hears(l, "br0 "));
	sh("ip link set br0 up");
	ck_assert(hears(l, "br0 "));
	sh("ip link del br0");
	ck_assert(hears(l, "br0 "));
	loop_once(l, 0);
	ck_assert_str_eq(told, "");
	link_monitor_free(m);
	sh("ip link add br1 type bridge");
	loop_once(l, 0);
	ck_assert_str_eq(told, "");
	loop_free(l);
	link_monitor_free(NULL);
}
END_TEST

/* One that went meanwhile has no name that could be told. */
START_TEST(after_lost_messages_any_link_is_told)
{
	struct link_monitor *m;
	struct loop *l;

	if (!in_namespace)
		return;
	ck_assert_int_eq(loop_new(&l), 0);
	ck_assert_int_eq(link_monitor_new(l, on_change, told, &m), 0);
	/* Nobody reads meanwhile, and the socket's buffer is full. */
	sh("ip link add busy type bridge && "
	   "{ i=0; while [ $i -lt 3000 ]; do echo link set busy up; echo link set busy down; "
	   "i=$((i + 1)); done; } | ip -batch - >/dev/null && ip link del busy");
	for (int i = 0; i < 10000 && !strstr(told, "any"); i++) {
		if (strlen(told) > 512)
			told[0] = 0;
		loop_once(l, 0);
	}
	ck_assert_ptr_nonnull(strstr(told, "any "));
	link_monitor_free(m);
	loop_free(l);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("link");
	TCase *t = tcase_create("link");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, a_link_is_looked_up);
	tcase_add_test(t, ipv6_addresses);
	tcase_add_test(t, up_means_carrier_too);
	tcase_add_test(t, changes_are_told_by_name);
	tcase_add_test(t, after_lost_messages_any_link_is_told);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
