/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A profile with the medium that is served for it: the configuration's, else an imported one, else its own. */
#include "service/files/served_profile.h"

#include "profile_make.h"

#include <errno.h>

static struct service rooms;
static struct profile *p;
static char why[512];

static void setup(void)
{
	rooms_make(&rooms);
	profile_make(&rooms);
	p = NULL;
}

static void teardown(void)
{
	profile_free(p);
	rooms_unmake(&rooms);
}

static void serve(void)
{
	profile_free(p);
	p = NULL;
	ck_assert_msg(!served_profile(&rooms.content, "small", &p, why, sizeof why), "%s", why);
	ck_assert_str_eq(p->name, "small");
}

static void configure(const char *name, const char *path, const char *url)
{
	struct config_media *m = &rooms.base.config.media[rooms.base.config.n_media++];

	snprintf(m->name, sizeof m->name, "%s", name);
	snprintf(m->path, sizeof m->path, "%s", path);
	snprintf(m->url, sizeof m->url, "%s", url);
}

static void import(const char *name)
{
	struct medium m = {.what = {.kernel = "k", .initrd = "i"}};

	snprintf(m.name, sizeof m.name, "%s", name);
	snprintf(m.path, sizeof m.path, "/srv/%s", name);
	ck_assert_int_eq(imported_put(&rooms.content.imported, &m), 0);
}

START_TEST(its_own)
{
	char path[128];

	configure("other", "/srv/other", "");
	import("another");
	serve();
	snprintf(path, sizeof path, "%s/profiles/small/tree", base_dir);
	ck_assert_str_eq(p->media.path, path);
	ck_assert_ptr_null(p->media.files);
}
END_TEST

START_TEST(imported)
{
	import("small");
	serve();
	ck_assert_str_eq(p->media.path, "/srv/small");
	ck_assert_str_eq(json_string_value(json_object_get(p->media.files, "kernel")), "k");
	ck_assert_str_eq(json_string_value(json_object_get(p->media.files, "initrd")), "i");
}
END_TEST

START_TEST(configured)
{
	import("small");
	configure("small", "/srv/ours", "");
	serve();
	ck_assert_str_eq(p->media.path, "/srv/ours");
	ck_assert_ptr_null(p->media.files);
	rooms.base.config.n_media = 0;
	configure("small", "", "http://mirror.example/small");
	serve();
	ck_assert_ptr_null(p->media.path);
	ck_assert_str_eq(p->media.url.text, "http://mirror.example/small");
}
END_TEST

/* It came after our start: its medium is served from now on. */
START_TEST(a_new_medium)
{
	ck_assert(!files_has(&rooms.content.files, "small"));
	serve();
	ck_assert(files_has(&rooms.content.files, "small"));
}
END_TEST

START_TEST(none)
{
	ck_assert_int_eq(served_profile(&rooms.content, "smal", &p, why, sizeof why), -ENOENT);
	ck_assert_str_eq(why, "no profile 'smal' (did you mean 'small'?)");
	ck_assert_ptr_null(p);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("served_profile");
	TCase *t = tcase_create("served_profile");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, its_own);
	tcase_add_test(t, imported);
	tcase_add_test(t, configured);
	tcase_add_test(t, a_new_medium);
	tcase_add_test(t, none);
	suite_add_tcase(s, t);
	return base_run(s);
}
