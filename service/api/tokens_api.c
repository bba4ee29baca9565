/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/api/tokens_api.h"

#include "service/access/access.h"
#include "service/base/reply.h"

#include "core/clock.h"
#include "core/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t day_s = 24 * 3600;

static json_t *time_json(int64_t steady)
{
	return steady ? machine_time_json(clock_wall_of(steady)) : json_null();
}

static json_t *token_json(const struct api_token *t)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:s}", "name", t->name, "role",
		role_name(t->role), "created", time_json(t->created), "expires",
		time_json(t->expires), "last_used", time_json(t->used), "by", t->by);
}

static void list(struct access *a, struct http_request *r)
{
	json_t *all = json_array();

	for (size_t i = 0; i < a->tokens.count; i++)
		json_array_append_new(all, token_json(&a->tokens.all[i]));
	http_respond_json(r, 200, json_pack("{s:o}", "tokens", all));
}

/* 0, or the status with one line in `why`. */
static unsigned read_wish(const json_t *body, struct api_token *t, char *why, size_t size)
{
	const char *name = json_text(body, "name"), *role = json_text(body, "role");
	const json_t *expires = json_object_get(body, "expires_s");
	int64_t s = json_integer_value(expires);

	if (!api_token_name_fits(name)) {
		snprintf(why, size,
			"'name': expected letters, digits, '.', '_' and '-', of %d characters at "
			"most, a letter or digit first",
			API_TOKEN_NAME - 1);
		return 400;
	}
	t->role = role_parse(role);
	if (t->role == ROLE_NONE) {
		snprintf(why, size, "'role': expected view, operate or admin, not '%.40s'", role);
		return 400;
	}
	if (s > API_TOKEN_DAYS_MAX * day_s) {
		snprintf(why, size, "'expires_s': at most %lld, which is %d days",
			(long long)(API_TOKEN_DAYS_MAX * day_s), API_TOKEN_DAYS_MAX);
		return 400;
	}
	snprintf(t->name, sizeof t->name, "%s", name);
	t->created = clock_steady_ms();
	t->expires = expires ? t->created + s * 1000 : 0;
	return 0;
}

static unsigned status_of(int rc, const char *name, char *why, size_t size)
{
	if (rc == -EEXIST)
		snprintf(why, size, "there is a token '%s' already: delete it first", name);
	else if (rc == -ENOSPC)
		snprintf(why, size, "there are %d tokens: delete one first", API_TOKENS_MAX);
	else
		snprintf(why, size, "the token cannot be stored: %s", strerror(-rc));
	return rc == -EEXIST ? 409 : 503;
}

/* Where it can be used, and by what that place is known. */
static void add_place(const struct access *a, json_t *reply)
{
	const char *sum = a->certificate.fingerprint;

	json_object_set_new(reply, "fingerprint", *sum ? json_string(sum) : json_null());
	json_object_set_new(
		reply, "port", *sum ? json_integer(a->base->config.api_port) : json_null());
}

struct making {
	struct access *access;
	struct http_request *request;
	char name[API_TOKEN_NAME];
	json_t *reply;
};

/* Nobody is told a token that is not on disk: it is taken back, so that its name is free for the next try. */
static void made(void *arg, int rc)
{
	struct making *m = arg;
	struct access *a = m->access;
	const struct api_token *t = api_tokens_by_name(&a->tokens, m->name);

	if (!rc) {
		http_respond_json(m->request, 201, m->reply);
	} else {
		if (t && !api_tokens_remove(&a->tokens, t))
			timeline_add(a->base->timeline, "", "token",
				"token '%s' deleted: it could not be stored", m->name);
		json_decref(m->reply);
		http_respond_error(m->request, 503,
			"the token could not be stored, and was not made: %s", strerror(-rc));
	}
	free(m);
}

static json_t *made_json(
	const struct access *a, const struct api_token *t, const char text[API_TOKEN_TEXT])
{
	json_t *j = json_pack("{s:s, s:s, s:o, s:s}", "name", t->name, "role", role_name(t->role),
		"expires", time_json(t->expires), "token", text);

	add_place(a, j);
	return j;
}

static void make(
	struct access *a, struct http_request *r, const struct asker *who, const json_t *body)
{
	char text[API_TOKEN_TEXT], why[256];
	struct api_token t = {0};
	unsigned wrong = read_wish(body, &t, why, sizeof why);
	struct making *m = wrong ? NULL : malloc(sizeof *m);
	int rc;

	snprintf(t.by, sizeof t.by, "%s", who->name);
	rc = wrong ? 0 : m ? api_tokens_add(&a->tokens, &t, text) : -ENOMEM;
	if (rc)
		wrong = status_of(rc, t.name, why, sizeof why);
	if (wrong) {
		free(m);
		http_respond_error(r, wrong, "%s", why);
		return;
	}
	timeline_add(a->base->timeline, "", "token", "token '%s' made, role %s", t.name,
		role_name(t.role));
	*m = (struct making){a, r, "", made_json(a, &t, text)};
	snprintf(m->name, sizeof m->name, "%s", t.name);
	explicit_bzero(text, sizeof text);
	if (store_commit(a->base->store, made, m))
		made(m, -ENOMEM);
}

static void delete (struct access *a, struct http_request *r, const char *name)
{
	const struct api_token *t = api_tokens_by_name(&a->tokens, name);
	json_t *reply = json_pack("{s:s}", "deleted", name);
	int rc = t ? api_tokens_remove(&a->tokens, t) : -ENOENT;

	if (!rc) {
		timeline_add(a->base->timeline, "", "token", "token '%s' deleted", name);
		reply_committed(a->base->store, r, 200, reply);
		return;
	}
	json_decref(reply);
	http_respond_error(r, t ? 503 : 404, "%s '%.64s'%s%s",
		t ? "cannot delete the token" : "no token", name, t ? ": " : "",
		t ? strerror(-rc) : "; 'usher token list' shows those there are");
}

void tokens_handle(struct access *a, struct http_request *r, const struct asker *who,
	const char *rest, const json_t *body)
{
	if (r->method == HTTP_POST)
		make(a, r, who, body);
	else if (r->method == HTTP_DELETE)
		delete (a, r, rest + 1);
	else
		list(a, r);
}

void tokens_whoami(struct http_request *r, const struct asker *who)
{
	http_respond_json(r, 200,
		json_pack("{s:s, s:s, s:o, s:s}", "name", who->name, "role", role_name(who->role),
			"expires", who->token ? time_json(who->token->expires) : json_null(), "by",
			who->token ? "token" : "socket"));
}
