/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a configuration names, and is not there: it may come later, so it is no reason not to start, but one to be told. */
#ifndef USHER_CONFIG_CONFIG_LOOK_H
#define USHER_CONFIG_CONFIG_LOOK_H

#include "config/config.h"

/* `what` is "media", "hooks", "power" or "profiles"; `line` says what is wrong, and the fix. */
typedef void config_look_tell(void *arg, const char *what, const char *line);
/* Media and folders, as this user sees them. What nobody named (the usual folders) may be missing. Blocking. */
void config_look(const struct config *c, config_look_tell *tell, void *arg);

#endif
