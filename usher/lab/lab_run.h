/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carrying out a lab's plan: so many machines at a time, each in a worker of its own with a connection of its own, from the
 * call until it is up or has failed. That is the admission control: who waits its turn boots nothing. Blocking.
 *
 * One more connection follows the timeline for all of them, on the caller's thread, which also shows.
 */
#ifndef USHER_USHER_LAB_RUN_H
#define USHER_USHER_LAB_RUN_H

#include "usher/lab/lab_plan.h"
#include "usher/lab/lab_row.h"

enum { LAB_PARALLEL_MAX = 64 }; /* connections to the service, which takes some hundreds */

struct lab_run_config {
	const char *socket;
	unsigned parallel;
	bool keep_disks; /* of what is deleted */
	bool wait;       /* until each is up; else only until it is made */
	bool json;       /* events as objects, a line each */
	uint64_t after;  /* the newest event when the plan was made, or before */
};

/* `rows` has one for each step. 0: all is done; -1: something failed, and its row or line said why. */
int lab_run(const struct lab_run_config *config, const struct lab_plan *plan, struct lab_row *rows);

/* An installing machine keeps a core busy, at least where it is emulated, and the host has others to serve: half of its cores, and
 * two at least, so that one loads while another unpacks. */
unsigned lab_run_parallel(void);

#endif
