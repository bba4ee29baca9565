/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a machine is stuck: its state and what was seen of it in; the step that it waits for, the likeliest cause and what to
 * do out. Pure, and driven by two tables: the causes (causes.c) and what consoles say (signs.c).
 *
 * A cause is named only when something was seen that shows it, or when the step takes much longer than it usually does, and
 * longer than its floor. What follows from what was seen is certain; everything else is said with "probably".
 */
#ifndef USHER_MACHINE_CAUSES_H
#define USHER_MACHINE_CAUSES_H

#include "machine/facts.h"
#include "machine/life.h"

#include <jansson.h>

enum {
	CAUSE_TEXT = 400,
	/* A step is late when it takes this many times what it ever took with the same profile; not below its floor. */
	STEP_LATE_TIMES = 3,
	SILENT_MS = 2 * 60 * 1000, /* the same of a console that says nothing: its floor */
	/* While its console speaks, it does not hang, nor boot nothing: until this many times what is late without. */
	SPEAKING_TIMES = 3,
};

struct situation {
	const char *name; /* the machine's */
	const char *profile;
	const char *reason; /* why the attempt failed; "": it did not, or not yet */
	const struct facts *facts;
	enum life_state state;
	bool guest;
	bool runs;     /* its guest does */
	bool switched; /* it is a guest, or its power is switched by us */
	bool seals;    /* it waits for a user to confirm it */
	bool failing;  /* the attempt fails now: what may be the reason is */
	bool up;       /* a live system that is up */
	bool busy;     /* it is still being made, or changed */
	bool tool;     /* it installs nothing: what it runs may take as long as it likes */
	int64_t now;   /* mono ms */
	int64_t restarted; /* mono ms: when the service started, if it was away while this attempt was under way; 0: not */
	/* ms that each step took at most, and that the console was silent in it, [STEPS]; 0: not known; NULL: none is */
	const int64_t *usual, *silent;
};

struct cause {
	const char *kind; /* one word, for programs; static */
	bool certain;
	char text[CAUSE_TEXT], seen[FACT_TEXT], fix[CAUSE_TEXT];
};

/* Which step it waits for, and since when (mono ms). */
enum boot_step causes_step(const struct situation *s, int64_t *ret_since);
const char *causes_step_name(enum boot_step step); /* "boot-program" */
const char *causes_step_text(enum boot_step step); /* "a request for its boot program" */
/* False: no cause is known, or nothing is wrong. */
bool causes_find(const struct situation *s, struct cause *ret);

/* {"kind", "certain", "text", "seen" (null: nothing), "fix"}. New reference; NULL: out of memory. */
json_t *cause_json(const struct cause *c);

#endif
