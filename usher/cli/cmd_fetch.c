/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher fetch: kernel and initrds of profiles by URL, before a machine needs them. */
#include "usher/cli/cli.h"
#include "usher/cli/setting_option.h"
#include "usher/client/client.h"
#include "usher/client/fetching.h"

#include <stdio.h>
#include <string.h>

enum { OPT_SET = 1 };

static int fetch_one(struct client *c, const char *profile, json_t *settings, bool json)
{
	json_t *body = json_pack("{s:s, s:O}", "profile", profile, "settings", settings),
	       *reply = NULL;
	const char *warning;

	if (fetching_call(c, "POST", "/fetches", body, &reply))
		return EXIT_FAILED;
	warning = json_string_value(json_object_get(reply, "warning"));
	if (json) {
		json_dumpf(reply, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		printf("%s: its kernel and initrds are here\n", profile);
	}
	if (warning && *warning)
		fprintf(stderr, "usher: %s\n", warning);
	json_decref(reply);
	return EXIT_DONE;
}

static int run_fetch(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {
		{"set", required_argument, NULL, OPT_SET}, CLI_COMMON_OPTIONS, {0}};
	json_t *settings = json_object();
	struct client *client;
	struct cli_common o;
	int opt, rc = EXIT_DONE;

	cli_common_init(&o);
	while (!rc && (opt = cli_getopt(c, &o, argc, argv, options)) != -1)
		rc = setting_option(c, settings, optarg);
	if (!rc && optind == argc)
		rc = cli_usage(c, "which profile? 'usher profiles' lists them");
	client = client_new(o.socket);
	if (!client)
		rc = cli_fail("out of memory");
	for (int i = optind; i < argc && rc != EXIT_USAGE; i++)
		if (fetch_one(client, argv[i], settings, o.json))
			rc = EXIT_FAILED;
	client_free(client);
	json_decref(settings);
	return rc;
}

const struct command cmd_fetch = {
	.name = "fetch",
	.arguments = "PROFILE... [--set KEY=VALUE]...",
	.summary = "fetch kernel and initrds by URL before a machine needs them",
	.help = SETTING_OPTION_HELP CLI_COMMON_HELP,
	.run = run_fetch,
};
