/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a boot file is by its bytes, whatever it is called. */
#include "usher/probe/boot_bytes.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static uint8_t file[BOOT_BYTES_HEAD];

static void begin(const void *bytes, size_t len)
{
	memset(file, 0, sizeof file);
	memcpy(file, bytes, len);
}

static void make_pe(uint32_t at, uint16_t machine)
{
	begin("MZ", 2);
	memcpy(file + 0x3c, &at, 4);
	if (at > sizeof file - 6)
		return;
	memcpy(file + at, "PE\0\0", 4);
	file[at + 4] = (uint8_t)machine;
	file[at + 5] = (uint8_t)(machine >> 8);
}

START_TEST(test_pe)
{
	static const struct {
		uint16_t machine;
		enum boot_bytes is;
	} all[] = {{0x8664, BOOT_BYTES_EFI_X64}, {0x014c, BOOT_BYTES_EFI_IA32},
		{0xaa64, BOOT_BYTES_EFI_ARM64}, {0x01c2, BOOT_BYTES_EFI_OTHER}};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		make_pe(0x80, all[i].machine);
		ck_assert_int_eq(boot_bytes_of(file, sizeof file), all[i].is);
		ck_assert_int_eq(boot_bytes_of(file, 0x86), all[i].is);
		ck_assert_int_eq(boot_bytes_of(file, 0x85), BOOT_BYTES_RAW);
	}
}
END_TEST

START_TEST(test_pe_that_points_elsewhere)
{
	make_pe(BOOT_BYTES_HEAD - 6, 0x8664);
	ck_assert_int_eq(boot_bytes_of(file, sizeof file), BOOT_BYTES_EFI_X64);
	make_pe(BOOT_BYTES_HEAD - 5, 0x8664);
	ck_assert_int_eq(boot_bytes_of(file, sizeof file), BOOT_BYTES_RAW);
	make_pe(0xffffffff, 0x8664);
	ck_assert_int_eq(boot_bytes_of(file, sizeof file), BOOT_BYTES_RAW);
	ck_assert_int_eq(boot_bytes_of(file, 2), BOOT_BYTES_TEXT);
}
END_TEST

START_TEST(test_kernel)
{
	make_pe(0x80, 0x8664);
	memcpy(file + 0x202, "HdrS", 4);
	ck_assert_int_eq(boot_bytes_of(file, sizeof file), BOOT_BYTES_LINUX);
	ck_assert_int_eq(boot_bytes_of(file, 0x205), BOOT_BYTES_EFI_X64);
}
END_TEST

START_TEST(test_others)
{
	static const struct {
		const char *bytes;
		enum boot_bytes is;
	} all[] = {{"#!ipxe\nboot\n", BOOT_BYTES_SCRIPT}, {"#!gpxe\n", BOOT_BYTES_SCRIPT},
		{" #!ipxe\n", BOOT_BYTES_TEXT}, {"\n <!DOCTYPE html>", BOOT_BYTES_HTML},
		{"<HTML><head>", BOOT_BYTES_HTML}, {"\177ELF\2", BOOT_BYTES_ELF},
		{"\x1f\x8b\x08", BOOT_BYTES_PACKED}, {"070701", BOOT_BYTES_PACKED},
		{"\x28\xb5\x2f\xfd", BOOT_BYTES_PACKED}, {"not found\n", BOOT_BYTES_TEXT},
		{"\xea\x05\x00\xc0\x07", BOOT_BYTES_RAW}, {"", BOOT_BYTES_NONE}};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		begin(all[i].bytes, strlen(all[i].bytes));
		ck_assert_msg(boot_bytes_of(file, strlen(all[i].bytes)) == all[i].is, "%zu", i);
	}
	ck_assert_int_eq(boot_bytes_of("\0\0\0", 3), BOOT_BYTES_RAW);
}
END_TEST

START_TEST(test_each_has_a_name)
{
	for (enum boot_bytes b = BOOT_BYTES_NONE; b <= BOOT_BYTES_TEXT; b++)
		ck_assert_uint_gt(strlen(boot_bytes_name(b)), 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("boot_bytes");
	TCase *t = tcase_create("boot_bytes");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_pe);
	tcase_add_test(t, test_pe_that_points_elsewhere);
	tcase_add_test(t, test_kernel);
	tcase_add_test(t, test_others);
	tcase_add_test(t, test_each_has_a_name);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
