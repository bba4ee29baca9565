/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The media that were imported, by name, in memory and over a restart. */
#include "service/files/imported.h"

#include "base_make.h"

#include <errno.h>

static struct base base;
static struct imported im;

static void load(void)
{
	char why[256] = "";

	memset(&im, 0, sizeof im);
	ck_assert_msg(!imported_load(&im, base.store, why, sizeof why), "%s", why);
	base_make_start(&base);
}

static void setup(void)
{
	base_make_folder();
	base_make_open(&base);
	load();
}

static void restart(void)
{
	imported_fini(&im);
	base_make_close(&base);
	base_make_open(&base);
	load();
}

static void teardown(void)
{
	imported_fini(&im);
	base_unmake(&base);
}

static struct medium medium(const char *name)
{
	struct medium m = {.image = true, .size = 700, .imported_ms = 5};

	snprintf(m.name, sizeof m.name, "%s", name);
	snprintf(m.path, sizeof m.path, "/srv/%s.iso", name);
	return m;
}

static int put(const char *name)
{
	struct medium m = medium(name);

	return imported_put(&im, &m);
}

static void names_are(const char *all)
{
	char text[256] = "";

	for (size_t i = 0; i < im.count; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "",
			im.all[i]->name);
	ck_assert_str_eq(text, all);
}

START_TEST(by_name)
{
	ck_assert_ptr_null(imported_find(&im, "b"));
	ck_assert_int_eq(put("b"), 0);
	ck_assert_int_eq(put("c"), 0);
	ck_assert_int_eq(put("a"), 0);
	names_are("a b c");
	ck_assert_str_eq(imported_find(&im, "b")->path, "/srv/b.iso");
	ck_assert_ptr_null(imported_find(&im, "bb"));
	ck_assert_int_eq(imported_remove(&im, "b"), 0);
	ck_assert_int_eq(imported_remove(&im, "b"), -ENOENT);
	ck_assert_int_eq(imported_remove(&im, "z"), -ENOENT);
	names_are("a c");
}
END_TEST

START_TEST(over_a_restart)
{
	struct medium m = medium("rocky-9"), *is;

	m.copied = true;
	m.verified_ms = 7;
	strcpy(m.id, "Rocky 2026");
	strcpy(m.sum, "abc");
	strcpy(m.what.kernel, "images/pxeboot/vmlinuz");
	ck_assert_int_eq(imported_put(&im, &m), 0);
	ck_assert_int_eq(put("a"), 0);
	ck_assert_int_eq(put("gone"), 0);
	ck_assert_int_eq(imported_remove(&im, "gone"), 0);
	restart();
	names_are("a rocky-9");
	is = imported_find(&im, "rocky-9");
	ck_assert_str_eq(is->path, "/srv/rocky-9.iso");
	ck_assert(is->image && is->copied);
	ck_assert_uint_eq(is->size, 700);
	ck_assert_int_eq(is->imported_ms, 5);
	ck_assert_int_eq(is->verified_ms, 7);
	ck_assert_str_eq(is->id, "Rocky 2026");
	ck_assert_str_eq(is->sum, "abc");
	ck_assert_str_eq(is->what.kernel, "images/pxeboot/vmlinuz");
}
END_TEST

/* In its place; and the record itself, changed where it is. */
START_TEST(put_again)
{
	struct medium m = medium("a"), *is;

	ck_assert_int_eq(imported_put(&im, &m), 0);
	is = imported_find(&im, "a");
	strcpy(m.path, "/srv/other.iso");
	ck_assert_int_eq(imported_put(&im, &m), 0);
	ck_assert_uint_eq(im.count, 1);
	ck_assert_ptr_eq(imported_find(&im, "a"), is);
	ck_assert_str_eq(is->path, "/srv/other.iso");
	is->verified_ms = 9;
	ck_assert_int_eq(imported_put(&im, is), 0);
	restart();
	ck_assert_str_eq(im.all[0]->path, "/srv/other.iso");
	ck_assert_int_eq(im.all[0]->verified_ms, 9);
}
END_TEST

START_TEST(copied)
{
	struct medium m = medium("a"), copy = {0};

	ck_assert(!imported_copy(&im, "a", &copy));
	ck_assert_str_eq(copy.name, "");
	strcpy(m.sum, "abc");
	ck_assert_int_eq(imported_put(&im, &m), 0);
	ck_assert(imported_copy(&im, "a", &copy));
	ck_assert_str_eq(copy.path, "/srv/a.iso");
	ck_assert_str_eq(copy.sum, "abc");
	imported_doubt(&im, "none");
	imported_doubt(&im, "a");
	ck_assert_str_eq(imported_find(&im, "a")->sum, "");
	restart();
	ck_assert_str_eq(imported_find(&im, "a")->sum, "abc");
}
END_TEST

START_TEST(how_many)
{
	char name[16];

	for (int i = 0; i < IMPORTED_MAX; i++) {
		snprintf(name, sizeof name, "m%d", i);
		ck_assert_int_eq(put(name), 0);
	}
	ck_assert_int_eq(put("more"), -ENOSPC);
	ck_assert_int_eq(put("m5"), 0);
	ck_assert_uint_eq(im.count, IMPORTED_MAX);
	restart();
	ck_assert_uint_eq(im.count, IMPORTED_MAX);
	ck_assert_ptr_null(imported_find(&im, "more"));
}
END_TEST

/* One that cannot be read hides no other; a path that is not UTF-8 is not taken. */
START_TEST(what_cannot_be)
{
	struct medium m = medium("b");

	strcpy(m.path, "/srv/\xff.iso");
	ck_assert_int_eq(imported_put(&im, &m), -EINVAL);
	ck_assert_uint_eq(im.count, 0);
	ck_assert_int_eq(put("a"), 0);
	ck_assert_int_eq(store_put(base.store, STORE_MEDIUM, "x", 1, "{}", 2), 0);
	ck_assert_int_eq(store_put(base.store, STORE_MEDIUM, "y", 1, "[", 1), 0);
	restart();
	names_are("a");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("imported");
	TCase *t = tcase_create("imported");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, by_name);
	tcase_add_test(t, over_a_restart);
	tcase_add_test(t, put_again);
	tcase_add_test(t, copied);
	tcase_add_test(t, how_many);
	tcase_add_test(t, what_cannot_be);
	suite_add_tcase(s, t);
	return base_run(s);
}
