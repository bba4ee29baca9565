/* The program: finds the command and runs it. */
#include "usher/cli.h"

#include <stdio.h>
#include <string.h>

static const struct command *const commands[] = {
	&cmd_serve,
	&cmd_check,
	&cmd_create,
	&cmd_enroll,
	&cmd_list,
	&cmd_show,
	&cmd_timeline,
	&cmd_watch,
	&cmd_wait,
	&cmd_reinstall,
	&cmd_disarm,
	&cmd_delete,
	&cmd_render,
	&cmd_profiles,
	&cmd_leases,
	&cmd_mac,
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

static void help(FILE *to)
{
	fputs("usage: usher COMMAND …\n\n"
	      "Boots machines over the network into unattended installs.\n\n",
		to);
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n'usher COMMAND --help' lists a command's options; usher(1) is the manual.\n", to);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		help(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		help(stdout);
		return EXIT_DONE;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "version")) {
		puts("usher " USHER_VERSION);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (!strcmp(argv[1], commands[i]->name))
			return commands[i]->run(commands[i], argc - 1, argv + 1);
	fprintf(stderr, "usher: no command '%s'; 'usher --help' lists them\n", argv[1]);
	return EXIT_USAGE;
}
