/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bare machine's power switch: a site executable (IPMI, Redfish, wake on LAN, a smart plug …).
 * Its contract:
 *
 *   argv[1]   on | off | cycle | status | netboot (the network first at the next boot, once)
 *   argv[2]   the machine's name
 *   stdin     the machine as JSON (machine_to_json, full)
 *   exit 0    done; for status: the last line of stdout is "on" or "off"
 *   else      the last line of stderr is the reason
 *
 * contrib/power-libvirt is an example. The calls for one machine are made one after the other, in
 * order.
 */
#ifndef USHER_HOOKS_POWER_H
#define USHER_HOOKS_POWER_H

#include "core/loop.h"

#include <jansson.h>

enum {
	POWER_AT_ONCE = 8,          /* most of their time they wait for a management controller */
	POWER_QUEUE_MAX = 10000,    /* a lab switched at once */
	POWER_LIMIT_MS = 60 * 1000, /* management controllers are slow */
};

struct power;
/* `dir`: the only folder whose executables are run, whatever a machine's record names. */
int power_new(struct loop *l, const char *dir, struct power **ret);
/* Kills what is running, without its `done`. NULL is fine. */
void power_free(struct power *p);

/* Whoever may ask the API for a machine may name what switches its power; what that may be is root's to say, who puts it
 * into `dir`. Directly in it, executable, and to be trusted (trust.h)? NULL when fine, else what is wrong (static text). */
const char *power_file_error(const char *dir, const char *executable);

/* `done` is called once, from the loop, never from inside. `status`: 0 done; 1..255 its exit
 * status; -ETIMEDOUT; -EINTR ended by a signal; -errno it could not be started. `output`: one line,
 * the reason or the answer; valid during the call. Returns 0, -ENOMEM, -ENOSPC or -EINVAL (not an
 * absolute path, not a verb); then `done` is not called. `machine` is borrowed. */
int power_run(struct power *p, const char *executable, const char *verb, const char *machine_name,
	const json_t *machine, void (*done)(void *arg, int status, const char *output), void *arg);

#endif
