/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that are carried out once, however often they are sent: those with a key, which is the header Idempotency-Key of a
 * POST, or `request_id` of its body. The same request of the same asker gets the same answer; if the first one is not answered
 * yet, both are answered at once. What is answered with an error, or "ask again" (202), has done nothing and is not kept.
 *
 * In memory: a restart forgets it. That the same request_id does not make a machine twice even then is in the machine's
 * record, and judged where machines are made.
 */
#ifndef USHER_SERVICE_API_ONCE_H
#define USHER_SERVICE_API_ONCE_H

#include "core/table.h"
#include "httpd/httpd.h"

enum {
	ONCE_KEY_MAX = 255,        /* bytes */
	ONCE_COUNT_MAX = 4096,     /* kept requests; the oldest go first… */
	ONCE_BYTES_MAX = 16 << 20, /* …as they do for the bytes of all answers */
	ONCE_ANSWER_MAX =
		4 << 20,       /* bytes of one answer: of a longer one only that it came is kept */
	ONCE_WAITERS_MAX = 64, /* the same request again, while it is under way */
	ONCE_MS = 24 * 3600 * 1000,
};

struct once_entry;

struct once {
	struct table by_key;
	struct once_entry *oldest, *newest;
	size_t count, bytes;
};

void once_init(struct once *o);
/* What is under way stays until it is answered, which only frees it. */
void once_fini(struct once *o);
/* Is it for the caller to carry `r` out? False: it was answered, or will be. `asker`: who asks; `key` is not "", and has
 * ONCE_KEY_MAX bytes at most; `made`: only 201 is an answer to keep. `now`: mono ms. */
bool once_begin(struct once *o, struct http_request *r, const char *asker, const char *key,
	bool made, int64_t now);

#endif
