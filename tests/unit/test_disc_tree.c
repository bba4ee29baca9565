/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/media/disc_tree.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct disc_tree *t;

static int add(int parent, enum disc_kind kind, const char *name, const char *target)
{
	int n = disc_tree_add(t, parent, kind, name, 5, target);

	ck_assert_int_gt(n, 0);
	return n;
}

static void set_up(void)
{
	int dir, deep;

	ck_assert_int_eq(disc_tree_new(&t), 0);
	dir = add(0, DISC_DIRECTORY, "dir", NULL);
	add(0, DISC_FILE, "empty", NULL);
	add(0, DISC_FILE, "big", NULL);
	ck_assert_int_eq(disc_tree_add_extent(t, 2048, 4294965248u), 0);
	ck_assert_int_eq(disc_tree_add_extent(t, 4294967296u, 100), 0);
	ck_assert_int_eq(disc_tree_add_extent(t, 1, 0), 0);
	deep = add(dir, DISC_DIRECTORY, "deep", NULL);
	add(0, DISC_LINK, "here", ".");
	add(deep, DISC_FILE, "f", NULL);
	ck_assert_int_eq(disc_tree_add_extent(t, 4096, 7), 0);
	add(dir, DISC_LINK, "f", "deep//f");
	add(deep, DISC_LINK, "top", "/big");
	add(deep, DISC_LINK, "up", "../../dir/f");
	add(deep, DISC_LINK, "out", "../../../big");
	add(deep, DISC_LINK, "gone", "nothing");
	add(dir, DISC_LINK, "loop", "loop");
	add(dir, DISC_FILE, "fa", NULL);
	ck_assert_int_eq(disc_tree_seal(t), 0);
}

static void tear_down(void)
{
	disc_tree_free(t);
}

static int64_t size_of(const char *path)
{
	struct disc_file f;
	int rc = disc_tree_find(t, path, &f);

	return rc < 0 ? rc : (int64_t)f.size;
}

START_TEST(finds)
{
	struct disc_file f;

	ck_assert_int_eq(disc_tree_find(t, "/big", &f), 0);
	ck_assert_int_eq(f.kind, DISC_FILE);
	ck_assert_uint_eq(f.size, 4294965348u);
	ck_assert_uint_eq(f.n_extents, 2);
	ck_assert_uint_eq(f.extents[1].offset, 4294967296u);
	ck_assert_int_eq(f.mtime, 5);
	ck_assert_int_eq(size_of("empty"), 0);
	ck_assert_int_eq(size_of("dir/deep/f"), 7);
	ck_assert_int_eq(size_of("//dir/.//deep/./f"), 7);
	ck_assert_int_eq(size_of("dir/../dir/deep/f"), 7);
	ck_assert_int_eq(size_of("dir/fa"), 0);
	ck_assert_int_eq(disc_tree_find(t, "", &f), 0);
	ck_assert_int_eq(f.kind, DISC_DIRECTORY);
	ck_assert_int_eq(disc_tree_find(t, "dir/deep/", &f), 0);
	ck_assert_int_eq(f.kind, DISC_DIRECTORY);
}
END_TEST

START_TEST(follows)
{
	ck_assert_int_eq(size_of("here/here/dir/f"), 7);
	ck_assert_int_eq(size_of("dir/deep/top"), 4294965348);
	ck_assert_int_eq(size_of("dir/deep/up"), 7);
	ck_assert_int_eq(size_of("dir/deep/out"), -EXDEV);
	ck_assert_int_eq(size_of("dir/deep/gone"), -ENOENT);
	ck_assert_int_eq(size_of("dir/loop"), -ELOOP);
}
END_TEST

START_TEST(refuses)
{
	ck_assert_int_eq(size_of("gone"), -ENOENT);
	ck_assert_int_eq(size_of("di"), -ENOENT);
	ck_assert_int_eq(size_of("dirx"), -ENOENT);
	ck_assert_int_eq(size_of("BIG"), -ENOENT);
	ck_assert_int_eq(size_of("big/x"), -ENOTDIR);
	ck_assert_int_eq(size_of("big/"), -ENOTDIR);
	ck_assert_int_eq(size_of("dir/f/."), -ENOTDIR);
	ck_assert_int_eq(size_of(".."), -EXDEV);
	ck_assert_int_eq(size_of("dir/../../big"), -EXDEV);
	ck_assert_int_eq(disc_tree_add(t, 0, DISC_FILE, "", 0, NULL), -EINVAL);
	ck_assert_int_eq(disc_tree_add(t, 0, DISC_FILE, "..", 0, NULL), -EINVAL);
	ck_assert_int_eq(disc_tree_add(t, 0, DISC_FILE, "a/b", 0, NULL), -EINVAL);
	ck_assert_int_eq(disc_tree_add(t, 99, DISC_FILE, "a", 0, NULL), -EINVAL);
	ck_assert_int_eq(disc_tree_add(t, 0, DISC_LINK, "a", 0, NULL), -EINVAL);
}
END_TEST

static int each(void *arg, const char *name, const struct disc_file *f)
{
	char *text = arg;

	sprintf(text + strlen(text), "%s:%d ", name, (int)f->kind);
	return strcmp(name, "here") == 0 ? 1 : 0;
}

START_TEST(lists)
{
	char text[256] = "";

	ck_assert_int_eq(disc_tree_list(t, "/dir", each, text), 0);
	ck_assert_str_eq(text, "deep:0 f:2 fa:1 loop:2 ");
	*text = '\0';
	ck_assert_int_eq(disc_tree_list(t, "", each, text), 1);
	ck_assert_str_eq(text, "big:1 dir:0 empty:1 here:2 ");
	ck_assert_int_eq(disc_tree_list(t, "big", each, text), -ENOTDIR);
	ck_assert_int_eq(disc_tree_list(t, "gone", each, text), -ENOENT);
}
END_TEST

START_TEST(same_name)
{
	struct disc_tree *twice;

	ck_assert_int_eq(disc_tree_new(&twice), 0);
	ck_assert_int_gt(disc_tree_add(twice, 0, DISC_FILE, "a", 0, NULL), 0);
	ck_assert_int_gt(disc_tree_add(twice, 0, DISC_FILE, "a", 0, NULL), 0);
	ck_assert_int_eq(disc_tree_seal(twice), -EEXIST);
	disc_tree_free(twice);
	disc_tree_free(NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("disc_tree");
	TCase *c = tcase_create("tree");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_add_test(c, finds);
	tcase_add_test(c, follows);
	tcase_add_test(c, refuses);
	tcase_add_test(c, lists);
	tcase_add_test(c, same_name);
	suite_add_tcase(s, c);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
