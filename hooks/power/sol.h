/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bare machines' serial consoles, by IPMI 2.0 serial over LAN (section 15): one process of ipmitool for each that is open.
 * Main thread. The shape is that of guest_console_…() (guest/guest.h).
 *
 * A controller has one such session. Another one that has it (an administrator's ipmitool) is not thrown out.
 */
#ifndef USHER_HOOKS_POWER_SOL_H
#define USHER_HOOKS_POWER_SOL_H

#include "core/loop.h"
#include "hooks/power/power_target.h"

enum {
	SOL_WHY = 256,
	SOL_WAITING = 64 << 10, /* bytes that wait to be taken; more are dropped and counted */
	SOL_LEAVE_MS = 5000,    /* for the end of a session that is closed */
};

struct sol;

/* All of them, also those that are ending. */
struct sols {
	struct loop *loop;
	struct sol *all;
};

struct sol_news {
	bool open;      /* the session is there, or was */
	uint8_t *bytes; /* what was printed since; for free(); may be NULL */
	size_t n;
	uint64_t dropped; /* bytes that came after these, and were dropped */
	bool over;        /* nothing comes any more: close it */
	const char *why;  /* of the end; valid until it is closed */
};

void sols_init(struct sols *all, struct loop *l);
/* Ends all at once: their controllers notice by themselves, after a minute or so. */
void sols_fini(struct sols *all);

/* `target` is POWER_IPMI; it and the password are borrowed for the call. `look` is called from the loop, never from inside,
 * when sol_take() has something to tell. 0 or -errno. */
int sol_open(struct sols *all, const struct power_target *target, const char *password,
	void (*look)(void *arg), void *arg, struct sol **ret);
void sol_take(struct sol *s, struct sol_news *ret);
/* 0; -EAGAIN: it takes no more now; -EPIPE: it is over. */
int sol_send(struct sol *s, const void *bytes, size_t n);
/* Ends the session; `look` is not called any more. Fine inside `look`. NULL is fine. */
void sol_close(struct sol *s);

#endif
