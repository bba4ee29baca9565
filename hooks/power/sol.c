/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks/power/sol.h"

#include "core/plain.h"
#include "hooks/power/ipmitool.h"
#include "hooks/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ESCAPE = 0x1c, /* what ipmitool takes for itself after a line's end, instead of '~' */
	TYPED_MAX = 4096,
};

struct sol {
	struct sol *next;
	struct sols *all;
	struct run *run; /* NULL: over */
	bool open;       /* ipmitool's own first line has come whole */
	bool closed;
	uint8_t *bytes;
	size_t n;
	uint64_t dropped;
	char why[SOL_WHY];
	void (*look)(void *arg);
	void *arg;
};

void sols_init(struct sols *all, struct loop *l)
{
	*all = (struct sols){.loop = l};
}

static void sol_free(struct sol *s)
{
	struct sol **at = &s->all->all;

	while (*at && *at != s)
		at = &(*at)->next;
	if (*at)
		*at = s->next;
	run_cancel(s->run);
	free(s->bytes);
	free(s);
}

void sols_fini(struct sols *all)
{
	while (all->all)
		sol_free(all->all);
}

static void keep(struct sol *s, const char *bytes, size_t n)
{
	uint8_t *grown =
		s->n + n <= SOL_WAITING && !s->dropped ? realloc(s->bytes, s->n + n) : NULL;

	if (!grown) {
		s->dropped += n;
		return;
	}
	memcpy(grown + s->n, bytes, n);
	s->bytes = grown;
	s->n += n;
}

/* Its first line is ipmitool's: the session is there. */
static void on_heard(void *arg, const char *bytes, size_t n)
{
	struct sol *s = arg;
	const char *line = s->open ? NULL : memchr(bytes, '\n', n);

	if (s->closed || (!s->open && !line))
		return;
	if (line) {
		s->open = true;
		n -= (size_t)(line + 1 - bytes);
		bytes = line + 1;
	}
	if (n)
		keep(s, bytes, n);
	s->look(s->arg);
}

static void on_end(void *arg, const struct run_result *r)
{
	struct sol *s = arg;
	char line[SOL_WHY];

	s->run = NULL;
	if (s->closed) {
		sol_free(s);
		return;
	}
	run_last_line(r->err, line, sizeof line);
	if (!*line || s->open)
		snprintf(line, sizeof line, "the controller ended the session");
	else if (ipmitool_means(r->err))
		snprintf(line, sizeof line, "%s", ipmitool_means(r->err));
	plain_line(line, s->why, sizeof s->why);
	s->look(s->arg);
}

static int start(struct sol *s, const struct power_target *t, const char *password)
{
	static const char *const command[] = {"-e", "\x1c", "sol", "activate", NULL};
	const char *argv[IPMITOOL_ARGS + sizeof command / sizeof *command];
	char port[IPMITOOL_NUMBER], cipher[IPMITOOL_NUMBER], input[POWER_PASSWORD_MAX + 2];
	size_t n = ipmitool_args(t, "/dev/fd/3", argv, port, cipher);
	struct run_spec spec = {.path = IPMITOOL,
		.argv = (char *const *)(uintptr_t)argv,
		.input = input,
		.heard = on_heard};
	int rc;

	memcpy(argv + n, command, sizeof command);
	spec.input_len = (size_t)snprintf(input, sizeof input, "%s\n", password);
	rc = run_start(s->all->loop, &spec, on_end, s, &s->run);
	explicit_bzero(input, sizeof input);
	return rc;
}

int sol_open(struct sols *all, const struct power_target *target, const char *password,
	void (*look)(void *arg), void *arg, struct sol **ret)
{
	struct sol *s = calloc(1, sizeof *s);
	int rc;

	if (!s)
		return -ENOMEM;
	*s = (struct sol){.next = all->all, .all = all, .look = look, .arg = arg};
	all->all = s;
	rc = start(s, target, password);
	if (rc)
		sol_free(s);
	else
		*ret = s;
	return rc;
}

void sol_take(struct sol *s, struct sol_news *ret)
{
	*ret = (struct sol_news){.open = s->open,
		.bytes = s->bytes,
		.n = s->n,
		.dropped = s->dropped,
		.over = !s->run,
		.why = s->why};
	s->bytes = NULL;
	s->n = 0;
	s->dropped = 0;
}

/* The byte that ipmitool would take for a command of its own is left out. */
int sol_send(struct sol *s, const void *bytes, size_t n)
{
	uint8_t clean[TYPED_MAX];
	size_t used = 0;

	if (!s->run || !s->open)
		return -EPIPE;
	if (n > sizeof clean)
		return -EAGAIN;
	for (size_t i = 0; i < n; i++)
		if (((const uint8_t *)bytes)[i] != ESCAPE)
			clean[used++] = ((const uint8_t *)bytes)[i];
	return used ? run_type(s->run, clean, used) : 0;
}

void sol_close(struct sol *s)
{
	if (!s)
		return;
	s->closed = true;
	if (s->run)
		run_hang_up(s->run, SOL_LEAVE_MS);
	else
		sol_free(s);
}
