/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Committing what happened in a turn of the loop, and acting on it. Main thread only. */
#ifndef USHER_SERVICE_SETTLE_H
#define USHER_SERVICE_SETTLE_H

#include "service/console/consoles.h"
#include "service/guests/act.h"
#include "service/packages/packages.h"

struct pending;

struct settle {
	struct base *base;
	struct act *act;
	struct consoles *consoles;
	struct packages *packages;
	void (*settled)(void *arg); /* after each commit */
	void *arg;
	struct loop_timer turn;     /* at the end of this one */
	struct loop_timer deadline; /* of the attempt that ends next */
	struct pending *pending;    /* actions that wait for their commit, in order */
	uint64_t noted;             /* how many there were ever */
};

void settle_on_action(void *arg, struct machine *m, unsigned actions); /* machine_act */
void settle_on_timeline(void *arg, const struct timeline_event *e);    /* timeline_listen() */
void settle_now(struct loop_timer *t);
void settle_deadline(struct loop_timer *t);
void settle_set_deadline(struct settle *settle);
void settle_drop_all(struct settle *settle);

#endif
