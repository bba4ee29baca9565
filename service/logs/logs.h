/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What installers log: syslog messages of machines while an attempt of theirs is under way, kept with the machine. Anybody can
 * send such messages, and the address that they come from is all that says whose they are: what they say is shown, may
 * be named as a cause, and decides nothing. Main thread only.
 */
#ifndef USHER_SERVICE_LOGS_LOGS_H
#define USHER_SERVICE_LOGS_LOGS_H

#include "core/rate.h"
#include "service/base/kept.h"
#include "service/logs/logs_line.h"

struct asker;
struct http_request;
struct ip;

enum {
	/* Of one machine; more are left out, and counted. An installer that begins to log tells all since it started at once:
	 * some thousand lines. */
	LOGS_LINES = 5000,
	LOGS_WINDOW_MS = 10 * 1000,
	LOGS_LATE_MS = 60 * 1000,      /* after it failed: why, is said about then */
	LOGS_HEARD = 256,              /* addresses of which is remembered whose they are… */
	LOGS_HEARD_MS = 1000,          /* …for so long */
	LOGS_TOLD_MS = 10 * 60 * 1000, /* between two events about strangers on one segment */
	LOGS_GATHER_MS = 50,           /* from one write to the next */
};

/* Whose messages came from an address. */
struct logs_heard {
	uint32_t segment;
	struct ip from;
	int64_t until;              /* mono ms; 0: unused */
	char machine[MACHINE_NAME]; /* "": nobody's */
	bool another;               /* the wire shows that it is not that machine */
};

struct logs {
	struct base *base;
	/* Whose address that is, NULL: nobody's; `why` is "", or why the wire shows that it is somebody else (place_look.h). */
	struct machine *(*speaker)(
		void *arg, uint32_t segment, const struct ip *from, char *why, size_t size);
	void *speaker_arg;
	/* A line is kept. NULL: nobody wants to know. */
	void (*line)(void *arg, struct machine *m, const struct logs_line *line);
	void *line_arg;
	struct keeping machines; /* struct machine_log */
	struct logs_heard heard[LOGS_HEARD];
	struct rate strangers[SEGMENT_MAX], drops[SEGMENT_MAX]; /* by segment id - 1 */
	uint64_t kept, left_out, refused, unread;               /* messages */
};

/* After machines are loaded. 0 or -errno: then nothing can be kept. */
int logs_begin(struct logs *logs);
/* After the worker's end. */
void logs_drop_all(struct logs *logs);
/* The machine was called `old`: its log goes with it. */
void logs_renamed(struct logs *logs, const struct machine *m, const char *old);
/* The machine is deleted: its log too. */
void logs_forget(struct logs *logs, const struct machine *m);
/* GET /machines/NAME/log. */
void logs_handle(struct logs *logs, struct http_request *q, const struct machine *m,
	const struct asker *who);
json_t *logs_counts(const struct logs *logs); /* new reference */

/* syslogd_config's; `arg` is struct logs. */
bool logs_admits(void *arg, uint32_t segment, const struct ip *from);
bool logs_took(void *arg, uint32_t segment, const struct ip *from, const char *bytes, size_t n);
void logs_unread(void *arg, uint32_t segment, uint32_t datagrams);

#endif
