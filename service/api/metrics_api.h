/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GET /metrics: what there is to count, as text for Prometheus. Counts are kept where things happen; here they are written down.
 * What has to be looked for, addresses in use, is found by survey.h.
 */
#ifndef USHER_SERVICE_API_METRICS_API_H
#define USHER_SERVICE_API_METRICS_API_H

#include "core/exposition.h"
#include "core/tally.h"
#include "httpd/httpd.h"
#include "machine/segment.h"

struct api;
struct survey;
struct timeline_event;

enum {
	METRICS_MAX = 4 << 20, /* bytes of one text */
	METRICS_KINDS = 64,    /* of events; there are fewer */
};

struct metrics {
	struct tally events; /* by kind, since the start */
};

void metrics_init(struct metrics *m);
void metrics_fini(struct metrics *m);
/* A listener of the timeline: `arg` is struct metrics. */
void metrics_on_event(void *arg, const struct timeline_event *e);
void metrics_handle(struct api *api, struct http_request *r);

/* metrics_text.c */
void metrics_write(const struct survey *found, struct exposition *x);

#endif
