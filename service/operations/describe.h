/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Labels and note of a machine, by request. */
#ifndef USHER_SERVICE_OPERATIONS_DESCRIBE_H
#define USHER_SERVICE_OPERATIONS_DESCRIBE_H

#include "machine/machine.h"

struct base;

/* What `request` says of them (machine/labels.h; NULL: nothing) into the record, which is saved whatever it says, and onto the
 * timeline where it changed anything. 0; -EINVAL with the line in `why`; -ENOMEM or machines_save()'s. */
int describe_change(
	struct base *base, struct machine *m, const json_t *request, char *why, size_t size);

#endif
