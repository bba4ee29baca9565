/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: one table of commands, each in a cmd_*.c, all clients of the API (client.c) but serve, check, rules and mac.
 * Exit status: 0 done, 1 failed, 2 usage.
 */
#ifndef USHER_USHER_CLI_H
#define USHER_USHER_CLI_H

#include "usher/cli/columns.h"
#include "usher/client/cli_fail.h"
#include "usher/client/cli_names.h"

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

struct command {
	const char *name;
	const char *arguments; /* "NAME --profile P [--ip A]…" */
	const char *summary;   /* one line */
	const char *help;      /* the options, a line each; ends in a newline */
	int (*run)(const struct command *c, int argc, char **argv);
};

extern const struct command cmd_serve, cmd_check, cmd_probe, cmd_create, cmd_enroll, cmd_discovered,
	cmd_adopt, cmd_template, cmd_clone, cmd_up, cmd_down, cmd_list, cmd_show, cmd_known_hosts,
	cmd_timeline, cmd_console, cmd_log, cmd_watch, cmd_wait, cmd_start, cmd_stop, cmd_power,
	cmd_set, cmd_run, cmd_reinstall, cmd_confirm, cmd_disarm, cmd_delete, cmd_render,
	cmd_profiles, cmd_lint, cmd_import, cmd_media, cmd_fetch, cmd_packages, cmd_leases,
	cmd_network, cmd_mac, cmd_rules, cmd_token, cmd_version, cmd_status, cmd_ssh, cmd_restart;

/* Options that every client command has. A command's own long ones are numbered from 1, below the letters. */
struct cli_common {
	const char *socket; /* --socket, USHER_SOCKET or the default */
	bool json;          /* --json, -o json */
	/* Of a command that lists; the first three are the command's to set, after cli_common_init(). */
	const struct columns *lists; /* NULL: it lists nothing */
	const char *letters;         /* further short options, as getopt() has them; NULL: none */
	bool in_order;               /* options end at the first argument that is none */
	bool names, wide;            /* -o name, -o wide */
	const char *sort;            /* --sort; NULL: as it comes */
};
enum { OPT_SOCKET = 1000, OPT_JSON, OPT_HELP, OPT_SORT };
#define CLI_COMMON_OPTIONS                                                                      \
	{"socket", required_argument, NULL, OPT_SOCKET}, {"json", no_argument, NULL, OPT_JSON}, \
	{                                                                                       \
		"help", no_argument, NULL, OPT_HELP                                             \
	}
#define CLI_LIST_OPTIONS {"sort", required_argument, NULL, OPT_SORT}, CLI_COMMON_OPTIONS
#define CLI_COMMON_HELP                                                        \
	"  --json, -o json      machine-readable output\n"                     \
	"  --socket PATH        the service's API socket (or $USHER_SOCKET)\n" \
	"  --help, -h           this text\n"

#define CLI_LIST_HELP                                                                    \
	"  -o name|wide|json    names only; more columns; machine-readable, as --json\n" \
	"  --sort COLUMN        by a column's name; -COLUMN: the other way round\n"      \
	"  --json\n"                                                                     \
	"  --socket PATH        the service's API socket (or $USHER_SOCKET)\n"           \
	"  --help, -h           this text\n"

void cli_common_init(struct cli_common *o);
/* The next option of `options` (a CLI_COMMON_OPTIONS table or a longer one), common ones handled: -1 at the end.
 * --help, -h, -V and errors do not return: they end the program with 0 and 2. */
int cli_getopt(const struct command *c, struct cli_common *o, int argc, char **argv,
	const struct option *options);
/* Prints the reply of a call that lists, as `o` says (its `lists`); returns the exit status. */
int cli_list(const struct cli_common *o, json_t *reply);
/* Prints "usher COMMAND: …" and how to get help; returns EXIT_USAGE. */
int cli_usage(const struct command *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cli_help(const struct command *c);

/* A whole decimal number from `least` to `most`, and nothing after it. */
bool cli_number(const char *text, long least, long most, long *ret);

/* All names that `count` patterns stand for, ended by a NULL; free them with cli_names_free(). NULL: said why. */
char **cli_names_all(const struct command *c, char **patterns, size_t count, size_t *ret_count);
/* The same, for what is done to each: a name that comes twice is a usage error, too. */
char **cli_names_once(const struct command *c, char **patterns, size_t count, size_t *ret_count);

#endif
