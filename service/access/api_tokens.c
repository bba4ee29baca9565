/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/access/api_tokens.h"

#include "core/draw.h"
#include "core/json.h"
#include "core/log.h"

#include <errno.h>
#include <nettle/memops.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PREFIX "usher_"
enum { PREFIX_LEN = sizeof PREFIX - 1 };

static void sum_of(const char text[API_TOKEN_TEXT], char ret[SHA256_HEX])
{
	struct sha256 s;

	sha256_start(&s);
	sha256_add(&s, text, API_TOKEN_TEXT - 1);
	sha256_hex(&s, ret);
}

/* The store */

static int save(struct api_tokens *ts, const struct api_token *t)
{
	json_t *j = json_pack("{s:s, s:s, s:I, s:I, s:I, s:s}", "role", role_name(t->role),
		"sha256", t->sum, "created", (json_int_t)t->created, "expires",
		(json_int_t)t->expires, "used", (json_int_t)t->used, "by", t->by);
	char *text = json_dumps(j, JSON_COMPACT);
	int rc = text ? 0 : -ENOMEM;

	if (!rc && ts->store)
		rc = store_put(
			ts->store, STORE_TOKEN, t->name, strlen(t->name), text, strlen(text));
	free(text);
	json_decref(j);
	return rc;
}

static bool from_json(const json_t *j, struct api_token *t)
{
	t->role = role_parse(json_text(j, "role"));
	t->created = json_integer_value(json_object_get(j, "created"));
	t->expires = json_integer_value(json_object_get(j, "expires"));
	t->used = t->used_stored = json_integer_value(json_object_get(j, "used"));
	snprintf(t->by, sizeof t->by, "%s", json_text(j, "by"));
	return t->role != ROLE_NONE && sha256_parse(json_text(j, "sha256"), t->sum);
}

/* In order of name, as the store has them. */
static int load_one(void *arg, const void *key, size_t key_len, const void *value, size_t len)
{
	struct api_tokens *ts = arg;
	struct api_token *t = &ts->all[ts->count];
	json_t *j = json_loadb(value, len, 0, NULL);

	if (ts->count < API_TOKENS_MAX && key_len < sizeof t->name && from_json(j, t)) {
		snprintf(t->name, sizeof t->name, "%.*s", (int)key_len, (const char *)key);
		ts->count++;
	} else {
		log_warn("the API token '%.*s' cannot be read from the store: it is not valid any "
			 "more, make another",
			(int)key_len, (const char *)key);
	}
	json_decref(j);
	return 0;
}

int api_tokens_load(struct api_tokens *ts, char *why, size_t size)
{
	int rc = store_load(ts->store, STORE_TOKEN, load_one, ts);

	if (rc)
		snprintf(why, size, "API tokens: %s", strerror(-rc));
	return rc;
}

/* What there is */

bool api_token_name_fits(const char *name)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	size_t n = strlen(name);

	return n && n < API_TOKEN_NAME && strspn(name, letters) &&
		name[strspn(name,
			"._-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")] ==
		'\0';
}

/* The first whose name is not before this one. */
static size_t place_of(const struct api_tokens *ts, const char *name)
{
	size_t i = 0;

	while (i < ts->count && strcmp(ts->all[i].name, name) < 0)
		i++;
	return i;
}

struct api_token *api_tokens_by_name(struct api_tokens *ts, const char *name)
{
	size_t i = place_of(ts, name);

	return i < ts->count && !strcmp(ts->all[i].name, name) ? &ts->all[i] : NULL;
}

int api_tokens_add(struct api_tokens *ts, const struct api_token *t, char text[API_TOKEN_TEXT])
{
	size_t i = place_of(ts, t->name);
	struct api_token made = *t;
	int rc;

	if (api_tokens_by_name(ts, t->name))
		return -EEXIST;
	if (ts->count == API_TOKENS_MAX)
		return -ENOSPC;
	memcpy(text, PREFIX, PREFIX_LEN);
	draw_hex(text + PREFIX_LEN, API_TOKEN_DIGITS + 1);
	sum_of(text, made.sum);
	rc = save(ts, &made);
	if (rc)
		return rc;
	memmove(ts->all + i + 1, ts->all + i, (ts->count - i) * sizeof *ts->all);
	ts->all[i] = made;
	ts->count++;
	return 0;
}

int api_tokens_remove(struct api_tokens *ts, const struct api_token *t)
{
	size_t i = (size_t)(t - ts->all);
	int rc = ts->store ? store_delete(ts->store, STORE_TOKEN, t->name, strlen(t->name)) : 0;

	if (rc)
		return rc;
	ts->count--;
	memmove(ts->all + i, ts->all + i + 1, (ts->count - i) * sizeof *ts->all);
	return 0;
}

/* Who asks */

bool api_token_of_header(const char *header, char text[API_TOKEN_TEXT])
{
	static const char scheme[] = "Bearer";
	const char *at = header + sizeof scheme - 1;

	if (strncasecmp(header, scheme, sizeof scheme - 1) || *at != ' ')
		return false;
	at += strspn(at, " ");
	if (strncmp(at, PREFIX, PREFIX_LEN) ||
		strspn(at + PREFIX_LEN, "0123456789abcdef") != API_TOKEN_DIGITS ||
		at[API_TOKEN_TEXT - 1])
		return false;
	memcpy(text, at, API_TOKEN_TEXT);
	return true;
}

struct api_token *api_tokens_find(struct api_tokens *ts, const char text[API_TOKEN_TEXT])
{
	struct api_token *found = NULL;
	char sum[SHA256_HEX];

	sum_of(text, sum);
	for (size_t i = 0; i < ts->count; i++)
		if (memeql_sec(sum, ts->all[i].sum, SHA256_HEX - 1))
			found = &ts->all[i];
	return found;
}

bool api_token_expired(const struct api_token *t, int64_t now)
{
	return t->expires && t->expires <= now;
}

struct api_token_mark api_token_mark(const struct api_token *t)
{
	struct api_token_mark m = {.created = t ? t->created : 0};

	if (t)
		memcpy(m.name, t->name, sizeof m.name);
	return m;
}

bool api_token_mark_void(struct api_tokens *ts, const struct api_token_mark *m, int64_t now)
{
	const struct api_token *t = *m->name ? api_tokens_by_name(ts, m->name) : NULL;

	return *m->name && (!t || t->created != m->created || api_token_expired(t, now));
}

bool api_tokens_use(struct api_tokens *ts, struct api_token *t, int64_t now)
{
	t->used = now;
	if (t->used_stored && now - t->used_stored < API_TOKEN_USED_MS)
		return false;
	t->used_stored = now;
	return !save(ts, t);
}
