/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/clock.h"
#include "core/log.h"
#include "core/store.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64], path[96], why[512];
static struct mailbox home;

static void setup(void)
{
	snprintf(dir, sizeof dir, "/tmp/usher-store-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/store.db", dir);
	why[0] = 0;
	ck_assert_int_eq(mailbox_init(&home), 0);
}

static void remove_file(const char *suffix)
{
	char name[128];

	snprintf(name, sizeof name, "%s%s", path, suffix);
	unlink(name);
}

static void teardown(void)
{
	static const char *const suffixes[] = {
		"",
		".lock",
		"-wal",
		"-shm",
		"-journal",
		".v0",
		".v0.part",
	};

	mailbox_fini(&home);
	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
		remove_file(suffixes[i]);
	ck_assert_int_eq(rmdir(dir), 0);
}

static struct store *open_it(void)
{
	struct store *s = NULL;
	int rc = store_open(path, &s, why, sizeof why);

	ck_assert_msg(!rc, "store_open: %d: %s", rc, why);
	return s;
}

static struct store *open_and_start(void)
{
	struct store *s = open_it();

	ck_assert_int_eq(store_start(s, &home), 0);
	return s;
}

/* What store_open() says to a store that it must refuse. */
static int refusal(void)
{
	struct store *s = (struct store *)1;
	int rc = store_open(path, &s, why, sizeof why);

	ck_assert_ptr_eq(s, (struct store *)1);
	ck_assert_int_ne(why[0], 0);
	ck_assert_ptr_null(strchr(why, '\n'));
	return rc;
}

static void put(struct store *s, enum store_kind kind, const char *key, const char *value)
{
	ck_assert_int_eq(store_put(s, kind, key, strlen(key), value, strlen(value)), 0);
}

struct outcome {
	bool told;
	int rc;
};

static void on_done(void *arg, int rc)
{
	struct outcome *o = arg;

	o->told = true;
	o->rc = rc;
}

static int commit_and_wait(struct store *s)
{
	struct outcome o = {0};

	ck_assert_int_eq(store_commit(s, on_done, &o), 0);
	ck_assert(!o.told);
	while (!o.told)
		mailbox_wait(&home, 5000);
	return o.rc;
}

/* All records of a kind as "key=value;" */
static int add_row(void *arg, const void *key, size_t key_len, const void *value, size_t len)
{
	char *text = arg;

	sprintf(text + strlen(text), "%.*s=%.*s;", (int)key_len, (const char *)key, (int)len,
		(const char *)value);
	return 0;
}

static const char *all_of(struct store *s, enum store_kind kind)
{
	static char text[4096];

	text[0] = 0;
	ck_assert_int_eq(store_load(s, kind, add_row, text), 0);
	return text;
}

static int add_event(void *arg, const struct store_event *e)
{
	char *to = arg;

	sprintf(to + strlen(to), "%llu %lld %s %s %s%s%s;", (unsigned long long)e->seq,
		(long long)e->at, e->machine, e->kind, e->text, *e->by ? " by " : "", e->by);
	return 0;
}

static int append_event(struct store *s, uint64_t seq, int64_t at, const char *machine,
	const char *kind, const char *text, const char *by)
{
	return store_append_event(s, &(struct store_event){seq, at, machine, kind, text, by});
}

static const char *events_of(struct store *s, size_t most)
{
	static char text[4096];

	text[0] = 0;
	ck_assert_int_eq(store_load_events(s, most, add_event, text), 0);
	return text;
}

/* Records and events */

START_TEST(records_survive_in_key_order)
{
	struct store *s = open_and_start();

	put(s, STORE_MACHINE, "web02", "two");
	put(s, STORE_MACHINE, "web01", "one");
	put(s, STORE_LEASE, "web01", "a lease");
	put(s, STORE_MACHINE, "web03", "");
	put(s, STORE_MACHINE, "web02", "second");
	put(s, STORE_MACHINE, "gone", "x");
	ck_assert_int_eq(store_delete(s, STORE_MACHINE, "gone", 4), 0);
	ck_assert_int_eq(store_delete(s, STORE_MACHINE, "never there", 11), 0);
	ck_assert_int_eq(commit_and_wait(s), 0);
	store_close(s);
	s = open_it();
	ck_assert_str_eq(all_of(s, STORE_MACHINE), "web01=one;web02=second;web03=;");
	ck_assert_str_eq(all_of(s, STORE_LEASE), "web01=a lease;");
	ck_assert_str_eq(all_of(s, STORE_SETTING), "");
	store_close(s);
}
END_TEST

START_TEST(keys_and_values_are_any_bytes)
{
	static const uint8_t key[] = {0, 1, 0, 0xff}, value[] = {0, 0, 7};
	struct store *s = open_and_start();
	char text[64] = "";

	ck_assert_int_eq(store_put(s, STORE_LEASE, key, sizeof key, value, sizeof value), 0);
	ck_assert_int_eq(commit_and_wait(s), 0);
	store_close(s);
	s = open_and_start();
	ck_assert_int_eq(store_load(s, STORE_LEASE, add_row, text), 0);
	ck_assert_str_eq(text, "=;"); /* as text they end at once */
	ck_assert_int_eq(store_delete(s, STORE_LEASE, key, sizeof key), 0);
	ck_assert_int_eq(commit_and_wait(s), 0);
	store_close(s);
	s = open_it();
	ck_assert_str_eq(all_of(s, STORE_LEASE), "");
	store_close(s);
}
END_TEST

START_TEST(events_survive_and_are_pruned)
{
	struct store *s = open_and_start();

	for (unsigned i = 1; i <= 5; i++)
		ck_assert_int_eq(append_event(s, i, 1000 + i, "web01", "boot", "t", ""), 0);
	ck_assert_int_eq(append_event(s, 6, 1006, "", "refused", "who\xff", "alice"), 0);
	ck_assert_int_eq(commit_and_wait(s), 0);
	store_close(s);
	s = open_and_start();
	ck_assert_str_eq(events_of(s, 2), "5 1005 web01 boot t;6 1006  refused who\xff by alice;");
	store_close(s);
	s = open_and_start();
	ck_assert_int_eq(store_prune_events(s, 6), 0);
	ck_assert_int_eq(commit_and_wait(s), 0);
	store_close(s);
	s = open_it();
	ck_assert_str_eq(events_of(s, 100), "6 1006  refused who\xff by alice;");
	store_close(s);
}
END_TEST

static int stop_at_second(void *arg, const void *key, size_t key_len, const void *value, size_t len)
{
	(void)key;
	(void)key_len;
	(void)value;
	(void)len;
	return ++*(int *)arg == 2 ? -ECANCELED : 0;
}

START_TEST(a_walk_ends_when_told)
{
	struct store *s = open_it();
	int rows = 0;

	put(s, STORE_LEASE, "a", "");
	put(s, STORE_LEASE, "b", "");
	put(s, STORE_LEASE, "c", "");
	ck_assert_int_eq(store_commit(s, NULL, NULL), 0);
	store_close(s); /* never started: written all the same */
	s = open_it();
	ck_assert_int_eq(store_load(s, STORE_LEASE, stop_at_second, &rows), -ECANCELED);
	ck_assert_int_eq(rows, 2);
	store_close(s);
}
END_TEST

/* Transactions */

START_TEST(what_was_not_committed_is_not_written)
{
	struct store *s = open_and_start();

	put(s, STORE_LEASE, "a", "1");
	ck_assert_int_eq(store_commit(s, NULL, NULL), 0);
	put(s, STORE_LEASE, "a", "2");
	put(s, STORE_LEASE, "b", "2");
	usleep(20000);
	store_close(s);
	s = open_it();
	ck_assert_str_eq(all_of(s, STORE_LEASE), "a=1;");
	store_close(s);
}
END_TEST

START_TEST(an_open_transaction_goes_with_the_next_commit)
{
	struct store *s = open_and_start();

	for (int i = 0; i < 200; i++) {
		char value[16];

		snprintf(value, sizeof value, "%d", i);
		put(s, STORE_LEASE, "a", value);
		ck_assert_int_eq(store_commit(s, NULL, NULL), 0);
		put(s, STORE_LEASE, "b", value);
	}
	ck_assert_int_eq(commit_and_wait(s), 0);
	store_close(s);
	s = open_it();
	ck_assert_str_eq(all_of(s, STORE_LEASE), "a=199;b=199;");
	store_close(s);
}
END_TEST

START_TEST(a_commit_of_nothing_is_answered)
{
	struct store *s = open_and_start();

	ck_assert_int_eq(commit_and_wait(s), 0);
	ck_assert_uint_eq(store_stats(s).commits, 1);
	ck_assert_uint_eq(store_stats(s).transactions, 0);
	store_close(s);
}
END_TEST

enum { FLOOD = 3000 };
static unsigned answered;

static void on_flood(void *arg, int rc)
{
	ck_assert_int_eq(rc, 0);
	ck_assert_uint_eq((uintptr_t)arg, answered);
	answered++;
}

START_TEST(commits_gather_and_are_answered_in_order)
{
	struct store *s = open_and_start();
	struct store_stats stats;

	for (uintptr_t i = 0; i < FLOOD; i++) {
		char key[32];

		snprintf(key, sizeof key, "%05u", (unsigned)i);
		put(s, STORE_LEASE, key, "value");
		ck_assert_int_eq(store_commit(s, on_flood, (void *)i), 0);
	}
	while (answered < FLOOD)
		mailbox_wait(&home, 5000);
	stats = store_stats(s);
	ck_assert_uint_eq(stats.commits, FLOOD);
	ck_assert_uint_ge(stats.transactions, 1);
	ck_assert_uint_lt(stats.transactions, FLOOD / 2);
	ck_assert_uint_eq(stats.failures, 0);
	ck_assert_uint_eq(stats.backlog, 0);
	store_close(s);
}
END_TEST

START_TEST(close_writes_and_answers_what_was_committed)
{
	struct outcome o = {0};
	struct store *s = open_and_start();

	put(s, STORE_LEASE, "a", "1");
	ck_assert_int_eq(store_commit(s, on_done, &o), 0);
	store_close(s);
	mailbox_wait(&home, 0);
	ck_assert(o.told);
	ck_assert_int_eq(o.rc, 0);
	s = open_it();
	ck_assert_str_eq(all_of(s, STORE_LEASE), "a=1;");
	store_close(s);
	store_close(NULL);
}
END_TEST

START_TEST(sizes_are_limited)
{
	char *big = calloc(1, STORE_VALUE_MAX + 1);
	struct store *s = open_it();
	int rc = 0, n = 0;

	ck_assert_int_eq(store_put(s, STORE_LEASE, big, STORE_KEY_MAX + 1, "", 0), -EMSGSIZE);
	ck_assert_int_eq(store_put(s, STORE_LEASE, "k", 1, big, STORE_VALUE_MAX + 1), -EMSGSIZE);
	ck_assert_int_eq(store_delete(s, STORE_LEASE, big, STORE_KEY_MAX + 1), -EMSGSIZE);
	while (!(rc = store_put(s, STORE_LEASE, big, STORE_KEY_MAX, big, STORE_VALUE_MAX)))
		n++;
	ck_assert_int_eq(rc, -ENOSPC);
	ck_assert_int_eq(n, STORE_BACKLOG_LEASES / STORE_VALUE_MAX - 1);
	while (!(rc = store_put(s, STORE_MACHINE, big, STORE_KEY_MAX, big, STORE_VALUE_MAX)))
		n++;
	ck_assert_int_eq(rc, -ENOSPC);
	ck_assert_int_eq(n, STORE_BACKLOG_MAX / STORE_VALUE_MAX - 1);
	ck_assert_uint_le(store_stats(s).backlog, STORE_BACKLOG_MAX);
	store_close(s);
	free(big);
}
END_TEST

/* kill -9 */

static int report_fd;

static void on_written(void *arg, int rc)
{
	uint32_t n = (uint32_t)(uintptr_t)arg;

	if (rc || write(report_fd, &n, sizeof n) != sizeof n)
		_exit(1);
}

/* Puts one number under three keys and as an event, a transaction each, until it is killed. */
static void write_for_ever(uint32_t n, int report)
{
	struct store *s;

	report_fd = report;
	if (mailbox_init(&home) || store_open(path, &s, why, sizeof why) || store_start(s, &home))
		_exit(2);
	for (;; n++) {
		store_put(s, STORE_LEASE, "a", 1, &n, sizeof n);
		store_put(s, STORE_LEASE, "b", 1, &n, sizeof n);
		store_put(s, STORE_MACHINE, "c", 1, &n, sizeof n);
		append_event(s, n, n, "m", "k", "t", "");
		if (store_commit(s, on_written, (void *)(uintptr_t)n))
			_exit(3);
		/* Sometimes many are under way, sometimes few. */
		if (n % 7 == 0)
			mailbox_wait(&home, 5);
	}
}

static int take_number(void *arg, const void *key, size_t key_len, const void *value, size_t len)
{
	uint32_t n, *seen = arg;

	(void)key;
	(void)key_len;
	ck_assert_uint_eq(len, sizeof n);
	memcpy(&n, value, sizeof n);
	ck_assert_msg(!*seen || *seen == n, "half a transaction: %u and %u", *seen, n);
	*seen = n;
	return 0;
}

static int take_event(void *arg, const struct store_event *e)
{
	/* None is missing in between. */
	ck_assert_uint_eq(e->seq, *(uint32_t *)arg + 1);
	*(uint32_t *)arg = (uint32_t)e->seq;
	return 0;
}

/* Runs a writer for a moment, kills it, returns the last number that it reported as written. */
static uint32_t run_and_kill(uint32_t from)
{
	uint32_t last = 0, n;
	int fds[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		close(fds[0]);
		write_for_ever(from, fds[1]);
	}
	close(fds[1]);
	for (int more = rand() % 50; more >= 0 && read(fds[0], &n, sizeof n) == sizeof n; more--)
		last = n;
	usleep((useconds_t)(rand() % 5000));
	kill(pid, SIGKILL);
	while (read(fds[0], &n, sizeof n) == sizeof n)
		last = n;
	close(fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFSIGNALED(status), "the writer ended by itself: %d", WEXITSTATUS(status));
	return last;
}

START_TEST(a_killed_process_loses_nothing_it_reported)
{
	uint32_t on_disk = 0;

	srand((unsigned)getpid());
	for (int round = 0; round < 20; round++) {
		uint32_t reported = run_and_kill(on_disk + 1), number = 0, event = 0;
		struct store *s = open_it();

		ck_assert_int_eq(store_load(s, STORE_LEASE, take_number, &number), 0);
		ck_assert_int_eq(store_load(s, STORE_MACHINE, take_number, &number), 0);
		ck_assert_int_eq(store_load_events(s, SIZE_MAX, take_event, &event), 0);
		ck_assert_uint_ge(number, reported);
		ck_assert_uint_ge(number, on_disk);
		ck_assert_uint_eq(number, event);
		on_disk = number;
		store_close(s);
	}
	ck_assert_uint_gt(on_disk, 0);
}
END_TEST

/* What is refused */

START_TEST(a_second_process_is_refused)
{
	struct store *s = open_it();
	char expected[32];
	int status;
	pid_t pid;

	snprintf(expected, sizeof expected, "(pid %d)", (int)getpid());
	/* In this process too. */
	ck_assert_int_eq(refusal(), -EBUSY);
	ck_assert_ptr_nonnull(strstr(why, expected));
	pid = fork();
	if (!pid) {
		struct store *mine;
		int rc = store_open(path, &mine, why, sizeof why);

		_exit(rc == -EBUSY && strstr(why, expected) && strstr(why, path) ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	store_close(s);
	store_close(open_it());
}
END_TEST

static void sql(const char *text)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static size_t contents(void *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, buf, size);

	close(fd);
	ck_assert_int_ge(n, 0);
	return (size_t)n;
}

START_TEST(a_newer_store_is_refused_and_left_alone)
{
	static uint8_t before[1 << 16], after[1 << 16];
	size_t len;

	store_close(open_it());
	sql("PRAGMA user_version = 3");
	len = contents(before, sizeof before);
	ck_assert_int_eq(refusal(), -EPROTO);
	ck_assert_ptr_nonnull(strstr(why, "version 3"));
	ck_assert_uint_eq(contents(after, sizeof after), len);
	ck_assert_mem_eq(before, after, len);
}
END_TEST

/* Version 1 did not know who asked. */
START_TEST(events_of_version_1_are_kept)
{
	char copy[128];
	struct store *s;

	sql("PRAGMA application_id = 1431521362; PRAGMA user_version = 1;"
	    "CREATE TABLE record(kind INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,"
	    " PRIMARY KEY(kind, key)) WITHOUT ROWID;"
	    "CREATE TABLE event(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL,"
	    " machine TEXT NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL);"
	    "INSERT INTO event VALUES(7, 1007, 'web01', 'up', 't')");
	s = open_and_start();
	ck_assert_str_eq(events_of(s, 9), "7 1007 web01 up t;");
	ck_assert_int_eq(append_event(s, 8, 1008, "web01", "armed", "t", "alice"), 0);
	ck_assert_int_eq(commit_and_wait(s), 0);
	store_close(s);
	s = open_it();
	ck_assert_str_eq(events_of(s, 9), "7 1007 web01 up t;8 1008 web01 armed t by alice;");
	store_close(s);
	snprintf(copy, sizeof copy, "%s.v1", path);
	ck_assert_int_eq(unlink(copy), 0);
}
END_TEST

START_TEST(an_older_store_is_migrated_and_a_copy_kept)
{
	char name[128];
	struct stat st;
	struct store *s;

	/* Version 0 with our mark never was; it stands for any older one. */
	sql("PRAGMA application_id = 1431521362; CREATE TABLE old(a); INSERT INTO old "
	    "VALUES('kept')");
	s = open_and_start();
	put(s, STORE_LEASE, "a", "1");
	ck_assert_int_eq(commit_and_wait(s), 0);
	store_close(s);
	snprintf(name, sizeof name, "%s.v0", path);
	ck_assert_int_eq(stat(name, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	/* The copy is the old store: put back, it is migrated again. */
	ck_assert_int_eq(rename(name, path), 0);
	s = open_it();
	ck_assert_str_eq(all_of(s, STORE_LEASE), "");
	store_close(s);
}
END_TEST

static void scribble(off_t at, size_t len)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	for (size_t i = 0; i < len; i++)
		ck_assert_int_eq(pwrite(fd, "garbage", 7, at + (off_t)i * 7), 7);
	close(fd);
}

START_TEST(a_file_that_is_no_store_is_refused)
{
	scribble(0, 1000);
	ck_assert_int_eq(refusal(), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(why, path));
	ck_assert_int_eq(unlink(path), 0);
	sql("CREATE TABLE theirs(a)");
	ck_assert_int_eq(refusal(), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(why, "not an usher's"));
}
END_TEST

START_TEST(a_damaged_store_is_refused)
{
	struct store *s = open_it();

	for (int i = 0; i < 2000; i++) {
		char key[32];

		snprintf(key, sizeof key, "%d", i);
		put(s, STORE_LEASE, key, "a value of some length, to fill a page");
	}
	store_commit(s, NULL, NULL);
	store_close(s);
	scribble(3 * 4096, 500);
	ck_assert_int_eq(refusal(), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(why, "damaged"));
	ck_assert_ptr_nonnull(strstr(why, "-wal away"));
}
END_TEST

START_TEST(a_missing_directory_is_named)
{
	snprintf(path, sizeof path, "%s/nothing/here.db", dir);
	ck_assert_int_eq(refusal(), -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, "/nothing"));
	ck_assert_ptr_nonnull(strstr(why, path));
	snprintf(path, sizeof path, "%s", dir);
	ck_assert_int_lt(refusal(), 0);
	snprintf(path, sizeof path, "%s/store.db", dir);
	/* The lock's file of a directory is beside it. */
	snprintf(why, sizeof why, "%s.lock", dir);
	unlink(why);
}
END_TEST

START_TEST(only_the_owner_may_read_it)
{
	static const char *const suffixes[] = {"", "-wal", ".lock"};
	struct store *s;
	struct stat st;

	umask(0);
	s = open_and_start();
	put(s, STORE_LEASE, "a", "1");
	ck_assert_int_eq(commit_and_wait(s), 0);
	for (size_t i = 0; i < 3; i++) {
		char name[128];

		snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
		ck_assert_int_eq(stat(name, &st), 0);
		ck_assert_int_eq(st.st_mode & 0777, 0600);
	}
	store_close(s);
	/* Closed in peace, all is in the one file. */
	remove_file(".lock");
	snprintf(why, sizeof why, "%s-wal", path);
	ck_assert_int_lt(stat(why, &st), 0);
}
END_TEST

/* A full disk */

/* A small file system over `dir`, gone with this (forked) test. False: not allowed here. */
static bool mount_small(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("small", dir, "tmpfs", 0, "size=2m,mode=700") < 0) {
		fprintf(stderr, "skipped: a full disk: cannot mount a small one: %s\n",
			strerror(errno));
		return false;
	}
	return true;
}

static void fill_disk(const char *name)
{
	static char block[4096];
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	while (write(fd, block, sizeof block) > 0)
		;
	ck_assert_int_eq(errno, ENOSPC);
	close(fd);
}

START_TEST(a_full_disk_is_told_and_outlived)
{
	static char value[64 << 10];
	char filler[128];
	struct outcome later = {0};
	struct store *s;

	if (!mount_small())
		return;
	log_init(LOG_EMERG);
	snprintf(filler, sizeof filler, "%s/filler", dir);
	s = open_and_start();
	put(s, STORE_LEASE, "before", "1");
	ck_assert_int_eq(commit_and_wait(s), 0);
	fill_disk(filler);
	ck_assert_int_eq(store_put(s, STORE_SETTING, "big", 3, value, sizeof value), 0);
	put(s, STORE_LEASE, "full", "1");
	ck_assert_int_eq(commit_and_wait(s), -ENOSPC);
	put(s, STORE_LEASE, "full", "2");
	ck_assert_int_eq(commit_and_wait(s), -ENOSPC);
	/* A wait that put nothing waits for the others' writes. */
	ck_assert_int_eq(commit_and_wait(s), -ENOSPC);
	ck_assert_uint_eq(store_stats(s).failures, 3);
	ck_assert_uint_gt(store_stats(s).backlog, sizeof value);
	ck_assert_int_eq(unlink(filler), 0);
	put(s, STORE_LEASE, "room", "1");
	ck_assert_int_eq(store_commit(s, on_done, &later), 0);
	while (!later.told)
		mailbox_wait(&home, 5000);
	ck_assert_int_eq(later.rc, 0);
	ck_assert_uint_eq(store_stats(s).backlog, 0);
	store_close(s);
	s = open_it();
	ck_assert_str_eq(all_of(s, STORE_LEASE), "before=1;full=2;room=1;");
	store_close(s);
	umount2(dir, MNT_DETACH);
}
END_TEST

START_TEST(a_failed_write_is_tried_again_by_itself)
{
	static char value[64 << 10];
	char filler[128];
	struct store *s;
	int64_t end;

	if (!mount_small())
		return;
	log_init(LOG_EMERG);
	snprintf(filler, sizeof filler, "%s/filler", dir);
	s = open_and_start();
	fill_disk(filler);
	ck_assert_int_eq(store_put(s, STORE_SETTING, "big", 3, value, sizeof value), 0);
	ck_assert_int_eq(commit_and_wait(s), -ENOSPC);
	ck_assert_int_eq(unlink(filler), 0);
	end = clock_mono_ms() + 5000;
	while (store_stats(s).backlog && clock_mono_ms() < end)
		usleep(10000);
	ck_assert_uint_eq(store_stats(s).backlog, 0);
	store_close(s);
	umount2(dir, MNT_DETACH);
}
END_TEST

/* How often `text` is in the store's file or its log. */
static int on_disk(const char *text)
{
	static const char *const suffixes[] = {"", "-wal"};
	int found = 0;

	for (size_t i = 0; i < 2; i++) {
		char name[128], *bytes;
		struct stat st;
		ssize_t n;
		int fd;

		snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
		fd = open(name, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		ck_assert_int_eq(fstat(fd, &st), 0);
		bytes = malloc((size_t)st.st_size + 1);
		n = read(fd, bytes, (size_t)st.st_size); /* the log may just have been cut */
		ck_assert_int_ge(n, 0);
		for (char *at = bytes;
			(at = memmem(at, (size_t)(bytes + n - at), text, strlen(text))); at++)
			found++;
		free(bytes);
		close(fd);
	}
	return found;
}

static bool comes_off_the_disk(const char *text)
{
	for (int i = 0; i < 400; i++, usleep(20 * 1000))
		if (!on_disk(text))
			return true;
	return false;
}

static void put_sized(struct store *s, int key, const char *marker, size_t len)
{
	static char value[9000];
	char name[16];

	memset(value, 'v', sizeof value);
	memcpy(value, marker, strlen(marker));
	snprintf(name, sizeof name, "m%05d", key);
	ck_assert_int_eq(store_put(s, STORE_MACHINE, name, strlen(name), value, len), 0);
}

/* At once, in a file of any size. */
START_TEST(what_was_replaced_is_erased_on_request)
{
	struct store *s = open_it();

	srand(7);
	for (int i = 0; i < 2000; i++)
		put_sized(s, rand() % 1500, "SECRET-OF-OLD", 13 + (size_t)(rand() % 8000));
	ck_assert_int_eq(store_commit(s, NULL, NULL), 0);
	store_close(s);
	s = open_it();
	ck_assert(on_disk("SECRET-OF-OLD") > 0);
	for (int i = 0; i < 1500; i++)
		put_sized(s, i, "nothing", 8000);
	ck_assert_int_eq(store_commit(s, NULL, NULL), 0);
	ck_assert_int_eq(store_erase(s), 0);
	ck_assert_int_eq(on_disk("SECRET-OF-OLD"), 0);
	ck_assert(on_disk("nothing") == 1500);
	ck_assert(store_is_clean(s));
	/* it goes on */
	ck_assert_int_eq(store_start(s, &home), 0);
	put(s, STORE_SETTING, "a", "b");
	ck_assert_int_eq(commit_and_wait(s), 0);
	store_close(s);
}
END_TEST

/* Killed between the replacement and the scrub: the next one scrubs. */
START_TEST(what_a_killed_one_left_is_erased)
{
	struct store *s;
	int status;
	pid_t child = fork();

	if (!child) {
		s = open_and_start();
		for (int i = 0; i < 100; i++)
			put_sized(s, i, "SECRET-OF-OLD", 3000);
		if (commit_and_wait(s))
			_exit(1);
		for (int i = 0; i < 100; i++)
			put_sized(s, i, "nothing", 500);
		_exit(commit_and_wait(s) ? 1 : 0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert(on_disk("SECRET-OF-OLD") > 0);
	s = open_and_start();
	put(s, STORE_LEASE, "a", "b"); /* which alone are no reason */
	ck_assert_int_eq(commit_and_wait(s), 0);
	ck_assert_msg(comes_off_the_disk("SECRET-OF-OLD"), "%d are left", on_disk("SECRET-OF-OLD"));
	store_close(s);
}
END_TEST

START_TEST(what_is_deleted_or_replaced_leaves_the_disk)
{
	struct store *s = open_and_start();
	char name[16];

	srand(7);
	for (int round = 0; round < 6; round++) {
		for (int i = 0; i < 300; i++)
			put_sized(s, rand() % 400, "SECRET-OF-OLD",
				13 + (size_t)(rand() % 8000) / (1 + (size_t)(rand() % 20)));
		ck_assert_int_eq(store_commit(s, NULL, NULL), 0);
		usleep(50 * 1000);
	}
	ck_assert(on_disk("SECRET-OF-OLD") > 0);
	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof name, "m%05d", i);
		if (i % 3)
			store_delete(s, STORE_MACHINE, name, strlen(name));
		else
			put_sized(s, i, "nothing", 500);
	}
	ck_assert_int_eq(store_commit(s, NULL, NULL), 0);
	ck_assert_msg(comes_off_the_disk("SECRET-OF-OLD"), "%d are left", on_disk("SECRET-OF-OLD"));
	store_close(s);
	ck_assert_int_eq(on_disk("SECRET-OF-OLD"), 0);
}
END_TEST

static void add_tests(TCase *t)
{
	tcase_add_test(t, records_survive_in_key_order);
	tcase_add_test(t, keys_and_values_are_any_bytes);
	tcase_add_test(t, events_survive_and_are_pruned);
	tcase_add_test(t, a_walk_ends_when_told);
	tcase_add_test(t, what_was_not_committed_is_not_written);
	tcase_add_test(t, an_open_transaction_goes_with_the_next_commit);
	tcase_add_test(t, a_commit_of_nothing_is_answered);
	tcase_add_test(t, commits_gather_and_are_answered_in_order);
	tcase_add_test(t, close_writes_and_answers_what_was_committed);
	tcase_add_test(t, sizes_are_limited);
	tcase_add_test(t, a_killed_process_loses_nothing_it_reported);
	tcase_add_test(t, a_second_process_is_refused);
	tcase_add_test(t, a_newer_store_is_refused_and_left_alone);
	tcase_add_test(t, events_of_version_1_are_kept);
	tcase_add_test(t, an_older_store_is_migrated_and_a_copy_kept);
	tcase_add_test(t, a_file_that_is_no_store_is_refused);
	tcase_add_test(t, a_damaged_store_is_refused);
	tcase_add_test(t, a_missing_directory_is_named);
	tcase_add_test(t, only_the_owner_may_read_it);
	tcase_add_test(t, what_was_replaced_is_erased_on_request);
	tcase_add_test(t, what_a_killed_one_left_is_erased);
	tcase_add_test(t, what_is_deleted_or_replaced_leaves_the_disk);
	tcase_add_test(t, a_full_disk_is_told_and_outlived);
	tcase_add_test(t, a_failed_write_is_tried_again_by_itself);
}

int main(void)
{
	Suite *s = suite_create("store");
	TCase *t = tcase_create("store");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	add_tests(t);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
