/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher known-hosts: machines' SSH host keys, as ssh reads them. */
#include "core/json.h"
#include "usher/cli/cli.h"
#include "usher/client/client.h"
#include "usher/client/printed.h"

#include <stdio.h>
#include <string.h>

/* A line of known_hosts: "name,name.domain,address TYPE BASE64" (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
static void print_machine(json_t *machine)
{
	json_t *key, *name;
	size_t i, k;

	json_array_foreach(json_object_get(machine, "host_keys"), i, key)
	{
		json_array_foreach(json_object_get(machine, "names"), k, name)
			printf("%s%s", k ? "," : "", json_string_value(name));
		printf(" %s\n", json_text(key, "key"));
	}
}

static void print(const struct cli_common *o, json_t *reply)
{
	json_t *machine;
	size_t i;

	if (o->json) {
		printed_json(reply);
		return;
	}
	json_array_foreach(json_object_get(reply, "machines"), i, machine) print_machine(machine);
}

/* None is no error: ssh asks so about any host. */
static int ask(struct client *client, const struct cli_common *o, const char *of)
{
	char path[400] = "/host-keys", name[256];
	json_t *reply = NULL;

	if (of)
		snprintf(path, sizeof path, "/host-keys?of=%s",
			client_escape(of, name, sizeof name));
	if (client_call(client, "GET", path, NULL, &reply))
		return EXIT_FAILED;
	print(o, reply);
	json_decref(reply);
	return EXIT_DONE;
}

static int run_known_hosts(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {CLI_COMMON_OPTIONS, {0}};
	struct cli_common o;
	struct client *client;
	int rc;

	cli_common_init(&o);
	if (cli_getopt(c, &o, argc, argv, options) != -1 || argc - optind > 1)
		return cli_usage(c, "takes one name or address, or nothing");
	client = client_new(o.socket);
	if (!client)
		return cli_fail("out of memory");
	rc = ask(client, &o, optind < argc ? argv[optind] : NULL);
	client_free(client);
	return rc;
}

const struct command cmd_known_hosts = {
	.name = "known-hosts",
	.arguments = "[NAME|ADDRESS]",
	.summary = "print SSH host keys of installed machines, as lines of known_hosts",
	.help = CLI_COMMON_HELP,
	.run = run_known_hosts,
};
