/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POST /enrolments: bare machines by the list, all or none. */
#ifndef USHER_SERVICE_OPERATIONS_ENROLMENT_H
#define USHER_SERVICE_OPERATIONS_ENROLMENT_H

#include "service/operations/judge.h"

/* Of a request that is not judged yet: was it carried out before? The same again, after the connection broke, is answered, and
 * changes nothing. */
bool enrolment_answered(struct operations *ops, struct http_request *r, const json_t *body);
/* One of its machines, before it is judged. NULL, or what is wrong with it (static text). */
const char *enrolment_prepare(const struct trial *t, json_t *machine);
/* All were judged, and none is faulty: their records are put into the open transaction, and the request is answered. */
void enrolment_record(struct trial *t);

#endif
