/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher version: also as --version and -V. */
#include "usher/cli/cli.h"

#include <stdio.h>

static int run_version(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {CLI_COMMON_OPTIONS, {0}};
	struct cli_common o;

	cli_common_init(&o);
	if (cli_getopt(c, &o, argc, argv, options) != -1 || optind != argc)
		return cli_usage(c, "takes no argument");
	if (o.json)
		puts("{\"version\": \"" USHER_VERSION "\"}");
	else
		puts("usher " USHER_VERSION);
	return EXIT_DONE;
}

const struct command cmd_version = {
	.name = "version",
	.arguments = "",
	.summary = "print the version of usher",
	.help = CLI_COMMON_HELP,
	.run = run_version,
};
