/* SPDX-License-Identifier: GPL-2.0-or-later */
/* This host's packet filter beside a machine's cause: the service may not read it, who runs the command as root may. */
#ifndef USHER_USHER_CLI_WALL_H
#define USHER_USHER_CLI_WALL_H

#include <jansson.h>
#include <stdbool.h>

/* All rules (`nft -j list ruleset`), a new reference. NULL: not root, or no nft. Blocking. */
json_t *wall_rules(void);
/* Is the cause of an attempt that requests do not come, so that the rules may say why? */
bool wall_matters(const json_t *attempt);
/* Prints a line for each of the machine's segments whose requests a rule of this host drops. `status`: the reply of GET
 * /status. */
void wall_show(const json_t *machine, const json_t *status, const json_t *rules);

#endif
