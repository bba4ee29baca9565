/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher start, stop, restart: the same words for guests, which libvirt runs, and bare metal, whose power is switched. */
#include "usher/cli/cli.h"
#include "usher/cli/machine_text.h"
#include "usher/client/client.h"

#include "machine/life.h"

#include <stdio.h>
#include <string.h>

struct turn {
	const struct command *command; /* its name is the verb */
	struct client *client;
	struct cli_common common;
	const char *said; /* "started" */
	bool force;
	int failures;
};

enum { OPT_FORCE = 1 };

/* Takes the body. 0 or -1, and it was said why. */
static int call(struct turn *t, const char *method, const char *name, const char *suffix,
	json_t *body, json_t **ret)
{
	char path[300], escaped[256];

	snprintf(path, sizeof path, "/machines/%s%s", client_escape(name, escaped, sizeof escaped),
		suffix);
	return client_call(t->client, method, path, body, ret);
}

static bool runs(const json_t *m)
{
	return !strcmp(machine_text(m, "guest_state"), "running");
}

static int turn_guest(struct turn *t, const json_t *m, json_t **ret)
{
	const char *name = machine_text(m, "name");
	bool start = !strcmp(t->command->name, "start"), stop = !strcmp(t->command->name, "stop");

	if (start || (!stop && !runs(m)))
		return call(t, "POST", name, "/start", NULL, ret);
	if (!stop && !t->force)
		return call(t, "PATCH", name, "", json_pack("{s:b}", "restart", 1), ret);
	if (call(t, "POST", name, "/stop", t->force ? json_pack("{s:b}", "force", 1) : NULL,
		    stop ? ret : NULL))
		return -1;
	return stop ? 0 : call(t, "POST", name, "/start", NULL, ret);
}

/* A controller cuts the power: it cannot ask the system to shut down. */
static int turn_metal(struct turn *t, const json_t *m, json_t **ret)
{
	const char *name = machine_text(m, "name"), *state = machine_text(m, "state");
	bool start = !strcmp(t->command->name, "start"), stop = !strcmp(t->command->name, "stop");
	int life = life_state_parse(state);

	if (!start && life >= 0 && life != LIFE_ARMED && life_installs((enum life_state)life)) {
		cli_fail(
			"%s is %s: run 'usher disarm %s' to cancel its install", name, state, name);
		return -1;
	}
	if (!start && !t->force) {
		cli_fail(
			"%s is bare metal, whose power can only be cut, and what is not on disk is "
			"lost: shut it down from inside ('usher ssh %s -- %s'), or 'usher %s "
			"--force %s'",
			name, name, stop ? "poweroff" : "reboot", t->command->name, name);
		return -1;
	}
	return call(t, "POST", name, "/power",
		json_pack("{s:s}", "do",
			start          ? "on"
				: stop ? "off"
				       : "cycle"),
		ret);
}

static void turn_one(struct turn *t, const json_t *m)
{
	bool guest = !strcmp(machine_text(m, "kind"), "guest");
	json_t *reply = NULL;

	if (guest ? turn_guest(t, m, &reply) : turn_metal(t, m, &reply)) {
		t->failures++;
	} else if (t->common.json) {
		json_dumpf(reply, stdout, JSON_COMPACT);
		putchar('\n');
	} else { /* what a controller did not accept */
		const char *text = guest ? "" : machine_text(reply, "text");

		printf("%s: %s%s%s\n", machine_text(m, "name"), t->said, *text ? ": " : "", text);
	}
	fflush(stdout);
	json_decref(reply);
}

static int turn_all(struct turn *t, char **names)
{
	json_t *machines = client_machines(t->client, names), *m;
	size_t i;

	if (!machines)
		return EXIT_FAILED;
	json_array_foreach(machines, i, m) turn_one(t, m);
	json_decref(machines);
	return t->failures ? EXIT_FAILED : EXIT_DONE;
}

static int run_turn(struct turn *t, int argc, char **argv, const struct option *options)
{
	char **names;
	size_t n;
	int rc;

	cli_common_init(&t->common);
	while (cli_getopt(t->command, &t->common, argc, argv, options) != -1)
		t->force = true;
	if (optind == argc)
		return cli_usage(t->command, "takes at least one name");
	names = cli_names_once(t->command, argv + optind, (size_t)(argc - optind), &n);
	if (!names)
		return EXIT_USAGE;
	t->client = client_new(t->common.socket);
	rc = t->client ? turn_all(t, names) : cli_fail("out of memory");
	cli_names_free(names);
	client_free(t->client);
	return rc;
}

static const struct option forced[] = {
	{"force", no_argument, NULL, OPT_FORCE}, CLI_COMMON_OPTIONS, {0}};

static int run_start(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {CLI_COMMON_OPTIONS, {0}};
	struct turn t = {.command = c, .said = "started"};

	return run_turn(&t, argc, argv, options);
}

static int run_stop(const struct command *c, int argc, char **argv)
{
	struct turn t = {.command = c, .said = "stopped"};

	return run_turn(&t, argc, argv, forced);
}

static int run_restart(const struct command *c, int argc, char **argv)
{
	struct turn t = {.command = c, .said = "restarted"};

	return run_turn(&t, argc, argv, forced);
}

const struct command cmd_start = {
	.name = "start",
	.arguments = "NAME...",
	.summary = "start machines that are off, or resume paused guests",
	.help = CLI_COMMON_HELP,
	.run = run_start,
};

#define FORCE_HELP                                                                          \
	"  --force              cut the power at once: what is not on disk is lost. Bare\n" \
	"                       metal cannot be stopped otherwise\n"

const struct command cmd_stop = {
	.name = "stop",
	.arguments = "NAME... [--force]",
	.summary = "shut machines down, and wait until they are off",
	.help = FORCE_HELP CLI_COMMON_HELP,
	.run = run_stop,
};

const struct command cmd_restart = {
	.name = "restart",
	.arguments = "NAME... [--force]",
	.summary = "shut machines down and start them again; those that are off are started",
	.help = FORCE_HELP CLI_COMMON_HELP,
	.run = run_restart,
};
