/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bounded list of events in the order of their numbers: so many in all, and so many of each machine, whose own oldest makes
 * room for its next one. So who fills it takes nothing from others but what is older than all of theirs. The timeline's own.
 */
#ifndef USHER_MACHINE_EVENT_LOG_H
#define USHER_MACHINE_EVENT_LOG_H

#include "core/table.h"
#include "machine/timeline.h"

struct event_log_entry;
struct event_log_place;

struct event_log {
	size_t most, each;              /* events in all, and of one machine */
	struct event_log_place *places; /* by number; those that left before their time are holes */
	size_t first, n, count;         /* places used from `first` on; events */
	struct table owners;            /* by machine */
	/* An event has left, for the store to forget it. */
	void (*left)(void *arg, uint64_t seq);
	void *arg;
};

/* 0 or -ENOMEM; either way event_log_fini(). */
int event_log_init(struct event_log *l, size_t most, size_t each,
	void (*left)(void *arg, uint64_t seq), void *arg);
void event_log_fini(struct event_log *l); /* tells nobody of those that leave */

/* The newest; its number is above all others. Takes the strings, one block at `machine`, whatever comes of it. 0 or
 * -ENOMEM. */
int event_log_push(struct event_log *l, const struct timeline_event *e);
/* Drops the oldest. There must be one. */
void event_log_drop(struct event_log *l);

/* Those below are borrowed until the next push or drop; NULL: there is none. */
const struct timeline_event *event_log_oldest(const struct event_log *l);
/* The first with a number above `after`; of `machine` unless NULL: then as far to go as it has newer ones. */
const struct timeline_event *event_log_after(
	const struct event_log *l, uint64_t after, const char *machine);
const struct timeline_event *event_log_last(const struct event_log *l, const char *machine);
/* The same machine's event before one of this log. */
const struct timeline_event *event_log_before(const struct timeline_event *e);

#endif
