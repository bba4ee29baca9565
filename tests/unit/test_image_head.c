/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gpt_make.h"
#include "kickstart/media/image_head.h"
#include "usher/cli/qcow2_head.h"

#include <check.h>
#include <stdlib.h>

static unsigned char head[IMAGE_HEAD];

static void says(unsigned sector, const char *want)
{
	bool gpt = false;
	const char *fault = image_head_fault(head, sizeof head, sector, &gpt);

	ck_assert_msg(fault && strstr(fault, want), "%s", fault ? fault : "no fault");
	ck_assert(!gpt);
}

static void mbr(unsigned flag, unsigned type)
{
	memset(head, 0, sizeof head);
	head[446] = (unsigned char)flag;
	head[446 + 4] = (unsigned char)type;
	gpt_make_put(head + 446 + 8, 2048, 4);
	gpt_make_put(head + 446 + 12, 4096, 4);
	gpt_make_put(head + 510, 0xaa55, 2);
}

START_TEST(test_tables)
{
	bool gpt = true;

	mbr(0x80, 0x83);
	ck_assert_ptr_null(image_head_fault(head, sizeof head, 512, &gpt));
	ck_assert(!gpt);
	ck_assert_ptr_null(image_head_fault(head, 512, 512, NULL));
	says(4096, "for sectors of 512 bytes, and the disk has 4096");
	for (unsigned sector = 512; sector <= 4096; sector *= 8) {
		memset(head, 0, sizeof head);
		gpt_make(head, sector, 1000, 40, 900);
		ck_assert_ptr_null(image_head_fault(head, sizeof head, sector, &gpt));
		ck_assert(gpt);
		says(sector == 512 ? 4096 : 512, "for sectors of");
	}
}
END_TEST

static bool cut(size_t n, uint64_t sectors)
{
	return image_head_cut(head, n, sectors * 512);
}

/* As the download of a raw image is, when it was broken off. */
START_TEST(test_cut)
{
	mbr(0x80, 0x83); /* 2048 + 4096 */
	ck_assert(!cut(sizeof head, 6144));
	ck_assert(cut(sizeof head, 6143));
	memset(head, 0, sizeof head);
	ck_assert(!cut(sizeof head, 1));
	gpt_make(head, 512, 10000, 2048, 9900);
	ck_assert(!cut(sizeof head, 9901));
	ck_assert(cut(sizeof head, 9900));
	for (size_t n = 0; n < 2048; n++)
		(void)cut(n, 1); /* reads nothing behind it */
	gpt_make_put(head + 512 + 72, UINT64_MAX, 8);
	ck_assert(!cut(sizeof head, 1));
	gpt_make_put(head + 512 + 72, 2, 8);
	gpt_make_put(head + 512 + 84, 0, 4);
	ck_assert(!cut(sizeof head, 1));
}
END_TEST

START_TEST(test_no_tables)
{
	memset(head, 0, sizeof head);
	says(512, "begins with zeros");
	mbr(0x80, 0); /* no partition in it */
	says(512, "no partition table");
	mbr(0x12, 0x83); /* as in a boot sector's program */
	says(512, "no partition table");
	mbr(0x80, 0x83);
	head[510] = 0;
	says(512, "no partition table");
	ck_assert_ptr_nonnull(image_head_fault(head, 0, 512, NULL));
	ck_assert_ptr_nonnull(image_head_fault(head, 511, 512, NULL));
}
END_TEST

static const struct {
	const char *magic;
	size_t n, at;
	const char *format, *fault;
} formats[] = {{"QFI\xfb", 4, 0, "qcow2", "qcow2 inside"},
	{"\x28\xb5\x2f\xfd", 4, 0, "zstd", "compressed twice"},
	{"\x1f\x8b", 2, 0, "gzip", "compressed twice"},
	{"\xfd\x37zXZ", 6, 0, "xz", "compressed twice"}, {"BZh", 3, 0, "bzip2", "compressed twice"},
	{"ustar", 5, 257, "tar", "tar archive"}, {"CD001", 5, 32769, "ISO 9660", "ISO image"},
	{"KDMV", 4, 0, "VMDK", "another program"}};

START_TEST(test_formats)
{
	mbr(0x80, 0x83); /* as ISO images have it, too */
	memcpy(head + formats[_i].at, formats[_i].magic, formats[_i].n);
	ck_assert_str_eq(image_head_format(head, sizeof head), formats[_i].format);
	ck_assert_ptr_null(image_head_format(head, formats[_i].at + formats[_i].n - 1));
	says(512, formats[_i].fault);
}
END_TEST

static void qcow2(unsigned version)
{
	memset(head, 0, sizeof head);
	memcpy(head, "QFI\xfb", 4);
	head[7] = (unsigned char)version;
	head[28] = 0x40; /* 1 GiB, big-endian at 24 */
}

static void qcow2_says(const char *want)
{
	uint64_t size;
	const char *fault = qcow2_head_fault(head, QCOW2_HEAD, &size);

	ck_assert_msg(fault && strstr(fault, want), "%s", fault ? fault : "no fault");
}

START_TEST(test_qcow2)
{
	uint64_t size = 0;

	for (unsigned version = 2; version <= 3; version++) {
		qcow2(version);
		ck_assert_ptr_null(qcow2_head_fault(head, QCOW2_HEAD, &size));
		ck_assert_uint_eq(size, 1ULL << 30);
		head[15] = 1;
		qcow2_says("difference to another file");
		qcow2(version);
		head[35] = 1;
		qcow2_says("encrypted");
		head[28] = 0;
		head[35] = 0;
		qcow2_says("no content");
	}
	qcow2(3);
	head[79] = 4;
	qcow2_says("data is in another file");
	head[79] = 2;
	qcow2_says("damaged");
	qcow2(4);
	qcow2_says("version");
	qcow2(3);
	for (size_t n = 0; n < 104; n++)
		ck_assert_ptr_nonnull(qcow2_head_fault(head, n, &size));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("image_head");
	TCase *t = tcase_create("image_head");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_tables);
	tcase_add_test(t, test_cut);
	tcase_add_test(t, test_no_tables);
	tcase_add_loop_test(t, test_formats, 0, sizeof formats / sizeof *formats);
	tcase_add_test(t, test_qcow2);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
