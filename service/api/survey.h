/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A look at each machine and each lease, for GET /status and GET /metrics: what is not counted where it happens. In parts, one each
 * turn of the loop, of a millisecond at most. What changes meanwhile may be counted or not.
 */
#ifndef USHER_SERVICE_API_SURVEY_H
#define USHER_SERVICE_API_SURVEY_H

#include "core/loop.h"
#include "machine/machine.h"
#include "machine/segment.h"

#include <jansson.h>

struct api;
struct http_request;

enum {
	SURVEYS_MAX = 8,      /* at a time; more are refused */
	SURVEY_FAMILIES = 2,  /* IPv4 and IPv6 */
	SURVEY_MACHINES = 10, /* of a kind that are told one by one: a screen */
};

struct survey {
	/* what was found */
	size_t used
		[SEGMENT_MAX]
		[SURVEY_FAMILIES]; /* addresses of the pool that cannot be given to somebody new, by
						      segment id - 1 */
	size_t guests, installing, troubled;
	size_t templates;
	json_t *installs,
		*troubles; /* the first of them, as GET /machines has them; of installs also `progress` */
	json_t *pools; /* an object: the keys are the storage pools that records name */
	struct api *api;
	struct http_request *request;
	/* --- */
	void (*answer)(struct survey *s); /* answers the request */
	struct survey *next;
	struct loop_timer turn;
	char place[MACHINE_NAME]; /* the last machine that was looked at; "": none yet */
	bool has_machines;        /* all were looked at */
	size_t pool; /* whose leases are counted now: a segment's place, twice, and its family */
	size_t at;   /* in it */
};

/* `answer` is called once, perhaps at once, and may not keep the survey. Not at all if the request is refused or abandoned. */
void survey_start(struct api *api, struct http_request *r, void (*answer)(struct survey *s));
void surveys_drop_all(struct api *api);

#endif
