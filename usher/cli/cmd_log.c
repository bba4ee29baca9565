/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher log: what a machine's installer logged. */
#include "usher/cli/cli.h"
#include "usher/cli/log_text.h"
#include "usher/client/client.h"
#include "usher/client/json_time.h"

#include "core/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	OPT_FOLLOW = 1,
	OPT_ATTEMPT,
	WAIT_S = 20,     /* a long poll */
	PATIENCE_S = 60, /* how long a restarting service is waited for */
};

struct follow_log {
	const char *name;
	struct client *client;
	bool follow, json;
	json_int_t attempt; /* only this; 0: all */
	json_int_t last;    /* the attempt of the line before */
	size_t printed;
};

static void print_line(struct follow_log *f, const json_t *line)
{
	json_int_t attempt = json_integer_value(json_object_get(line, "attempt"));
	time_t at = (time_t)(json_time_ms(json_object_get(line, "at")) / 1000);
	char when[32];
	struct tm tm;

	if (f->attempt && attempt != f->attempt)
		return;
	f->printed++;
	if (f->json) {
		json_dumpf(line, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
		putchar('\n');
		return;
	}
	if (attempt != f->last)
		printf("[usher attempt %" JSON_INTEGER_FORMAT "]\n", attempt);
	f->last = attempt;
	strftime(when, sizeof when, "%H:%M:%S", localtime_r(&at, &tm));
	printf("%s  %-7s  ", when, json_text(line, "severity"));
	log_text_print(line, -1);
}

static int print_all(struct follow_log *f)
{
	char path[400], name[256], why[CLIENT_WHY];
	json_int_t after = 0, newest = 0;
	json_t *reply, *line;
	size_t i;

	client_escape(f->name, name, sizeof name);
	do {
		snprintf(path, sizeof path,
			"/machines/%s/log?after=%" JSON_INTEGER_FORMAT "&wait=%d", name, after,
			f->follow ? WAIT_S : 0);
		if (client_get(f->client, path, after ? PATIENCE_S : 0, &reply, why, sizeof why))
			return cli_fail("%s", why);
		json_array_foreach(json_object_get(reply, "lines"), i, line) print_line(f, line);
		fflush(stdout);
		after = json_integer_value(json_object_get(reply, "next"));
		newest = json_integer_value(json_object_get(reply, "newest"));
		json_decref(reply);
	} while (f->follow || after < newest);
	if (!f->printed && !f->json)
		fprintf(stderr, "usher: nothing of a log of %s is kept\n", f->name);
	return EXIT_DONE;
}

/* False: it is no number from 1. */
static bool read_attempt(const char *text, json_int_t *ret)
{
	char *end;

	*ret = strtoll(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && *ret > 0;
}

static int run_log(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {{"follow", no_argument, NULL, OPT_FOLLOW},
		{"attempt", required_argument, NULL, OPT_ATTEMPT}, CLI_COMMON_OPTIONS, {0}};
	struct follow_log f = {0};
	struct cli_common o;
	int opt, rc;

	cli_common_init(&o);
	while ((opt = cli_getopt(cmd, &o, argc, argv, options)) != -1) {
		f.follow |= opt == OPT_FOLLOW;
		if (opt == OPT_ATTEMPT && !read_attempt(optarg, &f.attempt))
			return cli_usage(
				cmd, "'%s' is no attempt: they are numbered from 1", optarg);
	}
	if (argc - optind != 1)
		return cli_usage(cmd, "takes one name");
	f.name = argv[optind];
	f.json = o.json;
	f.client = client_new(o.socket);
	rc = f.client ? print_all(&f) : cli_fail("out of memory");
	client_free(f.client);
	return rc;
}

const struct command cmd_log = {
	.name = "log",
	.arguments = "NAME [--follow] [--attempt N]",
	.summary = "print what a machine's installer logged",
	.help = "  --follow             continue to print\n"
		"  --attempt N          only of this attempt (usher show: attempt)\n" CLI_COMMON_HELP,
	.run = run_log,
};
