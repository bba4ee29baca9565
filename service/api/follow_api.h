#ifndef USHER_SERVICE_API_FOLLOW_API_H
#define USHER_SERVICE_API_FOLLOW_API_H

#include <jansson.h>

struct http_request;
struct service;
struct timeline_event;

void follow_handle(struct service *s, struct http_request *r);
void follow_answer_all(struct service *s); /* those that have something to read */
void follow_drop_all(struct service *s);
json_t *follow_event_json(const struct timeline_event *e);

#endif
