/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /packages: does the package cache run, what did it do, how full is it. The worker counts the files. */
#include "service/packages/packages.h"

#include "core/json.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct counting {
	struct task task;
	struct packages *packages;
	struct http_request *request;
	char path[PATH_MAX + 16];
	json_int_t files, bytes;
};

/* What goes while it is looked at is not there. */
static int count(struct task *t)
{
	struct counting *c = (struct counting *)t;
	char *const paths[] = {c->path, NULL};
	FTS *all = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *e;

	if (!all)
		return -errno;
	while ((e = fts_read(all)) && !worker_stopping(t->worker))
		if (e->fts_info == FTS_F) {
			c->files++;
			c->bytes += (json_int_t)e->fts_statp->st_blocks * 512;
		}
	fts_close(all);
	return 0;
}

static json_t *mirrors_json(const struct mirrors *ms)
{
	char url[MIRROR_URL];
	json_t *all = json_array();

	for (size_t i = 0; i < ms->n; i++)
		json_array_append_new(all,
			json_pack("{s:s, s:b}", "url", mirror_url(&ms->all[i], url), "cached",
				(int)ms->all[i].ready));
	return all;
}

static json_t *counts_json(const struct packages_counts *c)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "requests",
		(json_int_t)c->requests, "hits", (json_int_t)c->hits, "misses",
		(json_int_t)c->misses, "stale", (json_int_t)c->stale, "refused",
		(json_int_t)c->refused, "failures", (json_int_t)c->failures, "from_origin",
		(json_int_t)c->from_origin, "to_machines", (json_int_t)c->to_machines);
}

static json_t *packages_json(const struct packages *p, const struct counting *c)
{
	const struct config *config = &p->base->config;
	char dir[PATH_MAX];

	return json_pack("{s:b, s:b, s:s?, s:s, s:i, s:I, s:I, s:I, s:i, s:o, s:o}", "configured",
		(int)config->packages, "running", p->base->mirrors != NULL, "problem",
		json_some(p->problem), "dir", config_packages_dir(config, dir), "port",
		(int)config->packages_port, "limit", (json_int_t)config->packages_mib << 20,
		"files", c->files, "bytes", c->bytes, "restarts", (int)p->deaths, "mirrors",
		mirrors_json(&p->mirrors), "counts", counts_json(&p->log.counts));
}

static void counted(struct task *t)
{
	struct counting *c = (struct counting *)t;

	if (t->rc == -ECANCELED)
		http_respond_error(c->request, 503, "usher is stopping");
	else
		http_respond_json(c->request, 200, packages_json(c->packages, c));
	free(c);
}

void packages_handle(struct packages *p, struct http_request *r)
{
	struct counting *c = calloc(1, sizeof *c);
	char dir[PATH_MAX];

	if (c) {
		*c = (struct counting){
			.task = {.run = count, .done = counted}, .packages = p, .request = r};
		snprintf(c->path, sizeof c->path, "%s/files",
			config_packages_dir(&p->base->config, dir));
	}
	http_hold(r, HTTP_HOLD_MS);
	if (!c || worker_do(p->base->worker, &c->task, "packages count")) {
		http_respond_error(r, 503, "too much is under way");
		free(c);
	}
}
