/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_secret.h"

#include <check.h>
#include <stdlib.h>

static struct segment wire, rack;
static struct dhcp_message msg;
static struct dhcp_policy policy;
static struct dhcp_decision decision;
static const struct mac CLIENT = {{2, 0, 0, 0, 0, 1}};

static void setup(void)
{
	wire = (struct segment){.id = 1};
	rack = (struct segment){.id = 2, .via = 1};
	msg = (struct dhcp_message){.type = DHCP_DISCOVER, .mac = CLIENT};
	policy = (struct dhcp_policy){.msg = &msg, .segment = &wire};
	decision = (struct dhcp_decision){
		.verdict = DHCP_SEND_OFFER, .address = ip_from_v4(0x0a42000b)};
}

static bool relay_there;

static enum dhcp_secret judge(bool forged, bool hears)
{
	struct dhcp_secret_view v = {.policy = &policy,
		.decision = &decision,
		.route = dhcp_answer_route(&policy, &decision),
		.forged = forged,
		.relay_there = relay_there,
		.hears = hears,
		.where = "elsewhere"};
	const char *why = NULL;
	enum dhcp_secret verdict = dhcp_secret_judge(&v, &why);

	ck_assert_int_eq(verdict == DHCP_SECRET_TOLD, why[0] == '\0');
	return verdict;
}

START_TEST(on_our_wire)
{
	ck_assert_int_eq(judge(false, true), DHCP_SECRET_TOLD);
	ck_assert_int_eq(judge(true, true), DHCP_SECRET_SILENT);
	ck_assert_int_eq(judge(false, false), DHCP_SECRET_SILENT);
	decision.verdict = DHCP_SEND_ACK;
	msg.type = DHCP_REQUEST;
	ck_assert_int_eq(judge(true, true), DHCP_SECRET_SILENT);
	/* to the address that it holds, wherever the question came from */
	msg.ciaddr = 0x0a42000b;
	ck_assert_int_eq(judge(false, true), DHCP_SECRET_TOLD);
	/* unless another card answers for it */
	ck_assert_int_eq(judge(false, false), DHCP_SECRET_KEPT);
	/* that it had once: by a frame, which somebody else may get */
	msg.type = DHCP_DISCOVER;
	decision.verdict = DHCP_SEND_OFFER;
	ck_assert_int_eq(judge(true, true), DHCP_SECRET_SILENT);
	ck_assert_int_eq(judge(false, false), DHCP_SECRET_SILENT);
	msg.type = DHCP_REQUEST;
	decision.verdict = DHCP_SEND_ACK;
	/* an address that it only says */
	msg.ciaddr = 0x0a42000c;
	ck_assert_int_eq(judge(true, true), DHCP_SECRET_SILENT);
}
END_TEST

START_TEST(inform)
{
	decision.verdict = DHCP_SEND_INFO;
	msg.ciaddr = 0x0a42000c;
	decision.address = ip_from_v4(msg.ciaddr);
	ck_assert_int_eq(judge(false, true), DHCP_SECRET_KEPT);
}
END_TEST

START_TEST(relayed)
{
	msg.giaddr = 0x0a42000c;
	ck_assert_int_eq(judge(false, true), DHCP_SECRET_KEPT);
	relay_there = true;
	ck_assert_int_eq(judge(false, true), DHCP_SECRET_KEPT);
	policy.segment = &rack;
	ck_assert_int_eq(judge(false, true), DHCP_SECRET_TOLD);
	/* by its link selection alone */
	relay_there = false;
	ck_assert_int_eq(judge(false, true), DHCP_SECRET_KEPT);
	/* a frame on our wire does not reach it */
	msg.giaddr = 0;
	ck_assert_int_eq(judge(false, true), DHCP_SECRET_KEPT);
}
END_TEST

START_TEST(never_to_all)
{
	struct dhcp_route r;

	msg.flags = DHCP_FLAG_BROADCAST;
	r = dhcp_answer_route(&policy, &decision);
	ck_assert(r.frame && !mac_eq(&r.mac, &CLIENT));
	dhcp_secret_route(&r, &CLIENT);
	ck_assert(mac_eq(&r.mac, &CLIENT));
	ck_assert_uint_eq(r.ip, 0xffffffff);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dhcp_secret");
	TCase *t = tcase_create("dhcp_secret");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, on_our_wire);
	tcase_add_test(t, inform);
	tcase_add_test(t, relayed);
	tcase_add_test(t, never_to_all);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
