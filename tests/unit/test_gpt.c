/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gpt_make.h"

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { OLD = 1000, NEW = 5000 }; /* sectors */

static unsigned char head[64 << 10], was[sizeof head];
static struct gpt_tail tail;
static const char *why;

static void make(unsigned sector)
{
	memset(head, 0, sizeof head);
	gpt_make(head, sector, OLD, 40, 900);
	memcpy(was, head, sizeof head);
}

static int move(unsigned sector, uint64_t sectors)
{
	why = "";
	return gpt_move(head, sizeof head, sector, sectors, &tail, &why);
}

START_TEST(test_crc)
{
	ck_assert_uint_eq(gpt_crc32((const unsigned char *)"123456789", 9), 0xcbf43926);
}
END_TEST

static void has_sum(const unsigned char *header)
{
	unsigned char copy[92];

	memcpy(copy, header, sizeof copy);
	gpt_make_put(copy + 16, 0, 4);
	ck_assert_uint_eq(gpt_crc32(copy, sizeof copy), gpt_make_get(header + 16, 4));
}

START_TEST(test_moves)
{
	unsigned sector = _i ? 4096 : 512;
	uint64_t table = 16384 / sector;
	const unsigned char *first = head + sector, *last;

	make(sector);
	ck_assert_int_eq(move(sector, NEW), 0);
	ck_assert_uint_eq(tail.n, 16384 + sector);
	ck_assert_uint_eq(tail.at, (uint64_t)NEW * sector - tail.n);
	last = tail.bytes + 16384;
	has_sum(first);
	has_sum(last);
	ck_assert_uint_eq(gpt_make_get(first + 24, 8), 1);
	ck_assert_uint_eq(gpt_make_get(first + 32, 8), NEW - 1);
	ck_assert_uint_eq(gpt_make_get(first + 48, 8), NEW - table - 2);
	ck_assert_uint_eq(gpt_make_get(first + 72, 8), 2);
	ck_assert_uint_eq(gpt_make_get(last + 24, 8), NEW - 1);
	ck_assert_uint_eq(gpt_make_get(last + 32, 8), 1);
	ck_assert_uint_eq(gpt_make_get(last + 48, 8), NEW - table - 2);
	ck_assert_uint_eq(gpt_make_get(last + 72, 8), NEW - table - 1);
	ck_assert_mem_eq(tail.bytes, head + 2 * sector, 16384);
	ck_assert_mem_eq(was + 2 * sector, head + 2 * sector, 16384);
	ck_assert_uint_eq(gpt_make_get(head + 446 + 12, 4), NEW - 1);
}
END_TEST

/* A disk that is as large as the image's: the same table. */
START_TEST(test_stays)
{
	make(512);
	ck_assert_int_eq(move(512, OLD), 0);
	ck_assert_mem_eq(head, was, sizeof head);
}
END_TEST

START_TEST(test_huge_disk)
{
	make(512);
	ck_assert_int_eq(move(512, 1ULL << 40), 0);
	ck_assert_uint_eq(gpt_make_get(head + 446 + 12, 4), 0xffffffff);
	ck_assert_uint_eq(gpt_make_get(head + 512 + 32, 8), (1ULL << 40) - 1);
}
END_TEST

/* A hybrid MBR's own entries stay, and one that covers nothing. */
START_TEST(test_hybrid)
{
	make(512);
	memmove(head + 462, head + 446, 16);
	head[446 + 4] = 0xee;
	gpt_make_put(head + 446 + 8, 63, 4);
	memcpy(was, head, 512);
	ck_assert_int_eq(move(512, NEW), 0);
	ck_assert_mem_eq(head + 446, was + 446, 16);
	ck_assert_uint_eq(gpt_make_get(head + 462 + 12, 4), NEW - 1);
}
END_TEST

static const struct damage {
	size_t at; /* in the header */
	uint64_t value;
	int n, rc;
	bool sign;
	const char *why;
} damages[] = {
	{0, 'X', 1, -EINVAL, true, "no GPT"},
	{12, 91, 4, -EINVAL, true, "impossible size"},
	{12, 513, 4, -EINVAL, true, "impossible size"},
	{12, 0xffffffff, 4, -EINVAL, true, "impossible size"},
	{16, 1, 4, -EINVAL, false, "header is damaged"},
	{24, 2, 8, -EINVAL, true, "not where it says"},
	{72, 1, 8, -EFBIG, true, "far from its header"},
	{72, 100, 8, -EFBIG, true, "far from its header"},
	{72, UINT64_MAX, 8, -EFBIG, true, "far from its header"},
	{72, UINT64_MAX / 512 + 2, 8, -EFBIG, true, "far from its header"},
	{80, 0, 4, -EFBIG, true, "no entries"},
	{80, 513, 4, -EFBIG, true, "more than fit"},
	{80, 0xffffffff, 4, -EFBIG, true, "more than fit"},
	{84, 0, 4, -EINVAL, true, "entries have an impossible size"},
	{84, 129, 4, -EINVAL, true, "entries have an impossible size"},
	{84, 8192, 4, -EINVAL, true, "entries have an impossible size"},
	{84, 0x80000000, 4, -EINVAL, true, "entries have an impossible size"},
	{512 + 1, 'x', 1, -EINVAL, false, "entries are damaged"},
	{512 + 40, NEW, 8, -ENOSPC, true, "past the end"},
	{512 + 40, 39, 8, -ENOSPC, true, "past the end"},
	{512 + 40, UINT64_MAX, 8, -ENOSPC, true, "past the end"},
};
enum { DAMAGES = sizeof damages / sizeof *damages };

START_TEST(test_damages)
{
	const struct damage *d = &damages[_i];

	make(512);
	gpt_make_put(head + 512 + d->at, d->value, d->n);
	if (d->sign)
		gpt_make_sign(head, sizeof head, 512);
	memcpy(was, head, sizeof head);
	ck_assert_int_eq(move(512, NEW), d->rc);
	ck_assert_msg(strstr(why, d->why) != NULL, "%s", why);
	ck_assert_mem_eq(head, was, sizeof head);
}
END_TEST

START_TEST(test_disks_too_small)
{
	make(512);
	for (uint64_t sectors = 0; sectors < 934; sectors++)
		ck_assert_int_eq(move(512, sectors), -ENOSPC);
	ck_assert_mem_eq(head, was, sizeof head);
	ck_assert_int_eq(move(512, UINT64_MAX), -ENOSPC);
	ck_assert_int_eq(move(512, 934), 0);
}
END_TEST

START_TEST(test_short_heads)
{
	make(512);
	for (size_t n = 0; n < 34 * 512; n++)
		ck_assert_int_lt(gpt_move(head, n, 512, NEW, &tail, &why), 0);
	ck_assert_int_eq(gpt_move(head, 34 * 512, 512, NEW, &tail, &why), 0);
}
END_TEST

/* What util-linux makes, and what it says of it afterwards. */
START_TEST(test_sfdisk)
{
	char path[] = "/tmp/usher-gpt-XXXXXX", command[256];
	int fd = mkstemp(path);
	FILE *f;

	ck_assert_int_ge(fd, 0);
	snprintf(command, sizeof command,
		"! command -v sfdisk >/dev/null || { truncate -s 20M %s && printf 'label: gpt\\nsize=4M\\nsize=8M\\n' | sfdisk -q %s; }",
		path, path);
	ck_assert_int_eq(system(command), 0);
	f = fdopen(fd, "r+");
	if (fread(head, 1, sizeof head, f) == sizeof head) {
		ck_assert_msg(!move(512, 100 << 11), "%s", why);
		rewind(f);
		fwrite(head, 1, sizeof head, f);
		fseek(f, (long)tail.at, SEEK_SET);
		fwrite(tail.bytes, 1, tail.n, f);
		fflush(f);
		snprintf(command, sizeof command,
			"sfdisk -V %s >%s.said 2>&1 && grep -q 'No errors' %s.said && sfdisk -l %s | grep -q '100 MiB'; r=$?; rm -f %s.said; exit $r",
			path, path, path, path, path);
		ck_assert_int_eq(system(command), 0);
	}
	fclose(f);
	remove(path);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("gpt");
	TCase *t = tcase_create("gpt");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_crc);
	tcase_add_loop_test(t, test_moves, 0, 2);
	tcase_add_test(t, test_stays);
	tcase_add_test(t, test_huge_disk);
	tcase_add_test(t, test_hybrid);
	tcase_add_loop_test(t, test_damages, 0, DAMAGES);
	tcase_add_test(t, test_disks_too_small);
	tcase_add_test(t, test_short_heads);
	tcase_add_test(t, test_sfdisk);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
