/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who asks the API, and what they may do: by the Unix socket a user of this host, who may do all; by TLS whoever has a token.
 * Main thread only.
 */
#ifndef USHER_SERVICE_ACCESS_ACCESS_H
#define USHER_SERVICE_ACCESS_ACCESS_H

#include "core/rate.h"
#include "httpd/http_certificate.h"
#include "httpd/httpd.h"
#include "service/access/api_tokens.h"
#include "service/base/base.h"

#include <limits.h>

enum {
	ACCESS_WRONG_MAX = 20, /* wrong tokens of one address in… */
	ACCESS_WRONG_MS = 60 * 1000,
	ACCESS_ADDRESSES =
		256, /* that are counted apart: two that fall together share what they may */
};

struct held;

struct access {
	struct base *base;
	struct api_tokens tokens;
	struct rate wrong[ACCESS_ADDRESSES]; /* by a hash of the address, of IPv6 of its /64 */
	struct http_certificate certificate; /* the TLS listener's; not set: there is none */
	struct held *held;                   /* requests that wait: held.h */
	char problem[PATH_MAX + 512];        /* why there is none though usher.xml wants it; "" */
};

/* Who asks, for as long as the request is being handled. */
struct asker {
	enum role role;
	const char *name;              /* of the token, or of the user; borrowed */
	const struct api_token *token; /* NULL: by the Unix socket */
	const struct held *held;       /* NULL: the request does not wait for anything new */
};

/* The same, for what goes on after the request. */
struct asker_mark {
	char name[API_TOKEN_NAME];
	struct api_token_mark token;
};
struct asker_mark asker_mark(const struct asker *who);
bool asker_mark_is(const struct asker_mark *m, const struct asker *who);
bool asker_mark_void(struct access *a, const struct asker_mark *m, int64_t now);

/* The header of a 401 to a token that is not good. */
void access_say_invalid(struct http_request *r);
/* 0, or the status to reply with (401, 429) and one line in `why`. A token that is right counts as used. */
unsigned access_judge(
	struct access *a, struct http_request *r, struct asker *ret, char *why, size_t size);

/* Reads the certificate that usher.xml names, if any: while we may. What is wrong is logged and in `problem`: then nobody is
 * listened to by TLS, and all else is served. */
void access_read_certificate(struct access *a);
/* Makes one where none is named, and listens, if usher.xml says <api>; the same where it cannot. */
void access_listen(struct access *a, struct httpd *h);
void access_fini(struct access *a);

#endif
