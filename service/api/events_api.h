/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /events: the timeline, now or as soon as there is more. */
#ifndef USHER_SERVICE_API_EVENTS_API_H
#define USHER_SERVICE_API_EVENTS_API_H

struct http_request;
struct api;

void events_handle(struct api *api, struct http_request *r);
void events_answer_all(void *arg); /* answers the long polls that have events to read */
void events_drop_all(struct api *api);

#endif
