/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for machines to reach a state, with or without their progress shown. */
#ifndef USHER_USHER_CLIENT_WAIT_H
#define USHER_USHER_CLIENT_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wait_for {
	const char *socket;
	const char *state; /* "up"; "deleted" too */
	long timeout_s;    /* -1: for ever */
	bool quiet;        /* no events printed */
	bool json;
	uint64_t after; /* events from here on are shown */
};

/* NULL when this is a state's name, else what is wrong (static text). */
const char *wait_state_error(const char *state);
/* EXIT_DONE when all are there (or beyond: waiting for armed is over when it is installing), EXIT_FAILED when one
 * failed, vanished or time is over; says which and why. */
int wait_for_machines(const struct wait_for *w, char **names, size_t count);

#endif
