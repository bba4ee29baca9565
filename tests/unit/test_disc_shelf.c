/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/media/disc_shelf.h"
#include "kickstart/media/media.h"
#include "tests/unit/disc_make.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>

static struct media *m;

static void set_up(void)
{
	char path[128];

	disc_set_up();
	snprintf(path, sizeof(path), "%s/i.iso", dir);
	ck_assert_int_eq(media_new(&m), 0);
	ck_assert_int_eq(media_add(m, "cd", path), 0);
}

static void tear_down(void)
{
	media_unref(m);
	disc_tear_down();
}

static int opened(const char *path, uint64_t *size, time_t *mtime, char *why)
{
	int fd = -1, rc = media_open(m, path, &fd, size, mtime, why, 256);

	return rc < 0 ? rc : fd;
}

static void serves(const char *path, const char *text)
{
	char why[256] = "", got[64] = "";
	uint64_t size = 0;
	time_t mtime = 0;
	int fd = opened(path, &size, &mtime, why);

	ck_assert_msg(fd >= 0, "%s", why);
	ck_assert_uint_eq(size, strlen(text));
	ck_assert_int_eq(read(fd, got, size), size);
	ck_assert_str_eq(got, text);
	close(fd);
}

static void refuses(const char *path, int error, const char *text)
{
	char why[256] = "";
	uint64_t size;
	time_t mtime;

	ck_assert_int_eq(opened(path, &size, &mtime, why), error);
	ck_assert_msg(strstr(why, text) != NULL, "%s", why);
}

START_TEST(files)
{
	make("-r -J");
	serves("cd/vmlinuz", "kernel\n");
	serves("/cd//dists/./stable/a/b/c/d/e/f/g/h/A rather long Näme.txt", "deep\n");
	serves("cd/debian/link/b/c/d/e/f/g/h/A rather long Näme.txt", "deep\n");
	serves("cd/empty", "");
	refuses("cd/gone", -ENOENT, "cd/gone: No such file");
	refuses("cd/dists", -EISDIR, "not a regular file");
	refuses("cd/", -EISDIR, "not a regular file");
	refuses("cd/vmlinuz/x", -ENOTDIR, "cd/vmlinuz/x");
	refuses("cd/../i.iso", -EXDEV, "leads out");
	refuses("cd/dists/../../i.iso", -EXDEV, "leads out");
}
END_TEST

START_TEST(links_out)
{
	sh("ln -s ../../etc/passwd t/out; ln -s /etc/passwd t/absolute; ln -s a t/b; ln -s b t/a");
	make("-r");
	refuses("cd/out", -EXDEV, "leads out");
	refuses("cd/absolute", -ENOENT, "No such file");
	refuses("cd/a", -ELOOP, "symbolic links");
}
END_TEST

/* What was learnt of an image is not said of another. */
START_TEST(exchanged)
{
	char why[256];
	uint64_t size;
	time_t mtime, now = time(NULL);
	int fd;

	make("-r");
	serves("cd/vmlinuz", "kernel\n");
	sh("echo first >t/a; echo other one >t/vmlinuz; touch -d @1600000000 t/vmlinuz");
	make("-r");
	serves("cd/vmlinuz", "other one\n");
	serves("cd/a", "first\n");
	fd = opened("cd/vmlinuz", &size, &mtime, why);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(mtime, now - 60);
	close(fd);
	sh("rm -r i.iso; mkdir i.iso; echo folder >i.iso/vmlinuz");
	serves("cd/vmlinuz", "folder\n");
}
END_TEST

/* More images than there are places. */
START_TEST(many)
{
	char path[128], name[32], text[32];
	int count = DISC_SHELF_MAX + 4;

	make("-r");
	sh("for i in $(seq 100 150); do LC_ALL=C sed s/kernel$/krn$i/ i.iso >$i.iso; done");
	for (int i = 100; i < 100 + count; i++) {
		snprintf(path, sizeof(path), "%s/%d.iso", dir, i);
		snprintf(name, sizeof(name), "m%d", i);
		ck_assert_int_eq(media_add(m, name, path), 0);
	}
	for (int i = 0; i < 2 * count; i++) {
		snprintf(name, sizeof(name), "m%d/vmlinuz", 100 + i % count);
		snprintf(text, sizeof(text), "krn%d\n", 100 + i % count);
		serves(name, text);
	}
}
END_TEST

START_TEST(over_4_gib)
{
	const uint64_t all = 0xfffff800 + UINT64_C(1000000);
	char why[256], got[8] = "";
	uint64_t size, start;
	time_t mtime;
	int fd;

	make("-r -iso-level 3");
	start = (uint64_t)make_over_4_gib(0) * DISC_BLOCK;
	fd = open_image("i.iso", O_RDWR);
	ck_assert_int_eq(pwrite(fd, "end", 3, (off_t)(start + all - 3)), 3);
	close(fd);
	fd = opened("cd/vmlinuz", &size, &mtime, why);
	ck_assert_int_ge(fd, 0);
	ck_assert_uint_eq(size, all);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), (off_t)start);
	ck_assert_int_eq(pread(fd, got, 3, (off_t)(start + size - 3)), 3);
	ck_assert_str_eq(got, "end");
	close(fd);
}
END_TEST

START_TEST(in_pieces)
{
	make("-r -iso-level 3");
	make_over_4_gib(1);
	refuses("cd/vmlinuz", -EOPNOTSUPP, "pieces");
}
END_TEST

START_TEST(spoilt)
{
	refuses("cd/vmlinuz", -ENOENT, "No such file");
	sh("head -c 100000 /dev/zero >i.iso");
	refuses("cd/vmlinuz", -EMEDIUMTYPE, "neither a folder nor an ISO image");
	make("-r");
	sh("truncate -s 38912 i.iso");
	refuses("cd/vmlinuz", -EIO, "damaged or not whole");
	sh("head -c 3000000 /dev/zero >t/vmlinuz");
	make("-r -no-pad");
	sh("truncate -s 3000000 i.iso");
	refuses("cd/vmlinuz", -EIO, "damaged or not whole");
	sh("rm i.iso; mkfifo i.iso");
	refuses("cd/vmlinuz", -ENOTDIR, "Not a directory");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("disc_shelf");
	TCase *c = tcase_create("shelf");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, files);
	tcase_add_test(c, links_out);
	tcase_add_test(c, exchanged);
	tcase_add_test(c, many);
	tcase_add_test(c, over_4_gib);
	tcase_add_test(c, in_pieces);
	tcase_add_test(c, spoilt);
	suite_add_tcase(s, c);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
