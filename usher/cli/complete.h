/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a command line may go on with: `usher complete -- WORD…`, which the completions of bash, zsh and fish call with the
 * words behind `usher`, the last of them as far as it is typed. It prints a line each: what may stand there, and behind a tab
 * what that is. ":files" and ":dirs" are for the shell to complete. Options come from the commands' own help, names from
 * the service; where that does not answer there are none, and no error.
 */
#ifndef USHER_USHER_CLI_COMPLETE_H
#define USHER_USHER_CLI_COMPLETE_H

#include "usher/cli/cli.h"

/* The words, NULL-ended; always EXIT_DONE. */
int complete_run(const struct command *const *commands, size_t count, char **words);

/* An option as help has it: "  --network N  …". Pure. */
struct complete_option {
	char name[40], shorter[4]; /* "--config", "-c" or "" */
	bool value;                /* it takes one */
	const char *help;          /* what it is: to the line's end */
};
/* The option that begins at `*line` of a help text, or the next; false: there is none. *line is set behind it. */
bool complete_option(const char **line, struct complete_option *ret);

#endif
