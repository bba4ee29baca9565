/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carries out the actions that machines' lives ask for. Main thread only. */
#ifndef USHER_SERVICE_GUESTS_ACT_H
#define USHER_SERVICE_GUESTS_ACT_H

#include "hooks/power/power.h"
#include "service/guests/hosts.h"
#include "service/base/operation.h"

struct act {
	struct base *base;
	struct hosts *hosts;
	struct power *power;
	/* Is the machine being created? If so, resumes its creation; the machine is then not started in another way. */
	bool (*goes_on)(void *arg, const struct machine *m);
	void *arg;
	struct operation
		*jobs; /* jobs of libvirt and of power executables that have not returned yet */
};

/* `actions`: LIFE_DO_… */
void act_carry_out(struct act *act, struct machine *m, unsigned actions);
/* Updates a guest's packet filter. Call it before the guest starts, and when the servers on its segments change.
 * Nothing waits for it; later jobs of the guest run after it. Does nothing for bare metal. */
void act_refilter(struct act *act, struct machine *m);
struct act_power_call {
	enum power_verb verb;
	bool cycled_next;                /* as of struct power_request */
	bool (*wanted)(const void *arg); /* as of that */
	void (*done)(
		void *arg, const struct power_result *r); /* power_run()'s, calls act_power_met() */
	void *arg;
};

/* Runs a verb of bare metal's power switch. The pin of a controller's certificate is kept in the record. 0, or power_run()'s
 * errors. */
int act_power(struct act *act, const struct machine *m, const struct act_power_call *call);
/* Has bare metal boot from the network the next time, where what switches its power can do that. */
void act_netboot_next(struct act *act, struct machine *m, bool cycled_next);
void act_power_met(struct machine *m, const struct power_result *r);
/* Why its controller is not asked: its password cannot be read. One line in `buf`, which is returned; NULL: it can. */
const char *act_power_fault(const struct machine *m, char *buf, size_t size);
/* Bring a guest into the state that its record says; each reports on the timeline. */
void act_netboot(struct act *act, struct machine *m);
void act_stop(struct act *act, struct machine *m);
/* Creates the domain again after it disappeared; `what` is static. */
void act_make_again(struct act *act, struct machine *m, const char *what);
/* Drops jobs whose results nobody will receive. */
void act_drop_all(struct act *act);

#endif
