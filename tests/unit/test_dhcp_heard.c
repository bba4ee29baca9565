/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is overheard of DHCP servers, made of frames as we send them ourselves. */
#include "dhcpd/dhcp_heard.h"

#include "dhcp_make.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

enum { IP = 14, UDP = 34, BOOTP = 42 };

static const struct mac SERVER_MAC = {{0x52, 0x54, 0, 0, 0, 1}},
			CLIENT_MAC = {{0x52, 0x54, 0xc0, 0xa8, 0x7a, 0x03}};
static const uint32_t SERVER = 0xc0a87a01, GIVEN = 0xc0a87a03;

static uint8_t frame[DHCP_FRAME_HEADER + DHCP_REPLY_MAX];
static size_t frame_len;
static struct dhcp_heard heard;

static void reply(enum dhcp_type type, uint32_t server_id)
{
	const struct dhcp_frame f = {.from = SERVER_MAC,
		.to = CLIENT_MAC,
		.from_ip = SERVER,
		.to_ip = GIVEN,
		.from_port = 67,
		.to_port = 68};
	struct dhcp_message to = {
		.type = DHCP_DISCOVER, .mac = CLIENT_MAC, .xid = 0x01020304, .max_size = 576};
	const struct dhcp_reply_head h = {.type = type, .yiaddr = GIVEN, .server_id = server_id};
	struct dhcp_reply r;
	int n;

	dhcp_reply_begin(&r, frame + DHCP_FRAME_HEADER, &to, &h);
	n = dhcp_reply_end(&r);
	ck_assert_int_gt(n, 0);
	n = dhcp_frame_wrap(&f, frame, (size_t)n);
	ck_assert_int_gt(n, 0);
	frame_len = (size_t)n;
}

static int decode(void)
{
	heard = (struct dhcp_heard){0};
	return dhcp_heard_decode(frame, frame_len, &heard);
}

START_TEST(test_replies)
{
	static const enum dhcp_type types[] = {DHCP_OFFER, DHCP_ACK, DHCP_NAK};

	for (size_t i = 0; i < 3; i++) {
		reply(types[i], SERVER + 9);
		ck_assert_int_eq(decode(), 0);
		ck_assert_uint_eq(heard.type, types[i]);
		ck_assert(mac_eq(&heard.from, &SERVER_MAC));
		ck_assert(mac_eq(&heard.client, &CLIENT_MAC));
		ck_assert_uint_eq(heard.from_ip, SERVER);
		ck_assert_uint_eq(heard.server, SERVER + 9);
		ck_assert_uint_eq(heard.address, GIVEN);
		ck_assert_uint_eq(heard.xid, 0x01020304);
	}
}
END_TEST

START_TEST(test_no_server_id)
{
	reply(DHCP_OFFER, SERVER);
	/* 53 comes first, 54 after it */
	ck_assert_uint_eq(frame[BOOTP + DHCP_HEADER + 3], OPT_SERVER_ID);
	frame[BOOTP + DHCP_HEADER + 3] = OPT_ROUTER;
	ck_assert_int_eq(decode(), 0);
	ck_assert_uint_eq(heard.server, SERVER);
}
END_TEST

START_TEST(test_others)
{
	static const struct {
		size_t at;
		uint8_t value;
	} wrong[] = {{12, 0x86}, {IP + 9, 6}, {IP + 6, 0x20}, {IP + 7, 1}, {UDP + 3, 67},
		{BOOTP, 1}, {BOOTP + 1, 6}, {BOOTP + 2, 16}, {BOOTP + 236, 0},
		{BOOTP + DHCP_HEADER + 2, DHCP_DISCOVER}};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		reply(DHCP_OFFER, SERVER);
		frame[wrong[i].at] = wrong[i].value;
		ck_assert_int_eq(decode(), -ENOMSG);
	}
	reply(DHCP_OFFER, SERVER);
	frame[IP] = 0x44;
	ck_assert_int_eq(decode(), -EBADMSG);
}
END_TEST

/* Clients listen to answers from other ports, and firmware on that of proxies. */
START_TEST(test_ports)
{
	reply(DHCP_ACK, SERVER);
	frame[UDP] = 0x12;
	ck_assert_int_eq(decode(), 0);
	ck_assert_uint_eq(heard.from_port, 0x1243);
	frame[UDP] = frame[UDP + 2] = 4011 >> 8;
	frame[UDP + 1] = frame[UDP + 3] = 4011 & 255;
	ck_assert_int_eq(decode(), 0);
	ck_assert_uint_eq(heard.from_port, 4011);
	frame[BOOTP] = 1; /* a request */
	ck_assert_int_eq(decode(), -ENOMSG);
}
END_TEST

/* Cut anywhere, it is never taken for more than what is there. */
START_TEST(test_cut)
{
	static const size_t server_id = BOOTP + DHCP_HEADER + 3;

	reply(DHCP_OFFER, SERVER);
	for (frame_len = 0; frame_len < server_id + 6; frame_len++)
		if (frame_len != server_id) /* which may be missing */
			ck_assert_int_lt(decode(), 0);
	/* what is cut after these two hides nothing, and what comes twice neither */
	frame[server_id + 6] = OPT_ROUTER;
	frame[server_id + 7] = 4;
	frame_len = server_id + 9;
	ck_assert_int_eq(decode(), 0);
	ck_assert_uint_eq(heard.server, SERVER);
	memcpy(frame + server_id + 6, "\66\4\1\2\3\4\65\1\1", 9);
	frame_len = server_id + 15;
	ck_assert_int_eq(decode(), 0);
	ck_assert_uint_eq(heard.server, SERVER);
	ck_assert_int_eq(heard.type, DHCP_OFFER);
}
END_TEST

START_TEST(test_probe)
{
	static const struct mac ours = {{0x52, 0x54, 0, 0, 0, 9}};
	static const struct mac made_up = {{2, 1, 2, 3, 4, 5}};
	uint8_t probe[DHCP_PROBE];
	struct dhcp_message m;
	const char *why;

	dhcp_heard_probe(&ours, &made_up, 77, probe);
	ck_assert_int_eq(dhcp_heard_decode(probe, sizeof(probe), &heard), -ENOMSG);
	ck_assert_mem_eq(probe, "\xff\xff\xff\xff\xff\xff", 6);
	ck_assert_mem_eq(probe + 6, ours.b, 6);
	ck_assert_int_eq(dhcp_wire_decode(probe + DHCP_FRAME_HEADER, DHCP_REPLY_MIN, &m, &why), 0);
	ck_assert_uint_eq(m.type, DHCP_DISCOVER);
	ck_assert(mac_eq(&m.mac, &made_up));
	ck_assert_uint_eq(m.xid, 77);
	ck_assert_uint_eq(m.flags, DHCP_FLAG_BROADCAST);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dhcp_heard");
	TCase *t = tcase_create("dhcp_heard");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, test_replies);
	tcase_add_test(t, test_no_server_id);
	tcase_add_test(t, test_others);
	tcase_add_test(t, test_ports);
	tcase_add_test(t, test_cut);
	tcase_add_test(t, test_probe);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
