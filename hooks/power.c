/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks/power.h"

#include "core/plain.h"
#include "hooks/job.h"
#include "hooks/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	LINE = 512, /* bytes of a reason */
};

struct power {
	struct loop *loop;
	char *dir;
	struct job_queue queue;
};

struct call {
	struct job job;
	struct power *power;
	struct run *run;
	char *executable, *input;
	const char *verb; /* one of verbs */
	void (*done)(void *arg, int status, const char *output);
	void *arg;
};

static const char *const verbs[] = {"on", "off", "cycle", "status", "netboot"};

int power_new(struct loop *l, const char *dir, struct power **ret)
{
	struct power *p = calloc(1, sizeof *p);

	if (!p)
		return -ENOMEM;
	p->loop = l;
	p->dir = strdup(dir);
	if (!p->dir) {
		free(p);
		return -ENOMEM;
	}
	job_queue_init(&p->queue, l, POWER_AT_ONCE, POWER_QUEUE_MAX);
	*ret = p;
	return 0;
}

void power_free(struct power *p)
{
	if (!p)
		return;
	job_queue_fini(&p->queue);
	free(p->dir);
	free(p);
}

static void call_free(struct call *c)
{
	if (!c)
		return;
	free(c->executable);
	free(c->input);
	free(c);
}

static void call_drop(struct job *j)
{
	struct call *c = (struct call *)j;

	run_cancel(c->run);
	call_free(c);
}

/* The caller may ask for more from inside its `done`. */
static void call_end(struct call *c, int status, const char *output)
{
	job_done(&c->power->queue, &c->job);
	c->done(c->arg, status, output);
	call_free(c);
}

static int status_of(const struct run_result *r)
{
	if (r->timed_out)
		return -ETIMEDOUT;
	return r->exit_status < 0 ? -EINTR : r->exit_status;
}

static void on_end(void *arg, const struct run_result *r)
{
	struct call *c = arg;
	char line[LINE], clean[LINE];

	c->run = NULL;
	run_last_line(status_of(r) == 0 ? r->out : r->err, line, sizeof line);
	if (r->timed_out)
		snprintf(line, sizeof line, "still running after %d s", POWER_LIMIT_MS / 1000);
	else if (!line[0] && status_of(r) != 0)
		run_result_text(r, line, sizeof line);
	call_end(c, status_of(r), plain_line(line, clean, sizeof clean));
}

const char *power_file_error(const char *dir, const char *executable)
{
	const char *slash = strrchr(executable, '/');
	size_t n = strlen(dir);
	struct stat st;

	while (n > 1 && dir[n - 1] == '/')
		n--;
	if (!slash || (size_t)(slash - executable) != n || memcmp(executable, dir, n) != 0)
		return "it is not in the folder of power executables (<power dir=…/> of usher.xml)";
	if (stat(dir, &st) < 0)
		return "the folder of power executables is not there";
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return "users other than its owner may write to its folder";
	return run_file_error(executable);
}

static void call_start(struct job *j)
{
	struct call *c = (struct call *)j;
	char *argv[] = {c->executable, (char *)(uintptr_t)c->verb, c->job.key, NULL};
	struct run_spec spec = {
		.path = c->executable,
		.argv = argv,
		.input = c->input,
		.input_len = strlen(c->input),
		.limit_ms = POWER_LIMIT_MS,
	};
	const char *error = power_file_error(c->power->dir, c->executable);
	int rc = error ? -EACCES : run_start(c->power->loop, &spec, on_end, c, &c->run);
	char text[LINE];

	if (rc == 0)
		return;
	snprintf(text, sizeof text, "%.300s: %s", c->executable, error ? error : strerror(-rc));
	call_end(c, rc, text);
}

static const char *find_verb(const char *verb)
{
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(verb, verbs[i]) == 0)
			return verbs[i];
	return NULL;
}

static struct call *call_new(struct power *p, const char *executable, const char *verb,
	const char *name, const json_t *machine)
{
	struct call *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->power = p;
	c->verb = verb;
	c->executable = strdup(executable);
	c->input = machine ? json_dumps(machine, JSON_COMPACT) : strdup("null");
	snprintf(c->job.key, sizeof c->job.key, "%s", name);
	c->job.start = call_start;
	c->job.drop = call_drop;
	if (c->executable && c->input)
		return c;
	call_free(c);
	return NULL;
}

int power_run(struct power *p, const char *executable, const char *verb, const char *machine_name,
	const json_t *machine, void (*done)(void *arg, int status, const char *output), void *arg)
{
	const char *known = find_verb(verb);
	struct call *c;
	int rc;

	if (!known || executable[0] != '/')
		return -EINVAL;
	c = call_new(p, executable, known, machine_name, machine);
	if (!c)
		return -ENOMEM;
	c->done = done;
	c->arg = arg;
	rc = job_add(&p->queue, &c->job);
	if (rc < 0)
		call_free(c);
	return rc;
}
