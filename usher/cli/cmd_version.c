/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher version: also as --version and -V, which print its first line. */
#include "usher/cli/cli.h"

#include <stdio.h>
#include <string.h>

/* "libvirt 9.0.0 jansson 2.14": each library's name and version, as the Makefile has them. */
static json_t *libraries(void)
{
	static const char all[] = USHER_LIBRARIES;
	char name[64], version[64];
	json_t *j = json_object();
	int n = 0;

	for (const char *s = all; sscanf(s, "%63s %63s%n", name, version, &n) == 2; s += n)
		json_object_set_new(j, name, json_string(version));
	return j;
}

/* What may differ between two builds of one version. */
static json_t *features(void)
{
	json_t *j = json_array();

#ifdef __SANITIZE_ADDRESS__
	json_array_append_new(j, json_string("address-sanitizer"));
#endif
#ifdef _FORTIFY_SOURCE
	json_array_append_new(j, json_string("fortify"));
#endif
#ifdef __CET__
	json_array_append_new(j, json_string("control-flow-protection"));
#endif
	return j;
}

static void print_text(const json_t *version)
{
	json_t *value;
	const char *key;
	size_t i;

	printf("usher %s\n", USHER_VERSION);
	printf("compiler   %s\nlibraries ",
		json_string_value(json_object_get(version, "compiler")));
	json_object_foreach(json_object_get(version, "libraries"), key, value)
		printf(" %s %s", key, json_string_value(value));
	printf("\nfeatures  ");
	json_array_foreach(json_object_get(version, "features"), i, value)
		printf(" %s", json_string_value(value));
	putchar('\n');
}

static int print(const struct cli_common *o)
{
	json_t *j = json_pack("{s:s, s:s, s:o, s:o}", "version", USHER_VERSION, "compiler",
		"cc " __VERSION__, "libraries", libraries(), "features", features());

	if (o->json)
		json_dumpf(j, stdout, JSON_PRESERVE_ORDER);
	else
		print_text(j);
	if (o->json)
		putchar('\n');
	json_decref(j);
	return EXIT_DONE;
}

static int run_version(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {CLI_COMMON_OPTIONS, {0}};
	struct cli_common o;

	cli_common_init(&o);
	if (cli_getopt(c, &o, argc, argv, options) != -1 || optind != argc)
		return cli_usage(c, "takes no argument");
	if (strcmp(argv[0], c->name) != 0 && !o.json) {
		puts("usher " USHER_VERSION);
		return EXIT_DONE;
	}
	return print(&o);
}

const struct command cmd_version = {
	.name = "version",
	.arguments = "",
	.summary = "print the version of usher, and what it was built with",
	.help = CLI_COMMON_HELP,
	.run = run_version,
};
