/* usher timeline, watch, wait: following machines. */
#include "usher/cli/cli.h"
#include "usher/cli/follow.h"
#include "usher/cli/wait.h"
#include "usher/cli/printed.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPT_FOLLOW = 1, OPT_FOR, OPT_TIMEOUT, POLL_S = 20 };

static int run_timeline(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {
		{"follow", no_argument, NULL, OPT_FOLLOW}, CLI_COMMON_OPTIONS, {0}};
	struct follow f = {0};
	struct cli_common o;
	bool follow = false;
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
	do
		rc = follow_step(&f, follow && f.after ? POLL_S : 0);
	while (!rc && follow);
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
	.summary = "what happened to a machine (or to all), step by step",
	.help = "  --follow             go on printing as things happen\n" CLI_COMMON_HELP,
	.run = run_timeline,
};

static int watch_redraw(struct client *c, char **names)
{
	json_t *reply = NULL, *m;
	size_t i;

	if (client_call(c, "GET", "/machines", NULL, &reply))
		return -1;
	printed_order(stdout, "\033[H\033[J");
	printf("%-20s %-10s %-10s %s\n", "NAME", "STATE", "PROFILE", "LAST");
	json_array_foreach(json_object_get(reply, "machines"), i, m)
	{
		const char *name = json_string_value(json_object_get(m, "name"));
		json_t *last = json_object_get(m, "last_event");

		if (name && follow_names(names, name))
			printf("%-20s %-10s %-10s %.60s\n", name,
				json_string_value(json_object_get(m, "state")),
				json_string_value(json_object_get(m, "profile")),
				last ? json_string_value(json_object_get(last, "text")) : "");
	}
	json_decref(reply);
	fflush(stdout);
	return 0;
}

static int run_watch(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {CLI_COMMON_OPTIONS, {0}};
	struct follow f = {.name_column = true};
	struct cli_common o;
	size_t count;
	int rc;

	cli_common_init(&o);
	if (cli_getopt(c, &o, argc, argv, options) != -1)
		return cli_usage(c, "takes names only");
	f.names = cli_names_all(c, argv + optind, (size_t)(argc - optind), &count);
	if (!f.names)
		return EXIT_USAGE;
	f.json = o.json;
	f.machine = count == 1 ? f.names[0] : NULL;
	f.client = client_new(o.socket);
	rc = f.client ? follow_newest(f.client, &f.after) : cli_fail("out of memory");
	while (!rc) {
		if (isatty(STDOUT_FILENO) && !o.json) {
			rc = watch_redraw(f.client, f.names);
			sleep(1);
		} else {
			rc = follow_step(&f, POLL_S);
		}
	}
	client_free(f.client);
	cli_names_free(f.names);
	return EXIT_FAILED;
}

const struct command cmd_watch = {
	.name = "watch",
	.arguments = "[NAME...]",
	.summary = "a live table of machines (in a pipe: events as they come)",
	.help = CLI_COMMON_HELP,
	.run = run_watch,
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
	.summary = "until machines are up (or in another state); fails when one has failed",
	.help = "  --for STATE          known armed booting installing installed up failed deleted "
		"(up)\n"
		"  --timeout SECONDS    give up after that long (never)\n" CLI_COMMON_HELP,
	.run = run_wait,
};
