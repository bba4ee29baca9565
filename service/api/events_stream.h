/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timeline as a stream of events (text/event-stream: the HTML standard, Server-sent events). What its peer has not taken stays
 * on the timeline: a slow one costs no memory, and is dropped when it takes nothing.
 */
#ifndef USHER_SERVICE_API_EVENTS_STREAM_H
#define USHER_SERVICE_API_EVENTS_STREAM_H

#include <stdint.h>

struct http_request;
struct api;
struct asker;

/* From the event after this number on; `machine` NULL: all. Ends when the asker's token is revoked or expires. */
void streams_begin(struct api *api, struct http_request *r, const struct asker *who, uint64_t after,
	const char *machine);
void streams_feed_all(struct api *api); /* what is new; may drop some */
void streams_drop_all(struct api *api);

#endif
