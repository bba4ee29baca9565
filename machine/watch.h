/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machines whose attempt is under way, watched: what was seen of them, which step they wait for, and why they are stuck.
 * Also how long each step takes with each profile, learnt from machines that came through. Main thread only.
 */
#ifndef USHER_MACHINE_WATCH_H
#define USHER_MACHINE_WATCH_H

#include "machine/causes.h"
#include "machine/machine.h"

enum {
	WATCH_PROFILES = 256, /* of which durations are kept; those of others are not learnt */
};

/* Notes a fact of a machine that is watched; of another it is ignored. `text` may be NULL. */
void machine_saw(const struct machine *m, enum fact what, const char *text);
/* A client of this kind (enum dhcp_client) said this UUID with its MAC. */
void machine_identified(const struct machine *m, unsigned client, const uint8_t uuid[UUID_BYTES]);
/* A line of its console or of its installer's log. */
void machine_heard(const struct machine *m, const char *line);

/* The machine is stuck, or no longer: looks anew, at `now` (mono ms). When the cause is another than before, it is put into
 * the record, and onto the timeline as "stuck". True: it was another, or none any more. */
bool machine_look(struct machine *m, int64_t now);
/* The attempt fails with this reason: the cause stays in the record. Not saved, not told. */
void machine_explain(struct machine *m, const char *reason);
/* Its state or attempt changed: watched from now on, or no longer. */
void machine_watch_update(struct machines *ms, struct machine *m);
void machine_watch_drop(struct machines *ms, struct machine *m);
void machine_watch_anew(struct machine *m); /* another attempt: what was seen is forgotten */

size_t machines_watched(const struct machines *ms);
/* By place, 0 to machines_watched() - 1; another machine may take a place when one is no longer watched. */
struct machine *machines_watched_at(const struct machines *ms, size_t place);

/* Which step it waits for, since when (mono ms): STEP_NONE where it is not watched. */
enum boot_step machine_step(const struct machine *m, int64_t *ret_since);

/* The service was away until now; machines whose attempt was under way may have asked meanwhile. */
void machines_restarted(struct machines *ms, int64_t now);
/* Reads the durations that were learnt. 0 or -errno. */
int machines_load_usual(struct machines *ms);

#endif
