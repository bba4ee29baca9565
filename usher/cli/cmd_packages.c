/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher packages: does the package cache run, how full is it, what did it save. */
#include "usher/cli/cli.h"
#include "usher/cli/packages_text.h"
#include "usher/client/client.h"

#include <stdio.h>

static double mb(const json_t *of, const char *key)
{
	return (double)json_integer_value(json_object_get(of, key)) / 1e6;
}

static json_int_t number(const json_t *of, const char *key)
{
	return json_integer_value(json_object_get(of, key));
}

static unsigned hit_rate(const json_t *counts)
{
	json_int_t hits = number(counts, "hits"), all = hits + number(counts, "misses");

	return all ? (unsigned)(100 * hits / all) : 0;
}

const char *packages_text(const json_t *packages, char *buf, size_t size)
{
	const json_t *c = json_object_get(packages, "counts");

	snprintf(buf, size,
		"%lld files, %.1f of %.0f MB; %lld requests, %u %% from the cache; %.1f MB from "
		"mirrors, %.1f MB to machines",
		(long long)number(packages, "files"), mb(packages, "bytes"), mb(packages, "limit"),
		(long long)number(c, "requests"), hit_rate(c), mb(c, "from_origin"),
		mb(c, "to_machines"));
	return buf;
}

const char *packages_problem(const json_t *packages)
{
	const char *problem = json_string_value(json_object_get(packages, "problem"));

	if (!json_is_true(json_object_get(packages, "configured")))
		return "usher.xml has no <package-cache/>";
	return problem ? problem : "it is being started";
}

static void print_counts(const json_t *c)
{
	printf("  %-10s %lld: %lld from the cache (%u %%), %lld from mirrors\n", "requests",
		(long long)number(c, "requests"), (long long)number(c, "hits"), hit_rate(c),
		(long long)number(c, "misses"));
	printf("  %-10s %lld refused, %lld failed at mirrors, %lld old ones sent because of it\n",
		"", (long long)number(c, "refused"), (long long)number(c, "failures"),
		(long long)number(c, "stale"));
	printf("  %-10s %.1f MB from mirrors, %.1f MB to machines\n", "bytes", mb(c, "from_origin"),
		mb(c, "to_machines"));
}

static void print(const json_t *p)
{
	const json_t *m;
	size_t i;

	if (json_is_true(json_object_get(p, "running")))
		printf("package cache: runs, port %lld\n", (long long)number(p, "port"));
	else
		printf("package cache: does not run: %s\n", packages_problem(p));
	printf("  %-10s %s, %lld files, %.1f of %.0f MB\n", "folder",
		json_string_value(json_object_get(p, "dir")), (long long)number(p, "files"),
		mb(p, "bytes"), mb(p, "limit"));
	print_counts(json_object_get(p, "counts"));
	json_array_foreach((json_t *)json_object_get(p, "mirrors"), i, m) printf("  %-10s %s%s\n",
		i ? "" : "mirrors", json_string_value(json_object_get(m, "url")),
		json_is_true(json_object_get(m, "cached"))
			? ""
			: ", whose name is not known: machines fetch from it themselves");
}

static int run_packages(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {CLI_COMMON_OPTIONS, {0}};
	struct client *client;
	struct cli_common o;
	json_t *reply = NULL;
	int rc;

	cli_common_init(&o);
	while (cli_getopt(c, &o, argc, argv, options) != -1)
		;
	if (optind != argc)
		return cli_usage(c, "it takes no '%s'", argv[optind]);
	client = client_new(o.socket);
	if (!client)
		return cli_fail("out of memory");
	rc = client_call(client, "GET", "/packages", NULL, &reply) ? EXIT_FAILED : EXIT_DONE;
	if (!rc && o.json) {
		json_dumpf(reply, stdout, JSON_INDENT(2));
		putchar('\n');
	} else if (!rc) {
		print(reply);
	}
	json_decref(reply);
	client_free(client);
	return rc;
}

const struct command cmd_packages = {
	.name = "packages",
	.arguments = "",
	.summary = "the package cache: does it run, how full is it, what did it save",
	.help = CLI_COMMON_HELP,
	.run = run_packages,
};
