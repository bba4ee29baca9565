/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernels and initrds by URL: is all there that a machine is to be armed with, and what must stay. */
#include "service/files/cache.h"
#include "service/files/content.h"
#include "service/base/rendered_for.h"

#include "core/log.h"
#include "kickstart/render.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the files of one snapshot come to. */
struct looking {
	struct fetches *fetches;
	json_t *missing;
	char *warning;
	size_t warning_size;
};

/* How far it is, if it is not over already, GET /fetches says. */
static int add_missing(struct looking *l, const char *url)
{
	char shown[FETCH_URL_MAX];
	struct fetch_name name;

	return fetch_name(url, &name) ||
			json_array_append_new(l->missing,
				json_pack("{s:s, s:s}", "key", name.key, "url",
					fetch_name_shown(url, shown, sizeof shown)))
		? -EIO
		: 0;
}

/* One that is missing is no end: all are fetched at a time. -EIO: it cannot be had. */
static int look_at(struct looking *l, const char *url, const char *sum, char *why, size_t size)
{
	char line[2048];
	int rc = fetches_ask(l->fetches, url, sum, line, sizeof line);

	if (rc == -EINPROGRESS)
		return add_missing(l, url);
	if (rc)
		snprintf(why, size, "%s", line);
	else if (*line)
		snprintf(l->warning, l->warning_size, "%s", line);
	return rc ? -EIO : 0;
}

static int look_at_all(struct looking *l, const struct rendering *rendering, char *why, size_t size)
{
	char *url, *sum;
	int rc = 0;

	for (unsigned n = 0; !rc; n++) {
		url = sum = NULL;
		rc = render_origin(rendering, n, &url, &sum, why, size);
		if (!rc)
			rc = look_at(l, url, sum, why, size);
		free(url);
		free(sum);
	}
	return rc == -ENOENT ? 0 : rc;
}

int cache_look(struct content *content, const struct render_input *in, const json_t *snapshot,
	json_t **ret_missing, char *warning, size_t warning_size, char *why, size_t size)
{
	struct looking l = {.fetches = content->fetches,
		.missing = json_array(),
		.warning = warning,
		.warning_size = warning_size};
	struct rendering *rendering = NULL;
	int rc = rendering_new(in, snapshot, &rendering, why, size);

	*warning = '\0';
	if (!rc)
		rc = look_at_all(&l, rendering, why, size);
	if (!rc && json_array_size(l.missing)) {
		rc = -EINPROGRESS;
		*ret_missing = json_incref(l.missing);
	}
	rendering_free(rendering);
	json_decref(l.missing);
	return rc;
}

/* What is to stay. */

struct keep_list {
	char (*keys)[FETCH_KEY];
	size_t n, room;
};

static int keep_one(struct keep_list *k, const char *url)
{
	struct fetch_name name;

	if (fetch_name(url, &name))
		return 0;
	if (k->n == k->room) {
		size_t room = k->room ? 2 * k->room : 64;
		char(*grown)[FETCH_KEY] = realloc(k->keys, room * sizeof *grown);

		if (!grown)
			return -ENOMEM;
		k->keys = grown;
		k->room = room;
	}
	memcpy(k->keys[k->n++], name.key, FETCH_KEY);
	return 0;
}

static int keep_of(struct content *content, struct machine *m, struct keep_list *k)
{
	struct rendered_for r;
	struct rendering *rendering = NULL;
	char *url, *sum, why[512];
	int rc;

	rendered_for_first(&r, content->base, m);
	rc = rendering_new(&r.in, m->attempt.snapshot, &rendering, why, sizeof why);
	for (unsigned n = 0; !rc; n++) {
		url = sum = NULL;
		rc = render_origin(rendering, n, &url, &sum, why, sizeof why);
		if (!rc)
			rc = keep_one(k, url);
		free(url);
		free(sum);
	}
	rendering_free(rendering);
	return rc == -ENOMEM ? rc : 0;
}

/* Rare: a file was fetched, and the cache is over its limit. */
void cache_crowded(void *arg)
{
	struct content *content = arg;
	struct keep_list k = {0};
	struct machine *m = NULL;
	int rc = 0;

	while (!rc && (m = machines_next(content->base->machines, m)))
		if (life_netboots(m->state) && m->attempt.snapshot)
			rc = keep_of(content, m, &k);
	if (!rc && content->fetches && !content->base->stopping)
		fetches_prune(content->fetches, k.keys, k.n);
	free(k.keys);
}

void cache_fetched(void *arg, bool ok, const char *line)
{
	(void)arg;
	if (ok)
		log_info("%s", line);
	else
		log_warn("%s", line);
}
