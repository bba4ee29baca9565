/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/network/one_wire.h"

#include <check.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(judged)
{
	static const struct {
		struct one_wire_sysctls c;
		bool loses;
		const char *says, *says_not;
	} t[] = {
		{{0, 0}, true, "net.ipv4.conf.all.arp_ignore=1', or", "rp_filter"},
		{{0, 2}, true, "net.ipv4.conf.all.arp_ignore=1', or", "rp_filter"},
		{{0, 1}, true, "arp_ignore=1 net.ipv4.conf.all.rp_filter=2', or", NULL},
		{{1, 1}, true, "net.ipv4.conf.all.rp_filter=2", "arp_ignore"},
		{{1, 0}, false, NULL, NULL},
		{{2, 2}, false, NULL, NULL},
		{{8, 0}, false, NULL, NULL},
	};
	struct link_state a = {.name = "eth0"}, b = {.name = "eth1"};
	char why[512];

	ck_assert_int_eq(ip_parse("10.66.0.2", &b.addresses[0].ip), 0);
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		*why = '\0';
		ck_assert_msg(one_wire_judge(&a, &b, &t[i].c, why, sizeof why) == t[i].loses,
			"row %zu", i);
		if (t[i].says)
			ck_assert_msg(strstr(why, t[i].says) != NULL, "row %zu: %s", i, why);
		if (t[i].loses)
			ck_assert_msg(
				strstr(why, "eth1 has 10.66.0.2, in the same subnet as eth0") ==
					why,
				"row %zu: %s", i, why);
		if (t[i].says_not)
			ck_assert_msg(strstr(why, t[i].says_not) == NULL, "row %zu: %s", i, why);
	}
}
END_TEST

static void sh(const char *command)
{
	ck_assert_msg(!system(command), "%s", command);
}

static bool looks(const char *ifname)
{
	char why[512];

	return one_wire_look(ifname, why, sizeof why);
}

/* Two cards, in a network of the test's own. */
START_TEST(looked_for)
{
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 &&
		unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) < 0) {
		fprintf(stderr, "skipped: one wire: no network namespace: %s\n", strerror(errno));
		return;
	}
	if (system("ip link add card0 type veth peer name port0 && ip link add card1 type veth "
		   "peer name port1")) {
		fprintf(stderr, "skipped: one wire: ip(8) makes no links\n");
		return;
	}
	sh("for l in lo card0 card1 port0 port1; do ip link set $l up; done");
	sh("ip addr add 10.66.0.1/24 dev card0");
	ck_assert(!looks("card0"));
	ck_assert(!looks("none"));
	sh("ip addr add 10.67.0.2/24 dev card1 && ip addr add 10.66.0.9/32 dev lo");
	ck_assert(!looks("card0"));
	sh("ip addr add 10.66.0.2/24 dev card1");
	ck_assert(looks("card0") && !looks("port0"));
	sh("ip link set port1 down");
	ck_assert(!looks("card0"));
	sh("ip link set port1 up");
	ck_assert(looks("card0"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("one_wire");
	TCase *t = tcase_create("one_wire");
	SRunner *r;
	int failed;

	tcase_add_test(t, judged);
	tcase_add_test(t, looked_for);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
