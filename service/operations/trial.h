/* POST /judge. */
#ifndef USHER_SERVICE_OPERATIONS_TRIAL_H
#define USHER_SERVICE_OPERATIONS_TRIAL_H

struct http_request;
struct service;

void trial_handle(struct service *s, struct http_request *r);
void trial_drop_all(struct service *s);

#endif
