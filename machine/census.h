/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many machines there are, by state, profile and cause, kept as their records change; and how long boots take. For statistics.
 * Main thread only.
 */
#ifndef USHER_MACHINE_CENSUS_H
#define USHER_MACHINE_CENSUS_H

#include "core/histogram.h"
#include "core/tally.h"
#include "machine/facts.h"
#include "machine/life.h"

enum {
	CENSUS_PROFILES = 128, /* counted by name; machines of others are counted together */
	CENSUS_CAUSES = 64,    /* the same of kinds of causes: there are fewer */
};

struct machine;
struct machines;

/* Where a machine is counted now. */
struct counted {
	bool on, stuck;
	enum life_state state;
	size_t profile, cause;
};

struct census {
	size_t states[LIFE_STATES];
	struct tally profiles; /* a column for each state */
	struct tally stuck;    /* by kind of cause: machines that are watched, and have one */
	struct tally failed;   /* the same of those that failed */
	/* ms from the step before to this one, of steps that SAW_LEASE and its like show; the others are empty: census_stage() */
	struct histogram stages[FACT_STEPS];
	struct histogram installed,
		failing; /* ms from the attempt's beginning to up, and to failed */
};

void census_init(struct census *c);
void census_fini(struct census *c);
/* The machine is counted as it is now, instead of as it was. */
void machine_count(struct machines *ms, struct machine *m);
void machine_uncount(struct machines *ms, struct machine *m);
/* It is about to come this far, at `now` (mono ms): how long did that take? */
void census_saw(struct census *c, const struct facts *f, enum fact what, int64_t now);
/* Its state is about to be `next`, at `now` (wall ms). */
void census_ends(struct census *c, const struct machine *m, enum life_state next, int64_t now);
/* "lease", "script" …; NULL: it is not timed. */
const char *census_stage(enum fact what);

const struct census *machines_census(const struct machines *ms);

#endif
