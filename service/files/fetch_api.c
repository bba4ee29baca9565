/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /api/v1/fetches: what is being fetched, and fetching what a profile will need before a machine does. */
#include "service/files/fetch_api.h"
#include "httpd/httpd.h"
#include "service/files/content.h"
#include "service/files/cache.h"
#include "service/base/reply.h"
#include "service/files/served_profile.h"
#include "core/json.h"
#include "kickstart/render.h"

#include <errno.h>
#include <stdio.h>

/* As a machine that nobody asked for yet: a profile whose names depend on more than its settings is for `create`. */
static int look(struct content *content, json_t *body, json_t **ret_missing, char *warning,
	size_t warning_size, char *why, size_t size)
{
	json_t *settings = json_object_get(body, "settings"), *snapshot = NULL;
	struct machine *m = machine_new();
	struct render_input in = {.machine = m, .base_url = ""};
	struct profile *p = NULL;
	int rc = m ? served_profile(content, json_text(body, "profile"), &p, why, size) : -ENOMEM;

	if (!m)
		snprintf(why, size, "out of memory");
	if (!rc && json_is_object(settings))
		json_object_update(m->settings, settings);
	if (!rc)
		rc = render_validate(p, &in, 0, 0, &snapshot, why, size);
	if (!rc)
		rc = cache_look(
			content, &in, snapshot, ret_missing, warning, warning_size, why, size);
	json_decref(snapshot);
	profile_free(p);
	machine_free(m);
	return rc;
}

static void begin(struct content *content, struct http_request *r)
{
	json_t *body = json_loadb(r->body, r->body_len, 0, NULL), *missing = NULL;
	char why[1024] = "", warning[1024] = "";
	int rc;

	if (!json_is_object(body)) {
		http_respond_error(r, 400, "the request is not a JSON object");
		json_decref(body);
		return;
	}
	rc = look(content, body, &missing, warning, sizeof warning, why, sizeof why);
	json_decref(body);
	if (rc == -EINPROGRESS)
		reply_fetching(r, missing);
	else if (rc)
		http_respond_error(r, 422, "%s", why);
	else
		http_respond_json(r, 200,
			json_pack("{s:[], s:s?}", "fetching", "warning", json_some(warning)));
}

void fetch_api_handle(struct content *content, struct http_request *r)
{
	if (r->method == HTTP_POST)
		begin(content, r);
	else
		http_respond_json(r, 200,
			json_pack("{s:o}", "fetching", fetches_under_way(content->fetches)));
}
