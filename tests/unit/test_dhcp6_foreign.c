/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp6_foreign.h"

#include "dhcp6_make.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct loop *loop;
static struct segments segments;
static struct dhcpd_config config;
static struct dhcp_lessor lessor;
static struct dhcp6_foreign foreign;
static const struct dhcp6_socket ours = {
	.udp = -1, .raw = -1, .mac = {{0x52, 0x54, 0, 0x66, 0, 1}}};
static struct dhcp6_message answer;
static struct dhcp6_frame from;

static void setup(void)
{
	struct segment s = {.name = "br0", .ifname = "nothere0"};
	struct dhcp_outbox_config outbox = {0};
	const struct segment *added;

	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(segments_add(&segments, &s, &added), 0);
	config = (struct dhcpd_config){.loop = loop, .segments = &segments};
	ck_assert_int_eq(timeline_new(NULL, &config.timeline), 0);
	outbox.loop = loop;
	lessor.c = &config;
	ck_assert_int_eq(dhcp_outbox_new(&outbox, &lessor.outbox), 0);
	dhcp6_foreign_begin(&foreign, &lessor, added, &ours);
	dhcp6_foreign_ask(&foreign);
	from = (struct dhcp6_frame){.from = {{2, 0, 0, 0, 0, 5}}, .to = ours.mac};
	ck_assert_int_eq(ip_parse("fe80::ff:fe00:5", &from.from_ip), 0);
	memset(&answer, 0, sizeof(answer));
	answer.type = DHCP6_ADVERTISE;
	answer.xid = foreign.xid;
	answer.n_ias = 1;
	answer.ias[0].n_addresses = 1;
	ck_assert_int_eq(ip_parse("2001:db8:66::f00", &answer.ias[0].addresses[0].ip), 0);
}

/* One that is lost says nothing; a newcomer takes nothing from us. */
START_TEST(test_yield)
{
	static const struct {
		enum dhcp6_place from;
		const char *answers; /* of each question: a for an answer, - for none */
		enum dhcp6_place to;
	} rows[] = {
		{DHCP6_PLACE_ASKED, "", DHCP6_PLACE_ASKED},
		{DHCP6_PLACE_ASKED, "a", DHCP6_PLACE_ASKED},
		{DHCP6_PLACE_ASKED, "-", DHCP6_PLACE_ASKED},
		{DHCP6_PLACE_ASKED, "a-", DHCP6_PLACE_ASKED},
		{DHCP6_PLACE_ASKED, "aa", DHCP6_PLACE_ANOTHERS},
		{DHCP6_PLACE_ASKED, "-aa", DHCP6_PLACE_ANOTHERS},
		{DHCP6_PLACE_ASKED, "--", DHCP6_PLACE_OURS},
		{DHCP6_PLACE_ASKED, "a--", DHCP6_PLACE_OURS},
		{DHCP6_PLACE_ASKED, "--aaaa", DHCP6_PLACE_OURS},
		{DHCP6_PLACE_ASKED, "aa-a-a-", DHCP6_PLACE_ANOTHERS},
		{DHCP6_PLACE_ASKED, "aa-a--", DHCP6_PLACE_OURS},
		{DHCP6_PLACE_OURS, "aaaa", DHCP6_PLACE_OURS},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct dhcp6_yield y = {.place = rows[i].from};

		for (const char *a = rows[i].answers; *a; a++) {
			enum dhcp6_place before = y.place;

			ck_assert_int_eq(dhcp6_yield_note(&y, *a == 'a'), y.place != before);
		}
		ck_assert_msg(y.place == rows[i].to, "row %zu: %d", i, y.place);
	}
}
END_TEST

static void teardown(void)
{
	dhcp6_foreign_end(&foreign);
	dhcp_outbox_free(lessor.outbox);
	timeline_free(config.timeline);
	segments_fini(&segments);
	loop_free(loop);
}

/* What is said of it, or "". */
static const char *heard(void)
{
	uint64_t before = timeline_newest(config.timeline);
	const struct timeline_event *e;

	dhcp6_foreign_heard(&foreign, &from, &answer);
	e = timeline_after(config.timeline, before, NULL);
	return e ? e->text : "";
}

START_TEST(solicit)
{
	uint8_t bytes[DHCP6_FOREIGN_SOLICIT];
	struct dhcp6_message m;
	const char *why;

	dhcp6_foreign_solicit(&ours.mac, 0x123456, bytes);
	ck_assert_int_eq(dhcp6_wire_decode(bytes, sizeof(bytes), &m, &why), 0);
	ck_assert_int_eq(m.type, DHCP6_SOLICIT);
	ck_assert_uint_eq(m.xid, 0x123456);
	ck_assert_uint_eq(m.client_id.len, 10);
	ck_assert_uint_eq(m.n_ias, 1);
	ck_assert_uint_eq(m.ias[0].code, OPT6_IA_NA);
	ck_assert(!dhcp6_wire_refusal(&m));
}
END_TEST

START_TEST(told_once)
{
	ck_assert_str_eq(heard(),
		"another DHCPv6 server on br0: fe80::ff:fe00:5 (MAC 02:00:00:00:00:05) offers "
		"2001:db8:66::f00");
	ck_assert_str_eq(heard(), "");
	from.from.b[5] = 6;
	answer.n_ias = 0;
	ck_assert_str_eq(heard(),
		"another DHCPv6 server on br0: fe80::ff:fe00:5 (MAC 02:00:00:00:00:06) offers "
		"nothing");
}
END_TEST

START_TEST(no_answer_to_us)
{
	answer.xid ^= 1;
	ck_assert_str_eq(heard(), "");
	answer.xid ^= 1;
	answer.type = DHCP6_SOLICIT;
	ck_assert_str_eq(heard(), "");
	answer.type = DHCP6_ADVERTISE;
	answer.n_relays = 1;
	ck_assert_str_eq(heard(), "");
	answer.n_relays = 0;
	from.to.b[5]++;
	ck_assert_str_eq(heard(), "");
	from.to.b[5]--;
	ck_assert_str_ne(heard(), "");
}
END_TEST

/* Made-up servers fill no timeline, and a client's choice no wire. */
START_TEST(limits)
{
	uint32_t xid = foreign.xid;
	unsigned n = 0;

	dhcp6_foreign_ask(&foreign);
	ck_assert_uint_eq(foreign.asked, 1);
	ck_assert_uint_eq(foreign.xid, xid);
	for (unsigned i = 0; i < 1000; i++) {
		from.from.b[4] = (uint8_t)(i >> 8);
		from.from.b[5] = (uint8_t)i;
		n += *heard() != '\0';
	}
	ck_assert_uint_eq(n, DHCP_FOREIGN_TOLD);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dhcp6_foreign");
	TCase *t = tcase_create("dhcp6_foreign");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_yield);
	tcase_add_test(t, solicit);
	tcase_add_test(t, told_once);
	tcase_add_test(t, no_answer_to_us);
	tcase_add_test(t, limits);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
