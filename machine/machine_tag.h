/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which version of a machine's record it is: the entity tag of the API (RFC 9110 8.8.3). */
#ifndef USHER_MACHINE_TAG_H
#define USHER_MACHINE_TAG_H

#include "machine/machine.h"

enum { MACHINE_TAG = 35 }; /* 32 hex digits in quotes, and a NUL */

/* Another one after each change that a user makes: of the record, and of which attempt it is. What happens to the machine
 * (its state, what it reports) changes nothing. With a power password the tag is another one after a restart, since nobody is
 * to try passwords on it. 0 or -ENOMEM. */
int machine_tag(const struct machine *m, char ret[MACHINE_TAG]);

#endif
