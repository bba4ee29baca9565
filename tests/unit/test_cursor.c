/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cursor.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(reads_in_network_order)
{
	static const uint8_t bytes[] = {1, 2, 3, 0xff, 0xfe, 0xfd, 0xfc, 9, 8};
	struct reader r;
	uint8_t two[2];

	reader_init(&r, bytes, sizeof bytes);
	ck_assert_uint_eq(reader_u8(&r), 1);
	ck_assert_uint_eq(reader_u16(&r), 0x0203);
	ck_assert_uint_eq(reader_u32(&r), 0xfffefdfc);
	reader_copy(&r, two, 2);
	ck_assert_uint_eq(two[0], 9);
	ck_assert_uint_eq(two[1], 8);
	ck_assert_uint_eq(r.left, 0);
	ck_assert(!r.bad);
}
END_TEST

START_TEST(a_read_past_the_end_sticks)
{
	static const uint8_t bytes[] = {1, 2, 3};
	uint8_t copy[2] = {7, 7};
	struct reader r;

	reader_init(&r, bytes, sizeof bytes);
	ck_assert_uint_eq(reader_u32(&r), 0);
	ck_assert(r.bad);
	/* The three bytes that were there are not given after a fault. */
	ck_assert_uint_eq(reader_u8(&r), 0);
	ck_assert_uint_eq(reader_u16(&r), 0);
	ck_assert_ptr_null(reader_bytes(&r, 0));
	ck_assert_ptr_null(reader_bytes(&r, 1));
	reader_copy(&r, copy, 2);
	ck_assert_uint_eq(copy[0] | copy[1], 0);
	ck_assert_uint_eq(r.left, 0);
	ck_assert(r.bad);
}
END_TEST

START_TEST(lengths_that_would_wrap_are_refused)
{
	static const uint8_t bytes[] = {1, 2, 3};
	struct reader r;

	reader_init(&r, bytes, sizeof bytes);
	reader_u8(&r);
	reader_skip(&r, SIZE_MAX);
	ck_assert(r.bad);
}
END_TEST

START_TEST(an_empty_reader_is_not_bad)
{
	struct reader r;

	reader_init(&r, NULL, 0);
	ck_assert_ptr_nonnull(reader_bytes(&r, 0));
	reader_skip(&r, 0);
	ck_assert(!r.bad);
	reader_skip(&r, 1);
	ck_assert(r.bad);
}
END_TEST

START_TEST(a_sub_reader_ends_where_it_should)
{
	static const uint8_t bytes[] = {1, 2, 3, 4};
	struct reader r, sub;

	reader_init(&r, bytes, sizeof bytes);
	sub = reader_sub(&r, 2);
	ck_assert_uint_eq(reader_u16(&sub), 0x0102);
	reader_u8(&sub);
	ck_assert(sub.bad);
	ck_assert(!r.bad);
	ck_assert_uint_eq(reader_u8(&r), 3);
	sub = reader_sub(&r, 2);
	ck_assert(sub.bad);
	ck_assert(r.bad);
	ck_assert_uint_eq(sub.left, 0);
}
END_TEST

START_TEST(what_is_written_reads_back)
{
	uint8_t buf[16];
	struct writer w;
	struct reader r;

	memset(buf, 0xaa, sizeof buf);
	writer_init(&w, buf, sizeof buf);
	writer_u8(&w, 0x12);
	writer_u16(&w, 0x3456);
	writer_u32(&w, 0x789abcde);
	writer_zero(&w, 2);
	writer_bytes(&w, "xyz", 3);
	writer_bytes(&w, NULL, 0);
	writer_patch_u16(&w, 1, 0x0102);
	ck_assert(!w.bad);
	ck_assert_uint_eq(w.len, 12);
	reader_init(&r, w.start, w.len);
	ck_assert_uint_eq(reader_u8(&r), 0x12);
	ck_assert_uint_eq(reader_u16(&r), 0x0102);
	ck_assert_uint_eq(reader_u32(&r), 0x789abcde);
	ck_assert_uint_eq(reader_u16(&r), 0);
	ck_assert_mem_eq(reader_bytes(&r, 3), "xyz", 3);
	ck_assert_uint_eq(buf[12], 0xaa);
}
END_TEST

START_TEST(a_full_writer_sticks_and_writes_nothing_more)
{
	uint8_t buf[4] = {0};
	struct writer w;

	writer_init(&w, buf, 3);
	writer_u16(&w, 0x0102);
	writer_u32(&w, 0xffffffff);
	ck_assert(w.bad);
	writer_u8(&w, 0xff);
	ck_assert_uint_eq(w.len, 2);
	ck_assert_uint_eq(buf[2] | buf[3], 0);
}
END_TEST

START_TEST(only_written_bytes_are_patched)
{
	uint8_t buf[8] = {0};
	struct writer w;

	writer_init(&w, buf, sizeof buf);
	writer_u8(&w, 1);
	writer_patch_u16(&w, 0, 0xffff);
	ck_assert(w.bad);
	writer_init(&w, buf, sizeof buf);
	writer_u32(&w, 1);
	writer_patch_u16(&w, 2, 0xabcd);
	ck_assert(!w.bad);
	writer_patch_u16(&w, 3, 0xffff);
	ck_assert(w.bad);
	writer_init(&w, buf, sizeof buf);
	writer_u32(&w, 1);
	writer_patch_u16(&w, SIZE_MAX, 0xffff);
	ck_assert(w.bad);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cursor");
	TCase *t = tcase_create("cursor");
	SRunner *sr;
	int failed;

	tcase_add_test(t, reads_in_network_order);
	tcase_add_test(t, a_read_past_the_end_sticks);
	tcase_add_test(t, lengths_that_would_wrap_are_refused);
	tcase_add_test(t, an_empty_reader_is_not_bad);
	tcase_add_test(t, a_sub_reader_ends_where_it_should);
	tcase_add_test(t, what_is_written_reads_back);
	tcase_add_test(t, a_full_writer_sticks_and_writes_nothing_more);
	tcase_add_test(t, only_written_bytes_are_patched);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
