/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sequence: service root, the system, what is asked of it, and whether it did that. */
#include "hooks/power/redfish.h"

#include "core/json.h"
#include "core/plain.h"
#include "hooks/power/redfish_http.h"
#include "hooks/power/redfish_plan.h"
#include "hooks/power/redfish_quirks.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LOOK_MS = 1000,      /* between two looks at the power */
	READ_BACK_MS = 500,  /* between two at the boot override … */
	READ_BACK_TIMES = 8, /* … and how often: some take seconds to show what they took */
	TURNING_OFF_S = 15,  /* for a machine that turns off when it is to be switched on */
	SENDS = 3,           /* of a reset whose connection broke off */
	REFUSED = 1,         /* a controller's no, of which another way may make a yes */
};

struct talk {
	const struct redfish_call *call;
	struct redfish_result *ret;
	struct redfish_http http;
	char vendor[REDFISH_WORD];
	char path[REDFISH_PATH];     /* of the system */
	char settings[REDFISH_PATH]; /* of its settings; "": it has none */
	json_t *system;
	char etag[REDFISH_ETAG];    /* of what was looked at last */
	char refusal[REDFISH_LINE]; /* the first: "HTTP 400: …" */
	char said[REDFISH_LINE];    /* a remark in its last answer */
	long code;                  /* of that */
};

static int say(struct talk *t, int rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int say(struct talk *t, int rc, const char *fmt, ...)
{
	char line[2 * REDFISH_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	plain_line(line, t->ret->text, sizeof t->ret->text);
	return rc;
}

static int no_memory(struct talk *t)
{
	return say(t, -ENOMEM, "out of memory");
}

/* Looking */

static bool is_done(long code)
{
	return code >= 200 && code < 300;
}

/* What broke first and what is wrong at last are both said. */
static int broke(struct talk *t, int rc)
{
	if (!*t->http.first)
		return say(t, rc, "%s", t->http.why);
	return say(t, rc, "%.220s; then %.260s", t->http.first, t->http.why);
}

/* "HTTP 400: what it says" */
static void outcome(const struct redfish_response *r, char *buf, size_t size)
{
	char line[REDFISH_LINE];

	redfish_message(r->body, line, sizeof line);
	snprintf(buf, size, "HTTP %ld%s%.220s", r->code, *line ? ": " : "", line);
}

/* 0: a JSON object. */
static int get(struct talk *t, const char *path, bool bare, struct redfish_response *ret)
{
	struct redfish_request asked = {.method = "GET", .path = path, .bare = bare};
	char line[REDFISH_LINE];
	int rc = redfish_http_ask(&t->http, &asked, ret);

	if (rc)
		return broke(t, rc);
	if (is_done(ret->code) && ret->body)
		return 0;
	outcome(ret, line, sizeof line);
	redfish_response_fini(ret);
	return say(t, -EPROTO, "GET %s: %s", path, line);
}

/* A link in an answer, which must stay at this controller. */
static int follow(struct talk *t, const char *what, const char *link, char ret[REDFISH_PATH])
{
	const struct power_target *at = t->call->target;

	if (redfish_path(link, at->host, at->port, ret))
		return 0;
	if (!*link)
		return say(t, -EPROTO, "it names no %s", what);
	return say(t, -EPROTO, "its link to %s leads elsewhere and is not followed: %.200s", what,
		link);
}

static void look_for_sessions(struct talk *t, const json_t *root)
{
	const char *link = redfish_link(json_object_get(root, "Links"), "Sessions");
	char path[REDFISH_PATH];

	if (redfish_path(link, t->call->target->host, t->call->target->port, path))
		memcpy(t->http.sessions, path, sizeof path);
}

static void keep_word(const json_t *object, const char *key, char ret[REDFISH_WORD])
{
	snprintf(ret, REDFISH_WORD, "%.*s", REDFISH_WORD - 1, json_text(object, key));
}

/* The first request, without the password: it meets the certificate. */
static int look_at_root(struct talk *t, char ret_systems[REDFISH_PATH])
{
	struct redfish_response r;
	int rc = get(t, "/redfish/v1/", true, &r);

	if (rc)
		return rc;
	keep_word(r.body, "Vendor", t->vendor);
	look_for_sessions(t, r.body);
	if (!*t->call->target->system)
		rc = follow(
			t, "collection of systems", redfish_link(r.body, "Systems"), ret_systems);
	redfish_response_fini(&r);
	return rc;
}

static int many_systems(struct talk *t, const json_t *members)
{
	char all[REDFISH_LINE] = "";
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(members) && n < sizeof all; i++)
		n += (size_t)snprintf(all + n, sizeof all - n, "%s%.60s", n ? ", " : "",
			json_text(json_array_get(members, i), "@odata.id"));
	return say(t, -EPROTO,
		"it manages %zu systems: put the path of one after the controller's name: %s",
		json_array_size(members), all);
}

static int only_system(struct talk *t, const char *systems)
{
	const json_t *members;
	struct redfish_response r;
	int rc = get(t, systems, false, &r);

	if (rc)
		return rc;
	members = json_object_get(r.body, "Members");
	if (json_array_size(members) > 1)
		rc = many_systems(t, members);
	else
		rc = follow(
			t, "system", json_text(json_array_get(members, 0), "@odata.id"), t->path);
	redfish_response_fini(&r);
	return rc;
}

static void keep_etag(struct talk *t, const struct redfish_response *r)
{
	const char *etag = *r->etag ? r->etag : json_text(r->body, "@odata.etag");
	bool good = strlen(etag) < sizeof t->etag;

	for (const char *at = etag; *at && good; at++)
		good = *at > ' ' && *at < 0x7f;
	snprintf(t->etag, sizeof t->etag, "%.*s", good ? REDFISH_ETAG - 1 : 0, etag);
}

static int look(struct talk *t)
{
	struct redfish_response r;
	int rc = get(t, t->path, false, &r);

	if (rc)
		return rc;
	if (*r.path) /* what is asked of it goes there, too: some send on for want of a slash at the end */
		memcpy(t->path, r.path, sizeof t->path);
	keep_etag(t, &r);
	json_decref(t->system);
	t->system = r.body;
	return 0;
}

static void look_for_settings(struct talk *t)
{
	const struct power_target *at = t->call->target;
	const json_t *settings = json_object_get(t->system, "@Redfish.Settings");

	redfish_path(redfish_link(settings, "SettingsObject"), at->host, at->port, t->settings);
}

static int find_system(struct talk *t)
{
	const struct power_target *at = t->call->target;
	char systems[REDFISH_PATH] = "";
	int rc = look_at_root(t, systems);

	if (rc)
		return rc;
	if (!*at->system)
		rc = only_system(t, systems);
	else if (!redfish_path(at->system, at->host, at->port, t->path))
		rc = say(t, -EPROTO, "%s is no path of a system", at->system);
	if (rc)
		return rc;
	rc = look(t);
	if (!rc)
		look_for_settings(t);
	return rc;
}

/* Asking. What it refuses is kept: the first refusal is of the best way, and the one that is shown. */

static int answered(struct talk *t, const struct redfish_response *r)
{
	redfish_message(r->body, t->said, sizeof t->said);
	if (is_done(r->code))
		return 0;
	if (!*t->refusal)
		outcome(r, t->refusal, sizeof t->refusal);
	return REFUSED;
}

/* 0, REFUSED, or an error: then `http.sent` tells whether it may have been done. */
static int ask(struct talk *t, const struct redfish_request *asked)
{
	struct redfish_response r;
	int rc = redfish_http_ask(&t->http, asked, &r);

	if (rc)
		return broke(t, rc);
	t->code = r.code;
	rc = answered(t, &r);
	redfish_response_fini(&r);
	return rc;
}

/* Boot */

static int patch_as(struct talk *t, const char *path, const char *body)
{
	char etags[REDFISH_ETAGS][REDFISH_ETAG];
	size_t n = redfish_etags(t->etag, etags);
	char refusal[REDFISH_LINE];
	int rc = REFUSED;

	memcpy(refusal, t->refusal, sizeof refusal);
	t->code = 412;
	for (size_t i = 0; i < n && rc == REFUSED && (t->code == 412 || t->code == 428); i++) {
		memcpy(t->refusal, refusal, sizeof refusal);
		rc = ask(t,
			&(struct redfish_request){.method = "PATCH",
				.path = path,
				.body = body,
				.if_match = etags[i]});
	}
	return rc;
}

static int patch(struct talk *t, const char *path, json_t *body)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	int rc = text ? patch_as(t, path, text) : no_memory(t);

	json_decref(body);
	free(text);
	return rc;
}

/* The override of the system, or of its settings; and the ETag. */
static int read_boot(struct talk *t, const char *path, struct redfish_boot *ret)
{
	struct redfish_response r;
	int rc = get(t, path, false, &r);

	if (rc)
		return rc;
	keep_etag(t, &r);
	redfish_boot(r.body, ret);
	redfish_response_fini(&r);
	return 0;
}

/* What it says now, as soon as that is what was wished; else after a while. */
static int read_back(
	struct talk *t, const char *path, const struct redfish_wish *wish, struct redfish_boot *ret)
{
	for (int i = 0;; i++) {
		int rc = read_boot(t, path, ret);

		if (rc || redfish_took(wish, ret) == REDFISH_TOOK || i == READ_BACK_TIMES)
			return rc;
		rc = redfish_http_pause(&t->http, READ_BACK_MS);
		if (rc)
			return rc == -ETIMEDOUT ? 0 : say(t, rc, "it was stopped");
	}
}

struct override {
	struct redfish_wish wish;
	struct redfish_boot now; /* as it was read last … */
	const char *at;          /* … and where; the talk's ETag is of it too */
	bool accepted;           /* some PATCH was */
};

/* 0: it was accepted, and `now` tells what came of it; REFUSED; or an error. */
static int attempt(struct talk *t, struct override *o, const struct redfish_attempt *a)
{
	const char *path = a->settings ? t->settings : t->path;
	int rc = o->at == path ? 0 : read_boot(t, path, &o->now);

	if (rc)
		return a->settings && rc == -EPROTO ? REFUSED : rc;
	o->at = path;
	rc = patch(t, path, redfish_boot_body(&o->wish, &o->now, a->mode && *o->now.mode));
	if (rc)
		return rc;
	o->accepted = true;
	return read_back(t, path, &o->wish, &o->now);
}

static int not_taken(struct talk *t, const struct override *o)
{
	char line[REDFISH_LINE];

	if (!o->accepted)
		return say(t, -EPROTO, "asked for %s once, the controller refuses: %s",
			o->wish.target, t->refusal);
	redfish_took_text(&o->wish, &o->now, line, sizeof line);
	return say(t, -EPROTO, "%s%s%s", line, *t->said ? ": " : "", t->said);
}

/* Done, and what is to be said all the same. */
static int taken(struct talk *t, const struct override *o)
{
	char line[REDFISH_LINE];

	*t->ret->text = '\0'; /* of attempts before */
	if (redfish_took(&o->wish, &o->now) == REDFISH_TOOK_OTHERWISE) {
		redfish_took_text(&o->wish, &o->now, line, sizeof line);
		return say(t, 0, "%s%s%s", line, *t->said ? ": " : "", t->said);
	}
	if (t->code == 202)
		return say(t, 0,
			"asked for %s once, the controller made a job of it, which may need a boot of its own",
			o->wish.target);
	if (o->wish.instead)
		return say(t, 0, "it offers no UefiHttp: Pxe once is set instead");
	return 0;
}

/* 0; REFUSED: nothing was accepted, `ret->wish` is what was asked for; or an error. */
static int set_override(struct talk *t, struct override *ret)
{
	const json_t *boot = json_object_get(t->system, "Boot");
	const json_t *allowed = redfish_allowed(boot, "BootSourceOverrideTarget");
	unsigned quirks = redfish_quirks(t->vendor, json_text(t->system, "Manufacturer"));
	struct redfish_attempt attempts[REDFISH_ATTEMPTS];
	char line[REDFISH_LINE];
	size_t n;

	*ret = (struct override){.at = t->path};
	if (!redfish_wish(t->call->boot, t->call->target->boot, allowed, &ret->wish))
		return say(t, -EPROTO, "it offers no boot from the network, only: %s",
			redfish_list(allowed, line, sizeof line));
	redfish_boot(t->system, &ret->now);
	n = redfish_attempts(quirks, &ret->now, &ret->wish, *t->settings != '\0', attempts);
	for (size_t i = 0; i < n; i++) {
		int rc = attempt(t, ret, &attempts[i]);

		if (rc < 0)
			return rc;
		if (!rc && redfish_took(&ret->wish, &ret->now) != REDFISH_TOOK_NOT)
			return taken(t, ret);
	}
	return ret->accepted ? not_taken(t, ret) : REFUSED;
}

/* Power */

static int not_in_time(struct talk *t, const struct redfish_step *s)
{
	return say(t, -EPROTO, "asked for %s, and until the time was over the controller said %s",
		s->type, json_text(t->system, "PowerState"));
}

/* Some answer nothing, or anything but the system, while they switch: they are asked until the time is over. */
static bool may_pass(int rc)
{
	return rc == -EPROTO || rc == -EHOSTUNREACH || rc == -ETIMEDOUT;
}

/* `rc` is of the last look. */
static int not_seen(struct talk *t, const struct redfish_step *s, int rc)
{
	if (rc && t->call->verb == POWER_CYCLE && s->leads_to == REDFISH_ON)
		return say(t, 0, "it took %s, and has not answered since", s->type);
	return rc && rc != -ETIMEDOUT ? rc : not_in_time(t, s);
}

static int wait_for(struct talk *t, const struct redfish_step *s)
{
	for (;;) {
		int rc = look(t), paused;
		enum redfish_state now = redfish_state(t->system);

		if (!rc && now == s->leads_to) {
			*t->ret->text = '\0'; /* of looks before */
			return 0;
		}
		if (!rc && now == REDFISH_UNKNOWN)
			return say(t, 0,
				"asked for %s; the controller does not say whether the machine is on",
				s->type);
		if (rc && !may_pass(rc))
			return rc;
		paused = redfish_http_pause(&t->http, LOOK_MS);
		if (paused)
			return paused == -ECANCELED ? say(t, paused, "it was stopped")
						    : not_seen(t, s, rc);
	}
}

/* The system after the connection broke off; what is wrong with both is said when it cannot be had. */
static int look_again(struct talk *t)
{
	char before[REDFISH_TEXT], last[REDFISH_TEXT];
	int rc;

	memcpy(before, t->ret->text, sizeof before);
	rc = look(t);
	if (!rc)
		*t->ret->text = '\0';
	memcpy(last, *t->http.first ? t->http.why : t->ret->text, sizeof last);
	return rc ? say(t, rc, "%.220s; then %.260s", before, last) : 0;
}

/* Has it been done? 1 yes; 0 no, or nobody knows; or an error. */
static int was_done(struct talk *t, const struct redfish_step *s)
{
	enum redfish_state before = redfish_state(t->system);
	char reset[REDFISH_WORD], now[REDFISH_WORD];
	int rc;

	keep_word(t->system, "LastResetTime", reset);
	rc = look_again(t);
	if (rc)
		return rc;
	keep_word(t->system, "LastResetTime", now);
	if (before != s->leads_to && redfish_state(t->system) == s->leads_to)
		return 1;
	return *reset && strcmp(reset, now) != 0;
}

static bool may_ask_again(const struct talk *t, int rc)
{
	return t->http.sent && (rc == -EPROTO || rc == -ETIMEDOUT);
}

/* 0, REFUSED or an error. */
static int post_reset(struct talk *t, const char *path, const struct redfish_step *s)
{
	char body[REDFISH_LINE];
	int rc = 0;

	snprintf(body, sizeof body, "{\"ResetType\":\"%s\"}", s->type);
	for (int i = 0; i < SENDS; i++) {
		int done;

		rc = ask(t,
			&(struct redfish_request){
				.method = "POST", .path = path, .body = body, .once = true});
		if (rc >= 0 || !may_ask_again(t, rc))
			return rc;
		done = was_done(t, s);
		if (done)
			return done < 0 ? done : 0;
	}
	return say(t, rc, "%s", t->http.why);
}

static int step(struct talk *t, const char *path, const struct redfish_step *s)
{
	int rc = post_reset(t, path, s);

	return rc ? rc : wait_for(t, s);
}

/* Each reset type that ActionInfo allows, for json_decref(); NULL: nothing is said. */
static int reset_info(struct talk *t, const json_t *reset, json_t **ret)
{
	const struct power_target *at = t->call->target;
	struct redfish_response r;
	char path[REDFISH_PATH];
	int rc;

	*ret = NULL;
	if (!redfish_path(json_text(reset, "@Redfish.ActionInfo"), at->host, at->port, path))
		return 0;
	rc = get(t, path, false, &r);
	if (!rc)
		*ret = r.body;
	if (rc != -EPROTO)
		return rc;
	*t->ret->text = '\0'; /* then without */
	return 0;
}

static int go(struct talk *t, const char *path, const struct redfish_way *w)
{
	int rc = 0;

	for (size_t i = 0; i < REDFISH_STEPS && w->steps[i].type && !rc; i++) {
		rc = step(t, path, &w->steps[i]);
		if (rc == REFUSED && i)
			return say(t, -EPROTO, "%s was refused after %s: %s", w->steps[i].type,
				w->steps[0].type, t->refusal);
	}
	return rc;
}

static int no_way(struct talk *t, const char *tried, const json_t *allowed)
{
	char line[REDFISH_LINE];

	if (*t->refusal)
		return say(
			t, -EPROTO, "asked for %s, the controller refuses: %s", tried, t->refusal);
	return say(t, -EPROTO, "it has no reset that does this, only: %s",
		redfish_list(allowed, line, sizeof line));
}

/* Has its power changed since it was looked at? */
static bool turned(struct talk *t)
{
	enum redfish_state before = redfish_state(t->system);

	if (!look(t))
		return redfish_state(t->system) != before;
	*t->ret->text = '\0';
	return false;
}

/* While it turns off some take On and do nothing (OpenBMC), others refuse all. One that stays there is treated as on. */
static int turned_off(struct talk *t, enum power_verb verb, enum redfish_state *ret)
{
	*ret = redfish_state(t->system);
	for (int i = 0; verb != POWER_OFF && *ret == REDFISH_TURNING_OFF; i++) {
		int rc = redfish_http_pause(&t->http, LOOK_MS);

		if (!rc)
			rc = look(t);
		if (rc)
			return rc == -ECANCELED ? say(t, rc, "it was stopped") : rc;
		*ret = redfish_state(t->system);
		if (i == TURNING_OFF_S && verb == POWER_CYCLE && *ret == REDFISH_TURNING_OFF)
			*ret = REDFISH_ON;
		else if (i == TURNING_OFF_S)
			break;
	}
	return 0;
}

/* `again`: its power changed by itself after the way was chosen, so that what was asked for was refused. */
static int by_ways(
	struct talk *t, enum power_verb verb, const char *path, const json_t *allowed, bool again)
{
	const struct redfish_way *w;
	enum redfish_state state;
	const char *tried = "";
	size_t n;
	int rc = turned_off(t, verb, &state);

	if (rc)
		return rc;
	w = redfish_ways(verb, state, &n);
	for (size_t i = 0; i < n; i++) {
		if (!redfish_way_allowed(&w[i], allowed))
			continue;
		rc = go(t, path, &w[i]);
		if (rc != REFUSED)
			return rc;
		if (!again && turned(t)) {
			*t->refusal = '\0';
			return by_ways(t, verb, path, allowed, true);
		}
		tried = *tried ? tried : w[i].steps[0].type;
	}
	return n ? no_way(t, tried, allowed) : 0;
}

static int power(struct talk *t, enum power_verb verb)
{
	/* borrowed from an answer that looking again replaces */
	json_t *system = json_incref(t->system), *info = NULL;
	const json_t *reset = redfish_reset(system);
	const json_t *allowed = redfish_allowed(reset, "ResetType");
	char path[REDFISH_PATH];
	int rc = follow(t, "reset of the system", json_text(reset, "target"), path);

	if (!rc && !allowed) {
		rc = reset_info(t, reset, &info);
		allowed = redfish_action_allowed(info, "ResetType");
	}
	if (!rc)
		rc = by_ways(t, verb, path, allowed, false);
	json_decref(info);
	json_decref(system);
	return rc;
}

/* Some refuse the override while the firmware starts the machine (HPE's iLO: "… during System POST"). One that is cycled next
 * anyway is switched off before: then there is no such time. */
static int netboot(struct talk *t)
{
	struct override o;
	int rc = set_override(t, &o);

	if (rc != REFUSED)
		return rc;
	if (!t->call->cycled_next || redfish_state(t->system) == REDFISH_OFF || power(t, POWER_OFF))
		return not_taken(t, &o);
	*t->refusal = '\0';
	rc = set_override(t, &o);
	if (!rc && !*t->ret->text)
		return say(
			t, 0, "switched off first, as its controller refused this while it was on");
	return rc == REFUSED ? not_taken(t, &o) : rc;
}

static int status(struct talk *t)
{
	enum redfish_state s = redfish_state(t->system);

	t->ret->on = s == REDFISH_ON || s == REDFISH_TURNING_ON || s == REDFISH_TURNING_OFF;
	if (s != REDFISH_UNKNOWN)
		return 0;
	return say(t, -EPROTO, "it does not say whether the machine is on (PowerState '%.40s')",
		json_text(t->system, "PowerState"));
}

static int carry_out(struct talk *t)
{
	int rc = find_system(t);

	if (rc)
		return rc;
	if (t->call->verb == POWER_STATUS)
		return status(t);
	return t->call->verb == POWER_NETBOOT ? netboot(t) : power(t, t->call->verb);
}

/* Whoever reads it on the timeline wants to know whose words these are. */
static void add_name(const struct redfish_call *call, struct redfish_result *ret)
{
	char name[POWER_HOST + 40], text[REDFISH_TEXT];

	if (!*ret->text)
		return;
	memcpy(text, ret->text, sizeof text);
	power_target_name(call->target, name, sizeof name);
	snprintf(ret->text, sizeof ret->text, "%.*s: %.*s", (int)sizeof name, name,
		(int)(sizeof text - strlen(name) - 3), text);
}

void redfish_do(const struct redfish_call *call, struct redfish_result *ret)
{
	struct talk t = {.call = call, .ret = ret};

	*ret = (struct redfish_result){.status = 0};
	ret->status = redfish_http_init(&t.http, call);
	if (ret->status) {
		no_memory(&t);
		return;
	}
	ret->status = carry_out(&t);
	memcpy(ret->pin, t.http.met, sizeof ret->pin);
	json_decref(t.system);
	redfish_http_fini(&t.http);
	add_name(call, ret);
}
