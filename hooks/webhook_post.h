/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Posts a webhook's message, by libcurl: blocking, for a thread of its own. TLS is verified, redirects are not followed. */
#ifndef USHER_HOOKS_WEBHOOK_POST_H
#define USHER_HOOKS_WEBHOOK_POST_H

#include "hooks/webhook_message.h"

enum {
	WEBHOOK_CONNECT_MS = 5000,
	WEBHOOK_ANSWER_MS = 10000,     /* for all of it */
	WEBHOOK_ANSWER_MAX = 64 << 10, /* bytes of an answer, which nobody reads */
	WEBHOOK_WHY = 400,
	WEBHOOK_SECRET_FILE = 4096, /* bytes */
};

struct webhook_poster;

/* One receiver; connections are used again. One post at a time. */
struct webhook_poster *webhook_poster_new(void);
void webhook_poster_free(struct webhook_poster *p); /* NULL is fine */

struct webhook_post {
	const char *url;
	const char *ca;          /* a file of certificates to trust; "": the system's */
	const char *secret_file; /* read anew for each post */
	const char *id, *body;
	bool (*stopping)(const void *arg); /* asked now and then */
	const void *arg;
};

struct webhook_outcome {
	enum webhook_verdict verdict;
	bool reached;          /* the receiver had the request; else the next would fare the same */
	unsigned after_s;      /* Retry-After, or 0 */
	char why[WEBHOOK_WHY]; /* unless it was delivered: one clean line */
};

void webhook_post(
	struct webhook_poster *p, const struct webhook_post *what, struct webhook_outcome *ret);

/* Reads and judges a secret file. 0 or -errno with a line in `why`. */
int webhook_secrets_read(const char *path, struct webhook_secrets *ret, char *why, size_t why_size);

#endif
