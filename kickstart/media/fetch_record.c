/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/media/fetch_record.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Kept. */

static json_t *version_json(const struct fetch_version *v)
{
	return json_pack("{s:s, s:s, s:I}", "etag", v->tag, "modified", v->date, "size",
		(json_int_t)v->size);
}

char *fetch_record_format(const struct fetch_record *r, const char *url)
{
	json_t *j = json_pack("{s:s}", "url", url);
	char *text;

	if (r->whole) {
		json_object_set_new(j, "whole", version_json(&r->whole_version));
		json_object_set_new(j, "sha256", json_string(r->sum));
	}
	if (r->part)
		json_object_set_new(j, "part", version_json(&r->part_version));
	text = json_dumps(j, JSON_INDENT(2));
	json_decref(j);
	return text;
}

/* It goes into a header: one line of visible text, as it came from one. */
static bool take_line(const json_t *of, const char *key, char *ret, size_t size)
{
	const char *s = json_string_value(json_object_get(of, key));

	if (!s || strlen(s) >= size)
		return false;
	for (const char *c = s; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	strcpy(ret, s);
	return true;
}

static bool take_version(const json_t *from, struct fetch_version *ret)
{
	const json_t *size = json_object_get(from, "size");

	if (!json_is_integer(size) || json_integer_value(size) < 0)
		return false;
	ret->size = (uint64_t)json_integer_value(size);
	return take_line(from, "etag", ret->tag, sizeof ret->tag) &&
		take_line(from, "modified", ret->date, sizeof ret->date);
}

static bool take_all(const json_t *from, const char *url, struct fetch_record *r)
{
	const char *of = json_string_value(json_object_get(from, "url"));
	const char *sum = json_string_value(json_object_get(from, "sha256"));
	const json_t *whole = json_object_get(from, "whole"), *part = json_object_get(from, "part");

	r->whole = whole != NULL;
	r->part = part != NULL;
	return of && !strcmp(of, url) && (!whole || take_version(whole, &r->whole_version)) &&
		(!whole || (sum && sha256_parse(sum, r->sum))) &&
		(!part || take_version(part, &r->part_version));
}

int fetch_record_parse(const char *text, size_t len, const char *url, struct fetch_record *ret)
{
	json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	bool ok;

	*ret = (struct fetch_record){0};
	ok = take_all(j, url, ret);
	json_decref(j);
	if (!ok)
		*ret = (struct fetch_record){0};
	return ok ? 0 : -EPROTO;
}

/* Asked. */

/* What tells this content from any other, byte by byte: RFC 9110 13.1.5 wants no less for a Range. A
 * date does so well enough for a mirror's files, which are not written twice in a second. */
static const char *strong_of(const struct fetch_version *v)
{
	return *v->tag && strncmp(v->tag, "W/", 2) ? v->tag : v->date;
}

void fetch_record_ask(const struct fetch_record *r, uint64_t part_size, struct fetch_request *ret)
{
	const struct fetch_version *whole = &r->whole_version;
	const char *strong = strong_of(&r->part_version);

	*ret = (struct fetch_request){0};
	if (r->part && part_size && *strong) {
		ret->offset = part_size;
		snprintf(ret->headers[0], FETCH_HEADER, "Range: bytes=%llu-",
			(unsigned long long)part_size);
		snprintf(ret->headers[1], FETCH_HEADER, "If-Range: %s", strong);
	} else if (r->whole && *whole->tag) {
		ret->conditional = true;
		snprintf(ret->headers[0], FETCH_HEADER, "If-None-Match: %s", whole->tag);
	} else if (r->whole && *whole->date) {
		ret->conditional = true;
		snprintf(ret->headers[0], FETCH_HEADER, "If-Modified-Since: %s", whole->date);
	}
}

/* Answered. */

/* The value of header `name` in `line`, trimmed, when it fits. */
static bool header_value(const char *line, const char *name, char *ret, size_t size)
{
	size_t n = strlen(name), len;

	if (strncasecmp(line, name, n) || line[n] != ':')
		return false;
	line += n + 1;
	line += strspn(line, " \t");
	for (len = strlen(line); len && strchr(" \t\r\n", line[len - 1]); len--)
		;
	if (len >= size)
		return false;
	memcpy(ret, line, len);
	ret[len] = '\0';
	return true;
}

static bool number(const char **at, uint64_t *ret)
{
	char *end;

	if (**at < '0' || **at > '9')
		return false;
	errno = 0;
	*ret = strtoull(*at, &end, 10);
	*at = end;
	return !errno;
}

/* RFC 9110 14.4: "bytes 100-199/200"; the whole's size may be "*". */
static void take_range(struct fetch_reply *r, const char *value)
{
	uint64_t first, last, size = 0;

	if (strncmp(value, "bytes ", 6))
		return;
	value += 6;
	if (!number(&value, &first) || *value++ != '-' || !number(&value, &last) ||
		*value++ != '/' || (strcmp(value, "*") && !number(&value, &size)))
		return;
	r->ranged = true;
	r->first = first;
	r->version.size = size;
}

void fetch_reply_header(struct fetch_reply *r, const char *bytes, size_t len)
{
	char line[FETCH_HEADER + 64], value[FETCH_HEADER];
	const char *at = value;
	uint64_t n;

	if (len >= sizeof line || memchr(bytes, '\0', len))
		return;
	memcpy(line, bytes, len);
	line[len] = '\0';
	if (!strncmp(line, "HTTP/", 5)) {
		const char *blank = strchr(line, ' ');

		*r = (struct fetch_reply){.status = blank ? strtol(blank, NULL, 10) : 0};
	} else if (header_value(line, "Content-Range", value, sizeof value)) {
		take_range(r, value);
	} else if (header_value(line, "Content-Length", value, sizeof value)) {
		if (r->status == 200 && number(&at, &n))
			r->version.size = n;
	} else if (!header_value(line, "ETag", r->version.tag, sizeof r->version.tag)) {
		header_value(line, "Last-Modified", r->version.date, sizeof r->version.date);
	}
}

enum fetch_meaning fetch_reply_meaning(
	const struct fetch_request *asked, const struct fetch_reply *reply)
{
	switch (reply->status) {
	case 200:
		return FETCH_ALL;
	case 206:
		if (!asked->offset)
			return FETCH_REFUSED;
		return reply->ranged && reply->first == asked->offset ? FETCH_REST : FETCH_OVER;
	case 304:
		return asked->conditional ? FETCH_SAME : FETCH_REFUSED;
	case 416:
		return asked->offset ? FETCH_OVER : FETCH_REFUSED;
	}
	return FETCH_REFUSED;
}
