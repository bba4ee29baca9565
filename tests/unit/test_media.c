/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/media/media.h"
#include "kickstart/media/media_file.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64]; /* of this test: root/ is the medium, secret lies beside it */

static const char *at(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(at(name), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static void set_up(void)
{
	strcpy(dir, "/tmp/usher-media-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(mkdir(at("root"), 0700), 0);
	ck_assert_int_eq(mkdir(at("root/sub"), 0700), 0);
	ck_assert_int_eq(mkdir(at("ipxe"), 0700), 0);
	put("secret", "secret");
	put("root/vmlinuz", "kernel!");
	put("root/sub/file", "x");
	put("ipxe/undionly.kpxe", "nbp");
	put("ipxe/shimx64.efi.signed", "shim");
	ck_assert_int_eq(symlink("../secret", at("root/out")), 0);
	ck_assert_int_eq(symlink("/etc/passwd", at("root/absolute")), 0);
	ck_assert_int_eq(symlink("..", at("root/sub/up")), 0);
	ck_assert_int_eq(symlink("../..", at("root/sub/far")), 0);
	ck_assert_int_eq(symlink("sub/file", at("root/inside")), 0);
	ck_assert_int_eq(mkfifo(at("root/fifo"), 0600), 0);
}

static void tear_down(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

static struct media *table(void)
{
	struct media *m = NULL;

	ck_assert_int_eq(media_new(&m), 0);
	ck_assert_int_eq(media_add(m, "tiny", at("root")), 0);
	ck_assert_int_eq(media_add_programs(m, "/nowhere"), 0);
	ck_assert_int_eq(media_add_programs(m, at("ipxe")), 0);
	return m;
}

static int try(struct media *m, const char *path, uint64_t *ret_size)
{
	time_t mtime = 0;
	int fd = -1, rc = media_open(m, path, &fd, ret_size, &mtime, NULL, 0);

	ck_assert_int_eq(rc == 0, fd >= 0);
	if (rc == 0) {
		ck_assert_int_gt(mtime, 0);
		close(fd);
	}
	return rc;
}

/* An image can be had whole, too; a folder cannot. */
START_TEST(whole_image)
{
	struct media *m = table();
	uint64_t size = 0;

	ck_assert_int_eq(media_add(m, "disc", at("secret")), 0);
	ck_assert_int_eq(try(m, "disc.iso", &size), 0);
	ck_assert_uint_eq(size, 6);
	ck_assert_int_eq(try(m, "tiny.iso", &size), -EISDIR);
	ck_assert_int_eq(try(m, "other.iso", &size), -ENOENT);
	ck_assert_int_eq(try(m, ".iso", &size), -ENOENT);
	media_unref(m);
}
END_TEST

/* shim's GRUB is the one that can load from a network, and what is signed comes first. */
START_TEST(boot_loaders)
{
	struct media *m = table();
	struct profile p = {.file = (char *)(uintptr_t) "p.xml", .kernel = {.line = 7}};
	uint64_t size = 0;
	char why[256];

	p.loaders[PROFILE_EFI_X64] = profile_loader("grub", PROFILE_EFI_X64);
	ck_assert_int_eq(media_check_loaders(m, &p, why, sizeof(why)), -ENOENT);
	ck_assert_str_eq(why,
		"p.xml:7: boot loader 'grub' needs grubx64.efi; apt install shim-signed "
		"grub-efi-amd64-signed");
	put("ipxe/grubx64.efi.signed", "for disks");
	put("ipxe/shimx64.efi", "shim, not signed");
	put("ipxe/grubnetx64.efi.signed", "network");
	ck_assert_int_eq(media_check_loaders(m, &p, why, sizeof(why)), 0);
	ck_assert_int_eq(try(m, "grubx64.efi", &size), 0);
	ck_assert_uint_eq(size, 7);
	ck_assert_int_eq(try(m, "shimx64.efi", &size), 0);
	ck_assert_uint_eq(size, 4);
	p.loaders[PROFILE_BIOS] = profile_loader("pxelinux", PROFILE_BIOS);
	ck_assert_int_eq(media_check_loaders(m, &p, why, sizeof(why)), -ENOENT);
	ck_assert_msg(strstr(why, "'pxelinux' needs pxelinux.0; apt install") != NULL, "%s", why);
	media_unref(m);
}
END_TEST

START_TEST(opens)
{
	struct media *m = table();
	uint64_t size = 0;

	ck_assert_int_eq(try(m, "tiny/vmlinuz", &size), 0);
	ck_assert_uint_eq(size, 7);
	ck_assert_int_eq(try(m, "/tiny/vmlinuz", &size), 0);
	ck_assert_int_eq(try(m, "tiny//sub/./file", &size), 0);
	ck_assert_int_eq(try(m, "tiny/inside", &size), 0);
	ck_assert_int_eq(try(m, "tiny/sub/up/vmlinuz", &size), 0);
	ck_assert_int_eq(try(m, "undionly.kpxe", &size), 0);
	ck_assert_uint_eq(size, 3);
	ck_assert_int_eq(try(m, "shimx64.efi", &size), 0);
	ck_assert_uint_eq(size, 4);
	media_unref(m);
}
END_TEST

START_TEST(refuses)
{
	struct media *m = table();
	char path[2048], why[256];
	uint64_t size;
	time_t mtime;
	int fd;

	ck_assert_int_eq(try(m, "tiny/gone", &size), -ENOENT);
	ck_assert_int_eq(try(m, "other/vmlinuz", &size), -ENOENT);
	ck_assert_int_eq(try(m, "vmlinuz", &size), -ENOENT);
	ck_assert_int_eq(try(m, "", &size), -ENOENT);
	ck_assert_int_eq(try(m, "/", &size), -ENOENT);
	ck_assert_int_eq(try(m, "..", &size), -ENOENT);
	ck_assert_int_eq(try(m, "../secret", &size), -ENOENT);
	ck_assert_int_eq(try(m, "tiny", &size), -ENOENT);
	ck_assert_int_eq(try(m, "tiny/", &size), -EISDIR);
	ck_assert_int_eq(try(m, "tiny/sub", &size), -EISDIR);
	ck_assert_int_eq(try(m, "tiny/fifo", &size), -EISDIR);
	ck_assert_int_eq(try(m, "tiny/../secret", &size), -EXDEV);
	ck_assert_int_eq(try(m, "tiny/sub/../../secret", &size), -EXDEV);
	ck_assert_int_eq(try(m, "tiny/out", &size), -EXDEV);
	ck_assert_int_eq(try(m, "tiny/absolute", &size), -EXDEV);
	ck_assert_int_eq(try(m, "tiny/sub/far/secret", &size), -EXDEV);
	memset(path, 'a', sizeof(path));
	path[1000] = '\0';
	ck_assert_int_eq(try(m, path, &size), -ENAMETOOLONG);
	path[300] = '\0';
	memcpy(path, "tiny/", 5);
	ck_assert_int_eq(try(m, path, &size), -ENAMETOOLONG);
	ck_assert_int_eq(media_open(m, "tiny/out", &fd, &size, &mtime, why, sizeof(why)), -EXDEV);
	ck_assert_str_eq(why, "tiny/out: leads out of its directory");
	media_unref(m);
}
END_TEST

START_TEST(old_kernel)
{
	int fd, root = open(at("root"), O_PATH | O_DIRECTORY);
	char path[300];

	fd = media_file_beneath(root, "sub//file", true);
	ck_assert_int_ge(fd, 0);
	close(fd);
	fd = media_file_beneath(root, "./vmlinuz", true);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(media_file_beneath(root, "../secret", true), -EXDEV);
	ck_assert_int_eq(media_file_beneath(root, "sub/../vmlinuz", true), -EXDEV);
	ck_assert_int_eq(media_file_beneath(root, "out", true), -ELOOP);
	ck_assert_int_lt(media_file_beneath(root, "sub/up/vmlinuz", true), 0);
	ck_assert_int_eq(media_file_beneath(root, "gone/x", true), -ENOENT);
	ck_assert_int_eq(media_file_beneath(root, "", true), -ENOENT);
	memset(path, 'a', sizeof(path));
	path[299] = '\0';
	ck_assert_int_eq(media_file_beneath(root, path, true), -ENAMETOOLONG);
	close(root);
}
END_TEST

START_TEST(table_rules)
{
	struct media *m = table();

	ck_assert_int_eq(media_add(m, "tiny", at("root")), 0);
	ck_assert_int_eq(media_add(m, "tiny", "/other"), -EEXIST);
	ck_assert_int_eq(media_add(m, "a/b", "/x"), -EINVAL);
	ck_assert_int_eq(media_add(m, "..", "/x"), -EINVAL);
	ck_assert_int_eq(media_add(m, "rel", "x"), -EINVAL);
	ck_assert_str_eq(media_path(m, "tiny"), at("root"));
	ck_assert_ptr_null(media_path(m, "x"));
	ck_assert_ptr_eq(media_ref(m), m);
	media_unref(m);
	media_unref(m);
	media_unref(NULL);
}
END_TEST

static void complain(void *arg, const char *line)
{
	strcat(arg, line);
	strcat(arg, "\n");
}

static void put_profile(const char *name, const char *media)
{
	char path[64], text[512];

	ck_assert_int_eq(mkdir(at(name), 0700), 0);
	snprintf(path, sizeof(path), "%s/profile.xml", name);
	snprintf(text, sizeof(text),
		"<profile "
		"name='%s'><title>T</title>%s<boot>\n<kernel>vmlinuz</kernel>\n<initrd>{{set.i}}</"
		"initrd></boot><setting name='i' default='initrd.img'/></profile>",
		name, media);
	put(path, text);
}

START_TEST(from_profiles)
{
	struct profiles ps;
	struct profile *p = NULL;
	struct media *m = NULL;
	char lines[1024] = "", why[512], want[512], text[512];

	snprintf(text, sizeof(text), "<media name='m' path='%s' package='some-deb'/>", at("root"));
	put_profile("one", text);
	put_profile("two", "<media name='m' path='/elsewhere'/>");
	put_profile("three", "<media name='u' url='http://x'/>");
	put_profile("wrong", "");
	profiles_init(&ps);
	profiles_add_path(&ps, dir);
	ck_assert_int_eq(media_new(&m), 0);
	ck_assert_int_eq(media_add_profiles(m, &ps, complain, lines), 0);
	snprintf(want, sizeof(want),
		"profile 'two': its medium 'm' is /elsewhere, but another profile's is %s",
		at("root"));
	ck_assert_ptr_nonnull(strstr(lines, want));
	ck_assert_ptr_nonnull(strstr(lines, "wrong/profile.xml:1: <profile> lacks <media>"));
	ck_assert_ptr_null(media_path(m, "u"));
	ck_assert_int_eq(profiles_find(&ps, "one", &p, why, sizeof(why)), 0);
	ck_assert_int_eq(media_check(p, NULL, why, sizeof(why)), -ENOENT);
	snprintf(want, sizeof(want),
		"%s/one/profile.xml:3: %s/initrd.img: No such file or directory; apt install "
		"some-deb",
		dir, at("root"));
	ck_assert_str_eq(why, want);
	put("root/initrd.img", "i");
	ck_assert_int_eq(media_check(p, NULL, why, sizeof(why)), 0);
	free(p->initrd[0].text);
	p->initrd[0].text = strdup("{{^machine.uefi}}initrd{{/machine.uefi}}"
				   "{{#machine.uefi}}efi{{/machine.uefi}}.img");
	ck_assert_int_eq(media_check(p, NULL, why, sizeof(why)), -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, "root/efi.img: No such file"));
	put("root/efi.img", "i");
	ck_assert_int_eq(media_check(p, NULL, why, sizeof(why)), 0);
	p->programs[PROFILE_EFI_X64] = strdup("shimx64.efi");
	ck_assert_int_eq(media_check(p, NULL, why, sizeof(why)), -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, "root/shimx64.efi: No such file or directory; apt"));
	put("root/shimx64.efi", "s");
	ck_assert_int_eq(media_check(p, NULL, why, sizeof(why)), 0);
	profile_free(p);
	ck_assert_int_eq(profiles_find(&ps, "three", &p, why, sizeof(why)), 0);
	ck_assert_int_eq(media_check(p, NULL, why, sizeof(why)), 0);
	p->programs[PROFILE_BIOS] = strdup("lpxe.0");
	ck_assert_int_eq(media_check(p, NULL, why, sizeof(why)), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "the medium is a URL, expected a folder"));
	profile_free(p);
	media_unref(m);
	profiles_fini(&ps);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("media");
	TCase *t = tcase_create("media");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, opens);
	tcase_add_test(t, boot_loaders);
	tcase_add_test(t, whole_image);
	tcase_add_test(t, refuses);
	tcase_add_test(t, old_kernel);
	tcase_add_test(t, table_rules);
	tcase_add_test(t, from_profiles);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
