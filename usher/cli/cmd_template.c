/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher template: an installed guest becomes what clones are made of; usher clone: they are made. */
#include "core/json.h"
#include "usher/cli/cli.h"
#include "usher/client/client.h"
#include "usher/client/follow.h"
#include "usher/client/judging.h"
#include "usher/client/request.h"
#include "usher/client/wait.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_SHUTDOWN = 1,
	OPT_COPY,
	OPT_LINKED,
	OPT_NETWORK,
	OPT_IP,
	OPT_MEMORY,
	OPT_VCPUS,
	OPT_FIRST_BOOT,
	OPT_WAIT,
};

static void print_json(const json_t *j)
{
	json_dumpf(j, stdout, JSON_COMPACT);
	putchar('\n');
}

static double megabytes(json_t *reply, const char *key)
{
	return (double)json_integer_value(json_object_get(reply, key)) / 1e6;
}

static int make_template(const struct cli_common *o, const char *name, bool shutdown)
{
	struct client *client = client_new(o->socket);
	char path[300], escaped[256];
	json_t *reply = NULL;
	int rc;

	if (!client)
		return cli_fail("out of memory");
	snprintf(path, sizeof path, "/machines/%s/template",
		client_escape(name, escaped, sizeof escaped));
	rc = client_call(client, "POST", path, json_pack("{s:b}", "shutdown", shutdown), &reply);
	if (!rc && o->json)
		print_json(reply);
	else if (!rc)
		printf("%s: a template; its disk took %.1f MB and takes %.1f MB\n", name,
			megabytes(reply, "bytes_before"), megabytes(reply, "bytes_after"));
	json_decref(reply);
	client_free(client);
	return rc ? EXIT_FAILED : EXIT_DONE;
}

static int run_template(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {
		{"shutdown", no_argument, NULL, OPT_SHUTDOWN}, CLI_COMMON_OPTIONS, {0}};
	struct cli_common o;
	bool shutdown = false;

	cli_common_init(&o);
	while (cli_getopt(c, &o, argc, argv, options) != -1)
		shutdown = true;
	if (argc - optind != 1)
		return cli_usage(c, "takes one name");
	return make_template(&o, argv[optind], shutdown);
}

struct cloning {
	const struct command *command;
	struct cli_common common;
	struct client *client;
	json_t *body; /* all but the name */
	bool wait;
};

static int take_option(struct cloning *cl, int opt)
{
	json_int_t bytes;
	long n;

	switch (opt) {
	case OPT_COPY:
	case OPT_LINKED:
		json_object_set_new(cl->body, "linked", json_boolean(opt == OPT_LINKED));
		return 0;
	case OPT_NETWORK:
		json_object_set_new(cl->body, "segment", json_string(optarg));
		return 0;
	case OPT_IP:
		json_object_set_new(cl->body, "address", json_string(optarg));
		return 0;
	case OPT_MEMORY:
		bytes = request_size(optarg, 1 << 20);
		if (bytes < 1 << 20)
			return cli_usage(
				cl->command, "--memory takes a size like 2G, not '%s'", optarg);
		json_object_set_new(cl->body, "memory", json_integer(bytes));
		return 0;
	case OPT_VCPUS:
		if (!cli_number(optarg, 1, INT_MAX, &n))
			return cli_usage(
				cl->command, "--vcpus takes a number from 1, not '%s'", optarg);
		json_object_set_new(cl->body, "vcpus", json_integer(n));
		return 0;
	case OPT_FIRST_BOOT:
		return request_first_boot(cl->body, optarg);
	}
	cl->wait = true; /* OPT_WAIT */
	return 0;
}

static int clone_one(struct cloning *cl, const char *name)
{
	json_t *body = json_copy(cl->body), *reply = NULL, *nic;
	const char *address;

	json_object_set_new(body, "name", json_string(name));
	json_object_set_new(body, "request_id", request_id());
	if (client_call(cl->client, "POST", "/machines", body, &reply))
		return EXIT_FAILED;
	nic = json_array_get(json_object_get(reply, "nics"), 0);
	address = json_string_value(json_array_get(json_object_get(nic, "addresses"), 0));
	if (cl->common.json)
		print_json(reply);
	else
		printf("%s: %s, %s, %s\n", name, json_text(reply, "state"),
			address ? address : "no address", json_text(nic, "mac"));
	fflush(stdout);
	json_decref(reply);
	return EXIT_DONE;
}

static int clone_all(struct cloning *cl, char **names, size_t count)
{
	struct wait_for w = {.socket = cl->common.socket,
		.state = "up",
		.timeout_s = -1,
		.json = cl->common.json,
		.quiet = count > 1};
	int failed = 0;

	if (follow_newest(cl->client, &w.after) ||
		judging_names(cl->client, cl->body, names, count))
		return EXIT_FAILED;
	for (size_t i = 0; i < count; i++)
		failed |= clone_one(cl, names[i]);
	if (failed || !cl->wait)
		return failed;
	return wait_for_machines(&w, names, count);
}

static int run_options(struct cloning *cl, int argc, char **argv, const struct option *options)
{
	const char *wrong = NULL;
	size_t count = 0;
	char **names, why[256];
	int opt, rc;

	while ((opt = cli_getopt(cl->command, &cl->common, argc, argv, options)) != -1)
		if ((rc = take_option(cl, opt)))
			return rc;
	if (argc - optind < 2)
		return cli_usage(cl->command, "takes a template and at least one new name");
	json_object_set_new(cl->body, "template", json_string(argv[optind]));
	names = cli_names_once(cl->command, argv + optind + 1, (size_t)(argc - optind - 1), &count);
	if (!names)
		return EXIT_USAGE;
	for (size_t i = 0; !wrong && i < count; i++)
		wrong = request_name_error(names[i], why, sizeof why);
	if (!wrong)
		wrong = request_word_error(cl->body, why, sizeof why);
	if (wrong)
		rc = cli_usage(cl->command, "%s", wrong);
	else if (count > 1 && json_object_get(cl->body, "address"))
		rc = cli_usage(cl->command, "--ip is for one machine");
	else if (!(cl->client = client_new(cl->common.socket)))
		rc = cli_fail("out of memory");
	else
		rc = clone_all(cl, names, count);
	cli_names_free(names);
	return rc;
}

static int run_clone(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {{"copy", no_argument, NULL, OPT_COPY},
		{"linked", no_argument, NULL, OPT_LINKED},
		{"network", required_argument, NULL, OPT_NETWORK},
		{"ip", required_argument, NULL, OPT_IP},
		{"memory", required_argument, NULL, OPT_MEMORY},
		{"vcpus", required_argument, NULL, OPT_VCPUS},
		{"first-boot", required_argument, NULL, OPT_FIRST_BOOT},
		{"wait", no_argument, NULL, OPT_WAIT}, CLI_COMMON_OPTIONS, {0}};
	struct cloning cl = {.command = c, .body = json_object()};
	int rc;

	cli_common_init(&cl.common);
	rc = run_options(&cl, argc, argv, options);
	json_decref(cl.body);
	client_free(cl.client);
	return rc;
}

const struct command cmd_template = {
	.name = "template",
	.arguments = "NAME [--shutdown]",
	.summary = "make an installed guest a template for clones: it is never started again",
	.help = "  --shutdown           shut it down first, if it runs\n" CLI_COMMON_HELP,
	.run = run_template,
};

const struct command cmd_clone = {
	.name = "clone",
	.arguments = "TEMPLATE NAME... [OPTION...]",
	.summary = "make guests with a template's disk, up in seconds",
	.help = "  --linked             on top of the template's disk, which is kept (the default where the pool "
		"supports it)\n"
		"  --copy               with a copy of it\n"
		"  --network N          the libvirt network (the template's)\n"
		"  --ip ADDRESS         its address (the lowest free one)\n"
		"  --memory SIZE        like 2G; plain numbers are MiB (the template's)\n"
		"  --vcpus N            virtual CPUs (the template's)\n"
		"  --first-boot FILE    a script to run in it before it is up\n"
		"  --wait               show progress until it is up (fails when it "
		"fails)\n" CLI_COMMON_HELP,
	.run = run_clone,
};
