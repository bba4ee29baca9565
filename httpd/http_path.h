/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pure parts of HTTP: request targets, query arguments, content types, ranges, conditions.
 * No socket, no clock, no libmicrohttpd. Any thread.
 */
#ifndef USHER_HTTPD_HTTP_PATH_H
#define USHER_HTTPD_HTTP_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HTTP_PATH_MAX =
		1024, /* bytes of a decoded path and its NUL: longer than any boot file's name */
	HTTP_ARGS_MAX = 32, /* query arguments: more than any request of ours has */
	HTTP_SEGMENTS_MAX = 16,
};

/* A request target (RFC 9112 3.2) in two: origin-form, or absolute-form whose authority is dropped.
 * Both parts are borrowed from `target`; *ret_query is NULL when there is no '?'. 0 or -EINVAL. */
int http_target_split(
	const char *target, const char **ret_path, size_t *ret_path_len, const char **ret_query);

/* Percent-decodes once, then collapses "//" and "/./". A trailing slash is kept. -EINVAL: does not
 * begin with '/', bad percent sequence, NUL, control character, backslash, ".." segment, not UTF-8.
 * -ENAMETOOLONG. */
int http_path_normalise(const char *raw, size_t len, char ret[HTTP_PATH_MAX]);

/* A piece of a path, not NUL-terminated. */
struct http_piece {
	const char *at;
	size_t len;
};

/* The segments of a normalised path: "/m/abc/done" has three. Returns how many there are, even when
 * that is more than `max`; only `max` are written. Empty ones (a trailing slash) do not count. */
size_t http_path_split(const char *path, struct http_piece *ret, size_t max);
bool http_piece_is(const struct http_piece *p, const char *text);
/* Is `path` below `top` ("/boot/")? */
bool http_path_below(const char *path, const char *top);

enum { HTTP_SHOWN_MAX = 256 };
/* A path or target for the log, cut: safe to show (core/plain.h), the piece after "/m/" and whatever else may be a token
 * as a star. */
const char *http_path_shown(const char *path, char ret[HTTP_SHOWN_MAX]);

struct http_arg {
	const char *name, *value; /* value "" when there is no '=' */
};

/* Decodes `query` in place ('+' is a space); the arguments point into it. 0; -EINVAL: bad percent
 * sequence, NUL or not UTF-8; -E2BIG: more than HTTP_ARGS_MAX. */
int http_args_parse(char *query, struct http_arg ret[HTTP_ARGS_MAX], size_t *ret_count);

bool http_utf8_valid(const char *text, size_t len); /* also false for NUL */

/* By the name's ending; "application/octet-stream" when it says nothing. Static text. */
const char *http_content_type(const char *path);

enum http_range { HTTP_RANGE_NONE, HTTP_RANGE_PART, HTTP_RANGE_UNSATISFIABLE };

/* A Range header's value (RFC 9110 14.2) for a representation of `size` bytes; NULL is fine. NONE,
 * serve it whole: absent, malformed, another unit, or several ranges. Writes the outputs for PART
 * only; length is at least 1. */
enum http_range http_range_parse(
	const char *value, uint64_t size, uint64_t *ret_first, uint64_t *ret_len);

/* The values of a request's conditions; NULL: it has no such one. */
struct http_conditions {
	const char *match, *unmodified_since, *none_match, *modified_since;
};

enum http_outcome { HTTP_GO_ON, HTTP_UNCHANGED /* 304 */, HTTP_FAILED /* 412 */ };

/* RFC 9110 13.2.2, in its order, for GET and HEAD of what has the strong entity tag `etag` (quoted) and was changed at
 * `mtime` (seconds). `etag` NULL: what is asked for has neither, so that only If-Match with a tag fails. */
enum http_outcome http_conditions_judge(
	const struct http_conditions *c, const char *etag, int64_t mtime);

enum { HTTP_DATE_TEXT = 30 }; /* "Sun, 06 Nov 1994 08:49:37 GMT" */
void http_date_format(int64_t seconds, char ret[HTTP_DATE_TEXT]);
/* IMF-fixdate only (RFC 9110 5.6.7), the form that every client since HTTP/1.0 sends. 0 or -EINVAL.
 */
int http_date_parse(const char *text, int64_t *ret_seconds);

#endif
