/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that no connection waits for: what is asked of a handler on behalf of another request. */
#include "httpd/http_exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int take_body(struct http_exchange *x, const char *body, size_t len)
{
	x->body = malloc(len + 1);
	if (!x->body)
		return -1;
	memcpy(x->body, body, len);
	x->body[len] = '\0';
	x->r.body = x->body;
	x->r.body_len = len;
	return 0;
}

static int take_target(struct http_exchange *x, const char *path, const char *query)
{
	size_t size = strlen(path) + strlen(query) + 2;

	x->target = malloc(size);
	x->query = strdup(query);
	if (!x->target || !x->query || strlen(path) >= sizeof x->path)
		return -1;
	snprintf(x->target, size, "%s%s%s", path, *query ? "?" : "", query);
	snprintf(x->path, sizeof x->path, "%s", path);
	x->r.target = x->target;
	x->r.path = x->path;
	return http_args_parse(x->query, x->args, &x->n_args);
}

struct http_request *http_inner(const struct http_from *from, enum http_method method,
	const char *path, const char *query, const char *body, size_t len)
{
	struct http_exchange *x = calloc(1, sizeof *x);

	if (!x)
		return NULL;
	x->h = from->h;
	httpd_ref(x->h);
	atomic_init(&x->refs, 1);
	x->r = from->r;
	x->r.method = method;
	if (!take_target(x, path, query) && !take_body(x, body, len))
		return &x->r;
	http_exchange_unref(x);
	return NULL;
}

void http_from_init(struct http_from *from, const struct http_request *r)
{
	*from = (struct http_from){
		.h = ((const struct http_exchange *)(const void *)r)->h, .r = *r};
	from->r.target = from->r.path = from->r.body = "";
	from->r.body_len = 0;
	httpd_ref(from->h);
}

void http_from_fini(struct http_from *from)
{
	if (from->h)
		httpd_unref(from->h);
	from->h = NULL;
}
