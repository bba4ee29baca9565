/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/media/disc.h"
#include "tests/unit/disc_make.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int read_image(const char *name, struct disc_tree **ret, char *why, size_t why_size)
{
	int fd = open_image(name, O_RDONLY), rc = disc_read(fd, ret, why, why_size);

	close(fd);
	return rc;
}

static struct disc_tree *tree(void)
{
	struct disc_tree *t = NULL;
	char why[128] = "";

	ck_assert_msg(read_image("i.iso", &t, why, sizeof(why)) == 0, "%s", why);
	return t;
}

/* The file's bytes lie where the tree says. */
static void holds(const struct disc_tree *t, const char *path, const char *text)
{
	int fd = open_image("i.iso", O_RDONLY);
	struct disc_file f;
	char got[64] = "";

	ck_assert_msg(disc_tree_find(t, path, &f) == 0, "%s", path);
	ck_assert_uint_eq(f.size, strlen(text));
	ck_assert_uint_eq(f.n_extents, *text ? 1 : 0);
	if (*text)
		ck_assert_int_eq(pread(fd, got, f.size, (off_t)f.extents[0].offset), f.size);
	ck_assert_str_eq(got, text);
	close(fd);
}

START_TEST(rock_ridge)
{
	struct disc_tree *t;
	struct disc_file f;

	make("-r");
	t = tree();
	holds(t, "vmlinuz", "kernel\n");
	holds(t, "empty", "");
	holds(t, "dists/stable/a/b/c/d/e/f/g/h/A rather long Näme.txt", "deep\n");
	holds(t, "debian/debian/link/b/c/d/e/f/g/h/A rather long Näme.txt", "deep\n");
	ck_assert_int_eq(disc_tree_find(t, "vmlinuz", &f), 0);
	ck_assert_int_eq(f.mtime, 1700000000);
	ck_assert_int_eq(disc_tree_find(t, "VMLINUZ", &f), -ENOENT);
	disc_tree_free(t);
}
END_TEST

START_TEST(joliet)
{
	struct disc_tree *t;

	make("-J -joliet-long --norock");
	t = tree();
	holds(t, "vmlinuz", "kernel\n");
	holds(t, "dists/stable/a/b/c/d/e/f/g/h/A rather long Näme.txt", "deep\n");
	disc_tree_free(t);
}
END_TEST

/* "VMLINUZ.;1" on the disc */
START_TEST(plain)
{
	struct disc_tree *t;

	sh("rm -r t/dists t/debian t/link; mkdir -p t/Install; echo x >t/Install/INITRD.GZ");
	make("--norock");
	t = tree();
	holds(t, "vmlinuz", "kernel\n");
	holds(t, "install/initrd.gz", "x\n");
	disc_tree_free(t);
}
END_TEST

START_TEST(boot_catalogue)
{
	struct disc_tree *t;
	struct disc_file f;

	sh("mkdir t/boot; head -c 4096 /dev/zero >t/boot/bios.img");
	make("-r -b boot/bios.img -c boot/boot.cat -no-emul-boot");
	t = tree();
	ck_assert_int_eq(disc_tree_find(t, "boot/boot.cat", &f), 0);
	ck_assert_uint_gt(f.size, 0);
	ck_assert_uint_eq(f.n_extents, 1);
	ck_assert_int_eq(disc_tree_find(t, "boot/bios.img", &f), 0);
	ck_assert_uint_eq(f.size, 4096);
	disc_tree_free(t);
}
END_TEST

START_TEST(over_4_gib)
{
	const uint32_t first = 0xfffff800;
	struct disc_tree *t;
	struct disc_file f;
	uint32_t start;

	make("-r -iso-level 3");
	start = make_over_4_gib(0);
	t = tree();
	ck_assert_int_eq(disc_tree_find(t, "vmlinuz", &f), 0);
	ck_assert_uint_eq(f.size, (uint64_t)first + 1000000);
	ck_assert_uint_eq(f.n_extents, 2);
	ck_assert_uint_eq(f.extents[0].offset, (uint64_t)start * DISC_BLOCK);
	ck_assert_uint_eq(f.extents[0].size, first);
	ck_assert_uint_eq(f.extents[1].offset, (uint64_t)start * DISC_BLOCK + first);
	ck_assert_uint_eq(f.extents[1].size, 1000000);
	disc_tree_free(t);
}
END_TEST

static void refused(const char *name, int error, const char *text)
{
	struct disc_tree *t = NULL;
	char why[128] = "";

	ck_assert_int_eq(read_image(name, &t, why, sizeof(why)), error);
	ck_assert_ptr_null(t);
	ck_assert_msg(strstr(why, text) != NULL, "%s", why);
}

START_TEST(folder_in_itself)
{
	uint8_t block[DISC_BLOCK];
	uint32_t at;
	int fd;

	make("-r");
	fd = open_image("i.iso", O_RDWR);
	at = load_root(fd, block);
	put32(record(block, "DISTS") + 2, at);
	store(fd, at, block);
	close(fd);
	refused("i.iso", -ELOOP, "in a loop");
}
END_TEST

START_TEST(not_whole)
{
	make("-r");
	sh("cp i.iso short.iso; truncate -s 38912 short.iso; head -c 100000 /dev/zero >zero.iso");
	refused("short.iso", -EIO, "not whole");
	refused("zero.iso", -EINVAL, "not an ISO 9660 image");
	sh(": >none.iso");
	refused("none.iso", -EIO, "not whole");
	sh("echo root:x:0:0 >text.iso");
	refused("text.iso", -EINVAL, "not an ISO 9660 image");
}
END_TEST

static void *reader(void *arg)
{
	struct disc_tree *t = NULL;
	struct disc_file f;

	(void)arg;
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(read_image("i.iso", &t, NULL, 0), 0);
		ck_assert_int_eq(disc_tree_find(t, "vmlinuz", &f), 0);
		disc_tree_free(t);
	}
	return NULL;
}

START_TEST(threads)
{
	pthread_t all[4];

	make("-r -J");
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&all[i], NULL, reader, NULL), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(all[i], NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("disc");
	TCase *c = tcase_create("image");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(c, disc_set_up, disc_tear_down);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, rock_ridge);
	tcase_add_test(c, joliet);
	tcase_add_test(c, plain);
	tcase_add_test(c, boot_catalogue);
	tcase_add_test(c, over_4_gib);
	tcase_add_test(c, folder_in_itself);
	tcase_add_test(c, not_whole);
	tcase_add_test(c, threads);
	suite_add_tcase(s, c);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
