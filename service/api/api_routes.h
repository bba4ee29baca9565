/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The API's calls, who may make them, and what each takes: methods, query arguments, and the keys of a body with their types. Each request
 * is checked against them before a handler interprets it. Pure.
 */
#ifndef USHER_SERVICE_API_API_ROUTES_H
#define USHER_SERVICE_API_API_ROUTES_H

#include "httpd/httpd.h"
#include "service/access/role.h"

/* 0, or 403 and one line in `why`: who has this role may not. A call that does not exist is api_routes_judge()'s to refuse. */
unsigned api_routes_allow(
	enum http_method method, const char *path, enum role role, char *why, size_t size);
/* The same of a body: a machine's domain fragment and another libvirt reach past the machine into its host. NULL is fine. */
unsigned api_routes_allow_body(const json_t *body, enum role role, char *why, size_t size);

/* 0: the call exists and the request may be valid. Else the status to reply with (404, 405, 400) and one line in `why`.
 * `path` is below /api/v1, decoded; `target` is as received, with the query; `body` may be empty. *ret_body (new reference)
 * is the object that it is; NULL: the call takes none, or it is refused. */
unsigned api_routes_judge(enum http_method method, const char *path, const char *target,
	const char *body, size_t len, json_t **ret_body, char *why, size_t size);

/* The table: call number `i`, from 0; `*ret_path` may have "*" for a name and "**" for one or more. False: there are no more. */
bool api_routes_at(
	size_t i, enum http_method *ret_method, const char **ret_path, enum role *ret_role);

/* The methods that a path takes, as an Allow header has them: "GET, HEAD, POST"; "" when there is no such path. */
void api_routes_methods(const char *path, char *buf, size_t size);

#endif
