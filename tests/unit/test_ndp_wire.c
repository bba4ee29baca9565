/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/ndp_wire.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What iPXE 1.0.0+git-20190125 sends, with its source link-layer address. */
static const uint8_t IPXE[] = {0x33, 0x33, 0, 0, 0, 2, 0x52, 0x54, 0xc0, 0xa8, 0x7a, 0x02, 0x86,
	0xdd, 0x60, 0, 0, 0, 0, 16, 58, 255, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x50, 0x54, 0xc0, 0xff,
	0xfe, 0xa8, 0x7a, 0x02, 0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 133, 0, 0x65,
	0x2f, 0, 0, 0, 0, 1, 1, 0x52, 0x54, 0xc0, 0xa8, 0x7a, 0x02};
static const struct mac OURS = {{0x52, 0x54, 0x00, 0x77, 0x4b, 0xd4}};

enum { ETHER = 14, HOPS = 14 + 7, SOURCE = 14 + 8, TYPE = 54, CODE = 55, SUM = 56, OPTION = 62 };

static uint8_t frame[sizeof(IPXE)];

/* A checksum that is right again after a change of the rest. */
static void sum_up(void)
{
	uint32_t sum = 58 + 16;

	frame[SUM] = frame[SUM + 1] = 0;
	for (size_t i = SOURCE; i < sizeof(frame); i++)
		sum += (uint32_t)frame[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	frame[SUM] = (uint8_t)(~sum >> 8);
	frame[SUM + 1] = (uint8_t)~sum;
}

static int decode(struct ndp_solicit *s)
{
	return ndp_wire_decode(frame, sizeof(frame), s);
}

static int decode_with(size_t at, uint8_t value, bool sums)
{
	struct ndp_solicit s;

	memcpy(frame, IPXE, sizeof(frame));
	frame[at] = value;
	if (sums)
		sum_up();
	return decode(&s);
}

START_TEST(asked)
{
	struct ndp_solicit s;
	char text[IP_TEXT], mac[MAC_TEXT];

	memcpy(frame, IPXE, sizeof(frame));
	sum_up();
	ck_assert_mem_eq(frame, IPXE, sizeof(frame));
	ck_assert_int_eq(decode(&s), 0);
	ck_assert_str_eq(mac_format(&s.mac, mac), "52:54:c0:a8:7a:02");
	ck_assert_str_eq(ip_format(&s.from, text), "fe80::5054:c0ff:fea8:7a02");
	memset(frame + SOURCE, 0, 16);
	sum_up();
	ck_assert_int_eq(decode(&s), 0);
	ck_assert(!ip_is_set(&s.from));
}
END_TEST

START_TEST(not_asked)
{
	struct ndp_solicit s;

	ck_assert_int_eq(decode_with(ETHER - 2, 0x08, true), -ENOMSG);
	ck_assert_int_eq(decode_with(ETHER + 6, 17, true), -ENOMSG);
	ck_assert_int_eq(decode_with(TYPE, 134, true), -ENOMSG);
	ck_assert_int_eq(decode_with(HOPS, 254, true), -EBADMSG);
	ck_assert_int_eq(decode_with(CODE, 1, true), -EBADMSG);
	ck_assert_int_eq(decode_with(SUM, 0, false), -EBADMSG);
	ck_assert_int_eq(decode_with(OPTION + 1, 0, true), -EBADMSG);
	ck_assert_int_eq(decode_with(OPTION + 1, 2, true), -EBADMSG);
	ck_assert_int_eq(decode_with(6, 0x53, true), -EBADMSG); /* a group asks nothing */
	memcpy(frame, IPXE, sizeof(frame));
	for (size_t len = 0; len < sizeof(frame); len++)
		ck_assert_int_eq(ndp_wire_decode(frame, len, &s), -ENOMSG);
}
END_TEST

START_TEST(answered)
{
	static const uint8_t known[NDP_ADVERT] = {0x52, 0x54, 0xc0, 0xa8, 0x7a, 0x02, 0x52, 0x54,
		0x00, 0x77, 0x4b, 0xd4, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 24, 58, 255, 0xfe, 0x80, 0, 0,
		0, 0, 0, 0, 0x50, 0x54, 0x00, 0, 0, 0x77, 0x4b, 0xd4, 0xfe, 0x80, 0, 0, 0, 0, 0, 0,
		0x50, 0x54, 0xc0, 0xff, 0xfe, 0xa8, 0x7a, 0x02, 134, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 1, 1, 0x52, 0x54, 0x00, 0x77, 0x4b, 0xd4};
	static const uint8_t all_nodes[16] = {0xff, 2, [15] = 1};
	uint8_t out[NDP_ADVERT];
	struct ndp_solicit s;
	uint32_t sum = 58 + 24;

	ck_assert_int_eq(ndp_wire_decode(IPXE, sizeof(IPXE), &s), 0);
	ndp_wire_encode(&s, &OURS, out);
	for (size_t i = SOURCE; i < sizeof(out); i++)
		sum += (uint32_t)out[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	ck_assert_uint_eq(sum, 0xffff);
	out[SUM] = out[SUM + 1] = 0;
	ck_assert_mem_eq(out, known, sizeof(out));
	/* this host may be a router by the address that its kernel made of the same MAC */
	ck_assert(out[SOURCE + 11] != 0xff || out[SOURCE + 12] != 0xfe);
	s.from = (struct ip){0};
	ndp_wire_encode(&s, &OURS, out);
	ck_assert_mem_eq(out, known, 6); /* still to nobody else */
	ck_assert_mem_eq(out + SOURCE + 16, all_nodes, 16);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ndp_wire");
	TCase *t = tcase_create("ndp_wire");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(t, asked);
	tcase_add_test(t, not_asked);
	tcase_add_test(t, answered);
	suite_add_tcase(suite, t);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
