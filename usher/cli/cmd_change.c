/* usher reinstall, disarm, delete: one request for each name; confirm: for one. */
#include "usher/cli/cli.h"
#include "usher/cli/client.h"
#include "usher/cli/fetching.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct change {
	struct client *client;
	const char *method;
	const char *suffix; /* "/reinstall" */
	const char *said;   /* "armed" */
	json_t *body;       /* or NULL */
	const struct cli_common *common;
	int failures;
};

enum { OPT_KEEP_DISKS = 1, OPT_SEALED, OPT_UNSEALED };

static int change_one(void *arg, const char *name)
{
	char path[300], escaped[256];
	struct change *ch = arg;
	json_t *reply = NULL;

	snprintf(path, sizeof path, "/machines/%s%s", client_escape(name, escaped, sizeof escaped),
		ch->suffix);
	if (fetching_call(ch->client, ch->method, path, ch->body, &reply)) {
		ch->failures++;
		return 0;
	}
	client_say_findings(reply);
	if (ch->common->json && reply) {
		json_dumpf(reply, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		const char *kept = json_string_value(json_object_get(reply, "kept"));

		printf("%s: %s%s%s\n", name, ch->said, kept ? "; kept: " : "", kept ? kept : "");
	}
	json_decref(reply);
	return 0;
}

static int run_change(const struct command *c, int argc, char **argv)
{
	static const struct option plain[] = {CLI_COMMON_OPTIONS, {0}},
				   deleting[] = {CLI_COMMON_OPTIONS,
					   {"keep-disks", no_argument, NULL, OPT_KEEP_DISKS}, {0}},
				   arming[] = {CLI_COMMON_OPTIONS,
					   {"sealed", no_argument, NULL, OPT_SEALED},
					   {"unsealed", no_argument, NULL, OPT_UNSEALED}, {0}};
	const struct option *options = c == &cmd_delete ? deleting
		: c == &cmd_reinstall                   ? arming
							: plain;
	struct cli_common o;
	struct change ch = {.method = "POST", .common = &o};
	int seal = 0, opt;
	bool keep = false;

	cli_common_init(&o);
	while ((opt = cli_getopt(c, &o, argc, argv, options)) != -1)
		if (opt == OPT_KEEP_DISKS)
			keep = true;
		else
			seal = opt;
	if (optind == argc)
		return cli_usage(c, "takes at least one name");
	if (seal)
		ch.body = json_pack("{s:b}", "sealed", seal == OPT_SEALED);
	if (c == &cmd_delete) {
		ch.method = "DELETE";
		ch.suffix = keep ? "?keep_disks=1" : "";
		ch.said = "deleted";
	} else {
		ch.suffix = c == &cmd_reinstall ? "/reinstall" : "/disarm";
		ch.said = c == &cmd_reinstall ? "armed" : "disarmed";
	}
	ch.client = client_new(o.socket);
	if (!ch.client)
		return cli_fail("out of memory");
	for (int i = optind; i < argc; i++)
		if (cli_names(argv[i], change_one, &ch) < 0)
			ch.failures += cli_fail(
				"'%s': a range is written node{01..50}, of at most 1000", argv[i]);
	client_free(ch.client);
	json_decref(ch.body);
	return ch.failures ? EXIT_FAILED : EXIT_DONE;
}

const struct command cmd_reinstall = {
	.name = "reinstall",
	.arguments = "NAME...",
	.summary = "arm machines again: what is on their disks is lost",
	.help = "  --sealed             from now on nothing is installed before 'usher confirm'\n"
		"  --unsealed           no longer so, whatever the segment says\n" CLI_COMMON_HELP,
	.run = run_change,
};

static int run_confirm(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {CLI_COMMON_OPTIONS, {0}};
	struct cli_common o;
	struct change ch = {
		.method = "POST", .suffix = "/confirm", .said = "confirmed", .common = &o};

	cli_common_init(&o);
	if (cli_getopt(c, &o, argc, argv, options) != -1 || argc - optind != 2)
		return cli_usage(c, "takes a name, and the code that is on the machine's screen");
	ch.body = json_pack("{s:s}", "code", argv[optind + 1]);
	ch.client = client_new(o.socket);
	if (!ch.client || !ch.body)
		ch.failures = cli_fail("out of memory, or the code is not UTF-8");
	else
		change_one(&ch, argv[optind]);
	client_free(ch.client);
	json_decref(ch.body);
	return ch.failures ? EXIT_FAILED : EXIT_DONE;
}

const struct command cmd_confirm = {
	.name = "confirm",
	.arguments = "NAME CODE",
	.summary = "let a sealed machine's boot install it: CODE is on its screen",
	.help = CLI_COMMON_HELP,
	.run = run_confirm,
};

const struct command cmd_disarm = {
	.name = "disarm",
	.arguments = "NAME...",
	.summary = "take back an install that was asked for",
	.help = CLI_COMMON_HELP,
	.run = run_change,
};

const struct command cmd_delete = {
	.name = "delete",
	.arguments = "NAME...",
	.summary = "forget machines; a guest's domain and disks go too",
	.help = "  --keep-disks         leave the volumes of a guest, and say where they "
		"are\n" CLI_COMMON_HELP,
	.run = run_change,
};
