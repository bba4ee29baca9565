/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /api/v1/fetches: what is being fetched, and fetching what a profile will need before a machine does. The worker reads the
 * profile. */
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
#include <stdlib.h>

struct beginning {
	struct content *content;
	struct http_request *request;
};

/* As a machine that nobody asked for yet: a profile whose names depend on more than its settings is for `create`. */
static int look(struct content *content, const struct served_profile *sp, json_t **ret_missing,
	char *warning, size_t warning_size, char *why, size_t size)
{
	struct machine *m = machine_new();
	struct render_input in = {.machine = m, .settings = sp->settings, .base_url = ""};
	json_t *snapshot = NULL;
	int rc = m ? render_validate(sp->profile, &in, 0, 0, &snapshot, why, size) : -ENOMEM;

	if (!m)
		snprintf(why, size, "out of memory");
	if (!rc)
		rc = cache_look(
			content, &in, snapshot, ret_missing, warning, warning_size, why, size);
	json_decref(snapshot);
	machine_free(m);
	return rc;
}

static void answer(struct content *content, struct http_request *r, const struct served_profile *sp)
{
	char why[1024] = "", warning[1024] = "";
	json_t *missing = NULL;
	int rc = look(content, sp, &missing, warning, sizeof warning, why, sizeof why);

	if (rc == -EINPROGRESS)
		reply_fetching(r, missing);
	else if (rc)
		http_respond_error(r, 422, "%s", why);
	else
		http_respond_json(r, 200,
			json_pack("{s:[], s:s?}", "fetching", "warning", json_some(warning)));
}

static void on_profile(void *arg, struct served_profile *sp)
{
	struct beginning *b = arg;

	if (sp->rc)
		http_respond_error(b->request, sp->rc == -ECANCELED ? 503 : 422, "%s", sp->why);
	else
		answer(b->content, b->request, sp);
	profile_free(sp->profile);
	json_decref(sp->settings);
	free(b);
}

static void ask(struct content *content, struct http_request *r, json_t *body)
{
	json_t *settings = json_object_get(body, "settings");
	struct beginning *b = malloc(sizeof *b);
	int rc = -ENOMEM;

	http_hold(r, HTTP_HOLD_MS);
	if (b) {
		*b = (struct beginning){.content = content, .request = r};
		rc = served_profile_ask(content, json_text(body, "profile"),
			json_is_object(settings) ? settings : NULL, NULL, SERVED_PROFILE_RENDER,
			on_profile, b);
	}
	if (rc) {
		http_respond_error(r, 503, "%s", served_profile_refused(rc));
		free(b);
	}
}

static void begin(struct content *content, struct http_request *r)
{
	json_t *body = json_loadb(r->body, r->body_len, 0, NULL);

	if (json_is_object(body))
		ask(content, r, body);
	else
		http_respond_error(r, 400, "the request is not a JSON object");
	json_decref(body);
}

void fetch_api_handle(struct content *content, struct http_request *r)
{
	if (r->method == HTTP_POST)
		begin(content, r);
	else
		http_respond_json(r, 200,
			json_pack("{s:o}", "fetching", fetches_under_way(content->fetches)));
}
