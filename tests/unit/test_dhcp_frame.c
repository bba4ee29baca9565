/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_frame.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct dhcp_frame F = {.from = {{0x52, 0x54, 0, 1, 2, 3}},
	.to = {{0x52, 0x54, 0xc0, 0xa8, 0x7a, 0x03}},
	.from_ip = 0xc0a87a01,
	.to_ip = 0xc0a87a03,
	.from_port = 67,
	.to_port = 68};

static uint8_t buf[DHCP_FRAME_HEADER + DHCP_FRAME_PAYLOAD_MAX + 1];

/* One's complement sum over words that hold their own checksum: all ones when it is right. */
static uint32_t sum(uint32_t s, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		s += (uint32_t)p[i] << (i % 2 ? 0 : 8);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

static uint32_t udp_sum(size_t udp_len)
{
	return sum(sum(17 + (uint32_t)udp_len, buf + 26, 8), buf + 34, udp_len);
}

START_TEST(test_headers)
{
	static const uint8_t known[] = {0x52, 0x54, 0xc0, 0xa8, 0x7a, 0x03, 0x52, 0x54, 0, 1, 2, 3,
		0x08, 0x00, 0x45, 0, 0, 0x20, 0, 0, 0x40, 0, 64, 17, 0xc5, 0x77, 192, 168, 122, 1,
		192, 168, 122, 3, 0, 67, 0, 68, 0, 12};

	memcpy(buf + DHCP_FRAME_HEADER, "abcd", 4);
	ck_assert_int_eq(dhcp_frame_wrap(&F, buf, 4), DHCP_FRAME_HEADER + 4);
	ck_assert_mem_eq(buf, known, sizeof(known));
	ck_assert_uint_eq(udp_sum(12), 0xffff);
}
END_TEST

START_TEST(test_checksums)
{
	for (size_t len = 0; len <= DHCP_FRAME_PAYLOAD_MAX; len += 7) {
		for (size_t i = 0; i < len; i++)
			buf[DHCP_FRAME_HEADER + i] = (uint8_t)rand();
		ck_assert_int_eq(dhcp_frame_wrap(&F, buf, len), (int)(DHCP_FRAME_HEADER + len));
		ck_assert_uint_eq(sum(0, buf + 14, 20), 0xffff);
		ck_assert_uint_eq(udp_sum(8 + len), 0xffff);
	}
}
END_TEST

/* RFC 768: a checksum that comes out as zero is sent as all ones, since zero says "none". */
START_TEST(test_zero_checksum)
{
	unsigned v = 0;

	for (; v < 0x10000; v++) {
		buf[DHCP_FRAME_HEADER] = (uint8_t)(v >> 8);
		buf[DHCP_FRAME_HEADER + 1] = (uint8_t)v;
		dhcp_frame_wrap(&F, buf, 2);
		if (buf[40] == 0xff && buf[41] == 0xff)
			break;
		ck_assert(buf[40] || buf[41]);
	}
	ck_assert_uint_lt(v, 0x10000);
}
END_TEST

START_TEST(test_size)
{
	ck_assert_int_eq(dhcp_frame_wrap(&F, buf, DHCP_FRAME_PAYLOAD_MAX), 1514);
	ck_assert_int_eq(dhcp_frame_wrap(&F, buf, DHCP_FRAME_PAYLOAD_MAX + 1), -EMSGSIZE);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dhcp_frame");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, test_headers);
	tcase_add_test(t, test_checksums);
	tcase_add_test(t, test_zero_checksum);
	tcase_add_test(t, test_size);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
