/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks/hooks.h"

#include "hooks/folder.h"
#include "hooks/job.h"
#include "hooks/run.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	VAR_MAX = TIMELINE_TEXT + 32, /* "USHER_TEXT=" and the longest text */
	N_VARS = 5,
};

struct hooks {
	struct loop *loop;
	struct timeline *timeline;
	const struct machines *machines;
	struct folder folder;
	struct job_queue queue;
	struct hooks_stats stats;
	unsigned dropped; /* events, since it was last said */
	struct loop_timer say_dropped;
};

/* One event, for all the executables one after the other. */
struct event_job {
	struct job job;
	struct hooks *hooks;
	struct run *run;
	char last[NAME_MAX + 1]; /* the executable that runs or ran */
	char *input;
	char vars[N_VARS][VAR_MAX];
};

static const char *const kinds[HOOKS_KINDS] = {
	"created",
	"leased",
	"armed",
	"booting",
	"installing",
	"installed",
	"stuck",
	"up",
	"failed",
	"deleted",
};

int hooks_kind(const char *kind)
{
	for (int i = 0; i < HOOKS_KINDS; i++)
		if (strcmp(kind, kinds[i]) == 0)
			return i;
	return -1;
}

const char *hooks_kind_name(int number)
{
	return kinds[number];
}

bool hooks_wants(const char *kind)
{
	return hooks_kind(kind) >= 0;
}

static void job_free(struct event_job *j)
{
	if (!j)
		return;
	free(j->input);
	free(j);
}

static void job_drop(struct job *job)
{
	struct event_job *j = (struct event_job *)job;

	run_cancel(j->run);
	job_free(j);
}

/* "NAME exit 0: output", of a long output the end. */
static void tell(struct event_job *j, const char *what, const char *output)
{
	size_t len = strlen(output), room = TIMELINE_TEXT - strlen(j->last) - strlen(what) - 3;

	while (len && strchr(" \t\r\n", output[len - 1]))
		len--;
	if (len > room) {
		output += len - room;
		len = room;
		/* From the beginning of a character on. */
		for (; len && (*output & 0xc0) == 0x80; len--)
			output++;
	}
	timeline_add(j->hooks->timeline, j->job.key, "hook", "%s %s%s%.*s", j->last, what,
		len ? ": " : "", (int)len, output);
}

static void run_next(struct event_job *j);

static void on_end(void *arg, const struct run_result *r)
{
	struct event_job *j = arg;
	char what[64];

	j->run = NULL;
	if (r->exit_status == 0)
		j->hooks->stats.run++;
	else
		j->hooks->stats.failed++;
	tell(j, run_result_text(r, what, sizeof what), r->err);
	run_next(j);
}

static int start(struct event_job *j)
{
	char path[PATH_MAX];
	char *argv[] = {path, NULL};
	const char *env[] = {j->vars[0], j->vars[1], j->vars[2], j->vars[3], j->vars[4], NULL};
	struct run_spec spec = {
		.path = path,
		.argv = argv,
		.env = env,
		.input = j->input,
		.input_len = strlen(j->input),
		.limit_ms = HOOKS_LIMIT_MS,
		.join = true,
	};

	if ((size_t)snprintf(path, sizeof path, "%s/%s", j->hooks->folder.path, j->last) >=
		sizeof path)
		return -ENAMETOOLONG;
	return run_start(j->hooks->loop, &spec, on_end, j, &j->run);
}

/* The next executable by name; the folder may have changed in between. */
static void run_next(struct event_job *j)
{
	struct hooks *h = j->hooks;
	const char *name;

	folder_refresh(&h->folder, loop_now(h->loop), HOOKS_RESCAN_MS);
	while ((name = folder_next(&h->folder, j->last))) {
		int rc;

		snprintf(j->last, sizeof j->last, "%s", name);
		rc = start(j);
		if (rc == 0)
			return;
		h->stats.failed++;
		tell(j, "cannot be run", strerror(-rc));
	}
	job_done(&h->queue, &j->job);
	job_free(j);
}

static void job_start(struct job *job)
{
	run_next((struct event_job *)job);
}

static struct event_job *job_new(
	struct hooks *h, const struct timeline_event *e, const json_t *machine)
{
	struct event_job *j = calloc(1, sizeof *j);

	if (!j)
		return NULL;
	j->hooks = h;
	j->job.start = job_start;
	j->job.drop = job_drop;
	j->input = machine ? json_dumps(machine, JSON_COMPACT) : strdup("null");
	snprintf(j->job.key, sizeof j->job.key, "%s", e->machine);
	snprintf(j->vars[0], VAR_MAX, "USHER_EVENT=%s", e->kind);
	snprintf(j->vars[1], VAR_MAX, "USHER_MACHINE=%s", e->machine);
	snprintf(j->vars[2], VAR_MAX, "USHER_SEQ=%llu", (unsigned long long)e->seq);
	snprintf(j->vars[3], VAR_MAX, "USHER_TEXT=%s", e->text);
	snprintf(j->vars[4], VAR_MAX, "USHER_BY=%s", e->by);
	if (j->input)
		return j;
	job_free(j);
	return NULL;
}

/* Said from the loop: we may be inside the timeline's listener, and it is one line for many. */
static void on_say_dropped(struct loop_timer *t)
{
	struct hooks *h = t->arg;
	unsigned n = h->dropped;

	h->dropped = 0;
	timeline_add(h->timeline, "", "hook",
		"%u event%s for the hooks %s dropped: too many are waiting", n, n == 1 ? "" : "s",
		n == 1 ? "was" : "were");
}

void hooks_run(struct hooks *h, const struct timeline_event *e, const json_t *machine)
{
	struct event_job *j;

	folder_refresh(&h->folder, loop_now(h->loop), HOOKS_RESCAN_MS);
	if (!folder_next(&h->folder, ""))
		return;
	j = job_new(h, e, machine);
	if (j && job_add(&h->queue, &j->job) == 0)
		return;
	job_free(j);
	h->dropped++;
	h->stats.dropped++;
	if (!h->say_dropped.slot)
		loop_timer_set(h->loop, &h->say_dropped, HOOKS_RESCAN_MS);
}

struct hooks_stats hooks_stats(const struct hooks *h)
{
	struct hooks_stats s = h->stats;

	s.waiting = job_queue_count(&h->queue);
	return s;
}

static void on_event(void *arg, const struct timeline_event *e)
{
	struct hooks *h = arg;
	const struct machine *m;
	json_t *j;

	if (!hooks_wants(e->kind))
		return;
	folder_refresh(&h->folder, loop_now(h->loop), HOOKS_RESCAN_MS);
	/* Most sites have none, and then a lease costs nothing here. */
	if (!folder_next(&h->folder, ""))
		return;
	m = h->machines && e->machine[0] ? machines_by_name(h->machines, e->machine) : NULL;
	j = m ? machine_to_json(m, true) : NULL;
	hooks_run(h, e, j);
	json_decref(j);
}

int hooks_new(struct loop *l, const char *dir, struct timeline *timeline,
	const struct machines *machines, struct hooks **ret)
{
	struct hooks *h = calloc(1, sizeof *h);
	int rc = h ? folder_init(&h->folder, dir) : -ENOMEM;

	if (rc == 0)
		rc = timeline_listen(timeline, on_event, h);
	if (rc < 0) {
		if (h)
			folder_fini(&h->folder);
		free(h);
		return rc;
	}
	h->loop = l;
	h->timeline = timeline;
	h->machines = machines;
	job_queue_init(&h->queue, l, HOOKS_AT_ONCE, HOOKS_QUEUE_MAX);
	loop_timer_init(&h->say_dropped, on_say_dropped, h);
	*ret = h;
	return 0;
}

void hooks_free(struct hooks *h)
{
	if (!h)
		return;
	timeline_unlisten(h->timeline, on_event, h);
	loop_timer_clear(h->loop, &h->say_dropped);
	job_queue_fini(&h->queue);
	folder_fini(&h->folder);
	free(h);
}
