/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bare machine's power switch: a management controller by IPMI or Redfish, a packet that wakes it, or an executable of
 * the site's own (a smart plug …). What a target looks like: power_target.h. An executable's contract:
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
#ifndef USHER_HOOKS_POWER_POWER_H
#define USHER_HOOKS_POWER_POWER_H

#include "core/addr.h"
#include "core/loop.h"
#include "core/mailbox.h"
#include "hooks/power/power_target.h"

#include <jansson.h>

enum {
	POWER_AT_ONCE = 8,          /* most of their time they wait for a management controller */
	POWER_QUEUE_MAX = 10000,    /* a lab switched at once */
	POWER_LIMIT_MS = 60 * 1000, /* management controllers are slow */
	POWER_TEXT = 512,
};

struct power;
/* `dir`: the only folder whose executables are run, whatever a machine's record names. `home` is the loop's. */
int power_new(struct loop *l, struct mailbox *home, const char *dir, struct power **ret);
/* Ends what is running, without its `done`. What blocked comes home to the mailbox after it. NULL is fine. */
void power_free(struct power *p);

/* Whoever may ask the API for a machine may name what switches its power; what that may be is root's to say, who puts it
 * into `dir`. Directly in it, executable, and to be trusted (trust.h)? NULL when fine, else what is wrong (static text). */
const char *power_file_error(const char *dir, const char *executable);

/* "on"; NULL: `verb` is out of range. */
const char *power_verb_name(enum power_verb verb);
/* False: there is no such verb. */
bool power_verb_parse(const char *name, enum power_verb *ret);

/* All of it is borrowed for the call of power_run() only. */
struct power_request {
	const char *power;          /* a path, or what power_target_parse() takes */
	const char *password, *pin; /* "" or NULL: none; the pin an earlier call told */
	const char *
		fault; /* why it cannot be tried: it fails with this line (-EACCES); NULL: it can */
	enum power_verb verb;
	bool cycled_next; /* POWER_NETBOOT: POWER_CYCLE is the next call. It may be switched off already, if need be */
	bool uefi; /* the machine booted by UEFI when it was last seen */
	const char *machine_name;
	const json_t *machine; /* for an executable */
	struct mac mac;        /* its first card's, and the link of its segment: for Wake on LAN */
	const char *ifname;
	/* Asked with `done`'s argument when its turn comes, which may be minutes later: is it still wanted? If not, it fails
	 * (-ESTALE) and nothing is switched. NULL: it is. */
	bool (*wanted)(const void *arg);
};

/* Valid during the call. */
struct power_result {
	int status; /* 0 done; 1..255 an executable's exit status; -ETIMEDOUT; -EINTR ended by a signal; -errno */
	bool on;          /* after POWER_STATUS */
	const char *text; /* one line: the reason, or what did not take; may be "" */
	const char *pin;  /* of the certificate that was met, "": none was */
};

/* `done` is called once, from the loop, never from inside. Returns 0, -ENOMEM, -ENOSPC or -EINVAL (no target, not a
 * verb, `p` is NULL); then `done` is not called. */
int power_run(struct power *p, const struct power_request *rq,
	void (*done)(void *arg, const struct power_result *r), void *arg);

#endif
