/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of images: in pieces, in order, so many at a time, and none that is left behind. */
#include "service/media/copying.h"
#include "service/media/media_api.h"

#include "http_ask.h"
#include "rooms_make.h"
#include "worker_gate.h"
#include "stepped_clock.h"

#include <libgen.h>
#include <sys/stat.h>

static struct service rooms;
static struct imports *imports = &rooms.imports;
static struct http_ask ask;
static char id[64], part[PATH_MAX], path[PATH_MAX], why[512];

static void handle(void *arg, struct http_request *r)
{
	if (strncmp(r->path, "/api/v1/media", strlen("/api/v1/media")) != 0)
		copying_handle(arg, r, r->path + strlen("/api/v1/copies"));
	else
		media_handle(arg, r, r->path + strlen("/api/v1/media"));
}

static void setup(void)
{
	rooms_make(&rooms);
	http_ask_begin(&ask, &rooms.base, handle, imports);
}

static void teardown(void)
{
	stepped.mono = 0; /* the test library measures, too */
	rooms_stop(&rooms);
	http_ask_end(&ask);
	rooms_unmake(&rooms);
}

static unsigned begin(const char *name, long long size)
{
	char body[400];

	snprintf(body, sizeof body, "{\"name\": \"%s\", \"size\": %lld}", name, size);
	http_ask(&ask, "POST", "/api/v1/copies", body);
	snprintf(id, sizeof id, "%s", http_ask_text(&ask, "id"));
	snprintf(part, sizeof part, "%s/media/.%s.part", base_dir, id);
	return ask.status;
}

static const char *target(const char *query)
{
	static char text[128];

	snprintf(text, sizeof text, "/api/v1/copies/%s%s", id, query);
	return text;
}

static unsigned put(const char *query, const char *bytes)
{
	return http_ask(&ask, "PUT", target(query), bytes);
}

static int take(void)
{
	char from[PATH_MAX];

	why[0] = '\0';
	return copying_take(imports, id, from, path, why, sizeof why);
}

static const char *content(const char *file)
{
	static char text[64];
	FILE *f = fopen(file, "r");

	ck_assert_msg(f, "%s", file);
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
	return text;
}

static bool exists(const char *file)
{
	return !access(file, F_OK);
}

/* --- a copy ---------------------------------------------------------------------------------------------------------------- */

START_TEST(in_pieces)
{
	char line[256];

	ck_assert_uint_eq(begin("d.iso", 6), 201);
	ck_assert_uint_eq(strlen(id), 32);
	ck_assert_uint_eq(strspn(id, "0123456789abcdef"), 32);
	ck_assert_int_eq(http_ask_number(&ask, "piece"), HTTP_BODY_MAX);
	ck_assert(exists(part));
	ck_assert_int_eq(take(), -ENODATA);
	snprintf(line, sizeof line, "%s/media/d.iso: 0 of 6 bytes received", base_dir);
	ck_assert_str_eq(why, line);
	ck_assert_uint_eq(put("?at=0", "abc"), 200);
	ck_assert_int_eq(http_ask_number(&ask, "at"), 3);
	ck_assert_int_eq(take(), -ENODATA);
	ck_assert_uint_eq(put("?at=3", "def"), 200);
	ck_assert_int_eq(http_ask_number(&ask, "at"), 6);
	ck_assert_int_eq(take(), 0);
	snprintf(line, sizeof line, "%s/media/d.iso", base_dir);
	ck_assert_str_eq(path, line);
	ck_assert_str_eq(content(part), "abcdef");
	ck_assert(!exists(path)); /* it is the importer's to move */
	ck_assert_int_eq(take(), -ENOENT);
	ck_assert_str_eq(why, "no such copy in progress");
	ck_assert_ptr_null(imports->copyings);
	ck_assert_int_eq(unlink(part), 0);
}
END_TEST

START_TEST(out_of_order)
{
	char line[256];

	ck_assert_uint_eq(begin("d.iso", 6), 201);
	ck_assert_uint_eq(put("?at=0", "abc"), 200);
	snprintf(line, sizeof line, "%s/media/d.iso: 3 of 6 bytes received", base_dir);
	ck_assert_uint_eq(put("?at=0", "abc"), 409);
	ck_assert_str_eq(http_ask_error(&ask), line);
	ck_assert_uint_eq(put("?at=4", "ef"), 409);
	ck_assert_uint_eq(put("", "def"), 409);
	ck_assert_uint_eq(put("?at=3", "defg"), 409); /* more than was said */
	ck_assert_uint_eq(put("?at=3", "def"), 200);
	ck_assert_uint_eq(put("?at=6", "g"), 409);
	ck_assert_int_eq(take(), 0);
	ck_assert_str_eq(content(part), "abcdef");
}
END_TEST

START_TEST(one_piece_at_a_time)
{
	struct http_ask second = {.base = &rooms.base, .fd = -1};

	ck_assert_uint_eq(begin("d.iso", 6), 201);
	worker_gate_shut(rooms.base.worker);
	http_ask_send(&ask, NULL, "PUT", target("?at=0"), "abc");
	for (int i = 0; i < 50; i++)
		loop_once(rooms.base.loop, 2);
	ck_assert_int_eq(take(), -EBUSY);
	ck_assert_uint_eq(http_ask(&second, "PUT", target("?at=0"), "abc"), 409);
	ck_assert_ptr_nonnull(strstr(
		http_ask_error(&second), "0 of 6 bytes received, and a piece is being written"));
	ck_assert_uint_eq(http_ask(&second, "DELETE", target(""), NULL), 409);
	worker_gate_open();
	ck_assert_uint_eq(http_ask_wait(&ask), 200);
	ck_assert_uint_eq(put("?at=3", "def"), 200);
	json_decref(second.json);
	free(second.text);
}
END_TEST

/* The worker deletes a copy with its medium; the main thread goes on, and the answer waits for it. */
START_TEST(removed)
{
	struct medium m = {.name = "d", .copied = true};

	snprintf(m.path, sizeof m.path, "%s/media/d.iso", base_dir);
	ck_assert(!mkdir(dirname(strcpy(path, m.path)), 0700));
	fclose(fopen(m.path, "w"));
	ck_assert_int_eq(imported_put(&rooms.content.imported, &m), 0);
	worker_gate_shut(rooms.base.worker);
	http_ask_send(&ask, NULL, "DELETE", "/api/v1/media/d", NULL);
	base_wait(&rooms.base, !rooms.content.imported.count);
	for (int i = 0; i < 50; i++)
		loop_once(rooms.base.loop, 2);
	ck_assert(exists(m.path));
	worker_gate_open();
	ck_assert_uint_eq(http_ask_wait(&ask), 200);
	ck_assert_str_eq(http_ask_text(&ask, "removed"), "d");
	ck_assert(!exists(m.path));
}
END_TEST

/* --- what is refused ------------------------------------------------------------------------------------------------------- */

static void refused(const char *name, long long size, const char *error)
{
	ck_assert_uint_eq(begin(name, size), 422);
	ck_assert_msg(!strncmp(http_ask_error(&ask), error, strlen(error)), "%s", ask.body);
	ck_assert_ptr_null(imports->copyings);
}

START_TEST(names_and_sizes)
{
	char long_name[202], line[160];

	refused("d.iso", 0, "a copy takes a name and a size of at least one byte");
	refused("d.iso", -1, "a copy takes a name and a size of at least one byte");
	refused("", 5, "the name of a copy must be a file name of at most 200 bytes, not ''");
	refused("../d.iso", 5, "the name of a copy must be a file name");
	refused("a/b", 5, "the name of a copy must be a file name");
	refused(".hidden", 5, "the name of a copy must be a file name");
	memset(long_name, 'a', sizeof long_name);
	long_name[201] = '\0';
	refused(long_name, 5, "the name of a copy must be a file name");
	long_name[200] = '\0';
	ck_assert_uint_eq(begin(long_name, 5), 201);
	ck_assert_uint_eq(http_ask(&ask, "DELETE", target(""), NULL), 200);
	ck_assert_uint_eq(http_ask(&ask, "POST", "/api/v1/copies", "[]"), 422);
	/* a file of that name is there: it is not written over */
	snprintf(path, sizeof path, "%s/media/d.iso", base_dir);
	fclose(fopen(path, "w"));
	snprintf(line, sizeof line, "%.90s already exists: import it, or run 'usher media remove'",
		path);
	refused("d.iso", 5, line);
}
END_TEST

START_TEST(so_many)
{
	char name[16];

	for (int i = 0; i < COPY_MOST; i++) {
		snprintf(name, sizeof name, "d%d.iso", i);
		ck_assert_uint_eq(begin(name, 5), 201);
	}
	ck_assert_uint_eq(put("?at=0", "abcde"), 200);
	ck_assert_uint_eq(
		http_ask(&ask, "POST", "/api/v1/copies", "{\"name\": \"x\", \"size\": 5}"), 503);
	ck_assert_str_eq(http_ask_error(&ask), "4 images are being copied: wait for one to end");
	ck_assert_int_eq(take(), 0);
	ck_assert_uint_eq(begin("x", 5), 201);
}
END_TEST

START_TEST(no_such_copy)
{
	static const char *const methods[] = {"PUT", "DELETE", "GET"};

	ck_assert_uint_eq(begin("d.iso", 5), 201);
	ck_assert_uint_eq(http_ask(&ask, "GET", target(""), NULL), 409);
	id[0] ^= 1;
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(http_ask(&ask, methods[i], target("?at=0"), "x"), 404);
	ck_assert_uint_eq(http_ask(&ask, "GET", "/api/v1/copies", NULL), 404);
}
END_TEST

START_TEST(no_worker)
{
	struct worker *w = rooms.base.worker;

	ck_assert_uint_eq(begin("d.iso", 5), 201);
	rooms.base.worker = NULL;
	ck_assert_uint_eq(put("?at=0", "abcde"), 503);
	ck_assert_uint_eq(
		http_ask(&ask, "POST", "/api/v1/copies", "{\"name\": \"x\", \"size\": 5}"), 503);
	rooms.base.worker = w;
	ck_assert_uint_eq(put("?at=0", "abcde"), 200); /* it is as it was */
	ck_assert_int_eq(take(), 0);
	ck_assert_ptr_null(imports->copyings);
}
END_TEST

/* --- none is left behind --------------------------------------------------------------------------------------------------- */

START_TEST(dropped)
{
	ck_assert_uint_eq(begin("d.iso", 5), 201);
	ck_assert_uint_eq(http_ask(&ask, "DELETE", target(""), NULL), 200);
	ck_assert_str_eq(ask.body, "{\"dropped\":true}");
	ck_assert_ptr_null(imports->copyings);
	base_wait(&rooms.base, !exists(part));
}
END_TEST

/* Nothing of it came for a minute; each piece begins that anew. */
START_TEST(idle)
{
	ck_assert_uint_eq(begin("d.iso", 5), 201);
	stepped.mono += COPY_IDLE_MS - 1000;
	loop_once(rooms.base.loop, 0);
	ck_assert_uint_eq(put("?at=0", "abc"), 200);
	stepped.mono += COPY_IDLE_MS - 1000;
	loop_once(rooms.base.loop, 0);
	ck_assert_ptr_nonnull(imports->copyings);
	stepped.mono += 2000;
	base_wait(&rooms.base, !imports->copyings);
	base_wait(&rooms.base, !exists(part));
	stepped.mono = 0;
}
END_TEST

/* What a killed service left; images and what else lies there stay. */
START_TEST(left_over)
{
	static const char *const names[] = {".x.part", "x.part", ".part", "d.iso", ".hidden"};
	static const bool stays[] = {false, true, true, true, true};
	char file[160];

	copying_begin(imports); /* no folder yet is fine */
	snprintf(file, sizeof file, "%s/media", base_dir);
	ck_assert_int_eq(mkdir(file, 0700), 0);
	for (int i = 0; i < 5; i++) {
		snprintf(file, sizeof file, "%s/media/%s", base_dir, names[i]);
		fclose(fopen(file, "w"));
	}
	copying_begin(imports);
	for (int i = 0; i < 5; i++) {
		snprintf(file, sizeof file, "%s/media/%s", base_dir, names[i]);
		ck_assert_msg(exists(file) == stays[i], "%s", names[i]);
	}
}
END_TEST

START_TEST(at_the_end)
{
	ck_assert_uint_eq(begin("d.iso", 5), 201);
	ck_assert_uint_eq(put("?at=0", "abc"), 200);
	rooms_stop(&rooms);
	ck_assert_ptr_null(imports->copyings);
	ck_assert(!exists(part));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {in_pieces, out_of_order, one_piece_at_a_time, removed,
		names_and_sizes, so_many, no_such_copy, no_worker, dropped, idle, left_over,
		at_the_end};
	Suite *s = suite_create("copying");
	TCase *t = tcase_create("copying");

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return base_run(s);
}
