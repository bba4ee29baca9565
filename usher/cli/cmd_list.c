/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher list: machines, a line each. */
#include "usher/cli/cli.h"
#include "usher/client/client.h"
#include "usher/cli/machine_text.h"

#include "machine/life.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_STATE = 1, OPT_PROFILE, OPT_LAB };

struct wish {
	struct cli_common common;
	char **names; /* NULL-ended; none: all */
	const char *state, *profile, *lab;
};

static bool is_named(const struct wish *w, const char *name)
{
	for (char **n = w->names; *n; n++)
		if (!strcmp(*n, name))
			return true;
	return !*w->names;
}

static bool is_wanted(const struct wish *w, const json_t *m)
{
	return is_named(w, machine_text(m, "name")) &&
		(!w->state || !strcmp(machine_state_text(m), w->state)) &&
		(!w->profile || !strcmp(machine_text(m, "profile"), w->profile)) &&
		(!w->lab || !strcmp(machine_text(m, "lab"), w->lab));
}

static bool is_among(json_t *machines, const char *name)
{
	json_t *m;
	size_t i;

	json_array_foreach(machines, i, m)
	{
		if (!strcmp(machine_text(m, "name"), name))
			return true;
	}
	return false;
}

/* EXIT_FAILED when one that was named is not there. */
static int say_missing(const struct wish *w, json_t *machines)
{
	int rc = EXIT_DONE;

	for (char **n = w->names; *n; n++)
		if (!is_among(machines, *n))
			rc = cli_fail("no machine '%s'; 'usher list' shows those there are", *n);
	return rc;
}

static void keep_wanted(const struct wish *w, json_t *machines)
{
	for (size_t i = json_array_size(machines); i-- > 0;)
		if (!is_wanted(w, json_array_get(machines, i)))
			json_array_remove(machines, i);
}

static void print_lines(json_t *machines)
{
	char age[32];
	json_t *m;
	size_t i;

	printf("%-20s %-10s %-10s %-15s %-14s %-8s %s\n", "NAME", "KIND", "STATE", "ADDRESS",
		"PROFILE", "SINCE", "REASON");
	json_array_foreach(machines, i, m) printf("%-20s %-10s %-10s %-15s %-14s %-8s %s\n",
		machine_text(m, "name"), machine_text(m, "kind"), machine_state_text(m),
		machine_address(m), machine_text(m, "profile"), machine_age(m, age, sizeof age),
		machine_reason(m));
}

static int list(const struct wish *w)
{
	struct client *client = client_new(w->common.socket);
	json_t *reply = NULL, *machines;
	int rc = EXIT_FAILED;
	size_t all;

	if (client && !client_call(client, "GET", "/machines", NULL, &reply)) {
		machines = json_object_get(reply, "machines");
		all = json_array_size(machines);
		rc = say_missing(w, machines);
		keep_wanted(w, machines);
		if (w->common.json) {
			json_dumpf(reply, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
			putchar('\n');
		} else if (json_array_size(machines)) {
			print_lines(machines);
		} else if (!rc) {
			puts(all ? "no such machines"
				 : "no machines; 'usher create NAME --profile P' makes one");
		}
	}
	json_decref(reply);
	client_free(client);
	return rc;
}

static int run_list(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {{"state", required_argument, NULL, OPT_STATE},
		{"profile", required_argument, NULL, OPT_PROFILE},
		{"lab", required_argument, NULL, OPT_LAB}, CLI_COMMON_OPTIONS, {0}};
	struct wish w = {0};
	size_t count;
	int opt, rc;

	cli_common_init(&w.common);
	while ((opt = cli_getopt(c, &w.common, argc, argv, options)) != -1)
		*(opt == OPT_STATE ? &w.state : opt == OPT_PROFILE ? &w.profile : &w.lab) = optarg;
	if (w.state && strcmp(w.state, "template") && life_state_parse(w.state) < 0)
		return cli_usage(c,
			"--state '%s': one of known armed booting installing installed up live "
			"failed template is expected",
			w.state);
	w.names = cli_names_all(c, argv + optind, (size_t)(argc - optind), &count);
	if (!w.names)
		return EXIT_USAGE;
	rc = list(&w);
	cli_names_free(w.names);
	return rc;
}

const struct command cmd_list = {
	.name = "list",
	.arguments = "[NAME...] [--state S] [--profile P] [--lab L]",
	.summary = "list machines, one line each",
	.help = "  NAME...              only these\n"
		"  --state S            only those in this state: known armed booting installing "
		"installed\n"
		"                       up live failed template\n"
		"  --profile P          only those of this profile\n"
		"  --lab L              only those of this lab\n" CLI_COMMON_HELP,
	.run = run_list,
};
