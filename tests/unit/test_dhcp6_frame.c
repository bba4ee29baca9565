/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp6_frame.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An INFORMATION-REQUEST with an elapsed time, to ff02::1:2; without its checksum. */
static const uint8_t FRAME[] = {0x33, 0x33, 0, 1, 0, 2, 0x52, 0x54, 0xc0, 0xa8, 0x7a, 3, 0x86, 0xdd,
	0x60, 0, 0, 0, 0, 18, 17, 1, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x50, 0x54, 0xc0, 0xff, 0xfe,
	0xa8, 0x7a, 3, 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 2, 0x22, 2, 0x23, 0, 18,
	0, 0, 11, 0x12, 0x34, 0x56, 0, 8, 0, 2, 0, 0};
enum { LEN = sizeof(FRAME), UDP = 14 + 40, SUM = UDP + 6, PAYLOAD = 10 };

static struct dhcp6_frame f;
static const uint8_t *payload;
static size_t payload_len;

/* RFC 1071, another way than the code's: bit by bit, over a pseudo header that is written out. */
static uint16_t sum_of(const uint8_t *frame, size_t udp_len)
{
	uint8_t all[40 + 1600] = {0};
	uint64_t sum = 0;

	memcpy(all, frame + 22, 32);
	all[34] = (uint8_t)(udp_len >> 8);
	all[35] = (uint8_t)udp_len;
	all[39] = 17;
	memcpy(all + 40, frame + UDP, udp_len);
	all[46] = all[47] = 0;
	for (size_t i = 0; i < 40 + udp_len; i++)
		sum += (uint64_t)all[i] << (i % 2 ? 0 : 8);
	sum = sum % 0xffff;
	return (uint16_t)(0xffff - sum);
}

static void right(uint8_t *frame, size_t udp_len)
{
	uint16_t sum = sum_of(frame, udp_len);

	frame[SUM] = (uint8_t)(sum >> 8);
	frame[SUM + 1] = (uint8_t)sum;
}

/* From a buffer of just this size, so that a sanitizer sees who reads beyond. */
static int open_(const uint8_t *bytes, size_t len, bool check)
{
	uint8_t *copy = malloc(len + !len);
	int rc;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, bytes, len);
	rc = dhcp6_frame_open(copy, len, check, &f, &payload, &payload_len);
	if (rc == 0)
		ck_assert(payload >= copy && payload + payload_len <= copy + len);
	free(copy);
	return rc;
}

static int changed(size_t at, uint8_t to)
{
	uint8_t frame[LEN];

	memcpy(frame, FRAME, LEN);
	frame[at] = to;
	right(frame, LEN - UDP);
	return open_(frame, LEN, true);
}

START_TEST(test_open)
{
	uint8_t frame[LEN + 20] = {0};

	memcpy(frame, FRAME, LEN);
	right(frame, LEN - UDP);
	ck_assert_int_eq(dhcp6_frame_open(frame, LEN, true, &f, &payload, &payload_len), 0);
	ck_assert_uint_eq(payload_len, PAYLOAD);
	ck_assert_mem_eq(payload, FRAME + UDP + 8, PAYLOAD);
	ck_assert_mem_eq(f.from.b, FRAME + 6, 6);
	ck_assert_mem_eq(f.to.b, FRAME, 6);
	ck_assert_int_eq(f.from_ip.family, IP_V6);
	ck_assert_mem_eq(f.from_ip.b, FRAME + 22, 16);
	ck_assert_mem_eq(f.to_ip.b, FRAME + 38, 16);
	ck_assert_uint_eq(f.from_port, 546);
	ck_assert_uint_eq(f.to_port, 547);
	/* a card pads short frames */
	ck_assert_int_eq(open_(frame, sizeof(frame), true), 0);
	ck_assert_uint_eq(payload_len, PAYLOAD);
}
END_TEST

START_TEST(test_checksum)
{
	uint8_t frame[LEN];

	memcpy(frame, FRAME, LEN);
	right(frame, LEN - UDP);
	for (size_t i = 22; i < LEN; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			frame[i] ^= (uint8_t)(1U << bit);
			ck_assert_int_ne(open_(frame, LEN, true), 0);
			frame[i] ^= (uint8_t)(1U << bit);
		}
	frame[SUM] = frame[SUM + 1] = 0; /* none: not in IPv6 (RFC 8200 8.1) */
	ck_assert_int_eq(open_(frame, LEN, true), -EBADMSG);
	frame[SUM] = 0x12; /* not yet computed: a guest's of this host */
	ck_assert_int_eq(open_(frame, LEN, true), -EBADMSG);
	ck_assert_int_eq(open_(frame, LEN, false), 0);
}
END_TEST

START_TEST(test_cut)
{
	uint8_t frame[LEN];

	memcpy(frame, FRAME, LEN);
	right(frame, LEN - UDP);
	for (size_t i = 0; i < LEN; i++)
		ck_assert_int_eq(open_(frame, i, true), -ENOMSG);
}
END_TEST

START_TEST(test_others)
{
	ck_assert_int_eq(changed(13, 0), -ENOMSG);         /* not IPv6's type */
	ck_assert_int_eq(changed(14, 0x45), -ENOMSG);      /* nor version */
	ck_assert_int_eq(changed(20, 58), -ENOMSG);        /* ICMPv6 */
	ck_assert_int_eq(changed(20, 0), -ENOMSG);         /* an extension header */
	ck_assert_int_eq(changed(19, 17), -ENOMSG);        /* IPv6 ends before UDP does */
	ck_assert_int_eq(changed(UDP + 5, 7), -ENOMSG);    /* shorter than its header */
	ck_assert_int_eq(changed(UDP + 4, 0xff), -ENOMSG); /* longer than the frame */
	ck_assert_int_eq(changed(6, 0x33), -EBADMSG);      /* from a group's MAC */
	ck_assert_int_eq(changed(22, 0xff), -EBADMSG);     /* from a group's address */
}
END_TEST

START_TEST(test_wrap)
{
	struct dhcp6_frame g = {.from = {{2, 0, 0, 0, 0, 1}},
		.to = {{0x52, 0x54, 0xc0, 0xa8, 0x7a, 3}},
		.from_port = 547,
		.to_port = 546};
	uint8_t buf[DHCP6_FRAME_HEADER + DHCP6_FRAME_PAYLOAD_MAX + 8];

	g.from_ip = ip_from_v6(FRAME + 22);
	g.to_ip = ip_from_v6(FRAME + 22);
	g.from_ip.b[15] = 1;
	for (size_t n = 0; n <= DHCP6_FRAME_PAYLOAD_MAX; n += n < 9 ? 1 : 131) {
		int len;

		memset(buf, 0xa5, sizeof(buf));
		for (size_t i = 0; i < n; i++)
			buf[DHCP6_FRAME_HEADER + i] = (uint8_t)(i * 7);
		len = dhcp6_frame_wrap(&g, buf, n);
		ck_assert_int_eq(len, DHCP6_FRAME_HEADER + (int)n);
		ck_assert_uint_eq(buf[len], 0xa5);
		ck_assert_uint_eq(buf[SUM] << 8 | buf[SUM + 1], sum_of(buf, 8 + n));
		ck_assert_int_eq(
			dhcp6_frame_open(buf, (size_t)len, true, &f, &payload, &payload_len), 0);
		ck_assert_uint_eq(payload_len, n);
		ck_assert(mac_eq(&f.from, &g.from) && mac_eq(&f.to, &g.to));
		ck_assert(ip_eq(&f.from_ip, &g.from_ip) && ip_eq(&f.to_ip, &g.to_ip));
		ck_assert(f.from_port == 547 && f.to_port == 546);
	}
	ck_assert_int_eq(dhcp6_frame_wrap(&g, buf, DHCP6_FRAME_PAYLOAD_MAX + 1), -EMSGSIZE);
}
END_TEST

/* A sum of 0 is sent as ffff: 0 would say that there is none. */
START_TEST(test_sum_of_zero)
{
	struct dhcp6_frame g = {.from_port = 547, .to_port = 546};
	uint8_t buf[DHCP6_FRAME_HEADER + 2] = {0};
	bool seen = false;

	g.from_ip = g.to_ip = ip_from_v6(FRAME + 22);
	for (unsigned v = 0; v < 0x10000 && !seen; v++) {
		buf[DHCP6_FRAME_HEADER] = (uint8_t)(v >> 8);
		buf[DHCP6_FRAME_HEADER + 1] = (uint8_t)v;
		ck_assert_int_gt(dhcp6_frame_wrap(&g, buf, 2), 0);
		ck_assert(buf[SUM] || buf[SUM + 1]);
		if (buf[SUM] == 0xff && buf[SUM + 1] == 0xff) {
			seen = true;
			ck_assert_int_eq(open_(buf, sizeof(buf), true), 0);
			buf[SUM] = buf[SUM + 1] = 0; /* it would come out right */
			ck_assert_int_eq(open_(buf, sizeof(buf), true), -EBADMSG);
		}
	}
	ck_assert(seen);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dhcp6_frame");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, test_open);
	tcase_add_test(t, test_checksum);
	tcase_add_test(t, test_cut);
	tcase_add_test(t, test_others);
	tcase_add_test(t, test_wrap);
	tcase_add_test(t, test_sum_of_zero);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
