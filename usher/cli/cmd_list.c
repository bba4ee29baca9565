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

static const char *state_text(const json_t *m, char *buf, size_t size)
{
	(void)buf, (void)size;
	return machine_state_text(m);
}

static const char *address_text(const json_t *m, char *buf, size_t size)
{
	(void)buf, (void)size;
	return machine_address(m);
}

static const char *reason_text(const json_t *m, char *buf, size_t size)
{
	(void)buf, (void)size;
	return machine_reason(m);
}

static const char *of_nic(const json_t *m, const char *key)
{
	return machine_text(json_array_get(json_object_get(m, "nics"), 0), key);
}

static const char *mac_text(const json_t *m, char *buf, size_t size)
{
	(void)buf, (void)size;
	return of_nic(m, "mac");
}

static const char *segment_text(const json_t *m, char *buf, size_t size)
{
	(void)buf, (void)size;
	return of_nic(m, "segment");
}

static const char *last_text(const json_t *m, char *buf, size_t size)
{
	(void)buf, (void)size;
	return machine_text(json_object_get(m, "last_event"), "text");
}

static const struct column columns[] = {{.head = "NAME", .key = "name"},
	{.head = "KIND", .key = "kind"}, {.head = "STATE", .text = state_text},
	{.head = "ADDRESS", .text = address_text}, {.head = "PROFILE", .key = "profile"},
	{.head = "MAC", .text = mac_text, .wide = true},
	{.head = "SEGMENT", .text = segment_text, .wide = true},
	{.head = "LAB", .key = "lab", .wide = true},
	{.head = "GUEST", .key = "guest_state", .wide = true},
	{.head = "SINCE", .key = "since", .text = machine_age, .by_key = true},
	{.head = "LAST", .text = last_text, .wide = true}, {.head = "REASON", .text = reason_text},
	{0}};
static const struct columns table = {.member = "machines", .columns = columns};

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
		if (w->common.json || w->common.names || json_array_size(machines)) {
			rc |= cli_list(&w->common, reply);
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
		{"lab", required_argument, NULL, OPT_LAB}, CLI_LIST_OPTIONS, {0}};
	struct wish w = {0};
	size_t count;
	int opt, rc;

	cli_common_init(&w.common);
	w.common.lists = &table;
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
		"  --lab L              only those of this lab\n" CLI_LIST_HELP,
	.run = run_list,
};
