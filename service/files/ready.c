/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/files/ready.h"

#include "kickstart/media/media_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct asking {
	struct task task;
	struct files *files;
	const struct profile *profile;
	json_t *settings;
	bool imported;
	struct medium medium;
	const char *user;
	char why[1024];
	ready_done done;
	void *arg;
};

static int look(struct task *t)
{
	struct asking *a = (struct asking *)t;
	int rc = a->imported ? medium_look(&a->medium, a->user, a->why, sizeof a->why) : 0;

	return rc ? rc : files_check(a->files, a->profile, a->settings, a->why, sizeof a->why);
}

static void looked(struct task *t)
{
	struct asking *a = (struct asking *)t;

	if (t->rc == -ECANCELED)
		snprintf(a->why, sizeof a->why, "the service is stopping");
	a->done(a->arg, t->rc, a->why);
	json_decref(a->settings);
	free(a);
}

int ready_ask(struct content *content, const struct profile *p, const json_t *settings,
	ready_done done, void *arg)
{
	const struct medium *m = imported_find(&content->imported, p->media.name);
	struct asking *a = calloc(1, sizeof *a);
	int rc;

	if (!a)
		return -ENOMEM;
	*a = (struct asking){.task = {.run = look, .done = looked},
		.files = &content->files,
		.profile = p,
		.settings = json_deep_copy(settings),
		.user = content->base->config.user,
		.done = done,
		.arg = arg};
	/* the configuration may have put another in its place */
	if (m && p->media.path && !strcmp(m->path, p->media.path)) {
		a->imported = true;
		a->medium = *m;
	}
	rc = worker_do(content->base->worker, &a->task, "");
	if (rc) {
		json_decref(a->settings);
		free(a);
	}
	return rc;
}

struct warming {
	struct task task;
	char path[PATH_MAX];
};

static int warm(struct task *t)
{
	struct warming *w = (struct warming *)t;
	uint64_t size;
	time_t mtime;
	int fd;

	if (!media_file_open(w->path, false, "/", &fd, &size, &mtime)) /* a root is never a file */
		close(fd);
	return 0;
}

static void warmed(struct task *t)
{
	free(t);
}

static void warm_one(struct content *content, const char *path)
{
	struct warming *w = *path ? malloc(sizeof *w) : NULL;

	if (!w)
		return;
	w->task = (struct task){.run = warm, .done = warmed};
	snprintf(w->path, sizeof w->path, "%s", path);
	if (worker_do(content->base->worker, &w->task, "warm"))
		free(w);
}

void ready_warm(struct content *content)
{
	for (size_t i = 0; i < content->imported.count; i++)
		warm_one(content, content->imported.all[i]->path);
	for (size_t i = 0; i < content->base->config.n_media; i++)
		warm_one(content, content->base->config.media[i].path);
}
