/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher run: something on bare metal that installs nothing, once. */
#include "usher/cli/cli.h"
#include "usher/cli/setting_option.h"
#include "usher/client/client.h"
#include "usher/client/fetching.h"
#include "usher/client/request.h"

#include "core/json.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OPT_PROFILE = 1, OPT_SET, OPT_WAIT };
enum { LOOK_S = 1 };

struct running {
	const struct command *command;
	struct client *client;
	struct cli_common common;
	json_t *body;
	bool wait;
	int failures;
};

static void path_of(const char *name, const char *rest, char *path, size_t size)
{
	char escaped[256];

	snprintf(path, size, "/machines/%s%s", client_escape(name, escaped, sizeof escaped), rest);
}

static const json_t *attempt_of(const json_t *machine)
{
	return json_object_get(machine, "attempt");
}

/* Until this attempt has ended, or another began. */
static int wait_for_end(struct running *run, const char *name, json_int_t number)
{
	char path[300];
	json_t *m = NULL;
	const char *reason;
	bool ended;
	int rc;

	path_of(name, "", path, sizeof path);
	for (;; sleep(LOOK_S)) {
		if (client_call(run->client, "GET", path, NULL, &m))
			return EXIT_FAILED;
		reason = json_text(attempt_of(m), "reason");
		ended = json_is_string(json_object_get(attempt_of(m), "ended_at")) ||
			json_integer_value(json_object_get(attempt_of(m), "number")) != number;
		if (ended)
			break;
		json_decref(m);
	}
	rc = *reason ? cli_fail("%s: %s", name, reason) : EXIT_DONE;
	if (!rc)
		printf("%s: done\n", name);
	json_decref(m);
	return rc;
}

static void run_one(struct running *run, const char *name)
{
	char path[300];
	json_t *reply = NULL;

	path_of(name, "/run", path, sizeof path);
	if (fetching_call(run->client, "POST", path, json_incref(run->body), &reply)) {
		run->failures++;
		return;
	}
	client_say_findings(reply);
	if (run->common.json) {
		json_dumpf(reply, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		printf("%s: armed, to run %s\n", name, json_text(run->body, "profile"));
	}
	fflush(stdout);
	if (run->wait &&
		wait_for_end(run, name,
			json_integer_value(json_object_get(attempt_of(reply), "number"))))
		run->failures++;
	json_decref(reply);
}

static int take_option(struct running *run, int opt)
{
	if (opt == OPT_SET)
		return setting_option(run->command, json_object_get(run->body, "settings"), optarg);
	if (opt == OPT_WAIT)
		run->wait = true;
	else
		json_object_set_new(run->body, "profile", json_string(optarg));
	return 0;
}

static int run_all(struct running *run, int argc, char **argv, const struct option *options)
{
	char **names;
	int opt, rc;
	size_t n;

	while ((opt = cli_getopt(run->command, &run->common, argc, argv, options)) != -1)
		if ((rc = take_option(run, opt)))
			return rc;
	if (optind == argc)
		return cli_usage(run->command, "takes at least one name");
	if (!json_object_get(run->body, "profile"))
		return cli_usage(run->command, "which --profile? 'usher profiles' lists them");
	names = cli_names_once(run->command, argv + optind, (size_t)(argc - optind), &n);
	if (!names)
		return EXIT_USAGE;
	run->client = client_new(run->common.socket);
	for (char **name = names; run->client && *name; name++)
		run_one(run, *name);
	rc = run->client ? EXIT_DONE : cli_fail("out of memory");
	cli_names_free(names);
	client_free(run->client);
	return run->failures ? EXIT_FAILED : rc;
}

static int run_run(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {{"profile", required_argument, NULL, OPT_PROFILE},
		{"set", required_argument, NULL, OPT_SET}, {"wait", no_argument, NULL, OPT_WAIT},
		CLI_COMMON_OPTIONS, {0}};
	struct running run = {.command = c, .body = json_pack("{s:{}}", "settings")};
	int rc;

	cli_common_init(&run.common);
	rc = run.body ? run_all(&run, argc, argv, options) : cli_fail("out of memory");
	json_decref(run.body);
	return rc;
}

const struct command cmd_run = {
	.name = "run",
	.arguments = "NAME... --profile P [OPTION...]",
	.summary = "run something on bare metal once that installs nothing",
	.help = "  --profile P          what: memtest86, rescue, erase … ('usher profiles' lists them)\n" SETTING_OPTION_HELP
		"  --wait               until it has ended (fails when it fails)\n" CLI_COMMON_HELP,
	.run = run_run,
};
