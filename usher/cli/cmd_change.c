/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher reinstall, disarm, delete: all names are looked at, then one request for each; confirm: for one. */
#include "usher/cli/asking.h"
#include "usher/cli/cli.h"
#include "usher/cli/discovered_text.h"
#include "usher/cli/setting_option.h"
#include "usher/client/client.h"
#include "usher/client/fetching.h"

#include <stdio.h>
#include <string.h>

struct change {
	const struct command *command;
	struct client *client;
	const char *method;
	const char *suffix; /* "/reinstall" */
	const char *said;   /* "armed" */
	json_t *body;       /* or NULL */
	struct cli_common common;
	bool yes, dry;
	/* Why a machine is asked about before ("runs"); NULL: it is not. NULL: none is. */
	const char *(*danger)(const json_t *machine);
	int failures;
};

enum {
	OPT_KEEP_DISKS = 1,
	OPT_RECORD_ONLY,
	OPT_SEALED,
	OPT_UNSEALED,
	OPT_YES,
	OPT_DRY_RUN,
	OPT_PROFILE,
	OPT_SET
};

static const char *text_of(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

static bool runs(const json_t *machine)
{
	return !strcmp(text_of(machine, "guest_state"), "running") ||
		!strcmp(text_of(machine, "guest_state"), "paused");
}

static const char *danger_of_delete(const json_t *machine)
{
	return runs(machine) ? "runs" : NULL;
}

static const char *danger_of_reinstall(const json_t *machine)
{
	const char *holds = text_of(machine, "holds");

	if (json_is_true(json_object_get(machine, "only_booted")))
		return NULL; /* no disk is written to */
	if (!strcmp(text_of(machine, "state"), "up") ||
		!strcmp(text_of(machine, "state"), "installed"))
		return "is installed";
	return *holds ? holds : NULL;
}

static void change_path(const struct change *ch, const char *name, char *path, size_t size)
{
	char escaped[256];

	snprintf(path, size, "/machines/%s%s", client_escape(name, escaped, sizeof escaped),
		ch->suffix);
}

static void change_one(struct change *ch, const char *name)
{
	char path[300];
	json_t *reply = NULL;

	change_path(ch, name, path, sizeof path);
	if (fetching_call(ch->client, ch->method, path, json_incref(ch->body), &reply)) {
		ch->failures++;
		return;
	}
	client_say_findings(reply);
	if (ch->common.json && reply) {
		json_dumpf(reply, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		const char *kept = text_of(reply, "kept");

		if (!strcmp(text_of(reply, "state"), "live"))
			printf("%s: boots %s at every boot\n", name, text_of(reply, "profile"));
		else
			printf("%s: %s%s%s\n", name, ch->said, *kept ? "; kept: " : "", kept);
	}
	fflush(stdout);
	json_decref(reply);
}

/* What was on the disks of bare metal when it was discovered; "" of others. */
static void look_at_disks(const struct change *ch, json_t *machine)
{
	char holds[512] = "has ";
	size_t n = strlen(holds);

	if (ch->danger == danger_of_reinstall &&
		*discovered_holds(
			json_object_get(machine, "inventory"), holds + n, sizeof holds - n))
		json_object_set_new(machine, "holds", json_string(holds));
}

/* Is it a live system that a reinstall would only boot? */
static void look_at_profile(const struct change *ch, json_t *machine)
{
	const char *profile = text_of(ch->body, "profile");
	char path[300], escaped[256], why[CLIENT_WHY];
	json_t *p = NULL;
	long status;

	if (ch->danger != danger_of_reinstall)
		return;
	if (!*profile)
		profile = text_of(machine, "profile");
	snprintf(
		path, sizeof path, "/profiles/%s", client_escape(profile, escaped, sizeof escaped));
	if (!client_try(ch->client, "GET", path, NULL, &p, &status, why, sizeof why) &&
		json_is_true(json_object_get(p, "live")))
		json_object_set_new(machine, "only_booted", json_true());
	json_decref(p);
}

/* The machines of these names; NULL: one is not there, and it was said which. */
static json_t *look(const struct change *ch, char **names)
{
	json_t *all = client_machines(ch->client, names), *m;
	size_t i;

	json_array_foreach(all, i, m)
	{
		look_at_disks(ch, m);
		look_at_profile(ch, m);
	}
	return all;
}

/* One question for all. */
static bool may_go(const struct change *ch, const json_t *machines)
{
	const char *first = NULL, *what = NULL, *verb = ch->command->name;
	size_t i, n = 0;
	json_t *m;

	if (!ch->danger || ch->yes)
		return true;
	json_array_foreach(machines, i, m)
	{
		const char *danger = ch->danger(m);

		n += danger != NULL;
		if (danger && !first) {
			first = text_of(m, "name");
			what = danger;
		}
	}
	if (!n)
		return true;
	if (n == 1)
		return asking("%s %s: %s it, and lose what is on its disk?", first, what, verb);
	return asking("%s and %zu other%s: each %s: %s them, and lose what is on their disks?",
		first, n - 1, n == 2 ? "" : "s", what, verb);
}

static void dry_run(const struct change *ch, const json_t *machines)
{
	json_t *m;
	size_t i;

	json_array_foreach(machines, i, m)
	{
		const char *danger = ch->danger ? ch->danger(m) : NULL;

		if (ch->common.json) {
			json_t *j = json_pack("{s:s, s:s, s:s}", "name", text_of(m, "name"),
				"would", ch->command->name, "state", text_of(m, "state"));

			json_dumpf(j, stdout, JSON_COMPACT);
			putchar('\n');
			json_decref(j);
		} else {
			printf("%s: would be %s%s%s%s\n", text_of(m, "name"), ch->said,
				danger ? " (it " : "", danger ? danger : "", danger ? ")" : "");
		}
	}
}

static int change_all(struct change *ch, char **names)
{
	json_t *machines = look(ch, names);
	int rc = machines ? EXIT_DONE : EXIT_FAILED;

	if (machines && ch->dry)
		dry_run(ch, machines);
	else if (machines && !may_go(ch, machines))
		rc = EXIT_FAILED;
	else if (machines)
		for (char **name = names; *name; name++)
			change_one(ch, *name);
	json_decref(machines);
	return ch->failures ? EXIT_FAILED : rc;
}

static json_t *settings_of(struct change *ch)
{
	if (!json_object_get(ch->body, "settings"))
		json_object_set_new(ch->body, "settings", json_object());
	return json_object_get(ch->body, "settings");
}

static int take_option(struct change *ch, int opt)
{
	if (!ch->body)
		ch->body = json_object();
	switch (opt) {
	case OPT_KEEP_DISKS:
	case OPT_RECORD_ONLY:
		if (*ch->suffix)
			return cli_usage(ch->command,
				"--keep-disks or --record-only is given once: of a record alone "
				"all disks are kept");
		ch->suffix = opt == OPT_KEEP_DISKS ? "?keep_disks=1" : "?record_only=1";
		if (opt == OPT_RECORD_ONLY)
			ch->danger = NULL; /* no disk is lost */
		break;
	case OPT_SEALED:
	case OPT_UNSEALED:
		json_object_set_new(ch->body, "sealed", json_boolean(opt == OPT_SEALED));
		break;
	case OPT_PROFILE:
		json_object_set_new(ch->body, "profile", json_string(optarg));
		break;
	case OPT_SET:
		return setting_option(ch->command, settings_of(ch), optarg);
	case OPT_YES:
		ch->yes = true;
		break;
	case OPT_DRY_RUN:
		ch->dry = true;
	}
	return 0;
}

/* An empty request has no body. */
static int judge_body(struct change *ch)
{
	if (json_object_get(ch->body, "settings") && !json_object_get(ch->body, "profile"))
		return cli_usage(ch->command, "--set goes with --profile");
	if (!json_object_size(ch->body)) {
		json_decref(ch->body);
		ch->body = NULL;
	}
	return 0;
}

static int run_names(struct change *ch, int argc, char **argv, const struct option *options)
{
	char **names;
	size_t n;
	int opt, rc;

	cli_common_init(&ch->common);
	while ((opt = cli_getopt(ch->command, &ch->common, argc, argv, options)) != -1)
		if ((rc = take_option(ch, opt)))
			return rc;
	if ((rc = judge_body(ch)))
		return rc;
	if (optind == argc)
		return cli_usage(ch->command, "takes at least one name");
	names = cli_names_once(ch->command, argv + optind, (size_t)(argc - optind), &n);
	if (!names)
		return EXIT_USAGE;
	ch->client = client_new(ch->common.socket);
	rc = ch->client ? change_all(ch, names) : cli_fail("out of memory");
	cli_names_free(names);
	client_free(ch->client);
	json_decref(ch->body);
	return rc;
}

#define ASKING_OPTIONS                                    \
	{"yes", no_argument, NULL, OPT_YES},              \
	{                                                 \
		"dry-run", no_argument, NULL, OPT_DRY_RUN \
	}
#define ASKING_HELP                                                              \
	"  --yes                do not ask (without a terminal it never asks)\n" \
	"  --dry-run            say what would be done, and do nothing\n"

static int run_delete(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {CLI_COMMON_OPTIONS, ASKING_OPTIONS,
		{"keep-disks", no_argument, NULL, OPT_KEEP_DISKS},
		{"record-only", no_argument, NULL, OPT_RECORD_ONLY}, {0}};
	struct change ch = {.command = c,
		.method = "DELETE",
		.suffix = "",
		.said = "deleted",
		.danger = danger_of_delete};

	return run_names(&ch, argc, argv, options);
}

static int run_reinstall(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {CLI_COMMON_OPTIONS, ASKING_OPTIONS,
		{"profile", required_argument, NULL, OPT_PROFILE},
		{"set", required_argument, NULL, OPT_SET},
		{"sealed", no_argument, NULL, OPT_SEALED},
		{"unsealed", no_argument, NULL, OPT_UNSEALED}, {0}};
	struct change ch = {.command = c,
		.method = "POST",
		.suffix = "/reinstall",
		.said = "armed",
		.danger = danger_of_reinstall};

	return run_names(&ch, argc, argv, options);
}

static int run_disarm(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {CLI_COMMON_OPTIONS, {0}};
	struct change ch = {
		.command = c, .method = "POST", .suffix = "/disarm", .said = "disarmed"};

	return run_names(&ch, argc, argv, options);
}

static int run_confirm(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {CLI_COMMON_OPTIONS, {0}};
	struct change ch = {
		.command = c, .method = "POST", .suffix = "/confirm", .said = "confirmed"};

	cli_common_init(&ch.common);
	if (cli_getopt(c, &ch.common, argc, argv, options) != -1 || argc - optind != 2)
		return cli_usage(c, "takes a name, and the code that is on the machine's screen");
	ch.body = json_pack("{s:s}", "code", argv[optind + 1]);
	ch.client = client_new(ch.common.socket);
	if (!ch.client || !ch.body)
		ch.failures = cli_fail("out of memory, or the code is not UTF-8");
	else
		change_one(&ch, argv[optind]);
	client_free(ch.client);
	json_decref(ch.body);
	return ch.failures ? EXIT_FAILED : EXIT_DONE;
}

const struct command cmd_reinstall = {
	.name = "reinstall",
	.arguments = "NAME... [--profile P] [--yes] [--dry-run]",
	.summary = "arm machines again: what is on their disks is lost",
	.help = "  --profile P          another profile than before, its settings as --set says. A live system is\n"
		"                       booted at every boot from now on, and no disk is written to\n" SETTING_OPTION_HELP
		"  --sealed             from now on nothing is installed before 'usher confirm'\n"
		"  --unsealed           no longer so, even if the segment is sealed\n" ASKING_HELP
			CLI_COMMON_HELP,
	.run = run_reinstall,
};

const struct command cmd_confirm = {
	.name = "confirm",
	.arguments = "NAME CODE",
	.summary = "let a sealed machine boot into its install: CODE is on its screen",
	.help = CLI_COMMON_HELP,
	.run = run_confirm,
};

const struct command cmd_disarm = {
	.name = "disarm",
	.arguments = "NAME...",
	.summary = "cancel an install, or leave a live system",
	.help = CLI_COMMON_HELP,
	.run = run_disarm,
};

const struct command cmd_delete = {
	.name = "delete",
	.arguments = "NAME... [--yes] [--dry-run]",
	.summary = "delete machines; a guest's domain and disks are deleted too",
	.help = "  --keep-disks         keep the volumes of a guest, and print their "
		"paths\n"
		"  --record-only        delete what usher knows of a machine, and leave the domain and the disks of a\n"
		"                       guest: for guests of a libvirt that is gone for good\n" ASKING_HELP
			CLI_COMMON_HELP,
	.run = run_delete,
};
