/* usher reinstall, disarm, delete: one request for each name. */
#include "usher/cli.h"
#include "usher/client.h"
#include "usher/fetching.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct change {
	struct client *client;
	const char *method;
	const char *suffix; /* "/reinstall" */
	const char *said;   /* "armed" */
	const struct cli_common *common;
	int failures;
};

static int change_one(void *arg, const char *name)
{
	char path[300], escaped[256];
	struct change *ch = arg;
	json_t *reply = NULL;

	snprintf(path, sizeof path, "/machines/%s%s", client_escape(name, escaped, sizeof escaped),
		ch->suffix);
	if (fetching_call(ch->client, ch->method, path, NULL, &reply)) {
		ch->failures++;
		return 0;
	}
	client_say_findings(reply);
	if (ch->common->json && reply) {
		json_dumpf(reply, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		printf("%s: %s\n", name, ch->said);
	}
	json_decref(reply);
	return 0;
}

static int run_change(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {CLI_COMMON_OPTIONS, {0}};
	struct cli_common o;
	struct change ch = {.method = "POST", .common = &o};

	cli_common_init(&o);
	if (cli_getopt(c, &o, argc, argv, options) != -1 || optind == argc)
		return cli_usage(c, "takes at least one name");
	if (c == &cmd_delete) {
		ch.method = "DELETE";
		ch.suffix = "";
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
	return ch.failures ? EXIT_FAILED : EXIT_DONE;
}

const struct command cmd_reinstall = {
	.name = "reinstall",
	.arguments = "NAME...",
	.summary = "arm machines again: what is on their disks is lost",
	.help = CLI_COMMON_HELP,
	.run = run_change,
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
	.summary = "forget machines; a guest's domain and disk go too",
	.help = CLI_COMMON_HELP,
	.run = run_change,
};
