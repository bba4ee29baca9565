/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading what is kept (kept.h) by the API: GET ?after=N[&wait=S] or ?last=N, now or as soon as there is something. */
#ifndef USHER_SERVICE_BASE_KEPT_READ_H
#define USHER_SERVICE_BASE_KEPT_READ_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct held;
struct http_request;
struct kept;

struct kept_piece {
	const uint8_t *bytes; /* borrowed */
	size_t n;             /* 0: there is nothing new */
	uint64_t from;        /* number of its first byte */
	uint64_t newest;      /* number of the byte after all that there is */
};

/* The answer with this piece; NULL: out of memory. */
typedef json_t *kept_reply(struct kept *k, const struct kept_piece *p);

/* `by` lives until the answer, and is for kept_kind.refuses() alone; NULL: it is not asked. */
void kept_read(struct kept *k, struct http_request *q, const struct held *by, kept_reply *reply);
/* There is more to read, or `k` has ended. */
void kept_wake(struct kept *k);

#endif
