/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose doing was it? Keeps, for domains that have jobs of ours, what those jobs will bring about,
 * and says of each event whether it is news. Pure; main thread.
 *
 * A start of ours brings one STARTED; a stop event that comes before it is of the run that was
 * replaced. A destroy of ours brings one stop. Events may come before or after the job's own
 * answer, so a job announces what it may do when it is submitted and takes back at its end what it
 * did not do.
 */
#ifndef USHER_GUEST_RUNS_H
#define USHER_GUEST_RUNS_H

#include "core/table.h"
#include "guest/guest.h"

/* What a job may do, and then did, each at most once. */
struct run_deeds {
	bool start, stop, undefine;
};

struct run_event {
	struct run_event *next;
	enum guest_event what;
	enum guest_state state;
	const char *how; /* static */
	bool destroyed;  /* a stop by virDomainDestroy(), ours or another's */
	bool ours;       /* runs_event() says so */
	char uuid[UUID_TEXT];
};

struct run_count {
	unsigned starts, stops, undefines;
};

struct run {
	struct table_node node;
	char name[GUEST_NAME];
	unsigned jobs;
	struct run_count pending; /* what the jobs under way may do */
	struct run_count to_come; /* events of our own that are still to come */
	struct run_event *held, **held_tail;
};

struct runs {
	struct table table;
	unsigned connection; /* the present one's number */
};

enum run_verdict { RUN_TELL, RUN_DROP, RUN_HOLD };

void runs_init(struct runs *rs);
void runs_fini(struct runs *rs);

/* A job of this domain is submitted. 0 or -ENOMEM. */
int runs_begin(struct runs *rs, const char *name, const struct run_deeds *may);
/* It is over; `did` on connection number `connection`. The events that waited for it, for the
 * caller to tell and free(). */
struct run_event *runs_end(struct runs *rs, const char *name, unsigned connection,
	const struct run_deeds *may, const struct run_deeds *did);
/* Fills in `ours`. RUN_HOLD copies the event; RUN_DROP: a stop or an undefining of our own. */
enum run_verdict runs_event(struct runs *rs, const char *name, struct run_event *e);
/* A new connection: what was to come on the last one never will, but jobs under way may do their
 * deeds on this. */
void runs_reconnected(struct runs *rs, unsigned connection);

#endif
