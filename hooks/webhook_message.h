/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A webhook's messages, in the form of the Standard Webhooks specification 1.0: what is posted, how it is signed, what follows from
 * an answer. Pure.
 *
 *   POST URL
 *   webhook-id: the event's, the same when it is posted again
 *   webhook-timestamp: of this post, seconds since the epoch
 *   webhook-signature: "v1,BASE64", one for each secret, a blank between: HMAC-SHA256 of "ID.TIMESTAMP.BODY"
 *
 *   {"type": "failed", "timestamp": "2026-11-30T02:38:19.042Z",
 *    "data": {"seq": 4711, "machine": "web01", "text": "…", "by": null, "record": {…}}}
 */
#ifndef USHER_HOOKS_WEBHOOK_MESSAGE_H
#define USHER_HOOKS_WEBHOOK_MESSAGE_H

#include "machine/timeline.h"

#include <jansson.h>
#include <stdbool.h>

enum {
	WEBHOOK_SECRETS = 4,     /* in one file: while one takes another's place both are good */
	WEBHOOK_SECRET_MIN = 24, /* bytes; both by the specification */
	WEBHOOK_SECRET_MAX = 64,
	WEBHOOK_SIGNATURE =
		WEBHOOK_SECRETS * 48 + 1, /* "v1," and 44 characters each, blanks, NUL */
	WEBHOOK_ID = 64,
	WEBHOOK_HOST = 264,
	WEBHOOK_BODY_MAX =
		256 << 10,       /* with a longer record it is posted without: "record" is null */
	WEBHOOK_PAUSE_MS = 1000, /* before it is posted again; doubled each time, up to… */
	WEBHOOK_PAUSE_MOST_MS = 60 * 1000,
	WEBHOOK_AFTER_MOST_S = 600, /* what a receiver's Retry-After is heeded to */
};

struct webhook_secret {
	uint8_t bytes[WEBHOOK_SECRET_MAX];
	size_t n;
};

struct webhook_secrets {
	struct webhook_secret all[WEBHOOK_SECRETS];
	size_t n;
};

enum webhook_verdict {
	WEBHOOK_DELIVERED,
	WEBHOOK_AGAIN, /* another time it may be */
	WEBHOOK_NEVER, /* the receiver wants nothing of it, or is elsewhere */
};

/* NULL: it is a URL that may be posted to: https, with a host and without a user. Else what is wrong with it (static text). */
const char *webhook_url_error(const char *url);
/* The URL's host, with its port if it has one. Returns `buf`. */
const char *webhook_host(const char *url, char *buf, size_t size);

/* A secret file's text: "whsec_" and Base64, one a line. 0, or -EINVAL with a line in `why` that does not tell it. */
int webhook_secrets_parse(
	const char *text, struct webhook_secrets *ret, char *why, size_t why_size);
/* The header's value. 0 or -ENOMEM. */
int webhook_sign(const struct webhook_secrets *s, const char *id, int64_t timestamp,
	const char *body, size_t len, char ret[WEBHOOK_SIGNATURE]);

/* The message about an event, for free(); NULL: out of memory. `machine` is borrowed, and may be NULL. */
char *webhook_body(const struct timeline_event *e, const json_t *machine);
void webhook_id(const struct timeline_event *e, char ret[WEBHOOK_ID]);

/* HTTP's status. */
enum webhook_verdict webhook_verdict(long status);
/* ms until the next try, after `tries`; `after_s`: what the receiver asked for, or 0. */
int64_t webhook_pause(unsigned tries, unsigned after_s);

#endif
