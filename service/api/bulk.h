/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POST /bulk: the same call for many machines. Each is carried out by the handler of the single call, a bounded number at a
 * time, begun in slices of a millisecond. */
#ifndef USHER_SERVICE_API_BULK_H
#define USHER_SERVICE_API_BULK_H

#include "core/loop.h"

#include <jansson.h>

enum {
	BULK_MACHINES_MAX = 1000,
	BULK_RUNNING_MAX =
		64, /* of one request, under way: stopping a guest takes its time, and is mostly waiting */
	BULK_REQUESTS_MAX = 16,
};

struct api;
struct asker;
struct bulk;
struct http_request;

struct bulks {
	struct api *api;
	struct bulk *first;
	size_t count;
	bool stopping; /* nothing more is begun */
	struct loop_timer turn;
};

void bulks_init(struct bulks *bs, struct api *api);
void bulk_handle(struct bulks *bs, struct http_request *r, const struct asker *who, json_t *body);
/* Nothing more is begun: each request is answered when what is under way has been. */
void bulks_stop(struct bulks *bs);

#endif
