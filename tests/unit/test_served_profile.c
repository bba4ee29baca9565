/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A profile with the medium that is served for it: the configuration's, else an imported one, else its own. */
#include "service/files/served_profile.h"

#include "profile_make.h"

#include <errno.h>

static struct service rooms;
static struct profile *p;
static char why[512];
static const char *firmware; /* of the guest that it is for */

static void setup(void)
{
	rooms_make(&rooms);
	profile_make(&rooms);
	p = NULL;
	firmware = NULL;
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
	ck_assert_msg(
		!served_profile_read(&rooms.content, "small", &p, why, sizeof why), "%s", why);
	served_profile_serve(&rooms.content, p);
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

/* In the worker */

static struct served_profile got;
static bool answered;

static void keep(void *arg, struct served_profile *sp)
{
	(void)arg;
	got = *sp;
	answered = true;
}

/* With settings as {"NAME": "TEXT"}, or NULL. */
static void ask(const char *settings, enum served_profile_for what_for)
{
	json_t *given = settings ? json_loads(settings, 0, NULL) : NULL;

	profile_free(got.profile);
	json_decref(got.settings);
	answered = false;
	ck_assert_int_eq(
		served_profile_ask(&rooms.content, "small", given, firmware, what_for, keep, NULL),
		0);
	json_decref(given);
	base_wait(&rooms.base, answered);
	ck_assert_msg(!got.rc, "%s", got.why);
	ck_assert_str_eq(got.profile->name, "small");
}

static void forget(void)
{
	profile_free(got.profile);
	json_decref(got.settings);
}

START_TEST(asked_for)
{
	const char *one, *two;

	ask(NULL, SERVED_PROFILE_INSTALL);
	ck_assert_ptr_null(got.settings);
	ck_assert_int_eq(got.files_rc, 0);
	ck_assert(files_has(&rooms.content.files, "small"));
	ask("{\"password\": \"open sesame\", \"greeting\": \"hi\"}", SERVED_PROFILE_INSTALL);
	ck_assert_str_eq(json_string_value(json_object_get(got.settings, "greeting")), "hi");
	one = json_string_value(json_object_get(got.settings, "password"));
	ck_assert_int_eq(*one, '$');
	ask("{\"password\": \"open sesame\"}", SERVED_PROFILE_JUDGE);
	two = json_string_value(json_object_get(got.settings, "password"));
	ck_assert_int_eq(strncmp(two, "$6$usher$", 9), 0);
	ask("{\"password\": {\"secret\": \"open sesame\"}}", SERVED_PROFILE_RENDER);
	two = json_string_value(json_object_get(got.settings, "password"));
	ck_assert_int_eq(strncmp(two, "$6$usher$", 9), 0);
	forget();
}
END_TEST

START_TEST(files_that_are_missing)
{
	char path[128], line[256];

	snprintf(path, sizeof path, "%s/profiles/small/tree/vmlinuz", base_dir);
	ck_assert_int_eq(unlink(path), 0);
	ask(NULL, SERVED_PROFILE_INSTALL);
	ck_assert_int_eq(got.files_rc, -ENOENT);
	snprintf(line, sizeof line, "%s/profiles/small/profile.xml:1: %s: ", base_dir, path);
	ck_assert_msg(!strncmp(got.files_why, line, strlen(line)), "%s", got.files_why);
	ask(NULL, SERVED_PROFILE_RENDER); /* nobody asks */
	ck_assert_int_eq(got.files_rc, 0);
	/* that is said when they are judged */
	ask("{\"greetings\": \"hi\"}", SERVED_PROFILE_INSTALL);
	ck_assert_int_eq(got.files_rc, 0);
	import("small");
	ask(NULL, SERVED_PROFILE_INSTALL);
	ck_assert_int_eq(got.files_rc, -ENOENT);
	ck_assert_ptr_nonnull(strstr(got.files_why, "/srv/small"));
	ck_assert_str_eq(got.profile->media.path, "/srv/small");
	forget();
}
END_TEST

/* It has what the profile needs, and is not what was imported: an image. */
START_TEST(another_medium_by_now)
{
	struct medium m = {.name = "small", .image = true, .size = 700};

	snprintf(m.path, sizeof m.path, "%s/profiles/small/tree", base_dir);
	ck_assert_int_eq(imported_put(&rooms.content.imported, &m), 0);
	ask(NULL, SERVED_PROFILE_INSTALL);
	ck_assert_int_eq(got.files_rc, -ESTALE);
	ck_assert_msg(strstr(got.files_why, "has changed"), "%s", got.files_why);
	forget();
}
END_TEST

/* With Secure Boot it needs the signed programs, whether this host has them or not. */
START_TEST(secure_boot)
{
	firmware = "efi";
	ask(NULL, SERVED_PROFILE_INSTALL);
	ck_assert_int_eq(got.files_rc, 0);
	ck_assert_ptr_null(got.profile->loaders[PROFILE_EFI_X64]);
	firmware = "efi-secure";
	ask(NULL, SERVED_PROFILE_INSTALL);
	ck_assert_ptr_nonnull(got.profile->loaders[PROFILE_EFI_X64]);
	configure("small", "", "http://mirror.example/small");
	ask(NULL, SERVED_PROFILE_INSTALL);
	ck_assert_int_eq(got.files_rc, -EINVAL);
	ck_assert_msg(strstr(got.files_why, "cannot load by URL"), "%s", got.files_why);
	forget();
}
END_TEST

START_TEST(none)
{
	ck_assert_int_eq(served_profile_read(&rooms.content, "smal", &p, why, sizeof why), -ENOENT);
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
	tcase_add_test(t, asked_for);
	tcase_add_test(t, files_that_are_missing);
	tcase_add_test(t, another_medium_by_now);
	tcase_add_test(t, secure_boot);
	tcase_add_test(t, none);
	suite_add_tcase(s, t);
	return base_run(s);
}
