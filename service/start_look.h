/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports what the configuration names but the host does not have. */
#ifndef USHER_SERVICE_START_LOOK_H
#define USHER_SERVICE_START_LOOK_H

#include <stdbool.h>

struct base;

/* Logs each missing item. `pool`: also checks the storage pool for guests. */
void start_look(struct base *base, bool pool);

#endif
