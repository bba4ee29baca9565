/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports what a configuration names but the host does not have. It may appear later, so the service starts all the
 * same. */
#ifndef USHER_CONFIG_CONFIG_LOOK_H
#define USHER_CONFIG_CONFIG_LOOK_H

#include "config/config.h"

/* `what` is "media", "discover", "hooks", "power", "rules" or "profiles"; `line` says what is wrong, and the fix. */
typedef void config_look_tell(void *arg, const char *what, const char *line);
/* Checks media and folders as the current user. The default folders may be missing unless the configuration names them.
 * Blocking. */
void config_look(const struct config *c, config_look_tell *tell, void *arg);

#endif
