#ifndef USHER_SERVICE_API_EVENTS_API_H
#define USHER_SERVICE_API_EVENTS_API_H

struct http_request;
struct service;

void events_handle(struct service *s, struct http_request *r);
void events_answer_all(struct service *s); /* those that have something to read */
void events_drop_all(struct service *s);

#endif
