/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	APPLICATION_ID = 0x55534852, /* "USHR", in the file's header: it is one of ours */
	VACUUM_MOST = 4
		<< 20, /* bytes of a file that is written anew while we serve: some 30 ms when measured, which a commit may wait */
	VACUUM_MOST_CLOSING = 256 << 20, /* and at the end: some 2 s */
};

enum statement { BEGIN, COMMIT, ROLLBACK, PUT, DELETE, EVENT, PRUNE, FORGET, STATEMENTS };

static const char *const statement_sql[STATEMENTS] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[PUT] = "INSERT OR REPLACE INTO record(kind, key, value) VALUES(?1, ?2, ?3)",
	[DELETE] = "DELETE FROM record WHERE kind = ?1 AND key = ?2",
	/* REPLACE: a number used twice must not stop all writing for ever. */
	[EVENT] = "INSERT OR REPLACE INTO event(seq, at, machine, kind, text, asker)"
		  " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
	[PRUNE] = "DELETE FROM event WHERE seq < ?1",
	[FORGET] = "DELETE FROM event WHERE seq = ?1",
};

/* migration[v] makes a store of version v one of version v + 1; from 0, a new one. */
static const char *const migration[STORE_VERSION] = {
	[0] = "CREATE TABLE record(kind INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,"
	      " PRIMARY KEY(kind, key)) WITHOUT ROWID;"
	      "CREATE TABLE event(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL,"
	      " machine TEXT NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL);",
	/* who asked for it */
	[1] = "ALTER TABLE event ADD COLUMN asker TEXT NOT NULL DEFAULT '';",
};

/* Exclusive locking before the first use of the log keeps its index in our memory: no mapped file
 * to fault on when the disk is full, and no other process in between. It is a lock of the kernel's,
 * gone with the process. After a flood the log's file is cut back to 16 MiB. */
static const char settings_sql[] =
	"PRAGMA locking_mode = EXCLUSIVE;"
	"PRAGMA journal_mode = WAL;"
	"PRAGMA synchronous = FULL;"
	"PRAGMA journal_size_limit = 16777216;"
	"PRAGMA mmap_size = 0;"
	"PRAGMA secure_delete = ON;"  /* what a record held is zeros in the file once it is gone */
	"PRAGMA cache_size = -16384;" /* KiB: the leases of a large site */
	"PRAGMA trusted_schema = OFF;";

struct store_file {
	char path[PATH_MAX];
	int lock_fd;
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	bool stale; /* older records are in the log */
	bool gaps; /* and copies of them may be in gaps between cells, which SQLite leaves when it moves some */
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

static int explain(const struct why *why, int rc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int explain(const struct why *why, int rc, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why->text, why->size, fmt, args);
	va_end(args);
	return rc;
}

/* A log that is left there would be read into the copy. */
#define MOVE_BOTH "move it and %s-wal away; then restore a copy, or begin a new one"

static int explain_db(const struct why *why, struct store_file *f, int sql_rc)
{
	int rc = errno_of(f->db, sql_rc);

	if (rc == -EBADMSG)
		return explain(why, rc, "%s is damaged or not a store (%s): " MOVE_BOTH, f->path,
			sqlite3_errmsg(f->db), f->path);
	return explain(why, rc, "%s: %s", f->path, sqlite3_errmsg(f->db));
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

/* The lock is the kernel's, on an open file: nothing stale stays behind. The file's text only says
 * who. */
static int take_lock(struct store_file *f, const struct why *why)
{
	char name[PATH_MAX], pid[16];
	int n = snprintf(name, sizeof name, "%s.lock", f->path);

	if (n < 0 || (size_t)n >= sizeof name)
		return explain_open(why, f->path, -ENAMETOOLONG);
	f->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (f->lock_fd < 0)
		return explain_open(why, f->path, -errno);
	if (flock(f->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? explain_busy(why, f->path, f->lock_fd)
					    : explain_open(why, f->path, -errno);
	n = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
	/* Without the pid the lock holds all the same. */
	if (!ftruncate(f->lock_fd, 0))
		(void)!pwrite(f->lock_fd, pid, (size_t)n, 0);
	return 0;
}

/* Ours before SQLite opens it, for the mode: settings and tokens are in it. SQLite gives its log
 * the same. */
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

/* And its own: the first start makes the state folder too. */
static void sync_directory(const char *path)
{
	char text[PATH_MAX], *dir;

	snprintf(text, sizeof text, "%s", path);
	dir = dirname(text);
	sync_path(dir, O_DIRECTORY);
	sync_path(dirname(dir), O_DIRECTORY);
}

/* Whoever closed it in order removed the log: else the old content of records may be anywhere. */
static bool was_left_open(const char *path)
{
	char name[PATH_MAX + 8];
	struct stat st;

	snprintf(name, sizeof name, "%s-wal", path);
	return !stat(name, &st) && st.st_size > 0;
}

static int open_database(struct store_file *f, const struct why *why)
{
	int rc = make_file(f->path);

	if (rc < 0)
		return explain_open(why, f->path, rc);
	rc = sqlite3_open_v2(f->path, &f->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK)
		return f->db ? explain_db(why, f, rc) : explain_open(why, f->path, -ENOMEM);
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

static int query_int(struct store_file *f, const char *sql, int64_t *ret)
{
	return sqlite3_exec(f->db, sql, row_int, ret, NULL);
}

struct identity {
	int64_t application, version, tables;
};

static int read_identity(struct store_file *f, struct identity *ret)
{
	int rc = query_int(f, "PRAGMA application_id", &ret->application);

	if (rc == SQLITE_OK)
		rc = query_int(f, "PRAGMA user_version", &ret->version);
	if (rc == SQLITE_OK)
		rc = query_int(f, "SELECT count(*) FROM sqlite_schema", &ret->tables);
	return rc;
}

static int row_is_ok(void *arg, int n, char **values, char **names)
{
	(void)names;
	*(bool *)arg = n > 0 && values[0] && !strcmp(values[0], "ok");
	return 0;
}

static int check_whole(struct store_file *f, const struct why *why)
{
	bool ok = false;
	int rc = sqlite3_exec(f->db, "PRAGMA quick_check(1)", row_is_ok, &ok, NULL);

	if (rc != SQLITE_OK)
		return explain_db(why, f, rc);
	if (!ok)
		return explain(why, -EBADMSG, "%s is damaged: " MOVE_BOTH, f->path, f->path);
	return 0;
}

/* PATH.vN: whole and on disk before the store itself is touched. */
static int keep_copy(struct store_file *f, int64_t version, const struct why *why)
{
	char *name = sqlite3_mprintf("%s.v%lld", f->path, (long long)version);
	char *temp = sqlite3_mprintf("%s.v%lld.part", f->path, (long long)version);
	char *sql = sqlite3_mprintf("VACUUM INTO %Q", temp);
	int rc = -ENOMEM;

	if (!name || !temp || !sql)
		goto out;
	unlink(temp);
	rc = make_file(temp);
	if (rc < 0)
		goto out;
	rc = sqlite3_exec(f->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -EIO;
	if (rc < 0)
		goto out;
	sync_path(temp, 0);
	rc = rename(temp, name) < 0 ? -errno : 0;
	sync_directory(f->path);
out:
	if (rc < 0) {
		explain(why, rc, "%s: cannot keep a copy before bringing it to version %d: %s",
			f->path, STORE_VERSION, strerror(-rc));
		if (temp)
			unlink(temp);
	}
	sqlite3_free(name);
	sqlite3_free(temp);
	sqlite3_free(sql);
	return rc;
}

static int migrate(struct store_file *f, int64_t version, const struct why *why)
{
	char stamp[96];
	int rc = sqlite3_exec(f->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	for (; rc == SQLITE_OK && version < STORE_VERSION; version++)
		rc = sqlite3_exec(f->db, migration[version], NULL, NULL, NULL);
	snprintf(stamp, sizeof stamp,
		"PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT", APPLICATION_ID,
		STORE_VERSION);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(f->db, stamp, NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : explain_db(why, f, rc);
}

static int check_identity(struct store_file *f, const struct why *why)
{
	struct identity id = {0};
	int rc = read_identity(f, &id);

	if (rc != SQLITE_OK)
		return explain_db(why, f, rc);
	if (!id.application && !id.version && !id.tables)
		return migrate(f, 0, why);
	if (id.application != APPLICATION_ID)
		return explain(why, -EBADMSG, "%s is a database, but not an usher's", f->path);
	if (id.version > STORE_VERSION)
		return explain(why, -EPROTO,
			"%s is of version %lld, and this usher knows versions up to %d: "
			"use a newer usher; the store was left as it is",
			f->path, (long long)id.version, STORE_VERSION);
	rc = check_whole(f, why);
	if (rc < 0 || id.version == STORE_VERSION)
		return rc;
	rc = keep_copy(f, id.version, why);
	return rc < 0 ? rc : migrate(f, id.version, why);
}

static int prepare(struct store_file *f, const struct why *why)
{
	for (int i = 0; i < STATEMENTS; i++) {
		int rc = sqlite3_prepare_v3(f->db, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
			&f->statements[i], NULL);

		if (rc != SQLITE_OK)
			return explain_db(why, f, rc);
	}
	return 0;
}

static int open_all(struct store_file *f, const struct why *why)
{
	int rc = take_lock(f, why);

	f->stale = f->gaps = was_left_open(f->path);
	if (!rc)
		rc = open_database(f, why);
	if (rc < 0)
		return rc;
	sqlite3_extended_result_codes(f->db, 1);
	rc = sqlite3_exec(f->db, settings_sql, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return explain_db(why, f, rc);
	sqlite3_limit(f->db, SQLITE_LIMIT_LENGTH, 2 * STORE_VALUE_MAX);
	rc = check_identity(f, why);
	if (!rc)
		rc = prepare(f, why);
	if (!rc)
		sync_directory(f->path);
	return rc;
}

int store_file_open(const char *path, struct store_file **ret, char *why_text, size_t why_size)
{
	struct why why = {why_text, why_size};
	struct store_file *f;
	int rc;

	if (strlen(path) >= PATH_MAX)
		return explain_open(&why, path, -ENAMETOOLONG);
	f = calloc(1, sizeof *f);
	if (!f)
		return explain_open(&why, path, -ENOMEM);
	f->lock_fd = -1;
	snprintf(f->path, sizeof f->path, "%s", path);
	rc = open_all(f, &why);
	if (rc < 0) {
		store_file_close(f);
		return rc;
	}
	*ret = f;
	return 0;
}

static void close_gaps(struct store_file *f, int64_t most);

void store_file_close(struct store_file *f)
{
	if (!f)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(f->statements[i]);
	if (f->gaps)
		close_gaps(f, VACUUM_MOST_CLOSING);
	/* The last to close writes the log back into the file and removes it. */
	sqlite3_close(f->db);
	if (f->lock_fd >= 0)
		close(f->lock_fd);
	free(f);
}

const char *store_file_path(const struct store_file *f)
{
	return f->path;
}

/* Loading */

int store_file_load(struct store_file *f, enum store_kind kind,
	int (*row)(void *arg, const void *key, size_t key_len, const void *value, size_t len),
	void *arg)
{
	sqlite3_stmt *st;
	int ret = 0;
	int rc = sqlite3_prepare_v2(
		f->db, "SELECT key, value FROM record WHERE kind = ?1 ORDER BY key", -1, &st, NULL);

	if (rc != SQLITE_OK)
		return errno_of(f->db, rc);
	sqlite3_bind_int(st, 1, kind);
	while (!ret && (rc = sqlite3_step(st)) == SQLITE_ROW)
		ret = row(arg, sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0),
			sqlite3_column_blob(st, 1), (size_t)sqlite3_column_bytes(st, 1));
	if (!ret && rc != SQLITE_DONE)
		ret = errno_of(f->db, rc);
	sqlite3_finalize(st);
	return ret;
}

static const char *column_text(sqlite3_stmt *st, int column)
{
	const unsigned char *text = sqlite3_column_text(st, column);

	return text ? (const char *)text : "";
}

int store_file_load_events(struct store_file *f, size_t most,
	int (*row)(void *arg, const struct store_event *e), void *arg)
{
	static const char sql[] = "SELECT seq, at, machine, kind, text, asker FROM"
				  " (SELECT * FROM event ORDER BY seq DESC LIMIT ?1) ORDER BY seq";
	sqlite3_stmt *st;
	int ret = 0;
	int rc = sqlite3_prepare_v2(f->db, sql, -1, &st, NULL);

	if (rc != SQLITE_OK)
		return errno_of(f->db, rc);
	sqlite3_bind_int64(st, 1, most > INT64_MAX ? INT64_MAX : (int64_t)most);
	while (!ret && (rc = sqlite3_step(st)) == SQLITE_ROW)
		ret = row(arg,
			&(struct store_event){(uint64_t)sqlite3_column_int64(st, 0),
				sqlite3_column_int64(st, 1), column_text(st, 2), column_text(st, 3),
				column_text(st, 4), column_text(st, 5)});
	if (!ret && rc != SQLITE_DONE)
		ret = errno_of(f->db, rc);
	sqlite3_finalize(st);
	return ret;
}

/* Writing */

/* Runs a prepared statement whose parameters are bound. */
static int run(struct store_file *f, enum statement which)
{
	int rc = sqlite3_step(f->statements[which]);

	/* The reset repeats the error of a failed step; what counts was said before. */
	sqlite3_reset(f->statements[which]);
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

static int run_event(struct store_file *f, const struct store_op *op)
{
	sqlite3_stmt *st = f->statements[EVENT];

	sqlite3_bind_int64(st, 1, (int64_t)op->seq);
	sqlite3_bind_int64(st, 2, op->at);
	bind_text(st, 3, op->key);
	bind_text(st, 4, op->word);
	bind_text(st, 5, op->value);
	bind_text(st, 6, op->by);
	return run(f, EVENT);
}

static int run_op(struct store_file *f, const struct store_op *op)
{
	sqlite3_stmt *st;

	switch (op->what) {
	case STORE_DO_PUT:
	case STORE_DO_DELETE:
		if (op->kind != STORE_LEASE) /* which hold nothing secret, and are many */
			f->stale = f->gaps = true;
		st = f->statements[op->what == STORE_DO_PUT ? PUT : DELETE];
		sqlite3_bind_int(st, 1, op->kind);
		bind_blob(st, 2, op->key);
		if (op->what == STORE_DO_PUT)
			bind_blob(st, 3, op->value);
		return run(f, op->what == STORE_DO_PUT ? PUT : DELETE);
	case STORE_DO_EVENT:
		return run_event(f, op);
	case STORE_DO_PRUNE:
		sqlite3_bind_int64(f->statements[PRUNE], 1, (int64_t)op->seq);
		return run(f, PRUNE);
	case STORE_DO_FORGET:
		sqlite3_bind_int64(f->statements[FORGET], 1, (int64_t)op->seq);
		return run(f, FORGET);
	}
	return SQLITE_MISUSE;
}

static int run_batch(struct store_file *f, const struct store_batch *b)
{
	struct store_op op;
	size_t at = 0;
	int rc = SQLITE_OK;

	while (rc == SQLITE_OK && store_batch_next(b, &at, &op))
		rc = run_op(f, &op);
	return rc;
}

int store_file_write(struct store_file *f, const struct store_batch *list)
{
	int rc = run(f, BEGIN);
	int err;

	for (; rc == SQLITE_OK && list; list = list->next)
		rc = run_batch(f, list);
	if (rc == SQLITE_OK)
		rc = run(f, COMMIT);
	if (rc == SQLITE_OK)
		return 0;
	err = errno_of(f->db, rc);
	/* SQLite rolls back some failures itself. */
	if (!sqlite3_get_autocommit(f->db))
		run(f, ROLLBACK);
	return err;
}

bool store_file_stale(const struct store_file *f)
{
	return f->stale;
}

/* Writes the file anew, without its gaps. A failure costs nothing: the log is scrubbed all the same. */
static void close_gaps(struct store_file *f, int64_t most)
{
	int64_t pages = 0, size = 0;

	if (query_int(f, "PRAGMA page_count", &pages) == SQLITE_OK &&
		query_int(f, "PRAGMA page_size", &size) == SQLITE_OK && pages * size <= most)
		f->gaps = sqlite3_exec(f->db, "VACUUM", NULL, NULL, NULL) != SQLITE_OK;
}

/* The log goes into the file, and all of it is cut off. Who else would read is kept out by the exclusive lock. */
static int cut_log(struct store_file *f)
{
	int64_t busy = 1;
	int rc = sqlite3_exec(f->db, "PRAGMA wal_checkpoint(TRUNCATE)", row_int, &busy, NULL);
	if (rc != SQLITE_OK)
		return errno_of(f->db, rc);
	if (busy)
		return -EBUSY;
	f->stale = false;
	return 0;
}

int store_file_scrub(struct store_file *f)
{
	if (f->gaps)
		close_gaps(f, VACUUM_MOST);
	return cut_log(f);
}

int store_file_erase(struct store_file *f)
{
	close_gaps(f, INT64_MAX);
	return f->gaps ? -EIO : cut_log(f);
}
