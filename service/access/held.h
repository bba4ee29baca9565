/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that wait until there is something new (?wait=S), each of which holds a connection: how many each asker has, and
 * whether they may still be told. Main thread only.
 */
#ifndef USHER_SERVICE_ACCESS_HELD_H
#define USHER_SERVICE_ACCESS_HELD_H

#include "service/access/access.h"

enum {
	/* Of one token or user. With its streams of events, a quarter of the connections that there are by TLS
	   (HTTP_API_CONNECTIONS): nobody takes the others'. */
	HELD_EACH = 48,
};

/* If `r` waits, notes it in who->held, until it is answered. False: it was answered, with 429 or 503. */
bool held_begin(struct access *a, struct http_request *r, struct asker *who);
/* The token was revoked since, or has expired: then `r` was answered with 401. Before another answer; `h` may be NULL. */
bool held_refuses(const struct held *h, struct http_request *r);

#endif
