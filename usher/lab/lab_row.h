/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One machine of a lab while it is made: where it is, and when it came there. Pure: events in, lines of text out.
 */
#ifndef USHER_USHER_LAB_ROW_H
#define USHER_USHER_LAB_ROW_H

#include "machine/machine.h"

#include <jansson.h>

/* What is timed, in this order; not every machine goes through all of them (a clone is not installed). */
enum lab_stage {
	LAB_BEGUN, /* asked for */
	LAB_CREATED,
	LAB_LEASED,
	LAB_BOOTING,
	LAB_INSTALLING,
	LAB_INSTALLED,
	LAB_UP,
	LAB_STAGES
};

struct lab_row {
	char name[MACHINE_NAME];
	enum { LAB_WAITS, LAB_RUNS, LAB_DONE, LAB_FAILED } status;
	int64_t at[LAB_STAGES]; /* wall ms of the first time; 0: not yet */
	int64_t ended;          /* wall ms; 0: not yet */
	uint64_t begun_seq;     /* events up to here are older than what is done now */
	uint64_t state_seq;     /* `state` has all events up to here */
	char state[16];         /* life's, "deleted", or "" not heard */
	int percent;            /* of the install, -1 not known */
	char text[256];         /* the last that was said; of a failure, why */
};

void lab_row_init(struct lab_row *r, const char *name, uint64_t seq);
/* An event of the timeline (follow_event_json()): the row's own, or of another, which is left out. */
void lab_row_event(struct lab_row *r, const json_t *event);
/* The machine as the API just told it. */
void lab_row_state(struct lab_row *r, const json_t *machine);
/* Nothing more is to come: up, failed or deleted. */
bool lab_row_ended(const struct lab_row *r);

/* "node01  [######....] installing  unpacking 60 %  0:23", at most `columns` wide. */
void lab_row_line(const struct lab_row *r, int64_t now, unsigned columns, char *buf, size_t size);

/* The table at the end: a head, a line for each row that ran, and the medians. Seconds, each from the stage before. */
void lab_row_head(char *buf, size_t size);
void lab_row_times(const struct lab_row *r, char *buf, size_t size);
void lab_row_medians(const struct lab_row *rows, size_t n, char *buf, size_t size);
/* The seconds from the stage before to this one (LAB_STAGES: all until it was up); -1: it was not there. */
double lab_row_seconds(const struct lab_row *r, int stage);
/* The median of a stage; -1: no row was there. */
double lab_row_median(const struct lab_row *rows, size_t n, int stage);
const char *lab_stage_name(int stage);

#endif
