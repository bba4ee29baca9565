/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks at all machines whose attempt is under way, some at a time, so that each is looked at every WATCHING_MS: is it stuck,
 * and why (machine/watch.h)? Asks the kernel for what nobody reports: the state of their bridge ports, and whether they answer ARP.
 */
#ifndef USHER_SERVICE_WATCHING_H
#define USHER_SERVICE_WATCHING_H

#include "service/base/base.h"

enum {
	WATCHING_MS = 2000,
	WATCHING_TICK_MS = 250,
	WATCHING_SAVES =
		50, /* records a tick that have to be stored, as their machines are stuck or no longer */
	WATCHING_MOST =
		2000, /* machines a tick: ten thousand are looked at within their two seconds */
	WATCHING_ASK_MS =
		4000, /* so long after its lease or script it is asked for by ARP, if it fetches nothing */
	WATCHING_ASKS = 8, /* of those a tick: the kernel keeps some thousand neighbours */
};

struct watching {
	struct base *base;
	struct loop_timer tick;
	size_t next; /* place of the machine that comes next */
};

/* When the machines are loaded and the store is open. */
void watching_start(struct watching *w);
void watching_stop(struct watching *w);

#endif
