/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/life.h"

#include <errno.h>
#include <string.h>

enum verdict {
	UNDECIDED, /* no cell of the table may be */
	STAY,      /* nothing changes, and that is fine: a retry, or news that say nothing here */
	GO,
	FAILS,
	REFUSE,
	COUNT_BOOT, /* booting, unless it is one boot too many */
	LIVE_BOOT,  /* counted, and never too many */
};

struct cell {
	enum verdict verdict;
	enum life_state to; /* for GO */
	unsigned actions;
	const char *reason;
};

/* clang-format off */
#define STAY() {STAY, 0, 0, NULL}
#define AGAIN(act) {STAY, 0, act, NULL}
#define GO(state, act) {GO, LIFE_##state, act, NULL}
#define FAILS(act, why) {FAILS, LIFE_FAILED, act, why}
#define REFUSE(why) {REFUSE, 0, 0, why}
#define COUNT_BOOT() {COUNT_BOOT, LIFE_BOOTING, 0, NULL}
#define LIVE_BOOT(act) {LIVE_BOOT, LIFE_LIVE, act, NULL}
#define TELL(why) {STAY, 0, 0, why}
/* clang-format on */

#define NETBOOT LIFE_DO_NETBOOT
#define DISK LIFE_DO_DISK
#define OFF LIFE_DO_OFF
#define END LIFE_DO_END
#define NEXT LIFE_DO_NETBOOT_NEXT

#define UNDER_WAY "an install is under way; disarm it first"
#define NOT_ARMED "not armed"
#define NO_BOOT "this boot's script was not fetched"
#define NO_INSTALL "no install is under way"
#define WAS_DONE "the installer has already reported done"
#define WAS_OVER "the attempt has ended"
#define NOT_DONE "the installer has not reported done"
#define TOO_MANY "too many boots: the installer kept starting and never reported done"
#define TIME_OVER "timed out: the installer did not report done"
#define NO_FIRST_BOOT "timed out: the installed system did not report its first boot"
#define STOPPED_OUTSIDE "stopped from outside while installing"
#define NO_POWER "the machine could not be started"
#define SCRIPT_FAILED "the first-boot script failed"
#define IS_TEMPLATE "it is a template and never changes: run 'usher clone' to make machines of it"
#define FIRST_BOOT_COMES "its installed system has yet to boot for the first time"
#define RUNS_LIVE "it runs a live system; disarm it first"
#define LIVE_IS_UP "a live system reports that it is up, and is never done"
#define LIVE_FAILED "the live system reported failure"
#define LIVE_LATE "this boot of the live system did not report in time that it is up"
#define NOT_NEW "only a new machine can become a clone"

/* Read along a row: what an event means in each state. Columns as in enum life_state:
 * known, armed, booting, installing, installed, up, failed, live. */
static const struct cell table[LIFE_EVENTS][LIFE_STATES] = {
	[LIFE_ARM] = {GO(ARMED, NETBOOT), REFUSE(UNDER_WAY), REFUSE(UNDER_WAY), REFUSE(UNDER_WAY),
		GO(ARMED, NETBOOT), GO(ARMED, NETBOOT), GO(ARMED, NETBOOT), GO(ARMED, NETBOOT)},
	/* Its first boot is another matter: its report would come in between. */
	[LIFE_RUN] = {GO(ARMED, NETBOOT), REFUSE(UNDER_WAY), REFUSE(UNDER_WAY), REFUSE(UNDER_WAY),
		REFUSE(FIRST_BOOT_COMES), GO(ARMED, NETBOOT), GO(ARMED, NETBOOT),
		REFUSE(RUNS_LIVE)},
	/* From failed too: it touches no disk. From live: with the profile as it is by now. */
	[LIFE_GO_LIVE] = {GO(LIVE, NETBOOT), REFUSE(UNDER_WAY), REFUSE(UNDER_WAY),
		REFUSE(UNDER_WAY), REFUSE(FIRST_BOOT_COMES), GO(LIVE, NETBOOT), GO(LIVE, NETBOOT),
		GO(LIVE, NETBOOT)},
	/* Only armed: no installer has run, the disk is as it was. Live: back to what it was (`before`). */
	[LIFE_DISARM] = {REFUSE(NOT_ARMED), GO(KNOWN, OFF | END),
		FAILS(OFF | END, "disarmed by the user"), FAILS(OFF | END, "disarmed by the user"),
		REFUSE(NOT_ARMED), REFUSE(NOT_ARMED), REFUSE(NOT_ARMED), GO(KNOWN, OFF | END)},
	[LIFE_BOOT] = {REFUSE(NOT_ARMED), COUNT_BOOT(), COUNT_BOOT(), COUNT_BOOT(),
		REFUSE(NOT_ARMED), REFUSE(NOT_ARMED), REFUSE(NOT_ARMED), LIVE_BOOT(NEXT)},
	[LIFE_ANSWERS] = {REFUSE(NOT_ARMED), REFUSE(NO_BOOT), GO(INSTALLING, 0), STAY(),
		REFUSE(WAS_DONE), REFUSE(WAS_DONE), REFUSE(WAS_OVER), STAY()},
	[LIFE_PROGRESS] = {REFUSE(NO_INSTALL), REFUSE(NO_BOOT), GO(INSTALLING, 0), STAY(),
		REFUSE(WAS_DONE), REFUSE(WAS_DONE), REFUSE(WAS_OVER), STAY()},
	/* A guest stops at its reset and is then started from its disk; metal resets by itself. */
	[LIFE_DONE] = {REFUSE(NO_INSTALL), REFUSE(NO_BOOT), GO(INSTALLED, END), GO(INSTALLED, END),
		STAY(), STAY(), REFUSE(WAS_OVER), REFUSE(LIVE_IS_UP)},
	[LIFE_FAIL] = {REFUSE(NO_INSTALL), FAILS(OFF | END, "the installer reported failure"),
		FAILS(OFF | END, "the installer reported failure"),
		FAILS(OFF | END, "the installer reported failure"), REFUSE(WAS_DONE),
		REFUSE(WAS_DONE), STAY(), TELL(LIVE_FAILED)},
	[LIFE_FIRST_BOOT] = {REFUSE(NO_INSTALL), REFUSE(NOT_DONE), REFUSE(NOT_DONE),
		REFUSE(NOT_DONE), GO(UP, 0), STAY(), REFUSE(WAS_OVER), STAY()},
	[LIFE_FIRST_BOOT_FAILED] = {REFUSE(NO_INSTALL), REFUSE(NOT_DONE), REFUSE(NOT_DONE),
		REFUSE(NOT_DONE), FAILS(0, SCRIPT_FAILED), REFUSE(WAS_OVER), STAY(),
		TELL(LIVE_FAILED)},
	[LIFE_CLONE] = {GO(INSTALLED, DISK | END), REFUSE(NOT_NEW), REFUSE(NOT_NEW),
		REFUSE(NOT_NEW), REFUSE(NOT_NEW), REFUSE(NOT_NEW), REFUSE(NOT_NEW),
		REFUSE(NOT_NEW)},
	/* An installed machine is left running, for inspection. */
	[LIFE_DEADLINE] = {STAY(), FAILS(OFF | END, "timed out: no boot script was fetched"),
		FAILS(OFF | END, TIME_OVER), FAILS(OFF | END, TIME_OVER), FAILS(0, NO_FIRST_BOOT),
		STAY(), STAY(), TELL(LIVE_LATE)},
	/* Started again as long as it has boots (counted by scripts fetched) and time. */
	[LIFE_STOPPED] = {STAY(), AGAIN(NETBOOT), AGAIN(NETBOOT), AGAIN(NETBOOT), AGAIN(DISK),
		STAY(), STAY(), STAY()},
	[LIFE_KILLED] = {STAY(), FAILS(END, STOPPED_OUTSIDE), FAILS(END, STOPPED_OUTSIDE),
		FAILS(END, STOPPED_OUTSIDE), STAY(), STAY(), STAY(), STAY()},
	[LIFE_POWER_FAILED] = {STAY(), FAILS(END, NO_POWER), FAILS(END, NO_POWER), STAY(), STAY(),
		STAY(), STAY(), TELL(NO_POWER)},
};

/* Nobody watches a bare machine's power: such news of one are not of this world. */
static bool guests_only(enum life_event e)
{
	return e == LIFE_STOPPED || e == LIFE_KILLED;
}

static void count_boot(const struct life *l, struct life_result *r)
{
	if (l->boots < l->max_boots) {
		r->state = LIFE_BOOTING;
		r->boots = l->boots + 1;
		return;
	}
	r->state = LIFE_FAILED;
	r->actions = OFF | END;
	r->reason = TOO_MANY;
}

/* A guest that is armed runs only to be installed. A bare machine may still run what it always ran. */
static bool may_run_its_own(const struct life *l)
{
	return l->state == LIFE_ARMED || (l->state == LIFE_LIVE && !l->boots);
}

struct life_result life_step(const struct life *l, enum life_event e)
{
	const struct cell *c = &table[e][l->state];
	struct life_result r = {.state = l->state, .boots = l->boots};

	if (l->template || (guests_only(e) && !l->guest)) {
		r.refused = l->template && !guests_only(e) && e != LIFE_DEADLINE;
		r.reason = r.refused ? IS_TEMPLATE : NULL;
		return r;
	}
	r.reason = c->reason;
	r.actions = c->actions;
	switch (c->verdict) {
	case STAY:
		break;
	case GO:
	case FAILS:
		r.state = c->to;
		break;
	case COUNT_BOOT:
		count_boot(l, &r);
		break;
	case LIVE_BOOT:
		r.boots = l->boots + 1;
		break;
	case REFUSE:
	case UNDECIDED:
		r.refused = true;
		break;
	}
	if ((e == LIFE_ARM || e == LIFE_RUN || e == LIFE_GO_LIVE) && !r.refused)
		r.boots = 0;
	if (l->returns && r.actions & END)
		r.state = l->before;
	if (l->guest)
		r.actions &= ~(unsigned)NEXT; /* its definition says it */
	else if ((e == LIFE_DISARM || e == LIFE_DEADLINE) && may_run_its_own(l))
		r.actions &= ~(unsigned)OFF;
	return r;
}

bool life_netboots(enum life_state s)
{
	return life_installs(s) || s == LIFE_LIVE;
}

bool life_installs(enum life_state s)
{
	return s == LIFE_ARMED || s == LIFE_BOOTING || s == LIFE_INSTALLING;
}

static const char *const state_names[LIFE_STATES] = {
	[LIFE_KNOWN] = "known",
	[LIFE_ARMED] = "armed",
	[LIFE_BOOTING] = "booting",
	[LIFE_INSTALLING] = "installing",
	[LIFE_INSTALLED] = "installed",
	[LIFE_UP] = "up",
	[LIFE_FAILED] = "failed",
	[LIFE_LIVE] = "live",
};

static const char *const event_names[LIFE_EVENTS] = {
	[LIFE_ARM] = "arm",
	[LIFE_DISARM] = "disarm",
	[LIFE_BOOT] = "boot",
	[LIFE_ANSWERS] = "answers",
	[LIFE_PROGRESS] = "progress",
	[LIFE_DONE] = "done",
	[LIFE_FAIL] = "fail",
	[LIFE_FIRST_BOOT] = "first-boot",
	[LIFE_FIRST_BOOT_FAILED] = "first-boot-failed",
	[LIFE_RUN] = "run",
	[LIFE_GO_LIVE] = "go-live",
	[LIFE_CLONE] = "clone",
	[LIFE_DEADLINE] = "deadline",
	[LIFE_STOPPED] = "stopped",
	[LIFE_KILLED] = "killed",
	[LIFE_POWER_FAILED] = "power-failed",
};

const char *life_state_name(enum life_state s)
{
	return s < LIFE_STATES ? state_names[s] : "unknown";
}

const char *life_event_name(enum life_event e)
{
	return e < LIFE_EVENTS ? event_names[e] : "unknown";
}

int life_state_parse(const char *name)
{
	for (int i = 0; i < LIFE_STATES; i++)
		if (strcmp(name, state_names[i]) == 0)
			return i;
	return -EINVAL;
}
