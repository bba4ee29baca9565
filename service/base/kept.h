/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What machines say and is kept: for each machine bytes in files of its own (kept_file.h), which the worker writes, and
 * which long polls read (kept_read.h). One struct keeping for each kind of it. Main thread only.
 */
#ifndef USHER_SERVICE_BASE_KEPT_H
#define USHER_SERVICE_BASE_KEPT_H

#include "core/table.h"
#include "service/base/base.h"
#include "service/base/kept_file.h"

enum {
	KEPT_WAITING = 128
		<< 10, /* bytes of one machine that wait for the disk; more are dropped and counted */
};

struct held;
struct http_request;
struct kept;
struct kept_reader;

/* Static, or living as long as what is kept. */
struct kept_kind {
	const char *folder; /* in the state folder: "console" */
	const char *what;   /* kept_file.h: "a serial console" */
	const char *called; /* in messages: "console" */
	int gather_ms;      /* from one write to the next */
	/* Bytes are missing from the files: kept_add() may say so there. */
	void (*missing)(struct kept *k, uint64_t bytes);
	/* Who reads may no longer be told: then it was answered. `by` as kept_read() was given it. */
	bool (*refuses)(const struct held *by, struct http_request *q);
	/* After kept_end(), when the last task is done: frees what `k` lies in. */
	void (*over)(struct kept *k);
};

struct keeping {
	struct base *base;
	const struct kept_kind *kind;
	struct table all; /* struct kept, by name */
};

/* Of one machine; the first member of its owner's struct, zeroed before kept_init(). */
struct kept {
	struct table_node node;
	struct keeping *keeping;
	char name[MACHINE_NAME];
	char key[MACHINE_NAME]; /* its tasks', while there are some: the name that it had when the first of them began */
	struct kept_file file; /* used by the tasks, which run one at a time for each machine */
	uint8_t *waiting;      /* for the disk */
	size_t n_waiting, room;
	uint64_t lost; /* bytes that no file has */
	bool writing, failing;
	int64_t written_at; /* mono ms */
	struct loop_timer gathered;
	unsigned tasks;
	bool ended; /* it is no longer in the table: the last task ends it */
	struct kept_reader *readers;
};

/* Makes the folder, and removes the files of machines that are gone. 0, or -errno: then nothing can be kept, and everything
 * else may be called. */
int keeping_begin(struct keeping *g, struct base *base, const struct kept_kind *kind);
/* Before keeping_fini(), all have ended. */
void keeping_fini(struct keeping *g);

struct kept *kept_find(const struct keeping *g, const char *name); /* or NULL */
/* All of them: begin with NULL and `*slot` 0. */
struct kept *kept_next(const struct keeping *g, size_t *slot, struct kept *k);

/* Touches no file. 0, -ENAMETOOLONG, -ENOMEM: then it is nothing. */
int kept_init(struct keeping *g, struct kept *k, const char *name);
/* Appends to what waits for the disk, or counts it as lost. */
void kept_add(struct kept *k, const void *bytes, size_t n);
/* Has what waits written. */
void kept_write(struct kept *k);
/* A task about it, done in its order; its `done` calls kept_task_done(). 0 or -errno. */
int kept_task(struct kept *k, struct task *t);
void kept_task_done(struct kept *k);
/* Its machine has another name, under which nothing is kept: the files follow, and the old name may be used again at once.
 * 0; or -errno and it is as before, which its owner ends. */
int kept_rename(struct kept *k, const char *name);
/* Takes it out of the table, answers its readers, writes nothing more; `over` follows, perhaps at once. */
void kept_end(struct kept *k);
/* The same, and its files are removed. */
void kept_forget(struct kept *k);
/* The same at the service's end, when the worker has ended: what waits is written here. */
void kept_end_written(struct kept *k);

#endif
