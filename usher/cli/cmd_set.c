/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher set: labels and the note of machines. */
#include "usher/cli/cli.h"
#include "usher/cli/label_option.h"
#include "usher/client/client.h"

#include <stdio.h>

enum { OPT_LABEL = 1, OPT_NOTE };

/* 0, or EXIT_FAILED: said why. */
static int set_one(
	struct client *client, const struct cli_common *o, const char *name, json_t *body)
{
	char path[300], escaped[256];
	json_t *reply = NULL;

	snprintf(path, sizeof path, "/machines/%s", client_escape(name, escaped, sizeof escaped));
	if (client_call(client, "PATCH", path, json_incref(body), &reply))
		return EXIT_FAILED;
	if (o->json)
		json_dumpf(reply, stdout, JSON_COMPACT);
	else
		printf("%s: changed", name);
	putchar('\n');
	json_decref(reply);
	return EXIT_DONE;
}

static int set_all(const struct cli_common *o, char **names, json_t *body)
{
	struct client *client = client_new(o->socket);
	int rc = client ? EXIT_DONE : cli_fail("out of memory");

	for (; client && *names; names++)
		if (set_one(client, o, *names, body))
			rc = EXIT_FAILED;
	client_free(client);
	return rc;
}

static int take_option(const struct command *c, json_t *body, int opt)
{
	if (opt == OPT_LABEL)
		return label_option(c, body, optarg);
	return json_object_set_new(body, "note", json_string(optarg))
		? cli_usage(c, "--note: it is not UTF-8")
		: 0;
}

static int run_body(const struct command *c, int argc, char **argv, json_t *body)
{
	static const struct option options[] = {CLI_COMMON_OPTIONS,
		{"label", required_argument, NULL, OPT_LABEL},
		{"note", required_argument, NULL, OPT_NOTE}, {0}};
	struct cli_common o;
	char **names;
	size_t n;
	int opt, rc;

	cli_common_init(&o);
	while ((opt = cli_getopt(c, &o, argc, argv, options)) != -1)
		if ((rc = take_option(c, body, opt)))
			return rc;
	if (optind == argc)
		return cli_usage(c, "takes at least one name");
	if (!json_object_size(body))
		return cli_usage(c, "what is to be set? --label KEY=VALUE or --note TEXT");
	names = cli_names_once(c, argv + optind, (size_t)(argc - optind), &n);
	if (!names)
		return EXIT_USAGE;
	rc = set_all(&o, names, body);
	cli_names_free(names);
	return rc;
}

static int run_set(const struct command *c, int argc, char **argv)
{
	json_t *body = json_object();
	int rc = body ? run_body(c, argc, argv, body) : cli_fail("out of memory");

	json_decref(body);
	return rc;
}

const struct command cmd_set = {
	.name = "set",
	.arguments = "NAME... [--label KEY=VALUE] [--note TEXT]",
	.summary = "change labels and notes of machines",
	.help = "  --label KEY=VALUE    a label; KEY= takes it away; may be repeated\n"
		"  --note TEXT          a note for people; '' takes it away\n" CLI_COMMON_HELP,
	.run = run_set,
};
