/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timeline: everything that happened to every machine, one numbered list. Kept in memory and in the store (the
 * same); numbers never repeat, so that a follower can resume. Main thread only.
 *
 * A peer could cause events without end, so there are three budgets: for what machines and their users do (created,
 * armed, booting …), for what peers cause for a machine (refused, transfer, leased …), and for events of no machine
 * (unknown clients). Events of one budget never displace those of another, and each machine has its own share: its
 * oldest event makes room for its next.
 */
#ifndef USHER_MACHINE_TIMELINE_H
#define USHER_MACHINE_TIMELINE_H

#include "core/store.h"

#include <stddef.h>
#include <stdint.h>

enum {
	TIMELINE_MAX = 20000, /* events of machines that are kept: a thousand machines' installs */
	TIMELINE_PEERS_MAX = 20000, /* events that peers caused for machines */
	TIMELINE_EACH_MAX = 500,    /* of one machine in each of the two */
	TIMELINE_OTHERS_MAX = 2000, /* events of no machine */
	TIMELINE_TEXT = 1024,       /* bytes of text per event, longer is cut */
	TIMELINE_DAYS =
		90, /* events older than the newest by more than this are dropped at start */
	TIMELINE_LISTENERS = 8,
	TIMELINE_PEER_MAX = 100, /* events of one kind that a machine's peers may cause in… */
	TIMELINE_PEER_MS = 10 * 60 * 1000, /* …this time: more from an installer has no meaning */
	TIMELINE_GAP =
		1000, /* numbers skipped at start: they may have been shown, but not stored, before a crash */
};

struct timeline_event {
	uint64_t seq;
	int64_t at;    /* wall ms */
	char *machine; /* "" for no machine (an unknown client was refused) */
	char *kind; /* one word: leased armed booting installing installed up failed deleted created
		       boot progress transfer hook power refused ... */
	char *text; /* one line, safe to show (core/plain.h) */
	char *by;   /* who asked for it: a token's name, or a user's; "" nobody */
	int percent; /* progress of what it reports; -1: not known. Not stored */
};

struct timeline;
/* `store` may be NULL (tests). Loads what the store has. */
int timeline_new(struct store *store, struct timeline **ret);
void timeline_free(struct timeline *t);

/* Appends with the wall clock's time, by whom core/behalf.h says; puts into the store's open transaction without committing.
 * Out of memory drops the event. Returns its number or 0. */
uint64_t timeline_add(struct timeline *t, const char *machine, const char *kind, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));
/* The same with a progress in percent. */
uint64_t timeline_add_percent(
	struct timeline *t, const char *machine, const char *kind, int percent, const char *text);
/* The age of an event in ms; INT64_MAX when it is unknown, since the clock was set back. */
int64_t timeline_age(const struct timeline_event *e);
/* The same for an event that a peer can cause without end. It is left out (0) when the machine's newest event of this
 * kind has the same text and is not older than `since` (wall ms), and after TIMELINE_PEER_MAX events of the kind; the
 * last of those says that more are left out. */
uint64_t timeline_add_peers(struct timeline *t, const char *machine, const char *kind,
	int64_t since, int percent, const char *text);
/* The first event with seq > after (of `machine` unless NULL), or NULL. O(log n) to find the place.
 * Events are borrowed until the next timeline_add(). */
const struct timeline_event *timeline_after(
	const struct timeline *t, uint64_t after, const char *machine);
/* The newest event of a machine of this kind (NULL: of any), or NULL. */
const struct timeline_event *timeline_last(
	const struct timeline *t, const char *machine, const char *kind);
uint64_t timeline_newest(const struct timeline *t);

/* Called after each timeline_add(), from inside it: followers and hooks. Must not add events
 * itself. At most TIMELINE_LISTENERS: 0 or -ENOSPC. */
int timeline_listen(
	struct timeline *t, void (*added)(void *arg, const struct timeline_event *e), void *arg);
/* Not from inside a listener. */
void timeline_unlisten(
	struct timeline *t, void (*added)(void *, const struct timeline_event *), void *arg);

#endif
