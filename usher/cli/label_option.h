/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --label KEY=VALUE and --note TEXT, of each command that writes them onto a machine's record. */
#ifndef USHER_USHER_CLI_LABEL_OPTION_H
#define USHER_USHER_CLI_LABEL_OPTION_H

#include "usher/cli/cli.h"

#include <jansson.h>

/* Puts the label into `labels` of a request's body. 0, or it says why and gives EXIT_USAGE. */
int label_option(const struct command *c, json_t *body, const char *text);

#endif
