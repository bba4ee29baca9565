/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hooks: the site's own executables, run when something happens to a machine.
 *
 * Every file of the hooks folder is run, in name order, for every event of hooks_wants():
 *
 *   USHER_EVENT    its kind: created leased armed booting installing stuck installed up failed deleted
 *   USHER_MACHINE  the machine's name, "" for a lease of a guest that has no record
 *   USHER_SEQ      its number on the timeline
 *   USHER_TEXT     its text
 *   USHER_BY       who asked for it: a token's name, or a user's; empty: nobody
 *   stdin          the machine as JSON, as it was then (machine_to_json, full), or null
 *
 * and what it says, or how it ended, goes on the timeline as kind "hook" ("NAME exit 0: output").
 * That event is put into the store's open transaction; somebody else's next commit takes it along.
 * The events of one machine are handled one after the other; those of different machines side by
 * side.
 */
#ifndef USHER_HOOKS_HOOKS_H
#define USHER_HOOKS_HOOKS_H

#include "core/loop.h"
#include "machine/machine.h"
#include "machine/timeline.h"

#include <jansson.h>

enum {
	HOOKS_KINDS = 10,
	HOOKS_AT_ONCE = 4,          /* processes: they share the cores with the packets */
	HOOKS_QUEUE_MAX = 1000,     /* events waiting; what is over is dropped, and said */
	HOOKS_LIMIT_MS = 30 * 1000, /* for one executable and one event */
	HOOKS_FILES_MAX = 64,       /* executables in the folder */
	HOOKS_RESCAN_MS = 1000,     /* a changed folder is noticed after this */
};

struct hooks_stats {
	uint64_t run,
		failed; /* executables, by event: that ended with 0; that did not, or could not be run */
	uint64_t dropped; /* events: too many were waiting */
	size_t waiting;   /* events */
};

struct hooks;
/* Listens to the timeline from here on. `dir` need not exist. `machines` may be NULL: then stdin is
 * null. */
int hooks_new(struct loop *l, const char *dir, struct timeline *timeline,
	const struct machines *machines, struct hooks **ret);
/* Kills what is running, forgets what waits. Before the timeline and the machines. NULL is fine. */
void hooks_free(struct hooks *h);

bool hooks_wants(const char *kind);
/* A number for each kind that hooks want, from 0 to HOOKS_KINDS - 1; -1: it is none. */
int hooks_kind(const char *kind);
const char *hooks_kind_name(int number);
struct hooks_stats hooks_stats(const struct hooks *h);
/* What the timeline's listener does, for an event by hand. `machine` is borrowed and may be NULL.
 * Never runs anything from inside. */
void hooks_run(struct hooks *h, const struct timeline_event *e, const json_t *machine);

#endif
