/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_question.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t RANDOM[14] = {0xff, 1, 2, 3, 4, 5, 10, 11, 12, 13, 20, 21, 22, 23};
static const struct mac SERVER = {{0x52, 0x54, 0, 0, 0, 0x42}};

static struct dhcp_question q;
static struct dhcp_heard h;

/* An answer to what was asked last. */
static void setup(void)
{
	dhcp_question_init(&q, RANDOM);
	h = (struct dhcp_heard){.type = DHCP_OFFER,
		.from = SERVER,
		.from_ip = 0x0a420042,
		.server = 0x0a420042,
		.address = 0x0a4200c8,
		.client = q.client,
		.xid = q.xid[0]};
}

static bool hear(void)
{
	return dhcp_question_hear(&q, &h);
}

static void ask_again(void)
{
	q.round++;
	h.xid = q.xid[q.round];
}

START_TEST(test_answers_twice)
{
	ck_assert_uint_eq(q.client.b[0], 0x02);
	ck_assert_uint_ne(q.xid[0], q.xid[1]);
	ck_assert(hear());
	ck_assert(!hear());
	ck_assert_ptr_null(dhcp_question_server(&q));
	ask_again();
	ck_assert(hear());
	ck_assert_uint_eq(dhcp_question_server(&q)->server, 0x0a420042);
	ck_assert_ptr_null(dhcp_question_forger(&q));
	ck_assert_uint_eq(q.strays, 0);
}
END_TEST

/* dnsmasq pings for 3 s: its first answer may come when another's has led to the second question. */
START_TEST(test_answers_late)
{
	uint32_t first = h.xid;

	ask_again();
	ck_assert(hear());
	h.xid = first;
	ck_assert(hear());
	ck_assert_ptr_nonnull(dhcp_question_server(&q));
}
END_TEST

static bool is_stray(void)
{
	unsigned before = q.strays;

	return !hear() && q.strays == before + 1 && !q.n;
}

START_TEST(test_what_does_not_count)
{
	h.xid = q.xid[1]; /* not asked yet */
	ck_assert(is_stray());
	h.xid = q.xid[0] ^ 1;
	ck_assert(is_stray());
	setup();
	h.client.b[5] ^= 1;
	ck_assert(is_stray());
	setup();
	h.type = DHCP_ACK;
	ck_assert(is_stray());
	h.type = DHCP_NAK;
	h.address = 0;
	ck_assert(is_stray());
	/* from nobody's address */
	setup();
	h.from.b[0] |= 1;
	ck_assert(is_stray());
	setup();
	h.from_ip = 0;
	ck_assert(is_stray());
	setup();
	for (size_t i = 0; i < 4; i++) {
		h.server = (uint32_t[]){0, 0xffffffff, 0xe0000001, 0x7f000001}[i];
		ck_assert(!hear() && !q.n);
	}
	/* a proxy is no server, nor news */
	setup();
	h.address = 0;
	ck_assert(!hear());
	ck_assert_uint_eq(q.strays, 0);
}
END_TEST

START_TEST(test_forgers)
{
	/* silent when asked again */
	ck_assert(hear());
	ask_again();
	ck_assert_ptr_null(dhcp_question_server(&q));
	ck_assert_ptr_nonnull(dhcp_question_forger(&q));
	/* another card with its address */
	h.from.b[5] = 0x66;
	ck_assert(hear());
	ck_assert_ptr_null(dhcp_question_server(&q));
	h.from = SERVER;
	ck_assert(hear());
	ck_assert(mac_eq(&dhcp_question_server(&q)->from, &SERVER));
	ck_assert_uint_eq(dhcp_question_forger(&q)->from.b[5], 0x66);
}
END_TEST

START_TEST(test_crowd)
{
	for (uint8_t i = 0; i < 20; i++) {
		h.from.b[5] = i;
		h.server = h.from_ip = 0x0a420000u + i;
		hear();
	}
	ck_assert_uint_eq(q.n, DHCP_QUESTION_SERVERS);
	ck_assert_uint_eq(q.strays, 20 - DHCP_QUESTION_SERVERS);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dhcp_question");
	TCase *t = tcase_create("dhcp_question");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, test_answers_twice);
	tcase_add_test(t, test_answers_late);
	tcase_add_test(t, test_what_does_not_count);
	tcase_add_test(t, test_forgers);
	tcase_add_test(t, test_crowd);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
