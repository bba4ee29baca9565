/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher adopt: a card that was replaced. */
#include "usher/cli/cli.h"
#include "usher/client/client.h"

#include "core/json.h"

#include <stdio.h>

enum { OPT_MAC = 1, OPT_INSTEAD };

struct wish {
	struct cli_common common;
	const char *name, *mac, *instead_of;
};

static void print_reply(const struct wish *w, const json_t *reply)
{
	json_t *nic;
	size_t i;

	if (w->common.json) {
		json_dumpf(reply, stdout, JSON_COMPACT);
		putchar('\n');
		return;
	}
	printf("%s:", w->name);
	json_array_foreach(json_object_get(reply, "nics"), i, nic)
	{
		const char *address =
			json_string_value(json_array_get(json_object_get(nic, "addresses"), 0));

		printf("%s %s, %s", i ? ";" : "", json_text(nic, "mac"),
			address ? address : "no address");
	}
	putchar('\n');
}

static int ask(const struct wish *w)
{
	struct client *client = client_new(w->common.socket);
	char path[300], escaped[256];
	json_t *reply = NULL, *body = json_pack("{s:s}", "mac", w->mac);
	int rc = EXIT_FAILED;

	if (w->instead_of)
		json_object_set_new(body, "instead_of", json_string(w->instead_of));
	snprintf(path, sizeof path, "/machines/%s/adopt",
		client_escape(w->name, escaped, sizeof escaped));
	if (!client || !body) {
		json_decref(body);
		cli_fail("out of memory, or a MAC is not UTF-8");
	} else if (!client_call(client, "POST", path, body, &reply)) {
		print_reply(w, reply);
		rc = EXIT_DONE;
	}
	json_decref(reply);
	client_free(client);
	return rc;
}

static int run_adopt(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {{"mac", required_argument, NULL, OPT_MAC},
		{"instead-of", required_argument, NULL, OPT_INSTEAD}, CLI_COMMON_OPTIONS, {0}};
	struct wish w = {.name = NULL};
	int opt;

	cli_common_init(&w.common);
	while ((opt = cli_getopt(c, &w.common, argc, argv, options)) != -1)
		*(opt == OPT_MAC ? &w.mac : &w.instead_of) = optarg;
	if (argc - optind != 1)
		return cli_usage(c, "takes one name");
	if (!w.mac)
		return cli_usage(c, "which --mac? 'usher discovered' shows who booted");
	w.name = argv[optind];
	return ask(&w);
}

const struct command cmd_adopt = {
	.name = "adopt",
	.arguments = "NAME --mac MAC [--instead-of MAC]",
	.summary = "a network card of a bare-metal machine was replaced by another",
	.help = "  --mac MAC            the new card's: it is given the old one's addresses\n"
		"  --instead-of MAC     the old one's, where the machine has several\n" CLI_COMMON_HELP,
	.run = run_adopt,
};
