/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /events: the timeline, now or as soon as there is more. */
#ifndef USHER_SERVICE_API_EVENTS_API_H
#define USHER_SERVICE_API_EVENTS_API_H

struct http_request;
struct api;
struct asker;

void events_handle(struct api *api, struct http_request *r, const struct asker *who);
void events_answer_all(
	void *arg); /* answers the long polls, and feeds the streams, that have events to read */
void events_drop_all(struct api *api);

#endif
