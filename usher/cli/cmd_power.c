/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher power: the power of bare metal, by its controller or whatever switches it. */
#include "usher/cli/cli.h"
#include "usher/cli/power_password.h"
#include "usher/client/client.h"

#include "core/json.h"
#include "hooks/power/power.h"

#include <stdio.h>
#include <string.h>

enum { OPT_PASSWORD_FILE = 1 };

struct powering {
	const struct command *command;
	struct client *client;
	struct cli_common common;
	const char *verb;
	int failures;
};

static void print_reply(const struct powering *p, const char *name, const json_t *reply)
{
	const char *power = json_text(reply, "power"), *text = json_text(reply, "text");

	if (p->common.json) {
		json_dumpf(reply, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		printf("%s: %s%s%s\n", name, *power ? power : p->verb, *text ? ": " : "", text);
	}
	fflush(stdout);
}

static void power_one(struct powering *p, const char *name)
{
	char path[300], escaped[256];
	json_t *reply = NULL;

	snprintf(path, sizeof path, "/machines/%s/power",
		client_escape(name, escaped, sizeof escaped));
	if (client_call(p->client, "POST", path, json_pack("{s:s}", "do", p->verb), &reply))
		p->failures++;
	else
		print_reply(p, name, reply);
	json_decref(reply);
}

/* usher power NAME set TARGET */
static int set_target(struct powering *p, const char *name, const char *target, const char *file)
{
	json_t *body = json_pack("{s:s}", "power", target), *reply = NULL;
	char path[300], escaped[256];
	int rc = body ? power_password_add(body, target, file) : cli_fail("out of memory");

	if (rc) {
		json_decref(body);
		return rc;
	}
	snprintf(path, sizeof path, "/machines/%s", client_escape(name, escaped, sizeof escaped));
	if (client_call(p->client, "PATCH", path, body, &reply))
		return EXIT_FAILED;
	if (p->common.json)
		json_dumpf(reply, stdout, JSON_COMPACT);
	else
		printf("%s: power is switched by %s", name, *target ? target : "hand");
	putchar('\n');
	json_decref(reply);
	return EXIT_DONE;
}

static int power_all(struct powering *p, char **patterns, size_t count)
{
	size_t n;
	char **names = cli_names_once(p->command, patterns, count, &n);

	if (!names)
		return EXIT_USAGE;
	for (char **at = names; *at; at++)
		power_one(p, *at);
	cli_names_free(names);
	return p->failures ? EXIT_FAILED : EXIT_DONE;
}

static int run_power(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {
		{"power-password-file", required_argument, NULL, OPT_PASSWORD_FILE},
		CLI_COMMON_OPTIONS, {0}};
	struct powering p = {.command = c};
	const char *file = NULL;
	enum power_verb verb;
	int opt, n, rc;

	cli_common_init(&p.common);
	while ((opt = cli_getopt(c, &p.common, argc, argv, options)) != -1)
		file = opt == OPT_PASSWORD_FILE ? optarg : file;
	n = argc - optind;
	argv += optind;
	p.client = client_new(p.common.socket);
	if (!p.client)
		return cli_fail("out of memory");
	if (n == 3 && !strcmp(argv[1], "set")) {
		rc = set_target(&p, argv[0], argv[2], file);
	} else if (n >= 2 && power_verb_parse(argv[n - 1], &verb) && !file) {
		p.verb = argv[n - 1];
		rc = power_all(&p, argv, (size_t)n - 1);
	} else {
		rc = cli_usage(c,
			"takes names, then on, off, cycle, status or netboot; or a name, "
			"set and what switches its power");
	}
	client_free(p.client);
	return rc;
}

const struct command cmd_power = {
	.name = "power",
	.arguments = "NAME... on|off|cycle|status|netboot | NAME set TARGET",
	.summary = "switch the power of bare metal, or say what switches it",
	.help = "  on, off, cycle       done when the machine's controller says it is so\n"
		"  status               on or off\n"
		"  netboot              the network first at the next boot, once\n"
		"  set TARGET           ipmi://USER@HOST, redfish://USER@HOST, wol:, an executable in\n"
		"                       /etc/usher/power, or '' for none\n"
		"  --power-password-file FILE\n"
		"                       with set: the controller's password is the first line of\n"
		"                       FILE (-: of standard input); you are asked otherwise\n" CLI_COMMON_HELP,
	.run = run_power,
};
