/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What HTTP and TFTP serve as files: whose medium has a name, and what is never served. */
#include "service/files/files.h"

#include "profile_make.h"

#include <errno.h>
#include <unistd.h>

static struct service rooms;
static struct files *files;
static struct config *config;
static char why[1024];

static void setup(void)
{
	rooms_make(&rooms);
	profile_make(&rooms);
	files = &rooms.content.files;
	config = &rooms.base.config;
}

static void teardown(void)
{
	rooms_unmake(&rooms);
}

static int refresh(void)
{
	return files_refresh(files, config, &rooms.content.imported, &rooms.content.profiles);
}

/* A folder beside the state, with a file "vmlinuz" that says so. */
static const char *folder(const char *name, const char *says)
{
	static char path[128];
	char file[160];
	FILE *f;

	snprintf(path, sizeof path, "%s.%s", base_dir, name);
	ck_assert(!mkdir(path, 0755) || errno == EEXIST);
	snprintf(file, sizeof file, "%s/vmlinuz", path);
	f = fopen(file, "w");
	ck_assert_ptr_nonnull(f);
	fputs(says, f);
	fclose(f);
	return path;
}

static void remove_folder(const char *name)
{
	char command[160];

	snprintf(command, sizeof command, "rm -rf %s.%s", base_dir, name);
	ck_assert_int_eq(system(command), 0);
}

static const char *content(int fd, uint64_t size)
{
	static char text[64];
	ssize_t n = read(fd, text, sizeof text - 1);

	ck_assert_int_eq(n, (ssize_t)size);
	text[n] = '\0';
	close(fd);
	return text;
}

static const char *http(const char *path)
{
	struct http_file f = {.fd = -1};
	int rc = files_open_http(files, path, &f, why, sizeof why);

	ck_assert_msg(!rc, "%s: %d %s", path, rc, why);
	ck_assert_uint_eq(f.offset, 0);
	ck_assert_int_gt(f.mtime, 0);
	return content(f.fd, f.size);
}

static const char *tftp(const char *name)
{
	uint64_t size = 0;
	int fd = -1, rc = files_open_tftp(files, name, &fd, &size, why, sizeof why);

	ck_assert_msg(!rc, "%s: %d %s", name, rc, why);
	return content(fd, size);
}

static int http_rc(const char *path)
{
	struct http_file f = {.fd = -1};

	return files_open_http(files, path, &f, why, sizeof why);
}

static void import(const char *name, const char *path)
{
	struct medium m = {.size = 0};

	snprintf(m.name, sizeof m.name, "%s", name);
	snprintf(m.path, sizeof m.path, "%s", path);
	ck_assert_int_eq(imported_put(&rooms.content.imported, &m), 0);
}

static void configure(const char *name, const char *path)
{
	struct config_media *m = &config->media[config->n_media++];

	snprintf(m->name, sizeof m->name, "%s", name);
	snprintf(m->path, sizeof m->path, "%s", path);
}

START_TEST(before_the_first)
{
	int fd;
	uint64_t size;

	ck_assert(!files_has(files, "small"));
	ck_assert_int_eq(http_rc("/boot/small/vmlinuz"), -ENOENT);
	ck_assert_int_eq(
		files_open_tftp(files, "small/vmlinuz", &fd, &size, why, sizeof why), -ENOENT);
}
END_TEST

/* The configuration's word on a name comes first, then what was imported, then the profile's own. */
START_TEST(whose_medium)
{
	ck_assert_int_eq(refresh(), 0);
	ck_assert_str_eq(http("/boot/small/vmlinuz"), "kernel");
	ck_assert_str_eq(tftp("small/vmlinuz"), "kernel");
	import("small", folder("imported", "imported"));
	ck_assert_str_eq(http("/boot/small/vmlinuz"), "kernel"); /* not before */
	ck_assert_int_eq(refresh(), 0);
	ck_assert_str_eq(http("/boot/small/vmlinuz"), "imported");
	configure("small", folder("ours", "ours"));
	ck_assert_int_eq(refresh(), 0);
	ck_assert_str_eq(http("/boot/small/vmlinuz"), "ours");
	ck_assert_str_eq(tftp("small/vmlinuz"), "ours");
	config->n_media = 0;
	ck_assert_int_eq(imported_remove(&rooms.content.imported, "small"), 0);
	ck_assert_int_eq(refresh(), 0);
	ck_assert_str_eq(http("/boot/small/vmlinuz"), "kernel");
	remove_folder("imported");
	remove_folder("ours");
}
END_TEST

START_TEST(what_is_not_there)
{
	ck_assert_int_eq(refresh(), 0);
	ck_assert_int_eq(http_rc("/boot/small/initrd"), -ENOENT);
	ck_assert_int_eq(http_rc("/boot/nope/vmlinuz"), -ENOENT);
	ck_assert_int_lt(http_rc("/boot/small/../profile.xml"), 0);
	ck_assert(files_has(files, "small") && !files_has(files, "nope"));
}
END_TEST

/* The store, its socket's and the hooks' folders: no medium may be there, whatever an older version let in. */
START_TEST(what_is_never_served)
{
	char path[160];

	ck_assert_int_ne(files_servable(config, base_dir, false, why, sizeof why), 0);
	ck_assert_int_ne(files_servable(config, "/", false, why, sizeof why), 0);
	ck_assert_int_ne(files_servable(config, config->hooks, false, why, sizeof why), 0);
	ck_assert_msg(
		!files_servable(config, folder("fine", "x"), false, why, sizeof why), "%s", why);
	import("state", base_dir);
	snprintf(path, sizeof path, "%s.fine", base_dir);
	import("fine", path);
	ck_assert_int_eq(refresh(), 0);
	ck_assert(!files_has(files, "state"));
	ck_assert(files_has(files, "fine")); /* it hides no other */
	ck_assert_int_lt(http_rc("/boot/state/usher.db"), 0);
	remove_folder("fine");
}
END_TEST

START_TEST(is_all_there)
{
	struct profile *p = NULL;
	char path[128];

	snprintf(path, sizeof path, "%s/profiles/small", base_dir);
	ck_assert_int_eq(profile_read(path, &p, why, sizeof why), 0);
	ck_assert_int_eq(refresh(), 0);
	ck_assert_msg(!files_check(files, p, NULL, why, sizeof why), "%s", why);
	snprintf(path, sizeof path, "%s/profiles/small/tree/vmlinuz", base_dir);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(files_check(files, p, NULL, why, sizeof why), -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, "vmlinuz"));
	profile_free(p);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("files");
	TCase *t = tcase_create("files");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, before_the_first);
	tcase_add_test(t, whose_medium);
	tcase_add_test(t, what_is_not_there);
	tcase_add_test(t, what_is_never_served);
	tcase_add_test(t, is_all_there);
	suite_add_tcase(s, t);
	return base_run(s);
}
