/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the configuration names and is not there. */
#ifndef USHER_SERVICE_START_LOOK_H
#define USHER_SERVICE_START_LOOK_H

#include <stdbool.h>

struct base;

/* What is named and not there goes into the log; guests' pool too, if there may be guests. */
void start_look(struct base *base, bool pool);

#endif
