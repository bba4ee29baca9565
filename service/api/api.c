/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the API's listeners are asked: the page, and /api/v1: routes, and what is only read. usher-api(7) describes it. */
#include "service/api/api.h"
#include "service/metal/adopt.h"
#include "service/metal/by_rules.h"
#include "service/operations/change.h"
#include "service/console/console_api.h"
#include "service/operations/create.h"
#include "service/files/fetch_api.h"
#include "service/logs/logs.h"
#include "service/access/held.h"
#include "service/api/events_api.h"
#include "service/api/tokens_api.h"
#include "service/api/host_keys_api.h"
#include "service/api/lists.h"
#include "service/api/openapi.h"
#include "service/api/status.h"
#include "service/operations/patch.h"
#include "service/metal/power_switch.h"
#include "service/files/profiles_api.h"
#include "service/api/render_api.h"
#include "service/operations/template.h"
#include "service/operations/trial.h"
#include "service/guests/hosts.h"
#include "service/media/media_api.h"
#include "service/network/networks_api.h"
#include "service/api/api_routes.h"
#include "service/media/copying.h"
#include "service/base/operation.h"
#include "service/base/reply.h"

#include "machine/labels.h"
#include "machine/machine_tag.h"

#include "core/behalf.h"
#include "core/clock.h"
#include "core/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API "/api/v1"
#define MACHINES "/machines/" /* each of which has an entity tag */

/* With what it said of its hardware, where it was discovered. */
static json_t *shown(struct api *api, const struct machine *m)
{
	const struct discovered *d = discovery_of(api->discovery, m);
	json_t *j = reply_machine(api->base->timeline, m, true);

	json_object_set_new(j, "discovered", d ? json_string(d->id) : json_null());
	json_object_set_new(j, "inventory", d ? discovered_inventory(d) : json_null());
	return j;
}

/* What changes it has not come to its end: nobody knows which version that will be. */
static bool is_changing(const struct operations *ops, const struct machine *m)
{
	return operation_is_of(ops->patches, m) || operation_is_of(ops->rearmings, m) ||
		operation_is_of(ops->deletions, m);
}

static void refuse_version(struct http_request *r, const struct machine *m, const char *tag)
{
	http_add_header(r, "ETag", tag);
	http_respond_error(r, 412,
		"%s was changed meanwhile: it is not the version that If-Match names", m->name);
}

/* The request names a version by If-Match, and is refused. */
static bool is_outdated(struct api *api, struct http_request *r, const struct machine *m)
{
	char tag[MACHINE_TAG];

	if (!http_header(r, "If-Match"))
		return false;
	if (machine_tag(m, tag))
		http_respond_error(r, 500, "out of memory");
	else if (http_wants_other(r, tag))
		refuse_version(r, m, tag);
	else if (r->method != HTTP_GET && r->method != HTTP_HEAD && is_changing(api->operations, m))
		http_respond_error(r, 409, "%s is being changed just now: ask again", m->name);
	else
		return false;
	return true;
}

/* Below /machines/NAME; `rest` is "" or "/…". */
static void machine_routes(struct api *api, struct http_request *r, const struct asker *who,
	struct machine *m, const char *rest, const json_t *body)
{
	bool get = r->method == HTTP_GET || r->method == HTTP_HEAD;

	if (is_outdated(api, r, m))
		return;
	if (!*rest && get) {
		reply_tag(r, m);
		http_respond_json(r, 200, shown(api, m));
	} else if (!*rest && r->method == HTTP_DELETE)
		change_delete(api->operations, r, m);
	else if (!*rest && r->method == HTTP_PATCH && labels_alone(body))
		patch_labels(api->operations, r, m, body);
	else if (!*rest && r->method == HTTP_PATCH && m->guest)
		patch_handle(api->operations, r, m);
	else if (!*rest && r->method == HTTP_PATCH)
		power_switch_patch(api->metal, r, m);
	else if (!strcmp(rest, "/power") && r->method == HTTP_POST)
		power_switch_handle(api->metal, r, m);
	else if (!strcmp(rest, "/start") && r->method == HTTP_POST)
		patch_start_machine(api->operations, r, m);
	else if (!strcmp(rest, "/stop") && r->method == HTTP_POST)
		patch_stop_machine(api->operations, r, m);
	else if (!strcmp(rest, "/adopt") && r->method == HTTP_POST)
		adopt_handle(api->metal, r, m, body);
	else if (!strcmp(rest, "/reinstall") && r->method == HTTP_POST)
		change_reinstall(api->operations, r, m);
	else if (!strcmp(rest, "/run") && r->method == HTTP_POST)
		change_run(api->operations, r, m);
	else if (!strcmp(rest, "/template") && r->method == HTTP_POST)
		template_handle(api->operations, r, m);
	else if (!strcmp(rest, "/disarm") && r->method == HTTP_POST)
		change_disarm(api->operations, r, m);
	else if (!strcmp(rest, "/confirm") && r->method == HTTP_POST)
		change_confirm(api->operations, r, m);
	else if (!strcmp(rest, "/console") && (get || r->method == HTTP_POST))
		console_handle(api->consoles, r, m, who);
	else if (!strcmp(rest, "/log") && get)
		logs_handle(api->logs, r, m, who);
	else if (get && !strncmp(rest, "/render/", strlen("/render/")))
		render_handle(api, r, m, rest + strlen("/render/"));
	else
		http_respond_error(r, 404, "%s %s: there is no such call",
			http_method_name(r->method), r->path);
}

static void machine_request(struct api *api, struct http_request *r, const struct asker *who,
	const char *name_and_rest, const json_t *body)
{
	const char *rest = strchrnul(name_and_rest, '/');
	struct machine *m = NULL;
	char name[256];

	snprintf(name, sizeof name, "%.*s", (int)(rest - name_and_rest), name_and_rest);
	m = machines_by_name(api->base->machines, name);
	if (m)
		machine_routes(api, r, who, m, rest, body);
	else
		http_respond_error(
			r, 404, "no machine '%s'; 'usher list' shows those there are", name);
}

static void refuse_method(struct http_request *r, const char *path, const char *why)
{
	char methods[64];

	api_routes_methods(path, methods, sizeof methods);
	http_respond_method(r, methods, why);
}

/* A name may have slashes: ports of switches do. */
static void discovered_request(struct api *api, struct http_request *r, const char *name)
{
	static const char rules[] = "/rules";
	size_t n = strlen(name), tail = sizeof rules - 1;
	char one[256];

	if (r->method != HTTP_POST) {
		discovery_api(api->discovery, r, name);
	} else if (n <= tail || strcmp(name + n - tail, rules)) {
		http_respond_error(r, 404, "POST %s: there is no such call", r->path);
	} else {
		snprintf(one, sizeof one, "%.*s", (int)(n - tail), name);
		by_rules_handle(api->metal, r, one);
	}
}

static void route(struct api *api, struct http_request *r, const struct asker *who,
	const char *path, json_t *body)
{
	bool get = r->method == HTTP_GET || r->method == HTTP_HEAD;

	if (!strcmp(path, "/machines") && get)
		lists_machines(api, r);
	else if (!strcmp(path, "/machines") && r->method == HTTP_POST)
		create_handle(api->operations, r, json_incref(body));
	else if (!strncmp(path, MACHINES, strlen(MACHINES)))
		machine_request(api, r, who, path + strlen(MACHINES), body);
	else if (!strcmp(path, "/judge") && r->method == HTTP_POST)
		trial_handle(api->operations, r);
	else if (!strcmp(path, "/enrolments") && r->method == HTTP_POST)
		trial_enroll(api->operations, r);
	else if (!strcmp(path, "/bulk") && r->method == HTTP_POST)
		bulk_handle(&api->bulks, r, who, body);
	else if (!strcmp(path, "/events") && get)
		events_handle(api, r, who);
	else if (!strcmp(path, "/fetches"))
		fetch_api_handle(api->content, r);
	else if (!strcmp(path, "/packages") && get)
		packages_handle(api->packages, r);
	else if (!strcmp(path, "/profiles") && get)
		profiles_handle(api->content, r, NULL);
	else if (!strncmp(path, "/profiles/", strlen("/profiles/")) && get)
		profiles_handle(api->content, r, path + strlen("/profiles/"));
	else if (!strncmp(path, "/networks", strlen("/networks")))
		networks_handle(api->network, r, path + strlen("/networks"));
	else if (!strncmp(path, "/copies", strlen("/copies")))
		copying_handle(api->imports, r, path + strlen("/copies"));
	else if (!strncmp(path, "/media", strlen("/media")))
		media_handle(api->imports, r, path + strlen("/media"));
	else if (!strcmp(path, "/host-keys") && get)
		host_keys_handle(api, r);
	else if (!strcmp(path, "/discovered") && get)
		lists_discovered(api, r);
	else if (!strncmp(path, "/discovered/", strlen("/discovered/")))
		discovered_request(api, r, path + strlen("/discovered/"));
	else if (!strcmp(path, "/leases") && get)
		lists_leases(api, r);
	else if (!strcmp(path, "/status") && get)
		status_handle(api, r);
	else if (!strncmp(path, "/tokens", strlen("/tokens")))
		tokens_handle(api->access, r, who, path + strlen("/tokens"), body);
	else if (!strcmp(path, "/whoami") && get)
		tokens_whoami(r, who);
	else if (!strcmp(path, "/openapi.json") && get)
		openapi_handle(r);
	else
		http_respond_error(r, 404, "%s %s: there is no such call",
			http_method_name(r->method), r->path);
}

/* Under which the request is carried out once; "": it has none. False: it cannot be one. */
static bool take_key(const struct http_request *r, const json_t *body, const char **ret)
{
	const char *key = http_header(r, "Idempotency-Key"), *id = json_text(body, "request_id");

	*ret = key ? key : strlen(id) <= ONCE_KEY_MAX ? id : ""; /* that one is judged elsewhere */
	return !key || (*key && strlen(key) <= ONCE_KEY_MAX);
}

/* Is it to be carried out? Else it was answered, or will be. */
static bool is_first(
	struct api *api, struct http_request *r, const struct asker *who, const json_t *body)
{
	char asker[128];
	const char *key;
	bool made;

	/* a token is told once: it must not be kept for a second answer */
	if (r->method != HTTP_POST || !strcmp(r->path, API "/tokens"))
		return true;
	if (!take_key(r, body, &key)) {
		http_respond_error(r, 400, "Idempotency-Key takes 1 to %d bytes", ONCE_KEY_MAX);
		return false;
	}
	snprintf(asker, sizeof asker, "%s %s", who->token ? "token" : "user", who->name);
	/* what is wrong with an enrolment is told with 200 */
	made = !strcmp(r->path, API "/enrolments");
	return !*key || once_begin(&api->once, r, asker, key, made, clock_mono_ms());
}

static void carry_out(struct api *api, struct http_request *r, const struct asker *asker,
	const char *path, json_t *body)
{
	struct asker who = *asker;

	if (is_first(api, r, &who, body) && held_begin(api->access, r, &who))
		route(api, r, &who, path, body);
}

void api_call(struct api *api, struct http_request *r, const struct asker *who)
{
	const char *path = r->path + strlen(API);
	json_t *body = NULL;
	char why[512];
	unsigned wrong = api_routes_allow(r->method, path, who->role, why, sizeof why);

	if (!wrong)
		wrong = api_routes_judge(
			r->method, path, r->target, r->body, r->body_len, &body, why, sizeof why);
	if (!wrong)
		wrong = api_routes_allow_body(body, who->role, why, sizeof why);
	if (wrong == 405)
		refuse_method(r, path, why);
	else if (wrong)
		http_respond_error(r, wrong, "%s", why);
	else if (strncmp(path, MACHINES, strlen(MACHINES)) && http_wants_other(r, NULL))
		http_respond_error(r, 412, "If-Match: %s has no entity tag", r->path);
	else
		carry_out(api, r, who, path, body);
	json_decref(body);
}

void api_handle(struct api *api, struct http_request *r)
{
	struct asker who;
	char why[512];
	unsigned wrong;

	if (web_serves(r->path)) {
		web_handle(&api->web, r);
		return;
	}
	wrong = access_judge(api->access, r, &who, why, sizeof why);
	if (wrong) {
		http_respond_error(r, wrong, "%s", why);
		return;
	}
	behalf_set(behalf_of(who.name));
	if (!strncmp(r->path, API "/", strlen(API "/")))
		api_call(api, r, &who);
	else if (!strcmp(r->path, "/openapi.json"))
		openapi_handle(r);
	else if (!strcmp(r->path, "/metrics"))
		metrics_handle(api, r);
	else
		http_respond_error(r, 404, "%s: there is no such path", r->path);
	behalf_set(0);
}

void api_init(struct api *api)
{
	listings_init(&api->listings, api->base->loop);
	bulks_init(&api->bulks, api);
	once_init(&api->once);
}

void api_fini(struct api *api)
{
	once_fini(&api->once);
	web_fini(&api->web);
}
