/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replies that several rooms give. */
#ifndef USHER_SERVICE_BASE_REPLY_H
#define USHER_SERVICE_BASE_REPLY_H

#include "core/store.h"
#include "httpd/httpd.h"
#include "machine/machine.h"

#include <jansson.h>
#include <stdbool.h>

/* Answers with `json` (stolen) once all that was put is on disk, else with 503. */
void reply_committed(struct store *store, struct http_request *r, unsigned status, json_t *json);
/* Answers with `text` (heap, taken; NULL: out of memory) once all that was put is on disk. */
void reply_text_committed(
	struct store *store, struct http_request *r, unsigned status, const char *type, char *text);
/* The machine's entity tag into the answer that is to come: after what changes it. */
void reply_tag(struct http_request *r, const struct machine *m);
/* 202: ask again. Steals `missing`. */
void reply_fetching(struct http_request *r, json_t *missing);
/* New references. */
json_t *reply_machine(struct timeline *timeline, const struct machine *m, bool full);
json_t *reply_event(const struct timeline_event *e);

#endif
