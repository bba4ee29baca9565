/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/base/kept_file.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static struct kept_file l;

static void setup(void)
{
	strcpy(folder, "/tmp/usher-console-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(kept_file_init(&l, folder, "web01", "a serial console"), 0);
}

static void teardown(void)
{
	ck_assert_int_eq(kept_file_remove(&l), 0);
	ck_assert_int_eq(rmdir(folder), 0); /* nothing else was left there */
}

static off_t size_of(const char *suffix)
{
	char path[PATH_MAX + 8];
	struct stat st;

	snprintf(path, sizeof path, "%s%s", l.path, suffix);
	if (stat(path, &st))
		return -1;
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	return st.st_size;
}

/* All from `after` on, in reads of `room` bytes. */
static char *all_from(uint64_t after, size_t room, uint64_t *ret_from, size_t *ret_n)
{
	char *all = malloc(3 * KEPT_FILE_MAX), *buf = malloc(room);
	uint64_t from;
	size_t n;

	*ret_n = 0;
	ck_assert_int_eq(kept_file_read(&l, after, buf, room, ret_from, &n), 0);
	for (from = *ret_from; n;) {
		ck_assert_uint_eq(from, *ret_from + *ret_n);
		memcpy(all + *ret_n, buf, n);
		*ret_n += n;
		ck_assert_int_eq(kept_file_read(&l, from + n, buf, room, &from, &n), 0);
	}
	free(buf);
	return all;
}

START_TEST(test_there_and_back)
{
	uint64_t from;
	size_t n;
	char *all;

	ck_assert_int_eq(kept_file_look(&l), 0);
	ck_assert_uint_eq(l.newest, 0);
	ck_assert_int_eq(kept_file_append(&l, "one\0two", 7), 0);
	ck_assert_int_eq(kept_file_append(&l, "three", 5), 0);
	all = all_from(0, 5, &from, &n);
	ck_assert_uint_eq(from, 0);
	ck_assert_uint_eq(n, 12);
	ck_assert_mem_eq(all, "one\0twothree", 12);
	free(all);
	all = all_from(7, 100, &from, &n);
	ck_assert_uint_eq(from, 7);
	ck_assert_mem_eq(all, "three", n);
	free(all);
	free(all_from(1000, 100, &from, &n)); /* of another life of that name: the end */
	ck_assert_uint_eq(from, 12);
	ck_assert_uint_eq(n, 0);
}
END_TEST

static unsigned char byte_at(uint64_t number)
{
	return (unsigned char)(number * 31 + number / 256);
}

/* However much is said, in whatever pieces: two files within their bounds, and each byte has its number, also for one that
 * begins anew. */
START_TEST(test_bounds)
{
	static unsigned char piece[300000];
	uint64_t said = 0, from;
	size_t n, wrong = 0;
	char *all;

	srand(7);
	for (int i = 0; i < 40; i++) {
		n = (size_t)rand() % sizeof piece;
		for (size_t k = 0; k < n; k++)
			piece[k] = byte_at(said + k);
		ck_assert_int_eq(kept_file_append(&l, piece, n), 0);
		said += n;
		ck_assert_int_le(size_of(""), KEPT_FILE_MAX);
		ck_assert_int_le(size_of(".1"), KEPT_FILE_MAX);
	}
	ck_assert_uint_eq(l.newest, said);
	ck_assert_int_eq(kept_file_init(&l, folder, "web01", "a serial console"), 0);
	ck_assert_int_eq(kept_file_look(&l), 0);
	ck_assert_uint_eq(l.newest, said);
	all = all_from(0, KEPT_FILE_READ, &from, &n);
	ck_assert_uint_eq(from, l.oldest);
	ck_assert_uint_eq(from + n, said);
	ck_assert_uint_gt(n, KEPT_FILE_MAX / 2);
	for (size_t k = 0; k < n; k++)
		wrong += (unsigned char)all[k] != byte_at(from + k);
	ck_assert_uint_eq(wrong, 0);
	free(all);
}
END_TEST

START_TEST(test_too_much_at_once)
{
	char *much = calloc(1, 3 * KEPT_FILE_MAX);
	uint64_t from;
	size_t n;
	char *all;

	memcpy(much + 3 * KEPT_FILE_MAX - 4, "end.", 4);
	ck_assert_int_eq(kept_file_append(&l, much, 3 * KEPT_FILE_MAX), 0);
	ck_assert_int_le(size_of(""), KEPT_FILE_MAX);
	all = all_from(0, KEPT_FILE_READ, &from, &n);
	ck_assert_mem_eq(all + n - 4, "end.", 4);
	free(all);
	free(much);
}
END_TEST

/* A file of somebody else's making, or a link, is neither read nor followed. */
START_TEST(test_strange_files)
{
	char target[PATH_MAX];
	FILE *f = fopen(l.path, "w");
	uint64_t from;
	size_t n;

	fputs("not ours", f);
	fclose(f);
	free(all_from(0, 100, &from, &n));
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(kept_file_append(&l, "ours", 4), 0);
	ck_assert_int_eq(kept_file_remove(&l), 0);
	snprintf(target, sizeof target, "%s/target", folder);
	ck_assert_int_eq(symlink(target, l.path), 0);
	(void)kept_file_append(&l, "ours", 4);
	ck_assert_int_ne(access(target, F_OK), 0);
}
END_TEST

/* Both parts, with their numbers; what another left there is not shown as ours. */
START_TEST(test_move)
{
	static char big[KEPT_FILE_MAX];
	char path[PATH_MAX], old[PATH_MAX], *all;
	uint64_t from;
	size_t n;

	strcpy(old, l.path);
	snprintf(path, sizeof path, "%s/web02.log", folder);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(kept_file_append(&l, big, sizeof big / 2), 0);
	ck_assert_int_gt(size_of(".1"), 0);
	ck_assert_int_eq(kept_file_move(&l, path), 0);
	ck_assert_str_eq(l.path, path);
	ck_assert_int_ne(access(old, F_OK), 0);
	all = all_from(0, KEPT_FILE_READ, &from, &n);
	ck_assert_uint_eq(n, sizeof big);
	free(all);
	/* nothing goes where something is */
	strcpy(l.path, old);
	ck_assert_int_eq(kept_file_move(&l, path), 0);
	ck_assert_int_eq(size_of(""), -1);
	ck_assert_int_eq(size_of(".1"), -1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("kept_file");
	TCase *t = tcase_create("kept_file");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_there_and_back);
	tcase_add_test(t, test_move);
	tcase_add_test(t, test_bounds);
	tcase_add_test(t, test_too_much_at_once);
	tcase_add_test(t, test_strange_files);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
