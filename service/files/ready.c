/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/files/ready.h"

#include "kickstart/media/media_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
