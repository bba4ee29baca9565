/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a Redfish controller is asked for, in which order, and whether it did it: the decisions of redfish.c. Pure.
 */
#ifndef USHER_HOOKS_POWER_REDFISH_PLAN_H
#define USHER_HOOKS_POWER_REDFISH_PLAN_H

#include "hooks/power/power_target.h"
#include "hooks/power/redfish.h"
#include "hooks/power/redfish_read.h"

/* Power: ways to do a verb, the best first. Each is one reset or two. */

enum { REDFISH_STEPS = 2 };

struct redfish_step {
	const char *type;            /* ResetType; NULL: no step */
	enum redfish_state leads_to; /* REDFISH_ON or REDFISH_OFF */
};

struct redfish_way {
	struct redfish_step steps[REDFISH_STEPS];
};

/* None: it is so already. `verb`: POWER_ON, POWER_OFF or POWER_CYCLE. */
const struct redfish_way *redfish_ways(
	enum power_verb verb, enum redfish_state state, size_t *ret_n);
bool redfish_way_allowed(const struct redfish_way *w, const json_t *allowed);

/* Boot */

struct redfish_wish {
	const char *target; /* "Pxe" or "UefiHttp" */
	const char *mode;   /* "UEFI" or "Legacy"; NULL: whichever it has */
	bool instead;       /* UefiHttp was wanted, is not offered, and Pxe is */
};

/*
 * `said`: what the target says, which may be POWER_BOOT_AUTO. A mode that nobody said and that is BIOS only for want of
 * knowledge changes no machine's mode. `allowed`: boot targets, or NULL. False: it cannot boot from the network by what it offers.
 */
bool redfish_wish(enum power_boot boot, enum power_boot said, const json_t *allowed,
	struct redfish_wish *ret);

enum { REDFISH_ATTEMPTS = 4 };

/* One way to ask for it: of which resource, and with BootSourceOverrideMode or without. */
struct redfish_attempt {
	bool settings, mode;
};

/* In order, until one took. `now`: the override before. Returns how many. */
size_t redfish_attempts(unsigned quirks, const struct redfish_boot *now,
	const struct redfish_wish *wish, bool has_settings,
	struct redfish_attempt ret[REDFISH_ATTEMPTS]);
/* The body of the PATCH: the fewest members that do it. NULL: no memory. */
json_t *redfish_boot_body(
	const struct redfish_wish *wish, const struct redfish_boot *now, bool mode);

enum redfish_took {
	REDFISH_TOOK_NOT,       /* it will not boot from the network */
	REDFISH_TOOK_OTHERWISE, /* it will, but not once, or in another mode */
	REDFISH_TOOK,
};
enum redfish_took redfish_took(const struct redfish_wish *wish, const struct redfish_boot *now);
/* "asked for Pxe once, the controller says Hdd/Disabled". Returns `buf`. */
const char *redfish_took_text(
	const struct redfish_wish *wish, const struct redfish_boot *now, char *buf, size_t size);

/* Conditional requests: values of If-Match to try one after the other while the controller answers 412 or 428. */

enum { REDFISH_ETAGS = 4 };

/* `given`: the ETag of the resource, or "". "" in the list: without If-Match. Returns how many. */
size_t redfish_etags(const char *given, char ret[REDFISH_ETAGS][REDFISH_ETAG]);

/* Patience: how long to wait before a request is sent again, ms; -1: not again. `tries`: how often it was sent. `code`: the
 * HTTP status, 0 when the connection broke. `after_s`: Retry-After, 0 when not said. */
int redfish_pause(unsigned tries, long code, unsigned after_s);

#endif
