/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /api/v1/tokens, /tokens/NAME, /whoami */
#ifndef USHER_SERVICE_API_TOKENS_API_H
#define USHER_SERVICE_API_TOKENS_API_H

#include <jansson.h>

struct access;
struct asker;
struct http_request;

/* `rest`: "" or "/NAME"; `body` may be NULL. */
void tokens_handle(struct access *a, struct http_request *r, const struct asker *who,
	const char *rest, const json_t *body);
void tokens_whoami(struct http_request *r, const struct asker *who);

#endif
