/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/behalf.h"
#include "core/clock.h"
#include "machine/timeline.h"

#include "stepped_clock.h"

#include <check.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct timeline *t;

static void setup(void)
{
	ck_assert_int_eq(timeline_new(NULL, &t), 0);
}

static void teardown(void)
{
	timeline_free(t);
}

START_TEST(test_empty)
{
	ck_assert_uint_eq(timeline_newest(t), 0);
	ck_assert_ptr_null(timeline_after(t, 0, NULL));
	ck_assert_ptr_null(timeline_last(t, "web01", NULL));
	timeline_free(NULL);
}
END_TEST

START_TEST(test_add_and_follow)
{
	const struct timeline_event *e;
	int64_t before = clock_wall_ms();

	ck_assert_uint_eq(timeline_add(t, "web01", "armed", "attempt %d", 1), 1);
	ck_assert_uint_eq(timeline_add(t, "web02", "leased", "10.0.0.2"), 2);
	ck_assert_uint_eq(timeline_add(t, "web01", "booting", "boot 1"), 3);
	e = timeline_after(t, 0, NULL);
	ck_assert_uint_eq(e->seq, 1);
	ck_assert_str_eq(e->machine, "web01");
	ck_assert_str_eq(e->kind, "armed");
	ck_assert_str_eq(e->text, "attempt 1");
	ck_assert_int_ge(e->at, before);
	ck_assert_uint_eq(timeline_after(t, 1, NULL)->seq, 2);
	ck_assert_uint_eq(timeline_after(t, 1, "web01")->seq, 3);
	ck_assert_ptr_null(timeline_after(t, 2, "web02"));
	ck_assert_ptr_null(timeline_after(t, 3, NULL));
	ck_assert_ptr_null(timeline_after(t, UINT64_MAX, NULL));
	ck_assert_uint_eq(timeline_last(t, "web01", NULL)->seq, 3);
	ck_assert_uint_eq(timeline_last(t, "web01", "armed")->seq, 1);
	ck_assert_ptr_null(timeline_last(t, "web01", "up"));
	ck_assert_uint_eq(timeline_newest(t), 3);
}
END_TEST

static uint64_t count(const char *machine)
{
	const struct timeline_event *e = timeline_after(t, 0, machine);
	uint64_t n = 0;

	for (; e; e = timeline_after(t, e->seq, machine))
		n++;
	return n;
}

/* A machine's oldest make room for its newest. */
START_TEST(test_of_one_machine)
{
	const struct timeline_event *e;

	timeline_add(t, "m", "armed", "stays");
	for (int i = 0; i < TIMELINE_EACH_MAX + 10; i++)
		timeline_add(t, "m", "progress", "%d", i);
	e = timeline_after(t, 0, NULL);
	ck_assert_str_eq(e->text, "stays");
	e = timeline_after(t, 1, "m");
	ck_assert_uint_eq(e->seq, 12);
	ck_assert_str_eq(e->text, "10");
	ck_assert_uint_eq(count("m"), 1 + TIMELINE_EACH_MAX);
	ck_assert_uint_eq(count(NULL), 1 + TIMELINE_EACH_MAX);
	ck_assert_uint_eq(timeline_after(t, 123, NULL)->seq, 124);
	ck_assert_uint_eq(timeline_newest(t), TIMELINE_EACH_MAX + 11);
	ck_assert_uint_eq(timeline_last(t, "m", NULL)->seq, TIMELINE_EACH_MAX + 11);
	ck_assert_uint_eq(timeline_last(t, "m", "armed")->seq, 1);
}
END_TEST

/* Whoever floods, as itself or in another's name, takes nothing from third ones. */
START_TEST(test_floods)
{
	char text[16], name[16];

	timeline_add(t, "quiet", "armed", "its own");
	timeline_add(t, "quiet", "leased", "its peers'");
	timeline_add(t, "", "refused", "the first stranger");
	for (int i = 0; i < 3 * TIMELINE_OTHERS_MAX; i++)
		timeline_add(t, "", "refused", "%d", i);
	ck_assert_uint_eq(count(""), TIMELINE_OTHERS_MAX);
	for (int n = 0; n < 30; n++) {
		snprintf(name, sizeof name, "loud%d", n);
		timeline_add(t, name, "installing", "its own");
		for (int i = 0; i < 2000; i++) {
			snprintf(text, sizeof text, "%d", i);
			timeline_add(t, name, "transfer", "%s", text);
		}
		ck_assert_uint_eq(count(name), 1 + TIMELINE_EACH_MAX);
	}
	ck_assert_uint_eq(count("quiet"), 2);
	ck_assert_str_eq(timeline_last(t, "loud0", "installing")->text, "its own");
	ck_assert_uint_eq(count(""), TIMELINE_OTHERS_MAX);
}
END_TEST

/* So many machines that each has a few: the oldest of all go, in order. */
START_TEST(test_many_machines)
{
	const struct timeline_event *e;
	uint64_t seq = 0;
	char name[16];

	for (int i = 0; i < TIMELINE_MAX + 5000; i++) {
		snprintf(name, sizeof name, "m%d", i % 10000);
		timeline_add(t, name, "armed", "%d", i);
	}
	ck_assert_uint_eq(count(NULL), TIMELINE_MAX);
	e = timeline_after(t, 0, NULL);
	ck_assert_uint_eq(e->seq, 5001);
	for (; e; e = timeline_after(t, e->seq, NULL)) {
		ck_assert_uint_gt(e->seq, seq);
		seq = e->seq;
	}
	ck_assert_uint_eq(count("m0"), 2);
	ck_assert_ptr_nonnull(timeline_after(t, 12345, "m1"));
}
END_TEST

START_TEST(test_last)
{
	char name[16];

	timeline_add(t, "old", "created", "leaves");
	timeline_add(t, "kept", "created", "leaves as well");
	for (int i = 0; i < TIMELINE_MAX - 1; i++) {
		snprintf(name, sizeof name, "m%d", i / 100);
		timeline_add(t, name, i % 50 ? "power" : "armed", "%d", i);
	}
	ck_assert_ptr_null(timeline_last(t, "old", NULL));
	ck_assert_uint_eq(timeline_last(t, "kept", NULL)->seq, 2);
	timeline_add(t, "kept", "up", "again");
	ck_assert_uint_eq(timeline_last(t, "kept", NULL)->seq, TIMELINE_MAX + 2);
	ck_assert_str_eq(timeline_last(t, "m1", "armed")->text, "150");
	ck_assert_ptr_null(timeline_last(t, "m1", "created"));
	timeline_add(t, "old", "created", "back");
	ck_assert_ptr_null(timeline_last(t, "kept", "created"));
	ck_assert_str_eq(timeline_last(t, "old", "created")->text, "back");
}
END_TEST

static unsigned count_kind(const char *kind)
{
	const struct timeline_event *e;
	unsigned n = 0;

	for (uint64_t seq = 0; (e = timeline_after(t, seq, "web01")); seq = e->seq)
		n += !strcmp(e->kind, kind);
	return n;
}

/* Repeats are left out; the same once more, since something changed, is news. */
START_TEST(test_peers_repeat)
{
	char text[2 * TIMELINE_TEXT];

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	ck_assert_uint_eq(timeline_add_peers(t, "web01", "refused", 0, -1, "a\n"), 1);
	ck_assert_uint_eq(timeline_add_peers(t, "web01", "refused", 0, -1, "a\n"), 0);
	timeline_add(t, "web01", "leased", "a");
	ck_assert_uint_eq(timeline_add_peers(t, "web01", "refused", 0, -1, "a\n"), 0);
	ck_assert_uint_eq(timeline_add_peers(t, "web01", "progress", 0, -1, "a\n"), 3);
	ck_assert_uint_eq(timeline_add_peers(t, "web02", "refused", 0, -1, "a\n"), 4);
	ck_assert_uint_eq(timeline_add_peers(t, "web01", "refused", 0, -1, "b"), 5);
	usleep(5000);
	ck_assert_uint_eq(timeline_add_peers(t, "web01", "refused", clock_wall_ms(), -1, "b"), 6);
	ck_assert_uint_eq(timeline_add_peers(t, "web01", "refused", 0, -1, text), 7);
	ck_assert_uint_eq(timeline_add_peers(t, "web01", "refused", 0, -1, text), 0);
}
END_TEST

/* Somebody sets the host's clock: what is said twice is still said once, and what is new is told. */
START_TEST(test_peers_and_steps)
{
	static const int64_t hour = 3600 * 1000;
	int64_t since = clock_wall_ms();
	char text[16];

	ck_assert_uint_eq(timeline_add_peers(t, "a", "refused", since, -1, "x"), 1);
	stepped.wall = -24 * hour; /* a day back: the event, and `since`, are to come */
	ck_assert_uint_eq(timeline_add_peers(t, "a", "refused", since, -1, "x"), 2);
	ck_assert_uint_eq(timeline_add_peers(t, "a", "refused", since, -1, "x"), 0);
	for (int i = 0; i < TIMELINE_PEER_MAX; i++) {
		snprintf(text, sizeof text, "%d", i);
		timeline_add_peers(t, "a", "refused", since, -1, text);
	}
	ck_assert_uint_eq(timeline_add_peers(t, "a", "refused", since, -1, "y"), 0); /* too many */
	stepped.wall = -48 * hour; /* they are no reason to say nothing for a day */
	ck_assert_uint_ne(timeline_add_peers(t, "a", "refused", since, -1, "z"), 0);
	stepped.wall = 2 * hour;
	ck_assert_uint_ne(timeline_add_peers(t, "a", "refused", since, -1, "z2"), 0);
	ck_assert_int_lt(timeline_age(timeline_last(t, "a", NULL)), 10000);
	stepped.wall = hour;
	ck_assert_int_eq(timeline_age(timeline_last(t, "a", NULL)), INT64_MAX);
	stepped.wall = 0;
}
END_TEST

START_TEST(test_peers_flood)
{
	char text[32];

	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, "%d", i);
		timeline_add_peers(t, "web01", "refused", 0, -1, text);
	}
	ck_assert_uint_eq(count_kind("refused"), TIMELINE_PEER_MAX);
	ck_assert_str_eq(
		timeline_last(t, "web01", NULL)->text, "99 (too many of these: more are left out)");
	/* who floods with one kind takes nothing from another, nor from another machine */
	ck_assert_uint_ne(timeline_add_peers(t, "web01", "progress", 0, -1, "a"), 0);
	ck_assert_uint_ne(timeline_add_peers(t, "web02", "refused", 0, -1, "a"), 0);
}
END_TEST

/* What lines look like is core/plain.h's; that they pass through it is ours. */
START_TEST(test_lines)
{
	timeline_add(t, "web\x1b", "no\nte", "%s",
		"a\x9b[2J\xe2\x80\xae /m/0123456789abcdef0123456789abcdef/x");
	ck_assert_str_eq(timeline_after(t, 0, NULL)->machine, "web\\u001b");
	ck_assert_str_eq(timeline_after(t, 0, NULL)->kind, "no te");
	ck_assert_str_eq(timeline_after(t, 0, NULL)->text, "a\\x9b[2J\\u202e /m/*/x");
}
END_TEST

START_TEST(test_long_text_is_cut)
{
	char text[TIMELINE_TEXT * 2];

	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	/* The character that does not fit whole goes. */
	memcpy(text + TIMELINE_TEXT - 1, "\xc3\xa9", 2);
	timeline_add(t, text, text, "%s", text);
	ck_assert_uint_eq(strlen(timeline_after(t, 0, NULL)->text), TIMELINE_TEXT - 1);
	ck_assert_uint_eq(strlen(timeline_after(t, 0, NULL)->machine), 63);
}
END_TEST

struct heard {
	int n;
	uint64_t seq;
	char text[32];
};

static void hear(void *arg, const struct timeline_event *e)
{
	struct heard *h = arg;

	h->n++;
	h->seq = e->seq;
	snprintf(h->text, sizeof h->text, "%s", e->text);
}

START_TEST(test_listeners)
{
	struct heard a = {0}, b = {0};

	ck_assert_int_eq(timeline_listen(t, hear, &a), 0);
	ck_assert_int_eq(timeline_listen(t, hear, &b), 0);
	timeline_add(t, "", "refused", "stranger");
	ck_assert_int_eq(a.n, 1);
	ck_assert_str_eq(b.text, "stranger");
	timeline_unlisten(t, hear, &a);
	timeline_add(t, "", "refused", "again");
	ck_assert_int_eq(a.n, 1);
	ck_assert_uint_eq(b.seq, 2);
	for (int i = 1; i < TIMELINE_LISTENERS; i++)
		ck_assert_int_eq(timeline_listen(t, hear, &a), 0);
	ck_assert_int_eq(timeline_listen(t, hear, &a), -ENOSPC);
}
END_TEST

/* With a store. */

static char dir[64], path[96];
static struct store *store;

static void open_store(void)
{
	char why[256] = "";

	ck_assert_msg(store_open(path, &store, why, sizeof why) == 0, "%s", why);
	ck_assert_int_eq(timeline_new(store, &t), 0);
}

static void close_store(void)
{
	ck_assert_int_eq(store_commit(store, NULL, NULL), 0);
	timeline_free(t);
	store_close(store);
}

static void setup_store(void)
{
	snprintf(dir, sizeof dir, "/tmp/usher-timeline-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/store.db", dir);
	open_store();
}

static void teardown_store(void)
{
	static const char *const suffixes[] = {"", ".lock", "-wal", "-shm", "-journal"};
	char name[128];

	close_store();
	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
		unlink(name);
	}
	ck_assert_int_eq(rmdir(dir), 0);
}

START_TEST(test_stored)
{
	timeline_add(t, "web01", "armed", "attempt 1");
	timeline_add(t, "web01", "booting", "boot 1");
	close_store();
	open_store();
	ck_assert_uint_eq(timeline_newest(t), 2);
	ck_assert_str_eq(timeline_after(t, 1, NULL)->text, "boot 1");
	/* A follower that saw a number which was lost with us gets all that is new. */
	ck_assert_uint_eq(timeline_add(t, "web01", "up", "x"), 3 + TIMELINE_GAP);
	ck_assert_str_eq(timeline_after(t, 2, NULL)->kind, "up");
}
END_TEST

static int count_row(void *arg, const struct store_event *e)
{
	uint64_t *first_and_count = arg;

	if (first_and_count[1]++ == 0)
		first_and_count[0] = e->seq;
	return 0;
}

START_TEST(test_who_asked)
{
	timeline_add(t, "m", "created", "x");
	behalf_set(behalf_of("alice"));
	timeline_add(t, "m", "armed", "x");
	behalf_set(0);
	timeline_add(t, "m", "booting", "x");
	close_store();
	open_store();
	ck_assert_str_eq(timeline_last(t, "m", "created")->by, "");
	ck_assert_str_eq(timeline_last(t, "m", "armed")->by, "alice");
	ck_assert_str_eq(timeline_last(t, "m", "booting")->by, "");
}
END_TEST

/* What leaves is forgotten on disk too, from the middle as from the end. */
START_TEST(test_store_forgets)
{
	uint64_t rows[2] = {0}, kept;
	char why[256];

	timeline_add(t, "quiet", "armed", "stays");
	for (int i = 0; i < 3000; i++) {
		timeline_add(t, "m", "progress", "%d", i);
		timeline_add(t, "", "refused", "%d", i);
	}
	kept = count(NULL);
	ck_assert_uint_eq(kept, 1 + TIMELINE_EACH_MAX + TIMELINE_OTHERS_MAX);
	close_store();
	ck_assert_int_eq(store_open(path, &store, why, sizeof why), 0);
	ck_assert_int_eq(store_load_events(store, 10 * TIMELINE_MAX, count_row, rows), 0);
	ck_assert_uint_eq(rows[1], kept);
	ck_assert_uint_eq(rows[0], 1);
	ck_assert_int_eq(timeline_new(store, &t), 0);
	ck_assert_uint_eq(count(NULL), kept);
	ck_assert_uint_eq(timeline_newest(t), 6001);
	ck_assert_str_eq(timeline_last(t, "m", NULL)->text, "2999");
}
END_TEST

START_TEST(test_old_ones_are_dropped)
{
	int64_t old = clock_wall_ms() - (TIMELINE_DAYS + 1) * 24ll * 3600 * 1000;

	for (uint64_t seq = 1; seq <= 5; seq++)
		ck_assert_int_eq(store_append_event(store,
					 &(struct store_event){seq, old, "m", "up", "x", ""}),
			0);
	close_store();
	open_store();
	/* By the newest: the host's clock may be wrong by years as it starts. */
	ck_assert_uint_eq(timeline_after(t, 0, NULL)->seq, 1);
	ck_assert_uint_gt(timeline_add(t, "m", "up", "y"), 5);
	close_store();
	open_store();
	/* One is kept, so that the numbers do not start again. */
	ck_assert_str_eq(timeline_after(t, 0, NULL)->text, "y");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("timeline");
	TCase *memory = tcase_create("memory"), *stored = tcase_create("stored");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(memory, setup, teardown);
	tcase_add_test(memory, test_empty);
	tcase_add_test(memory, test_add_and_follow);
	tcase_add_test(memory, test_of_one_machine);
	tcase_add_test(memory, test_floods);
	tcase_add_test(memory, test_many_machines);
	tcase_add_test(memory, test_last);
	tcase_add_test(memory, test_peers_repeat);
	tcase_add_test(memory, test_peers_and_steps);
	tcase_add_test(memory, test_peers_flood);
	tcase_add_test(memory, test_lines);
	tcase_add_test(memory, test_long_text_is_cut);
	tcase_add_test(memory, test_listeners);
	tcase_add_checked_fixture(stored, setup_store, teardown_store);
	tcase_set_timeout(stored, 60);
	tcase_add_test(stored, test_stored);
	tcase_add_test(stored, test_store_forgets);
	tcase_add_test(stored, test_who_asked);
	tcase_add_test(stored, test_old_ones_are_dropped);
	suite_add_tcase(s, memory);
	suite_add_tcase(s, stored);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
