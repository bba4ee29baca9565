/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of an installer's log: from a syslog message, as it is kept, and as JSON. Pure. */
#ifndef USHER_SERVICE_LOGS_LOGS_LINE_H
#define USHER_SERVICE_LOGS_LOGS_LINE_H

#include "syslogd/syslog_wire.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	LOGS_TEXT = 2048, /* bytes of a line's text, and a NUL; longer is cut */
	LOGS_PID = 33,    /* the same of a process id */
	LOGS_STORED = LOGS_TEXT + LOGS_PID + 160, /* of a line as it is kept */
};

/* The facility of a word of ours: none that a message can have. */
#define LOGS_OURS "usher"

/* All texts are safe to show (core/plain.h), without line breaks and tabs. */
struct logs_line {
	int64_t at;                                  /* wall ms: when it came */
	uint64_t attempt;                            /* of the machine */
	const char *facility;                        /* "daemon" */
	const char *severity;                        /* "err" */
	char program[SYSLOG_TAG + 1], pid[LOGS_PID]; /* "": not said */
	char text[LOGS_TEXT];
};

/* Of what the machine sent. False: it says nothing. Secrets are hidden. */
bool logs_line_of(struct logs_line *ret, const char *bytes, size_t n, int64_t at, uint64_t attempt);
/* As it is kept, with its line break. Returns its bytes. */
size_t logs_line_store(const struct logs_line *l, char buf[LOGS_STORED]);
/* A kept line, of `n` bytes without its line break, as the API gives it. NULL: it is none, or there is no memory. */
json_t *logs_line_json(const char *stored, size_t n);
/* An array of the kept lines in `bytes` that are whole; *ret_whole: bytes to the end of the last of them. NULL: no memory. */
json_t *logs_lines_json(const char *bytes, size_t n, size_t *ret_whole);

#endif
