/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tftpd/tftp_wire.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DECODE(text, p) tftp_wire_decode(text, sizeof text - 1, p)

START_TEST(request_plain)
{
	struct tftp_packet p;

	ck_assert_int_eq(DECODE("\0\1boot/x.efi\0OCTET\0", &p), 0);
	ck_assert_int_eq(p.op, TFTP_RRQ);
	ck_assert_str_eq(p.name, "boot/x.efi");
	ck_assert(!p.netascii && !p.options.has_blksize && !p.options.has_tsize);
	ck_assert_int_eq(DECODE("\0\1///etc/motd\0NetAscii\0", &p), 0);
	ck_assert_str_eq(p.name, "etc/motd");
	ck_assert(p.netascii);
	ck_assert_int_eq(DECODE("\0\2up\0octet\0", &p), 0);
	ck_assert_int_eq(p.op, TFTP_WRQ);
}
END_TEST

START_TEST(request_options)
{
	struct tftp_packet p;

	ck_assert_int_eq(DECODE("\0\1f\0octet\0BlkSize\0001428\0tsize\0000\0timeout\0005\0"
				"windowsize\00016\0multicast\0\0",
				 &p),
		0);
	ck_assert(p.options.has_blksize && p.options.blksize == 1428);
	ck_assert(p.options.has_tsize && p.options.tsize == 0);
	ck_assert(p.options.has_timeout && p.options.timeout_s == 5);
	ck_assert(p.options.has_windowsize && p.options.windowsize == 16);
}
END_TEST

START_TEST(request_options_out_of_range)
{
	struct tftp_packet p;

	ck_assert_int_eq(
		DECODE("\0\1f\0octet\0blksize\0007\0timeout\0000\0windowsize\0000\0", &p), 0);
	ck_assert(!p.options.has_blksize && !p.options.has_timeout && !p.options.has_windowsize);
	ck_assert_int_eq(DECODE("\0\1f\0octet\0blksize\00099999\0timeout\000256\0"
				"windowsize\00065536\0tsize\000-1\0",
				 &p),
		0);
	ck_assert(p.options.has_blksize && p.options.blksize == TFTP_BLKSIZE_MAX);
	ck_assert(!p.options.has_timeout && !p.options.has_windowsize && !p.options.has_tsize);
	ck_assert_int_eq(
		DECODE("\0\1f\0octet\0tsize\00018446744073709551616\0blksize\0 512\0", &p), 0);
	ck_assert(!p.options.has_tsize && !p.options.has_blksize);
	/* a last option that is cut short */
	ck_assert_int_eq(DECODE("\0\1f\0octet\0tsize\0000\0blksize\0001428", &p), 0);
	ck_assert(p.options.has_tsize && !p.options.has_blksize);
}
END_TEST

/* Windows' boot manager asks so. No file that is served has a backslash in its name. */
START_TEST(backslashes)
{
	struct tftp_packet p;

	ck_assert_int_eq(DECODE("\0\1\\Boot\\BCD\0octet\0", &p), 0);
	ck_assert_str_eq(p.name, "Boot/BCD");
	ck_assert_int_eq(DECODE("\0\1/\\/win\\boot/..\\x\0octet\0", &p), 0);
	ck_assert_str_eq(p.name, "win/boot/../x");
	ck_assert_int_eq(DECODE("\0\1\\\\\0octet\0", &p), -ENODATA);
}
END_TEST

START_TEST(request_faults)
{
	char longest[600] = "\0\1";
	struct tftp_packet p;
	enum tftp_error code;

	ck_assert_int_eq(DECODE("\0\1f", &p), -EPROTO);
	ck_assert_int_eq(DECODE("\0\1f\0octet", &p), -EPROTO);
	ck_assert_int_eq(DECODE("\0\1", &p), -EPROTO);
	ck_assert_int_eq(DECODE("\0\1///\0octet\0", &p), -ENODATA);
	ck_assert_int_eq(DECODE("\0\1a\nb\0octet\0", &p), -EILSEQ);
	ck_assert_int_eq(DECODE("\0\1a\x80\0octet\0", &p), -EILSEQ);
	ck_assert_int_eq(DECODE("\0\1a\0mail\0", &p), -ENOTSUP);
	memset(longest + 2, 'n', 255);
	memcpy(longest + 257, "\0octet\0", 7);
	ck_assert_int_eq(tftp_wire_decode(longest, 264, &p), 0);
	ck_assert_uint_eq(strlen(p.name), 255);
	memset(longest + 2, 'n', 256);
	memcpy(longest + 258, "\0octet\0", 7);
	ck_assert_int_eq(tftp_wire_decode(longest, 265, &p), -ENAMETOOLONG);
	ck_assert_str_ne(tftp_wire_refusal(-ENAMETOOLONG, &code), "");
	ck_assert_int_eq(code, TFTP_E_ILLEGAL);
}
END_TEST

START_TEST(not_packets)
{
	struct tftp_packet p;

	ck_assert_int_eq(tftp_wire_decode("", 0, &p), -EBADMSG);
	ck_assert_int_eq(tftp_wire_decode("\0", 1, &p), -EBADMSG);
	ck_assert_int_eq(DECODE("\0\7x", &p), -EBADMSG);
	ck_assert_int_eq(DECODE("\0\0\0\0", &p), -EBADMSG);
	ck_assert_int_eq(DECODE("\0\4\1", &p), -EBADMSG);
	ck_assert_int_eq(DECODE("\0\5\0", &p), -EBADMSG);
	ck_assert_int_eq(DECODE("\0\3\1", &p), -EBADMSG);
}
END_TEST

START_TEST(answers)
{
	char text[300];
	struct tftp_packet p;

	ck_assert_int_eq(DECODE("\0\4\xab\xcd", &p), 0);
	ck_assert_int_eq(p.op, TFTP_ACK);
	ck_assert_uint_eq(p.block, 0xabcd);
	ck_assert_int_eq(DECODE("\0\5\0\10User\033[1m aborted\0junk", &p), 0);
	ck_assert_uint_eq(p.error, TFTP_E_OPTION);
	ck_assert_str_eq(p.text, "User?[1m aborted");
	ck_assert_int_eq(DECODE("\0\5\0\10no end", &p), 0);
	ck_assert_str_eq(p.text, "no end");
	ck_assert_int_eq(DECODE("\0\5\0\0", &p), 0);
	ck_assert_str_eq(p.text, "");
	memset(text, 'x', sizeof text);
	memcpy(text, "\0\5\0\0", 4);
	ck_assert_int_eq(tftp_wire_decode(text, sizeof text, &p), 0);
	ck_assert_uint_eq(strlen(p.text), TFTP_TEXT - 1);
	ck_assert_int_eq(DECODE("\0\3\0\1abc", &p), 0);
	ck_assert_uint_eq(p.data_len, 3);
	ck_assert_mem_eq(p.data, "abc", 3);
	ck_assert_int_eq(DECODE("\0\3\0\2", &p), 0);
	ck_assert_uint_eq(p.data_len, 0);
}
END_TEST

START_TEST(round_trips)
{
	const struct tftp_options o = {true, true, true, true, 1468, 255, UINT64_MAX / 16, 65535};
	uint8_t buf[TFTP_SMALL];
	struct tftp_packet p;
	int len;

	len = tftp_wire_request(buf, sizeof buf, TFTP_RRQ, "a b/c", "octet", &o);
	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(tftp_wire_decode(buf, (size_t)len, &p), 0);
	ck_assert_str_eq(p.name, "a b/c");
	ck_assert(tftp_options_eq(&p.options, &o));
	ck_assert_int_eq(tftp_wire_request(buf, 10, TFTP_RRQ, "a b/c", "octet", &o), -EMSGSIZE);

	len = tftp_wire_oack(buf, sizeof buf, &o);
	ck_assert_int_eq(tftp_wire_decode(buf, (size_t)len, &p), 0);
	ck_assert_int_eq(p.op, TFTP_OACK);
	ck_assert(tftp_options_eq(&p.options, &o));

	len = tftp_wire_ack(buf, sizeof buf, 65535);
	ck_assert_int_eq(tftp_wire_decode(buf, (size_t)len, &p), 0);
	ck_assert_uint_eq(p.block, 65535);

	tftp_wire_data_header(buf, 513);
	ck_assert_mem_eq(buf, "\0\3\2\1", 4);
}
END_TEST

START_TEST(oack_names_only_what_is_agreed)
{
	const struct tftp_options o = {
		.has_tsize = true, .tsize = 70000, .blksize = 512, .windowsize = 1};
	uint8_t buf[TFTP_SMALL];

	ck_assert_int_eq(tftp_wire_oack(buf, sizeof buf, &o), 14);
	ck_assert_mem_eq(buf, "\0\6tsize\00070000\0", 14);
}
END_TEST

START_TEST(error_text_is_cut_to_fit)
{
	struct tftp_packet p;
	uint8_t buf[12];

	ck_assert_int_eq(tftp_wire_error(buf, sizeof buf, TFTP_E_ACCESS, "read only"), 12);
	ck_assert_mem_eq(buf, "\0\5\0\2read on\0", 12);
	ck_assert_int_eq(tftp_wire_error(buf, 4, TFTP_E_ACCESS, "x"), -EMSGSIZE);
	ck_assert_int_eq(tftp_wire_error(buf, 5, TFTP_E_ACCESS, "x"), 5);
	ck_assert_int_eq(tftp_wire_decode(buf, 5, &p), 0);
	ck_assert_str_eq(p.text, "");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tftp_wire");
	TCase *t = tcase_create("all");
	SRunner *r;
	int failed;

	tcase_add_test(t, request_plain);
	tcase_add_test(t, request_options);
	tcase_add_test(t, request_options_out_of_range);
	tcase_add_test(t, backslashes);
	tcase_add_test(t, request_faults);
	tcase_add_test(t, not_packets);
	tcase_add_test(t, answers);
	tcase_add_test(t, round_trips);
	tcase_add_test(t, oack_names_only_what_is_agreed);
	tcase_add_test(t, error_text_is_cut_to_fit);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
