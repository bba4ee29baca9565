/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher timeline, wait: following machines. */
#include "usher/cli/cli.h"
#include "usher/client/follow.h"
#include "usher/client/wait.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_FOLLOW = 1, OPT_FOR, OPT_TIMEOUT, POLL_S = 20 };

static int run_timeline(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {
		{"follow", no_argument, NULL, OPT_FOLLOW}, CLI_COMMON_OPTIONS, {0}};
	struct follow f = {0};
	struct cli_common o;
	bool follow = false;
	uint64_t before;
	int opt, rc;

	cli_common_init(&o);
	while ((opt = cli_getopt(c, &o, argc, argv, options)) != -1)
		follow |= opt == OPT_FOLLOW;
	if (argc - optind > 1)
		return cli_usage(c, "takes one name or none");
	f.machine = argv[optind];
	f.json = o.json;
	f.name_column = !f.machine;
	f.client = client_new(o.socket);
	if (!f.client)
		return cli_fail("out of memory");
	/* an answer has some of them */
	do {
		before = f.after;
		rc = follow_step(&f, follow && f.after ? POLL_S : 0);
	} while (!rc && (follow || f.after != before));
	follow_end(&f);
	client_free(f.client);
	if (!rc && f.machine && !f.after)
		return cli_fail(
			"nothing is known of '%s'; 'usher list' shows the machines there are",
			f.machine);
	return rc ? EXIT_FAILED : EXIT_DONE;
}

const struct command cmd_timeline = {
	.name = "timeline",
	.arguments = "[NAME] [--follow]",
	.summary = "show what happened to a machine (or to all), step by step",
	.help = "  --follow             continue to print events as they happen\n" CLI_COMMON_HELP,
	.run = run_timeline,
};

static int run_wait(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {{"for", required_argument, NULL, OPT_FOR},
		{"timeout", required_argument, NULL, OPT_TIMEOUT}, CLI_COMMON_OPTIONS, {0}};
	struct wait_for w = {.state = "up", .timeout_s = -1, .quiet = true};
	struct cli_common o;
	char **names;
	size_t count;
	int opt, rc;

	cli_common_init(&o);
	while ((opt = cli_getopt(c, &o, argc, argv, options)) != -1) {
		if (opt == OPT_FOR)
			w.state = optarg;
		if (opt == OPT_TIMEOUT && !cli_number(optarg, 0, INT_MAX, &w.timeout_s))
			return cli_usage(c, "--timeout takes seconds, not '%s'", optarg);
	}
	if (optind == argc)
		return cli_usage(c, "takes at least one name");
	if (wait_state_error(w.state))
		return cli_usage(c, "--for '%s': %s", w.state, wait_state_error(w.state));
	w.socket = o.socket;
	w.json = o.json;
	names = cli_names_all(c, argv + optind, (size_t)(argc - optind), &count);
	if (!names)
		return EXIT_USAGE;
	rc = wait_for_machines(&w, names, count);
	cli_names_free(names);
	return rc;
}

const struct command cmd_wait = {
	.name = "wait",
	.arguments = "NAME... [--for STATE] [--timeout SECONDS]",
	.summary = "wait until machines are up (or in another state); fails if one fails",
	.help = "  --for STATE          known armed booting installing installed up live failed "
		"deleted (up)\n"
		"  --timeout SECONDS    give up after this time (never)\n" CLI_COMMON_HELP,
	.run = run_wait,
};
