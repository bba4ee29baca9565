/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/api/bulk.h"
#include "service/api/api.h"
#include "service/api/api_routes.h"

#include "core/behalf.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/wipe.h"
#include "machine/labels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What may be done, and by which single call. */
static const struct deed {
	const char *name;
	enum http_method method;
	const char *path; /* below /machines/NAME */
	bool body;        /* it takes one */
} deeds[] = {{"reinstall", HTTP_POST, "/reinstall", true}, {"disarm", HTTP_POST, "/disarm", true},
	{"delete", HTTP_DELETE, "", false}, {"start", HTTP_POST, "/start", true},
	{"stop", HTTP_POST, "/stop", true}, {"power", HTTP_POST, "/power", true},
	{"label", HTTP_PATCH, "", true}};
enum { N_DEEDS = sizeof deeds / sizeof *deeds };

struct one {
	struct bulk *bulk;
	unsigned status; /* 0: not answered */
	char *error;     /* NULL: none */
};

struct bulk {
	struct bulk *next;
	struct bulks *home;
	struct http_request *request;
	struct http_from from;
	enum role role;
	char asker[64];
	struct api_token_mark token; /* by which it came */
	const struct deed *deed;
	const char *query; /* static */
	char *text;        /* the body of each; "" */
	json_t *names;
	struct one *ones;
	size_t n, begun, running;
};

static void bulk_free(struct bulk *b)
{
	struct bulk **at = &b->home->first;

	while (*at && *at != b)
		at = &(*at)->next;
	if (*at) {
		*at = b->next;
		b->home->count--;
	}
	for (size_t i = 0; b->ones && i < b->n; i++)
		free(b->ones[i].error);
	free(b->ones);
	wipe_free(b->text); /* a reinstall's settings have passwords */
	json_decref(b->names);
	http_from_fini(&b->from);
	free(b);
}

static json_t *results(const struct bulk *b)
{
	json_t *all = json_array();

	for (size_t i = 0; i < b->n; i++)
		json_array_append_new(all,
			json_pack("{s:O, s:i, s:s?}", "machine", json_array_get(b->names, i),
				"status", (int)b->ones[i].status, "error", b->ones[i].error));
	return json_pack("{s:o}", "results", all);
}

static void end(struct bulk *b)
{
	http_respond_json(b->request, 200, results(b));
	bulk_free(b);
}

/* What the single call says of its fault. NULL: it is none. */
static char *error_of(unsigned status, const char *text, size_t len)
{
	json_t *j;
	char *error;

	if (status == 202)
		return strdup("kernel or initrds are being fetched: ask again");
	if (status < 400)
		return NULL;
	j = json_loadb(text, len, 0, NULL);
	error = strdup(json_text(j, "error"));
	json_decref(j);
	return error;
}

static void go_on(struct bulks *bs)
{
	/* there is room: a timer that was cleared or has fired leaves it */
	(void)loop_timer_set(bs->api->base->loop, &bs->turn, 0);
}

static bool slice(struct bulk *b, int64_t now);

static void told(void *arg, unsigned status, const char *text, size_t len)
{
	struct one *one = arg;
	struct bulk *b = one->bulk;

	one->status = status;
	one->error = error_of(status, text, len);
	b->running--;
	if (b->home->stopping) /* the loop turns no more */
		(void)slice(b, 0);
	else
		go_on(b->home);
}

static void not_begun(struct one *one, unsigned status, const char *why)
{
	one->status = status;
	one->error = strdup(why);
}

static void begin_one(struct bulk *b)
{
	struct one *one = &b->ones[b->begun];
	const char *name = json_string_value(json_array_get(b->names, b->begun));
	struct asker who = {.role = b->role, .name = b->asker};
	struct http_request *r = NULL;
	unsigned before;
	char path[256];

	b->begun++;
	one->bulk = b;
	if (api_token_mark_void(&b->home->api->access->tokens, &b->token, clock_steady_ms())) {
		not_begun(one, 401, "the token was revoked, or has expired");
		return;
	}
	if (machine_name_error(name)) {
		not_begun(one, 404, "no machine has such a name");
		return;
	}
	snprintf(path, sizeof path, "/api/v1/machines/%s%s", name, b->deed->path);
	r = http_inner(&b->from, b->deed->method, path, b->query, b->text, strlen(b->text));
	if (!r) {
		not_begun(one, 500, "out of memory");
		return;
	}
	b->running++;
	http_on_answer(r, told, one);
	before = behalf_set(behalf_of(b->asker));
	api_call(b->home->api, r, &who);
	behalf_set(before);
}

static bool may_begin(const struct bulk *b)
{
	return b->begun < b->n && b->running < BULK_RUNNING_MAX && !b->home->stopping;
}

/* As long as the clock shows the same millisecond. False: it has ended. */
static bool slice(struct bulk *b, int64_t now)
{
	while (may_begin(b) && clock_mono_ms() == now)
		begin_one(b);
	if (b->running || may_begin(b))
		return true;
	for (; b->begun < b->n; b->begun++)
		not_begun(&b->ones[b->begun], 503, "the service is stopping");
	end(b);
	return false;
}

static void turn_over(struct loop_timer *t)
{
	struct bulks *bs = t->arg;
	int64_t now = clock_mono_ms();
	struct bulk *next;
	bool more = false;

	for (struct bulk *b = bs->first; b; b = next) {
		next = b->next;
		if (slice(b, now) && may_begin(b))
			more = true;
	}
	if (more)
		go_on(bs);
}

void bulks_init(struct bulks *bs, struct api *api)
{
	*bs = (struct bulks){.api = api};
	loop_timer_init(&bs->turn, turn_over, bs);
}

void bulks_stop(struct bulks *bs)
{
	struct bulk *next;

	bs->stopping = true;
	if (bs->api)
		loop_timer_clear(bs->api->base->loop, &bs->turn);
	for (struct bulk *b = bs->first; b; b = next) {
		next = b->next;
		(void)slice(b, 0);
	}
}

static const struct deed *deed_named(const char *name)
{
	for (size_t i = 0; i < N_DEEDS; i++)
		if (!strcmp(deeds[i].name, name))
			return &deeds[i];
	return NULL;
}

/* NULL: they are fine. */
static const char *names_error(const json_t *names, char *why, size_t size)
{
	json_t *met = json_object(), *v;
	const char *error = NULL;
	size_t i;

	if (!json_array_size(names) || json_array_size(names) > BULK_MACHINES_MAX)
		error = "machines are 1 to 1000 names";
	json_array_foreach(names, i, v)
	{
		const char *name = json_string_value(v);

		if (error)
			break;
		if (json_object_get(met, name)) {
			snprintf(why, size, "'%.80s' is named twice", name);
			error = why;
		}
		json_object_set_new(met, name, json_true());
	}
	json_decref(met);
	return error;
}

/* What a deletion takes, in its query. NULL: it is fine. */
static const char *take_of_delete(struct bulk *b, const json_t *with)
{
	const json_t *keep = json_object_get(with, "keep_disks");
	const json_t *record = json_object_get(with, "record_only");

	if (json_object_size(with) != (size_t) !!keep + !!record ||
		(keep && !json_is_boolean(keep)) || (record && !json_is_boolean(record)) ||
		(json_is_true(keep) && json_is_true(record)))
		return "with delete there is keep_disks or record_only, true or false";
	b->query = json_is_true(keep)  ? "keep_disks=1"
		: json_is_true(record) ? "record_only=1"
				       : "";
	b->text = strdup("");
	return b->text ? NULL : "out of memory";
}

/* The body of each call, judged as each would be. NULL: it is fine. */
static const char *take_with(struct bulk *b, json_t *with, char *why, size_t size)
{
	char path[64];
	json_t *judged;
	unsigned wrong;

	b->query = "";
	if (!b->deed->body)
		return take_of_delete(b, with);
	if (!*b->deed->path && !labels_alone(with))
		return "with label there are labels, note or both";
	b->text = with ? json_dumps(with, JSON_COMPACT) : strdup("");
	if (!b->text)
		return "out of memory";
	snprintf(path, sizeof path, "/machines/x%s", b->deed->path);
	wrong = api_routes_judge(
		b->deed->method, path, path, b->text, strlen(b->text), &judged, why, size);
	json_decref(judged);
	return wrong ? why : NULL;
}

static const char *bulk_fill(struct bulk *b, json_t *body, char *why, size_t size)
{
	const char *wrong;

	b->deed = deed_named(json_text(body, "do"));
	b->names = json_incref(json_object_get(body, "machines"));
	b->n = json_array_size(b->names);
	if (!b->deed)
		return "do is reinstall, disarm, delete, start, stop, power or label";
	wrong = names_error(b->names, why, size);
	if (!wrong)
		wrong = take_with(b, json_object_get(body, "with"), why, size);
	if (wrong)
		return wrong;
	b->ones = calloc(b->n, sizeof *b->ones);
	return b->ones ? NULL : "out of memory";
}

static void bulk_begin(struct bulk *b, const struct asker *who)
{
	struct bulks *bs = b->home;

	b->role = who->role;
	snprintf(b->asker, sizeof b->asker, "%s", who->name);
	b->token = api_token_mark(who->token);
	http_from_init(&b->from, b->request);
	b->next = bs->first;
	bs->first = b;
	bs->count++;
	http_hold(b->request, HTTP_HOLD_MS);
	go_on(bs);
}

void bulk_handle(struct bulks *bs, struct http_request *r, const struct asker *who, json_t *body)
{
	struct bulk *b = bs->count < BULK_REQUESTS_MAX ? calloc(1, sizeof *b) : NULL;
	const char *wrong;
	char why[512];

	if (!b) {
		http_respond_error(r, 503, "too many requests of this kind are under way");
		return;
	}
	*b = (struct bulk){.home = bs, .request = r};
	wrong = bulk_fill(b, body, why, sizeof why);
	if (!wrong) {
		bulk_begin(b, who);
		return;
	}
	http_respond_error(r, 422, "%s", wrong);
	bulk_free(b);
}
