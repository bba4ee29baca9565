/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine's life: one pure function holds all transitions. State and event in, state, actions and
 * reason out.
 *
 *   known --arm--> armed --boot script--> booting --answers--> installing --done--> installed
 *                    |                       |                    |                   |    |
 *                    |       too many boots, timed out, stopped   |     no first boot |    | first
 *                    +----------------> failed <------------------+-------------------+    | boot
 *                                                                                          v
 *   arm again: from known, installed, up and failed                                        up
 *   a copy of a template: from known straight to installed
 *   a tool (memory test, rescue system …): from known, up and failed, as an install; its end leads back there
 *   a live system: from known, up and failed to live, where each boot is served, however many there are; disarmed,
 *   the machine is what it was before; armed, it is installed as any other
 *
 * Network boot is off in every state but armed, booting and installing, and live.
 */
#ifndef USHER_MACHINE_LIFE_H
#define USHER_MACHINE_LIFE_H

#include <stdbool.h>
#include <stdint.h>

enum life_state {
	LIFE_KNOWN,
	LIFE_ARMED,
	LIFE_BOOTING,
	LIFE_INSTALLING,
	LIFE_INSTALLED,
	LIFE_UP,
	LIFE_FAILED,
	LIFE_LIVE, /* it boots its live system at every boot, and installs nothing */
	LIFE_STATES
};

enum life_event {
	LIFE_ARM,               /* the user asks for an install: create, reinstall */
	LIFE_DISARM,            /* the user takes it back */
	LIFE_BOOT,              /* the boot script of a new boot was fetched */
	LIFE_ANSWERS,           /* the answers were fetched */
	LIFE_PROGRESS,          /* the installer reported a step */
	LIFE_DONE,              /* the installer reported success */
	LIFE_FAIL,              /* the installer reported failure */
	LIFE_FIRST_BOOT,        /* the installed system reported itself */
	LIFE_FIRST_BOOT_FAILED, /* its first-boot script failed */
	LIFE_RUN,               /* the user asks for a tool to be run */
	LIFE_GO_LIVE,           /* the user asks that it boots a live system from now on */
	LIFE_CLONE,             /* it is made as a copy of a template's disk */
	LIFE_DEADLINE,          /* the attempt's time is over */
	LIFE_STOPPED, /* a guest stopped by itself: reset or power-off, of installer or system */
	LIFE_KILLED,  /* a guest was stopped from outside (virsh destroy), or crashed */
	LIFE_POWER_FAILED, /* an action could not be carried out */
	LIFE_EVENTS
};

/* What is to be done about it, by libvirt for a guest, by the site's executable for bare metal.
 * Bits. */
enum life_action {
	LIFE_DO_NETBOOT = 1 << 0, /* (re)start from the network: installing run, or power cycle */
	LIFE_DO_DISK = 1 << 1,    /* start from its own disk (guest that stopped after done) */
	LIFE_DO_OFF = 1 << 2,     /* stop it */
	LIFE_DO_END = 1 << 3, /* the attempt has ended: tokens are void but the first-boot one */
	LIFE_DO_FILTER = 1
		<< 4, /* its guest's packet filter is to be as its segments are now; life_step() never asks */
	LIFE_DO_NETBOOT_NEXT =
		1 << 5, /* bare metal that runs: its next boot is from the network, too */
};

struct life {
	enum life_state state;
	bool guest;     /* libvirt runs it: stops are seen, and an installing run ends at a reset */
	unsigned boots; /* boot scripts of distinct boots fetched in this attempt */
	unsigned max_boots; /* 0: no attempt */
	bool template;      /* never armed, never started: what happens to it changes nothing */
	bool returns;       /* the attempt installs nothing: it runs a tool or a live system … */
	enum life_state before; /* … and when it ends, the machine is again what it was */
};

struct life_result {
	enum life_state state;
	unsigned boots;
	unsigned actions; /* enum life_action */
	bool refused; /* the event has no place in this state: nothing changes; `reason` says why */
	const char *
		reason; /* static text, or NULL; for failures and refusals, e.g. "too many boots" */
};

struct life_result life_step(const struct life *l, enum life_event e);
/* May this machine be given boot files? */
bool life_netboots(enum life_state s);
/* Of these, is it one that boots to an end: an install, or a tool? A guest's run is usher's then. */
bool life_installs(enum life_state s);
const char *life_state_name(enum life_state s); /* "armed" */
int life_state_parse(const char *name);         /* -EINVAL */
const char *life_event_name(enum life_event e);

#endif
