/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One child process, bounded in time, output and reach. Main thread; nothing here waits.
 *
 * The child gets `input` whole as a file on its stdin, / as its directory, a session (so a process
 * group) of its own, and no descriptor but 0, 1 and 2. When the time is over, and when the child
 * itself has ended, all that is left of its process group is killed.
 */
#ifndef USHER_HOOKS_RUN_H
#define USHER_HOOKS_RUN_H

#include "core/loop.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	RUN_OUTPUT = 4096,       /* the newest bytes kept of a stream: the reason is at its end */
	RUN_INPUT_MAX = 4 << 20, /* as long as the longest record in the store */
	RUN_ENV_MAX = 256, /* variables: those of `env`, and of our own environment what fits */
};

struct run_spec {
	const char *path;       /* absolute */
	char *const *argv;      /* with argv[0], NULL at the end */
	const char *const *env; /* "NAME=value" on top of our own, NULL at the end; may be NULL */
	const char *input;
	size_t input_len;
	int64_t limit_ms; /* 0: none */
	bool join;        /* stdout goes where stderr goes: one stream, in the order written */
	/* Not NULL: it is talked with. Its stdin is a pipe that run_type() writes to, `input` is its descriptor 3, and what
	 * it writes to stdout is told as it comes, NULs included. */
	void (*heard)(void *arg, const char *bytes, size_t n);
};

struct run_result {
	int exit_status; /* 0..255; -1: it did not exit by itself */
	int signal;      /* that ended it; 0: none */
	bool timed_out;
	const char *out; /* valid during the call; "" when joined */
	const char *err;
};

struct run;
/* `done` is called once, from the loop, never from inside; the run is freed after it. 0 or -errno
 * (-ENOENT, -EACCES: what execve(2) says; -EMSGSIZE). All of `spec` is borrowed for this call only.
 */
int run_start(struct loop *l, const struct run_spec *spec,
	void (*done)(void *arg, const struct run_result *r), void *arg, struct run **ret);
/* Types into one that is talked with. 0; -EAGAIN: it takes no more now; -EPIPE: it ended. */
int run_type(struct run *r, const void *bytes, size_t n);
/* Closes the stdin of one that is talked with; it has `ms` to end. `done` comes as ever. */
void run_hang_up(struct run *r, int64_t ms);
void run_signal(struct run *r, int signal); /* to the child alone */
/* Kills it and forgets it, without `done`. Not from inside `done`. NULL is fine. */
void run_cancel(struct run *r);

/* Is this a file that we may run: regular, executable for us, and to be trusted (trust.h)? NULL when fine, else what is wrong (static text). */
const char *run_file_error(const char *path);
/* "exit 0", "exit 3", "killed by signal 9", "timed out" */
const char *run_result_text(const struct run_result *r, char *buf, size_t size);
/* The last line of `text` that is not blank, cut to fit; "" when there is none. */
const char *run_last_line(const char *text, char *buf, size_t size);

#endif
