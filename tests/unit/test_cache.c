/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernels by URL, from a real mirror on the loopback: is all there that a machine is armed with, and what has to stay. */
#include "service/files/cache.h"

#include "profile_make.h"
#include "stepped_clock.h"

#include "httpd/httpd.h"
#include "kickstart/render.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>

enum { PORT = 8067, SIZE = 400 * 1000 };

static struct service rooms;
static struct httpd *mirror;
static struct machine *web01;
static json_t *missing;
static char warning[1024], why[1024];
static unsigned asked; /* of the mirror, for files */

static void handle(void *arg, struct http_request *r)
{
	(void)arg;
	http_respond_error(r, 404, "no");
}

/* /boot/NAME/vmlinuz, of any name but "none". */
static int open_file(void *arg, const char *path, struct http_file *ret, char *text, size_t size)
{
	(void)arg, (void)text, (void)size;
	asked++;
	if (strstr(path, "none"))
		return -ENOENT;
	ret->fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	ck_assert_int_ge(ret->fd, 0);
	ck_assert_int_eq(ftruncate(ret->fd, SIZE), 0);
	ret->size = SIZE;
	ret->mtime = 1700000000;
	return 0;
}

static void start_mirror(void)
{
	struct httpd_config c = {.loop = rooms.base.loop,
		.home = &rooms.base.home,
		.handle = handle,
		.open = open_file};
	struct ip ip = base_ip("127.0.0.1");

	ck_assert_int_eq(httpd_new(&c, &mirror), 0);
	ck_assert_msg(!httpd_open_tcp(mirror, 9, "", &ip, PORT, why, sizeof why), "%s", why);
}

static void setup(void)
{
	ck_assert_msg(!unshare(CLONE_NEWNET) || !unshare(CLONE_NEWUSER | CLONE_NEWNET),
		"no network namespace: %s", strerror(errno));
	ck_assert_int_eq(system("ip link set lo up"), 0);
	rooms_make(&rooms);
	profile_make(&rooms);
	start_mirror();
	web01 = base_machine(&rooms.base, "web01", false, "10.77.1.3");
}

static void teardown(void)
{
	rooms_stop(&rooms);
	httpd_free(mirror);
	rooms_unmake(&rooms);
}

/* The profile, with its medium at this URL ("": local). */
static json_t *snapshot_at(const char *url)
{
	char dir[128];
	struct profile *p = NULL;

	snprintf(dir, sizeof dir, "%s/profiles/small", base_dir);
	ck_assert_int_eq(profile_read(dir, &p, why, sizeof why), 0);
	if (*url)
		ck_assert_int_eq(profile_set_media(p, NULL, url, NULL), 0);
	return base_snapshot_of(p);
}

static int look(const json_t *snapshot)
{
	struct render_input in = {.machine = web01,
		.segment = base_segment(&rooms.base, "lan"),
		.base_url = "http://10.77.1.1:8067"};

	missing = NULL;
	why[0] = '\0';
	return cache_look(
		&rooms.content, &in, snapshot, &missing, warning, sizeof warning, why, sizeof why);
}

/* Asked again until it is no longer on its way. */
static int look_until(const json_t *snapshot)
{
	int rc = -EINPROGRESS;

	for (int i = 0; i < 1000 && (rc = look(snapshot)) == -EINPROGRESS; i++) {
		json_decref(missing);
		loop_once(rooms.base.loop, 10);
	}
	return rc;
}

static bool is_kept(const char *url)
{
	char full[256], path[512];
	struct fetch_name name;

	snprintf(full, sizeof full, "%s/vmlinuz", url);
	ck_assert_int_eq(fetch_name(full, &name), 0);
	snprintf(path, sizeof path, "%s/cache/%s/%s", base_dir, name.key, name.file);
	return !access(path, F_OK);
}

#define MIRROR "http://127.0.0.1:8067/boot/"

START_TEST(local)
{
	json_t *s = snapshot_at("");

	ck_assert_int_eq(look(s), 0);
	ck_assert_str_eq(warning, "");
	ck_assert_uint_eq(asked, 0);
	json_decref(s);
}
END_TEST

START_TEST(fetched)
{
	json_t *s = snapshot_at(MIRROR "a");

	ck_assert_int_eq(look(s), -EINPROGRESS);
	ck_assert_uint_eq(json_array_size(missing), 1);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(missing, 0), "url")),
		MIRROR "a/vmlinuz");
	ck_assert(fetch_is_key(
		json_string_value(json_object_get(json_array_get(missing, 0), "key"))));
	json_decref(missing);
	ck_assert_int_eq(look_until(s), 0);
	ck_assert_str_eq(warning, "");
	ck_assert_ptr_null(missing);
	ck_assert(is_kept(MIRROR "a"));
	ck_assert_int_eq(look(s), 0); /* fresh: nobody is asked again */
	ck_assert_uint_eq(asked, 1);
	json_decref(s);
}
END_TEST

/* Whoever asks is told of the URL, not of the password in it. */
START_TEST(passwords)
{
	json_t *s = snapshot_at("http://me:sesame@127.0.0.1:8067/boot/a");
	char *text;

	ck_assert_int_eq(look(s), -EINPROGRESS);
	text = json_dumps(missing, 0);
	ck_assert_ptr_null(strstr(text, "sesame"));
	free(text);
	json_decref(missing);
	ck_assert_int_eq(look_until(s), 0);
	json_decref(s);
}
END_TEST

START_TEST(not_there)
{
	json_t *s = snapshot_at(MIRROR "none");

	ck_assert_int_eq(look_until(s), -EIO);
	ck_assert_msg(strstr(why, "404"), "%s", why);
	ck_assert(!is_kept(MIRROR "none"));
	json_decref(s);
}
END_TEST

START_TEST(no_snapshot)
{
	json_t *s = json_object();

	ck_assert_int_eq(look(s), -EPROTO);
	ck_assert_str_ne(why, "");
	ck_assert_str_eq(warning, "");
	json_decref(s);
}
END_TEST

/* What an armed machine needs stays in a cache that is too large; the oldest of the others goes. */
START_TEST(what_stays)
{
	static const char *const urls[] = {MIRROR "a", MIRROR "b", MIRROR "c"};
	bool armed = _i == 0;

	for (int i = 0; i < 3; i++) { /* three of 0.4 MB, where 1 MiB may be */
		json_t *s = snapshot_at(urls[i]);

		ck_assert_msg(look_until(s) == 0, "%s", why);
		if (!i)
			ck_assert_int_eq(machine_arm(web01, json_incref(s), 3, 0), 0);
		if (!i && !armed)
			ck_assert_int_eq(machine_event(web01, LIFE_DISARM, NULL), 0);
		json_decref(s);
		stepped.mono += FETCH_FRESH_MS + 1000; /* else it is in use still */
	}
	for (int i = 0; i < 100 && is_kept(urls[armed]); i++)
		loop_once(rooms.base.loop, 10);
	stepped.mono = 0; /* the test library measures, too */
	ck_assert_int_eq(is_kept(urls[0]), armed);
	ck_assert_int_eq(is_kept(urls[1]), !armed);
	ck_assert(is_kept(urls[2]));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cache");
	TCase *t = tcase_create("cache");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, local);
	tcase_add_test(t, fetched);
	tcase_add_test(t, passwords);
	tcase_add_test(t, not_there);
	tcase_add_test(t, no_snapshot);
	tcase_add_loop_test(t, what_stays, 0, 2);
	suite_add_tcase(s, t);
	return base_run(s);
}
