/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tokens of the API: who has one may do what its role says, under its name. A token is told once, when it is made; the store has
 * its SHA-256 alone, which says nothing of 264 random bits. Times are steady ms. Main thread only.
 */
#ifndef USHER_SERVICE_ACCESS_API_TOKENS_H
#define USHER_SERVICE_ACCESS_API_TOKENS_H

#include "core/sha256.h"
#include "core/store.h"
#include "service/access/role.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	API_TOKENS_MAX = 256, /* each is looked at for each request */
	API_TOKEN_NAME = 64,  /* with the NUL */
	API_TOKEN_DIGITS =
		66, /* as a sum has 64, and sums are not hidden in the log (core/plain.h) */
	API_TOKEN_TEXT = 6 + API_TOKEN_DIGITS + 1, /* "usher_", hex digits, a NUL */
	API_TOKEN_USED_MS = 5 * 60 * 1000,         /* between two writes of when one was used */
	API_TOKEN_DAYS_MAX = 3650,
};

struct api_token {
	char name[API_TOKEN_NAME];
	enum role role;
	char sum[SHA256_HEX];
	int64_t created, expires, used; /* 0: never */
	int64_t used_stored;            /* as the store has it */
	char by[API_TOKEN_NAME];        /* who made it */
};

struct api_tokens {
	struct store *store;                  /* NULL: none (tests) */
	struct api_token all[API_TOKENS_MAX]; /* by name */
	size_t count;
};

/* Before store_start(). 0 or -errno with one line in `why`. */
int api_tokens_load(struct api_tokens *ts, char *why, size_t size);

/* [A-Za-z0-9][A-Za-z0-9._-]*, of 63 characters at most. */
bool api_token_name_fits(const char *name);
struct api_token *api_tokens_by_name(struct api_tokens *ts, const char *name);
/* `t` has name, role, created, expires and by; the token goes to `text`. Put into the store's open transaction. 0; -EEXIST,
 * -ENOSPC (too many tokens), or the store's. */
int api_tokens_add(struct api_tokens *ts, const struct api_token *t, char text[API_TOKEN_TEXT]);
/* The same; it was in `ts`. */
int api_tokens_remove(struct api_tokens *ts, const struct api_token *t);

/* The token of an Authorization header, "Bearer usher_…" (RFC 6750 2.1). False: it has none of ours. */
bool api_token_of_header(const char *header, char text[API_TOKEN_TEXT]);
/* Whose it is, expired or not; NULL: nobody's. Compares with all, in constant time. */
struct api_token *api_tokens_find(struct api_tokens *ts, const char text[API_TOKEN_TEXT]);
bool api_token_expired(const struct api_token *t, int64_t now);

/* Which token a request came with, for what goes on after it. */
struct api_token_mark {
	char name[API_TOKEN_NAME]; /* ""; by the Unix socket */
	int64_t created;           /* another may have its name */
};
/* `t` may be NULL. */
struct api_token_mark api_token_mark(const struct api_token *t);
/* Was it revoked since, or has it expired? */
bool api_token_mark_void(struct api_tokens *ts, const struct api_token_mark *m, int64_t now);
/* It is used now: true when that was put into the store's open transaction, once in API_TOKEN_USED_MS. */
bool api_tokens_use(struct api_tokens *ts, struct api_token *t, int64_t now);

#endif
