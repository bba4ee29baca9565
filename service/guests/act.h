/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Doing what machines' lives ask for. Main thread only. */
#ifndef USHER_SERVICE_GUESTS_ACT_H
#define USHER_SERVICE_GUESTS_ACT_H

#include "hooks/power.h"
#include "service/guests/hosts.h"
#include "service/base/operation.h"

struct act {
	struct base *base;
	struct hosts *hosts;
	struct power *power;
	/* Is the machine being made? Then that goes on now, and it is not started otherwise. */
	bool (*goes_on)(void *arg, const struct machine *m);
	void *arg;
	struct operation *jobs; /* libvirt's and the power executables', not yet back */
};

/* `actions`: LIFE_DO_… */
void act_carry_out(struct act *act, struct machine *m, unsigned actions);
/* Before a guest of ours starts, and when the servers on its segments are others: its packet filter, as it should be
 * now. Nobody waits for it; what is asked of the guest later comes after it. Bare metal is fine. */
void act_refilter(struct act *act, struct machine *m);
/* What a guest needs that is not as its record says; each tells the timeline. */
void act_start_install(struct act *act, struct machine *m);
void act_stop(struct act *act, struct machine *m);
/* There is no domain any more; `what` is static. */
void act_make_again(struct act *act, struct machine *m, const char *what);
/* Jobs whose ends nobody will hear of. */
void act_drop_all(struct act *act);

#endif
