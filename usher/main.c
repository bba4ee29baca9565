/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program: finds the command and runs it. */
#include "usher/cli/cli.h"
#include "usher/client/printed.h"
#include "usher/cli/words.h"
#include "usher/cli/complete.h"

#include "core/wipe.h"
#include "core/text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command *const commands[] = {
	&cmd_serve,
	&cmd_status,
	&cmd_check,
	&cmd_probe,
	&cmd_create,
	&cmd_enroll,
	&cmd_discovered,
	&cmd_adopt,
	&cmd_up,
	&cmd_down,
	&cmd_template,
	&cmd_clone,
	&cmd_list,
	&cmd_show,
	&cmd_known_hosts,
	&cmd_timeline,
	&cmd_console,
	&cmd_ssh,
	&cmd_log,
	&cmd_watch,
	&cmd_wait,
	&cmd_start,
	&cmd_stop,
	&cmd_restart,
	&cmd_power,
	&cmd_set,
	&cmd_run,
	&cmd_reinstall,
	&cmd_confirm,
	&cmd_disarm,
	&cmd_delete,
	&cmd_render,
	&cmd_profiles,
	&cmd_lint,
	&cmd_import,
	&cmd_media,
	&cmd_fetch,
	&cmd_packages,
	&cmd_leases,
	&cmd_network,
	&cmd_rules,
	&cmd_token,
	&cmd_mac,
	&cmd_version,
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

static void help(FILE *to)
{
	fputs("usage: usher COMMAND …\n\n"
	      "Boots machines over the network into unattended installs.\n\n",
		to);
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(to, "  %-11s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n'usher COMMAND --help' lists a command's options; usher(1) is the manual.\n", to);
}

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (!strcmp(name, commands[i]->name))
			return commands[i];
	return NULL;
}

static int no_command(const char *name)
{
	const char *meant = words_meant(name), *best = NULL;

	for (size_t i = 0; i < N_COMMANDS; i++)
		text_nearer(name, commands[i]->name, &best);
	if (meant)
		fprintf(stderr, "usher: no command '%s'; use: %s\n", name, meant);
	else if (best)
		fprintf(stderr,
			"usher: no command '%s' (did you mean '%s'?); 'usher --help' lists them\n",
			name, best);
	else
		fprintf(stderr, "usher: no command '%s'; 'usher --help' lists them\n", name);
	return EXIT_USAGE;
}

/* usher help [COMMAND] */
static int help_for(const char *name)
{
	const struct command *c = name ? command_find(name) : NULL;

	if (name && !c)
		return no_command(name);
	if (c)
		cli_help(c);
	else
		help(stdout);
	return EXIT_DONE;
}

int main(int argc, char **argv)
{
	const struct command *c;

	printed_begin();
	/* requests hold passwords in clear until they are hashed */
	json_set_alloc_funcs(malloc, wipe_free);
	if (argc < 2) {
		help(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return help_for(argv[2]);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		return cmd_version.run(&cmd_version, argc - 1, argv + 1);
	if (!strcmp(argv[1], "complete")) /* for shells; help does not list it */
		return complete_run(commands, N_COMMANDS, argv + 2);
	c = command_find(argv[1]);
	return c ? c->run(c, argc - 1, argv + 1) : no_command(argv[1]);
}
