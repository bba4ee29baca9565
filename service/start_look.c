/* SPDX-License-Identifier: GPL-2.0-or-later */
/* At the start: what the configuration names and is not there goes into the log. Nobody waits for it. */
#include "service/start_look.h"
#include "config/config_look.h"
#include "service/base/base.h"

#include "guest/guest.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 4096 };

struct looking {
	struct task task;
	const struct config *config; /* the service's, of which this is left alone */
	bool pool;                   /* guests may be made */
	char lines[LINES];           /* ended by a line break each */
	size_t n;
};

static void add(void *arg, const char *what, const char *line)
{
	struct looking *l = arg;
	int n = snprintf(l->lines + l->n, sizeof l->lines - l->n, "%s\n", line);

	(void)what;
	if (n > 0 && (size_t)n < sizeof l->lines - l->n)
		l->n += (size_t)n;
	l->lines[l->n] = '\0';
}

/* A libvirt that does not answer yet is told of by who connects to it. */
static void look_at_pool(struct looking *l)
{
	struct guest_pool pool;
	char why[GUEST_WHY], line[GUEST_WHY + 64];
	int rc = guest_pool_info(l->config->libvirt_uri, l->config->pool, &pool, why, sizeof why);

	if (!rc || rc == -ENOTCONN)
		return;
	snprintf(line, sizeof line, "guests can be created only in another storage pool: %s", why);
	add(l, "pool", line);
}

static int look(struct task *t)
{
	struct looking *l = (struct looking *)t;

	config_look(l->config, add, l);
	if (l->pool)
		look_at_pool(l);
	return 0;
}

static void looked(struct task *t)
{
	struct looking *l = (struct looking *)t;
	char *save = NULL;

	for (char *line = strtok_r(l->lines, "\n", &save); line && !t->rc;
		line = strtok_r(NULL, "\n", &save))
		log_warn("%s", line);
	free(l);
}

void start_look(struct base *base, bool pool)
{
	struct looking *l = calloc(1, sizeof *l);

	if (!l)
		return;
	*l = (struct looking){
		.task = {.run = look, .done = looked}, .config = &base->config, .pool = pool};
	if (worker_do(base->worker, &l->task, ""))
		free(l);
}
