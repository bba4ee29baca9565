/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/arp_wire.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A Linux host's answer to a probe of 192.168.122.100, with Ethernet's padding. */
static const uint8_t REPLY[60] = {0x52, 0x54, 0, 0x77, 0x4b, 0xd4, 2, 0, 0, 0, 0, 9, 8, 6, 0, 1, 8,
	0, 6, 4, 0, 2, 2, 0, 0, 0, 0, 9, 192, 168, 122, 100, 0x52, 0x54, 0, 0x77, 0x4b, 0xd4, 0, 0,
	0, 0};
static const struct mac OURS = {{0x52, 0x54, 0x00, 0x77, 0x4b, 0xd4}};

enum { TYPE = 12, HARDWARE = 14, PROTOCOL = 16, HLEN = 18, PLEN = 19, OP = 20, MAC = 22 };

static int decode_with(size_t at, uint8_t value)
{
	struct arp_neighbour n;
	uint8_t frame[sizeof(REPLY)];

	memcpy(frame, REPLY, sizeof(frame));
	frame[at] = value;
	return arp_wire_decode(frame, sizeof(frame), &n);
}

START_TEST(heard)
{
	struct arp_neighbour n;
	char ip[IP_TEXT], mac[MAC_TEXT];

	ck_assert_int_eq(arp_wire_decode(REPLY, sizeof(REPLY), &n), 0);
	ck_assert_str_eq(ip_format(&n.ip, ip), "192.168.122.100");
	ck_assert_str_eq(mac_format(&n.mac, mac), "02:00:00:00:00:09");
	ck_assert_int_eq(decode_with(OP + 1, 1), 0); /* who asks says who he is */
}
END_TEST

START_TEST(not_heard)
{
	struct arp_neighbour n = {.ip = ip_from_v4(7)};
	uint8_t probe[ARP_WIRE_PROBE], frame[sizeof(REPLY)];

	ck_assert_int_eq(decode_with(TYPE + 1, 0), -ENOMSG);
	ck_assert_int_eq(decode_with(HARDWARE + 1, 6), -ENOMSG);
	ck_assert_int_eq(decode_with(PROTOCOL, 0x86), -ENOMSG);
	ck_assert_int_eq(decode_with(HLEN, 8), -ENOMSG);
	ck_assert_int_eq(decode_with(PLEN, 16), -ENOMSG);
	ck_assert_int_eq(decode_with(OP + 1, 3), -ENOMSG);
	ck_assert_int_eq(decode_with(OP, 1), -ENOMSG);
	ck_assert_int_eq(decode_with(MAC, 3), -EBADMSG); /* a group has no address */
	memcpy(frame, REPLY, sizeof(frame));
	memset(frame + MAC, 0, 6);
	ck_assert_int_eq(arp_wire_decode(frame, sizeof(frame), &n), -EBADMSG);
	for (size_t len = 0; len < ARP_WIRE_PROBE; len++)
		ck_assert_int_eq(arp_wire_decode(REPLY, len, &n), -ENOMSG);
	/* another's probe claims nothing yet */
	arp_wire_encode(&OURS, &n.ip, probe);
	ck_assert_int_eq(arp_wire_decode(probe, sizeof(probe), &n), -ENOMSG);
	ck_assert_uint_eq(ip_to_v4(&n.ip), 7);
}
END_TEST

START_TEST(asked)
{
	static const uint8_t known[ARP_WIRE_PROBE] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52,
		0x54, 0, 0x77, 0x4b, 0xd4, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 0x52, 0x54, 0, 0x77, 0x4b,
		0xd4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 192, 168, 122, 100};
	struct ip ip = ip_from_v4(0xc0a87a64);
	uint8_t frame[ARP_WIRE_PROBE];

	arp_wire_encode(&OURS, &ip, frame);
	ck_assert_mem_eq(frame, known, sizeof(known));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("arp_wire");
	TCase *t = tcase_create("arp_wire");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(t, heard);
	tcase_add_test(t, not_heard);
	tcase_add_test(t, asked);
	suite_add_tcase(suite, t);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
