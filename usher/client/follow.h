/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Following the timeline through the API: numbered events, resumed where the last call ended. */
#ifndef USHER_USHER_CLIENT_FOLLOW_H
#define USHER_USHER_CLIENT_FOLLOW_H

#include "usher/client/client.h"

#include <stdbool.h>
#include <stdint.h>

struct follow {
	struct client *client;
	const char *machine; /* NULL: all */
	char **names;        /* only these are printed, up to a NULL; NULL or none: all */
	uint64_t after;      /* last number seen */
	bool json;           /* an object a line */
	bool quiet;          /* print nothing, only wait */
	bool name_column;    /* say whose event it is */
	bool on_progress;    /* a progress line stands unfinished on the terminal */
};

/* Fetches and prints what is new, waiting up to `wait_s` for something. 0, or -1 (said why). When the service is
 * restarting it is waited for, up to a minute. */
int follow_step(struct follow *f, int wait_s);
/* What is new after f->after, waiting up to `wait_s` for it; as client_try(). Where the service does not let it wait, a second passes
 * here: to be asked again at once. */
int follow_ask(const struct follow *f, int wait_s, json_t **ret, long *ret_status, char *why,
	size_t why_size);
/* Is `machine` one of `names` (as in struct follow)? */
bool follow_names(char **names, const char *machine);
/* How far what an event tells of is, in percent; -1: it does not say. */
int follow_percentage(const json_t *event);
/* Ends an unfinished progress line. */
void follow_end(struct follow *f);
/* The number of the newest event, to follow from now on. */
int follow_newest(struct client *c, uint64_t *ret);

#endif
