/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The site's own executable. */
#include "hooks/power/driver.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int status_of(const struct run_result *r)
{
	if (r->timed_out)
		return -ETIMEDOUT;
	return r->exit_status < 0 ? -EINTR : r->exit_status;
}

static void on_end(void *arg, const struct run_result *r)
{
	struct power_call *c = arg;
	struct power_result result = {.status = status_of(r)};
	char line[POWER_TEXT];

	c->run = NULL;
	run_last_line(result.status ? r->err : r->out, line, sizeof line);
	if (r->timed_out)
		snprintf(line, sizeof line, "still running after %d s", POWER_LIMIT_MS / 1000);
	else if (!line[0] && result.status)
		run_result_text(r, line, sizeof line);
	result.on = !strcmp(line, "on");
	if (!result.status && c->verb == POWER_STATUS && !result.on && strcmp(line, "off") != 0) {
		power_call_fail(c, -EPROTO, "it said '%.200s': neither on nor off", line);
		return;
	}
	result.text = line;
	power_call_end(c, &result);
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

static void start(struct power_call *c)
{
	char *argv[] = {c->text, (char *)(uintptr_t)power_verb_name(c->verb), c->job.key, NULL};
	struct run_spec spec = {
		.path = c->text,
		.argv = argv,
		.input = c->input,
		.input_len = strlen(c->input),
		.limit_ms = POWER_LIMIT_MS,
	};
	const char *error = power_file_error(c->power->dir, c->text);
	int rc = error ? -EACCES : run_start(c->power->loop, &spec, on_end, c, &c->run);

	if (rc)
		power_call_fail(c, rc, "%.300s: %s", c->text, error ? error : strerror(-rc));
}

const struct power_driver power_file = {.start = start};
