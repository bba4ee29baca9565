/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --set KEY=VALUE, of each command that takes settings of a profile. */
#ifndef USHER_USHER_CLI_SETTING_OPTION_H
#define USHER_USHER_CLI_SETTING_OPTION_H

#include "usher/cli/cli.h"

#include <jansson.h>

#define SETTING_OPTION_HELP                                                  \
	"  --set KEY=VALUE      a setting of the profile; may be repeated\n" \
	"  --set KEY=@FILE      the same, read from FILE or, with -, from standard input\n"

/* Puts the setting into `settings`; @@… is a value that begins with @. The value becomes stars in `text`, an argument of
 * the program, which other users can read. 0, or it says why and gives EXIT_USAGE or EXIT_FAILED. */
int setting_option(const struct command *c, json_t *settings, char *text);

#endif
