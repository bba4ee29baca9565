#include "core/store.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/store_batch.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum {
	APPLICATION_ID = 0x55534852, /* "USHR", in the file's header: not somebody else's database */
	RETRY_MS = 1000,             /* after a failed write, when nothing new is committed */
	PAUSE_MS = 50,               /* and at least: a full disk must not cost a core */
};

enum statement { BEGIN, COMMIT, ROLLBACK, PUT, DELETE, EVENT, PRUNE, STATEMENTS };

static const char *const statement_sql[STATEMENTS] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[PUT] = "INSERT OR REPLACE INTO record(kind, key, value) VALUES(?1, ?2, ?3)",
	[DELETE] = "DELETE FROM record WHERE kind = ?1 AND key = ?2",
	/* REPLACE: a number used twice must not stop all writing for ever. */
	[EVENT] = "INSERT OR REPLACE INTO event(seq, at, machine, kind, text) VALUES(?1, ?2, ?3, ?4, ?5)",
	[PRUNE] = "DELETE FROM event WHERE seq < ?1",
};

/* migration[v] makes a store of version v one of version v + 1; from 0, a new one. */
static const char *const migration[STORE_VERSION] = {
	[0] = "CREATE TABLE record(kind INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,"
	      " PRIMARY KEY(kind, key)) WITHOUT ROWID;"
	      "CREATE TABLE event(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, machine TEXT NOT NULL,"
	      " kind TEXT NOT NULL, text TEXT NOT NULL);",
};

/* Exclusive locking before the first use of the log keeps its index in our memory: no mapped file to fault on
 * when the disk is full, and no other process in between. It is a lock of the kernel's, gone with the process.
 * After a flood the log's file is cut back to 16 MiB. */
static const char settings_sql[] = "PRAGMA locking_mode = EXCLUSIVE;"
				   "PRAGMA journal_mode = WAL;"
				   "PRAGMA synchronous = FULL;"
				   "PRAGMA journal_size_limit = 16777216;"
				   "PRAGMA mmap_size = 0;"
				   "PRAGMA trusted_schema = OFF;";

struct store {
	char path[PATH_MAX];
	int lock_fd;
	sqlite3 *db; /* the opener's until store_start(), then the thread's until it has ended */
	sqlite3_stmt *statements[STATEMENTS];

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t wake;
	struct store_batch *gather; /* what the main thread puts into */
	bool closing;

	/* The thread's own */
	struct store_batch *pending; /* to be written, oldest first */
	struct store_batch *spare;   /* NULL or empty */
	bool failing;                /* the last try failed, at failed_at (mono ms) */
	int64_t failed_at;

	pthread_t thread;
	bool started;
	struct mailbox *home;
	atomic_uint_fast64_t commits, transactions, failures;
	atomic_size_t backlog;
};

/* Errors */

static int errno_of(sqlite3 *db, int rc)
{
	int system = sqlite3_system_errno(db);

	switch (rc & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_READONLY:
		return -EROFS;
	default:
		return system == ENOSPC || system == EDQUOT ? -ENOSPC : -EIO;
	}
}

struct why {
	char *text;
	size_t size;
};

__attribute__((format(printf, 3, 4)))
static int explain(const struct why *why, int rc, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why->text, why->size, fmt, args);
	va_end(args);
	return rc;
}

static int explain_db(const struct why *why, struct store *s, int sql_rc)
{
	int rc = errno_of(s->db, sql_rc);

	if (rc == -EBADMSG)
		return explain(why, rc, "%s is damaged or not a store (%s): restore a copy of it, or move it "
			"away to begin a new one", s->path, sqlite3_errmsg(s->db));
	return explain(why, rc, "%s: %s", s->path, sqlite3_errmsg(s->db));
}

/* Opening: one process at a time */

static int explain_busy(const struct why *why, const char *path, int lock_fd)
{
	char pid[16] = "";
	ssize_t n = pread(lock_fd, pid, sizeof pid - 1, 0);

	pid[n > 0 ? strspn(pid, "0123456789") : 0] = 0;
	if (!pid[0])
		return explain(why, -EBUSY, "%s is used by another usher", path);
	return explain(why, -EBUSY, "%s is used by another usher (pid %s)", path, pid);
}

static int explain_open(const struct why *why, const char *path, int rc)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof dir, "%s", path);
	if (rc == -ENOENT)
		return explain(why, rc, "cannot open the store %s: there is no directory %s", path,
			dirname(dir));
	return explain(why, rc, "cannot open the store %s: %s", path, strerror(-rc));
}

/* The lock is the kernel's, on an open file: nothing stale stays behind. The file's text only says who. */
static int take_lock(struct store *s, const struct why *why)
{
	char name[PATH_MAX], pid[16];
	int n = snprintf(name, sizeof name, "%s.lock", s->path);

	if (n < 0 || (size_t)n >= sizeof name)
		return explain_open(why, s->path, -ENAMETOOLONG);
	s->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock_fd < 0)
		return explain_open(why, s->path, -errno);
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? explain_busy(why, s->path, s->lock_fd)
		                            : explain_open(why, s->path, -errno);
	n = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
	/* Without the pid the lock holds all the same. */
	if (!ftruncate(s->lock_fd, 0))
		(void)!pwrite(s->lock_fd, pid, (size_t)n, 0);
	return 0;
}

/* Ours before SQLite opens it, for the mode: settings and tokens are in it. SQLite gives its log the same. */
static int make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* A file made or renamed is there after a power cut only when its directory was synced. */
static void sync_path(const char *path, int flags)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | flags);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

static void sync_directory(const char *path)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof dir, "%s", path);
	sync_path(dirname(dir), O_DIRECTORY);
}

static int open_database(struct store *s, const struct why *why)
{
	int rc = make_file(s->path);

	if (rc < 0)
		return explain_open(why, s->path, rc);
	rc = sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK)
		return s->db ? explain_db(why, s, rc) : explain_open(why, s->path, -ENOMEM);
	return 0;
}

/* Opening: is it ours, whole, and of our version */

static int row_int(void *arg, int n, char **values, char **names)
{
	(void)names;
	if (n > 0 && values[0])
		*(int64_t *)arg = strtoll(values[0], NULL, 10);
	return 0;
}

static int query_int(struct store *s, const char *sql, int64_t *ret)
{
	return sqlite3_exec(s->db, sql, row_int, ret, NULL);
}

struct identity {
	int64_t application, version, tables;
};

static int read_identity(struct store *s, struct identity *ret)
{
	int rc = query_int(s, "PRAGMA application_id", &ret->application);

	if (rc == SQLITE_OK)
		rc = query_int(s, "PRAGMA user_version", &ret->version);
	if (rc == SQLITE_OK)
		rc = query_int(s, "SELECT count(*) FROM sqlite_schema", &ret->tables);
	return rc;
}

static int row_is_ok(void *arg, int n, char **values, char **names)
{
	(void)names;
	*(bool *)arg = n > 0 && values[0] && !strcmp(values[0], "ok");
	return 0;
}

static int check_whole(struct store *s, const struct why *why)
{
	bool ok = false;
	int rc = sqlite3_exec(s->db, "PRAGMA quick_check(1)", row_is_ok, &ok, NULL);

	if (rc != SQLITE_OK)
		return explain_db(why, s, rc);
	if (!ok)
		return explain(why, -EBADMSG, "%s is damaged: restore a copy of it, or move it away to begin a "
			"new one", s->path);
	return 0;
}

/* PATH.vN: whole and on disk before the store itself is touched. */
static int keep_copy(struct store *s, int64_t version, const struct why *why)
{
	char *name = sqlite3_mprintf("%s.v%lld", s->path, (long long)version);
	char *temp = sqlite3_mprintf("%s.v%lld.part", s->path, (long long)version);
	char *sql = sqlite3_mprintf("VACUUM INTO %Q", temp);
	int rc = -ENOMEM;

	if (!name || !temp || !sql)
		goto out;
	unlink(temp);
	rc = make_file(temp);
	if (rc < 0)
		goto out;
	rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -EIO;
	if (rc < 0)
		goto out;
	sync_path(temp, 0);
	rc = rename(temp, name) < 0 ? -errno : 0;
	sync_directory(s->path);
out:
	if (rc < 0) {
		explain(why, rc, "%s: cannot keep a copy before bringing it to version %d: %s", s->path,
			STORE_VERSION, strerror(-rc));
		if (temp)
			unlink(temp);
	}
	sqlite3_free(name);
	sqlite3_free(temp);
	sqlite3_free(sql);
	return rc;
}

static int migrate(struct store *s, int64_t version, const struct why *why)
{
	char stamp[96];
	int rc = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	for (; rc == SQLITE_OK && version < STORE_VERSION; version++)
		rc = sqlite3_exec(s->db, migration[version], NULL, NULL, NULL);
	snprintf(stamp, sizeof stamp, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
		APPLICATION_ID, STORE_VERSION);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(s->db, stamp, NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : explain_db(why, s, rc);
}

static int check_identity(struct store *s, const struct why *why)
{
	struct identity id = { 0 };
	int rc = read_identity(s, &id);

	if (rc != SQLITE_OK)
		return explain_db(why, s, rc);
	if (!id.application && !id.version && !id.tables)
		return migrate(s, 0, why);
	if (id.application != APPLICATION_ID)
		return explain(why, -EBADMSG, "%s is a database, but not an usher's", s->path);
	if (id.version > STORE_VERSION)
		return explain(why, -EPROTO, "%s is of version %lld, and this usher knows versions up to %d: "
			"use a newer usher; the store was left as it is", s->path, (long long)id.version,
			STORE_VERSION);
	rc = check_whole(s, why);
	if (rc < 0 || id.version == STORE_VERSION)
		return rc;
	rc = keep_copy(s, id.version, why);
	return rc < 0 ? rc : migrate(s, id.version, why);
}

static int prepare(struct store *s, const struct why *why)
{
	for (int i = 0; i < STATEMENTS; i++) {
		int rc = sqlite3_prepare_v3(s->db, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
			&s->statements[i], NULL);

		if (rc != SQLITE_OK)
			return explain_db(why, s, rc);
	}
	return 0;
}

static int open_store(struct store *s, const struct why *why)
{
	int rc = take_lock(s, why);

	if (!rc)
		rc = open_database(s, why);
	if (rc < 0)
		return rc;
	sqlite3_extended_result_codes(s->db, 1);
	rc = sqlite3_exec(s->db, settings_sql, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return explain_db(why, s, rc);
	sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, 2 * STORE_VALUE_MAX);
	rc = check_identity(s, why);
	if (!rc)
		rc = prepare(s, why);
	if (!rc)
		sync_directory(s->path);
	return rc;
}

static struct store *store_alloc(const char *path)
{
	struct store *s = calloc(1, sizeof *s);
	pthread_condattr_t attr;

	if (!s)
		return NULL;
	s->lock_fd = -1;
	snprintf(s->path, sizeof s->path, "%s", path);
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &attr);
	pthread_condattr_destroy(&attr);
	s->gather = store_batch_new();
	if (s->gather)
		return s;
	store_close(s);
	return NULL;
}

int store_open(const char *path, struct store **ret, char *why_text, size_t why_size)
{
	struct why why = { why_text, why_size };
	struct store *s;
	int rc;

	if (strlen(path) >= PATH_MAX)
		return explain_open(&why, path, -ENAMETOOLONG);
	s = store_alloc(path);
	if (!s)
		return explain_open(&why, path, -ENOMEM);
	rc = open_store(s, &why);
	if (rc < 0) {
		store_close(s);
		return rc;
	}
	*ret = s;
	return 0;
}

/* Loading */

int store_load(struct store *s, enum store_kind kind,
	int (*row)(void *arg, const void *key, size_t key_len, const void *value, size_t len), void *arg)
{
	sqlite3_stmt *st;
	int ret = 0;
	int rc = sqlite3_prepare_v2(s->db, "SELECT key, value FROM record WHERE kind = ?1 ORDER BY key", -1,
		&st, NULL);

	if (rc != SQLITE_OK)
		return errno_of(s->db, rc);
	sqlite3_bind_int(st, 1, kind);
	while (!ret && (rc = sqlite3_step(st)) == SQLITE_ROW)
		ret = row(arg, sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0),
			sqlite3_column_blob(st, 1), (size_t)sqlite3_column_bytes(st, 1));
	if (!ret && rc != SQLITE_DONE)
		ret = errno_of(s->db, rc);
	sqlite3_finalize(st);
	return ret;
}

static const char *column_text(sqlite3_stmt *st, int column)
{
	const unsigned char *text = sqlite3_column_text(st, column);

	return text ? (const char *)text : "";
}

int store_load_events(struct store *s, size_t most,
	int (*row)(void *arg, uint64_t seq, int64_t wall_ms, const char *machine, const char *kind,
		const char *text),
	void *arg)
{
	static const char sql[] = "SELECT seq, at, machine, kind, text FROM"
				  " (SELECT * FROM event ORDER BY seq DESC LIMIT ?1) ORDER BY seq";
	sqlite3_stmt *st;
	int ret = 0;
	int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);

	if (rc != SQLITE_OK)
		return errno_of(s->db, rc);
	sqlite3_bind_int64(st, 1, most > INT64_MAX ? INT64_MAX : (int64_t)most);
	while (!ret && (rc = sqlite3_step(st)) == SQLITE_ROW)
		ret = row(arg, (uint64_t)sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
			column_text(st, 2), column_text(st, 3), column_text(st, 4));
	if (!ret && rc != SQLITE_DONE)
		ret = errno_of(s->db, rc);
	sqlite3_finalize(st);
	return ret;
}

/* Putting: the main thread's side */

static int add(struct store *s, const struct store_op *op)
{
	size_t size = store_op_size(op);
	int rc;

	if (op->key.len > STORE_KEY_MAX || op->word.len > STORE_KEY_MAX || op->value.len > STORE_VALUE_MAX)
		return -EMSGSIZE;
	if (atomic_load(&s->backlog) + size > STORE_BACKLOG_MAX)
		return -ENOSPC;
	pthread_mutex_lock(&s->lock);
	rc = store_batch_add(s->gather, op);
	pthread_mutex_unlock(&s->lock);
	if (!rc)
		atomic_fetch_add(&s->backlog, size);
	return rc;
}

int store_put(struct store *s, enum store_kind kind, const void *key, size_t key_len, const void *value,
	size_t len)
{
	return add(s, &(struct store_op){
		.what = STORE_DO_PUT, .kind = kind, .key = { key, key_len }, .value = { value, len } });
}

int store_delete(struct store *s, enum store_kind kind, const void *key, size_t key_len)
{
	return add(s, &(struct store_op){ .what = STORE_DO_DELETE, .kind = kind, .key = { key, key_len } });
}

int store_append_event(struct store *s, uint64_t seq, int64_t wall_ms, const char *machine, const char *kind,
	const char *text)
{
	return add(s, &(struct store_op){
		.what = STORE_DO_EVENT, .seq = seq, .at = wall_ms, .key = { machine, strlen(machine) },
		.word = { kind, strlen(kind) }, .value = { text, strlen(text) } });
}

int store_prune_events(struct store *s, uint64_t below_seq)
{
	return add(s, &(struct store_op){ .what = STORE_DO_PRUNE, .seq = below_seq });
}

int store_commit(struct store *s, store_done done, void *arg)
{
	int rc;

	pthread_mutex_lock(&s->lock);
	rc = store_batch_commit(s->gather, done, arg);
	if (!rc)
		pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	if (!rc)
		atomic_fetch_add(&s->commits, 1);
	return rc;
}

struct store_stats store_stats(const struct store *s)
{
	return (struct store_stats){
		.commits = atomic_load(&s->commits),
		.transactions = atomic_load(&s->transactions),
		.failures = atomic_load(&s->failures),
		.backlog = atomic_load(&s->backlog),
	};
}

/* Writing: the thread's side */

/* Runs a prepared statement whose parameters are bound. */
static int run(struct store *s, enum statement which)
{
	int rc = sqlite3_step(s->statements[which]);

	/* The reset repeats the error of a failed step; what counts was said before. */
	sqlite3_reset(s->statements[which]);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* The bytes stay where they are until the transaction has ended. An empty blob is not NULL. */
static int bind_blob(sqlite3_stmt *st, int at, struct store_blob b)
{
	return sqlite3_bind_blob(st, at, b.len ? b.bytes : "", (int)b.len, SQLITE_STATIC);
}

static int bind_text(sqlite3_stmt *st, int at, struct store_blob b)
{
	return sqlite3_bind_text(st, at, b.len ? b.bytes : "", (int)b.len, SQLITE_STATIC);
}

static int run_event(struct store *s, const struct store_op *op)
{
	sqlite3_stmt *st = s->statements[EVENT];

	sqlite3_bind_int64(st, 1, (int64_t)op->seq);
	sqlite3_bind_int64(st, 2, op->at);
	bind_text(st, 3, op->key);
	bind_text(st, 4, op->word);
	bind_text(st, 5, op->value);
	return run(s, EVENT);
}

static int run_op(struct store *s, const struct store_op *op)
{
	sqlite3_stmt *st;

	switch (op->what) {
	case STORE_DO_PUT:
	case STORE_DO_DELETE:
		st = s->statements[op->what == STORE_DO_PUT ? PUT : DELETE];
		sqlite3_bind_int(st, 1, op->kind);
		bind_blob(st, 2, op->key);
		if (op->what == STORE_DO_PUT)
			bind_blob(st, 3, op->value);
		return run(s, op->what == STORE_DO_PUT ? PUT : DELETE);
	case STORE_DO_EVENT:
		return run_event(s, op);
	case STORE_DO_PRUNE:
		sqlite3_bind_int64(s->statements[PRUNE], 1, (int64_t)op->seq);
		return run(s, PRUNE);
	}
	return SQLITE_MISUSE;
}

static int run_batch(struct store *s, const struct store_batch *b)
{
	struct store_op op;
	size_t at = 0;
	int rc = SQLITE_OK;

	while (rc == SQLITE_OK && store_batch_next(b, &at, &op))
		rc = run_op(s, &op);
	return rc;
}

/* All that is pending in one transaction. 0 or -errno, and then nothing of it is on disk. */
static int write_transaction(struct store *s)
{
	int rc = run(s, BEGIN);
	int err;

	for (const struct store_batch *b = s->pending; rc == SQLITE_OK && b; b = b->next)
		rc = run_batch(s, b);
	if (rc == SQLITE_OK)
		rc = run(s, COMMIT);
	if (rc == SQLITE_OK) {
		atomic_fetch_add(&s->transactions, 1);
		return 0;
	}
	err = errno_of(s->db, rc);
	/* SQLite rolls back some failures itself. */
	if (!sqlite3_get_autocommit(s->db))
		run(s, ROLLBACK);
	return err;
}

static size_t pending_bytes(const struct store *s)
{
	size_t sum = 0;

	for (const struct store_batch *b = s->pending; b; b = b->next)
		sum += b->len;
	return sum;
}

/* Under the lock. -ENOMEM: it stays where it is. */
static int take_gathered(struct store *s)
{
	struct store_batch *fresh, **end = &s->pending;

	if (!s->gather->asked)
		return 0;
	fresh = s->spare ? s->spare : store_batch_new();
	s->spare = fresh;
	if (!fresh || store_batch_split(s->gather, fresh) < 0)
		return -ENOMEM;
	s->spare = NULL;
	while (*end)
		end = &(*end)->next;
	*end = s->gather;
	s->gather = fresh;
	return 0;
}

/* Ends what is pending: all of it when `all`, else only what has nothing to write. */
static void drop_pending(struct store *s, bool all)
{
	struct store_batch **at = &s->pending, *b;

	while ((b = *at)) {
		if (!all && b->len) {
			at = &b->next;
			continue;
		}
		*at = b->next;
		store_batch_reset(b);
		store_batch_free(s->spare);
		s->spare = b;
	}
}

/* Once when writing begins to fail, once when it works again: the waiters hear each failure. */
static void note_outcome(struct store *s, int rc)
{
	if (rc < 0 && !s->failing)
		log_error("store %s: cannot write: %s; keeping %zu bytes and trying again", s->path,
			strerror(-rc), atomic_load(&s->backlog));
	if (!rc && s->failing)
		log_info("store %s: writing again", s->path);
	s->failing = rc < 0;
	s->failed_at = clock_mono_ms();
}

static void write_pending(struct store *s)
{
	size_t bytes = pending_bytes(s);
	int rc = bytes ? write_transaction(s) : 0;

	if (rc < 0)
		atomic_fetch_add(&s->failures, 1);
	else
		atomic_fetch_sub(&s->backlog, bytes);
	note_outcome(s, rc);
	for (struct store_batch *b = s->pending; b; b = b->next)
		store_batch_answer(b, s->home, rc);
	drop_pending(s, !rc);
}

/* Waits under the lock for a word from the main thread, at most until `mono_ms`. False when it is over. */
static bool wait_until(struct store *s, int64_t mono_ms)
{
	struct timespec t = { .tv_sec = mono_ms / 1000, .tv_nsec = mono_ms % 1000 * 1000000 };

	return pthread_cond_timedwait(&s->wake, &s->lock, &t) != ETIMEDOUT;
}

static void wait_for_work(struct store *s)
{
	if (s->failing) {
		while (!s->closing && wait_until(s, s->failed_at + PAUSE_MS))
			;
		while (!s->closing && !s->gather->asked && wait_until(s, s->failed_at + RETRY_MS))
			;
		return;
	}
	while (!s->closing && !s->gather->asked)
		pthread_cond_wait(&s->wake, &s->lock);
}

static void *write_thread(void *arg)
{
	struct store *s = arg;
	bool last = false;
	int rc;

	while (!last) {
		pthread_mutex_lock(&s->lock);
		wait_for_work(s);
		last = s->closing;
		rc = take_gathered(s);
		pthread_mutex_unlock(&s->lock);
		write_pending(s);
		if (rc < 0)
			note_outcome(s, rc);
	}
	return NULL;
}

int store_start(struct store *s, struct mailbox *home)
{
	sigset_t all, before;
	int rc;

	s->home = home;
	/* Signals are for the loop. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&s->thread, NULL, write_thread, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc)
		return -rc;
	pthread_setname_np(s->thread, "store");
	s->started = true;
	return 0;
}

static void end_thread(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	s->closing = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
}

void store_close(struct store *s)
{
	if (!s)
		return;
	if (s->started)
		end_thread(s);
	else if (s->statements[STATEMENTS - 1] && !take_gathered(s))
		write_pending(s);
	if (s->failing && s->pending)
		log_error("store %s: %zu bytes could not be written and are lost", s->path, pending_bytes(s));
	drop_pending(s, true);
	store_batch_free(s->spare);
	store_batch_free(s->gather);
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(s->statements[i]);
	/* The last to close writes the log back into the file and removes it. */
	sqlite3_close(s->db);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
