/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/key_file.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], path[96], part[104], why[512];

static void setup(void)
{
	snprintf(dir, sizeof dir, "/tmp/usher-key-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/usher.key", dir);
	snprintf(part, sizeof part, "%s.part", path);
	why[0] = '\0';
}

static void teardown(void)
{
	unlink(path);
	unlink(part);
	ck_assert_int_eq(rmdir(dir), 0);
}

static void write_key(size_t n, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)n), 0);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static int reading(void)
{
	struct encrypt_key k;
	int rc = key_file_read(path, &k, why, sizeof why);

	ck_assert(rc == 0 || rc == -ENOENT || strstr(why, path));
	return rc;
}

START_TEST(made_once_and_read_again)
{
	struct encrypt_key made, again, other, nothing = {{0}};
	struct stat st;

	ck_assert_int_eq(reading(), -ENOENT);
	ck_assert_msg(!key_file_make(path, &made, why, sizeof why), "%s", why);
	ck_assert_int_ne(memcmp(&made, &nothing, sizeof made), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(st.st_size, ENCRYPT_KEY);
	ck_assert_int_eq(access(part, F_OK), -1);
	ck_assert_msg(!key_file_read(path, &again, why, sizeof why), "%s", why);
	ck_assert_mem_eq(&again, &made, sizeof made);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(key_file_make(path, &other, why, sizeof why), 0);
	ck_assert_int_ne(memcmp(&other, &made, sizeof made), 0);
}
END_TEST

START_TEST(what_was_left_half_made)
{
	struct encrypt_key made;

	ck_assert_int_eq(symlink("/nowhere/else", part), 0);
	ck_assert_int_eq(key_file_make(path, &made, why, sizeof why), 0);
	ck_assert_int_eq(reading(), 0);
}
END_TEST

START_TEST(others_may_not_read_it)
{
	static const mode_t open_modes[] = {0640, 0604, 0620, 0602, 0610, 0666, 0777};
	static const mode_t fine[] = {0600, 0400};

	for (size_t i = 0; i < sizeof open_modes / sizeof *open_modes; i++) {
		write_key(ENCRYPT_KEY, open_modes[i]);
		ck_assert_int_eq(reading(), -EACCES);
		ck_assert_ptr_nonnull(strstr(why, "chmod 600"));
	}
	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
		write_key(ENCRYPT_KEY, fine[i]);
		ck_assert_int_eq(reading(), 0);
		ck_assert_int_eq(chmod(path, 0600), 0);
	}
}
END_TEST

START_TEST(what_is_no_key)
{
	static const size_t sizes[] = {0, 16, 31, 33, 64, 4096};

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		write_key(sizes[i], 0600);
		ck_assert_int_eq(reading(), -EINVAL);
		ck_assert_ptr_nonnull(strstr(why, "32 bytes"));
	}
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0); /* does not wait for a writer */
	ck_assert_int_eq(reading(), -EINVAL);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(reading(), -EINVAL);
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

START_TEST(another_users)
{
	if (geteuid())
		return;
	write_key(ENCRYPT_KEY, 0600);
	ck_assert_int_eq(chown(path, 12345, (gid_t)-1), 0);
	ck_assert_int_eq(reading(), -EACCES);
	ck_assert_ptr_nonnull(strstr(why, "12345"));
}
END_TEST

START_TEST(a_folder_that_is_not_there)
{
	struct encrypt_key k;
	char name[160];

	snprintf(name, sizeof name, "%s/none/usher.key", dir);
	ck_assert_int_eq(key_file_read(name, &k, why, sizeof why), -ENOENT);
	ck_assert_int_eq(key_file_make(name, &k, why, sizeof why), -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, name));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("key_file");
	TCase *t = tcase_create("key_file");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, made_once_and_read_again);
	tcase_add_test(t, what_was_left_half_made);
	tcase_add_test(t, others_may_not_read_it);
	tcase_add_test(t, what_is_no_key);
	tcase_add_test(t, another_users);
	tcase_add_test(t, a_folder_that_is_not_there);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
