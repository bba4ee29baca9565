/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POST /judge, and POST /enrolments, which makes what it judged. */
#ifndef USHER_SERVICE_OPERATIONS_TRIAL_H
#define USHER_SERVICE_OPERATIONS_TRIAL_H

struct http_request;
struct operations;

void trial_handle(struct operations *ops, struct http_request *r);
void trial_enroll(struct operations *ops, struct http_request *r);
void trial_drop_all(struct operations *ops);

#endif
