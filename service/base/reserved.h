/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Machines that are being made, and have no record yet: their names and addresses are theirs already. */
#ifndef USHER_SERVICE_BASE_RESERVED_H
#define USHER_SERVICE_BASE_RESERVED_H

#include "machine/machine.h"

struct reservation {
	struct reservation *next;
	const struct machine *machine; /* borrowed */
};

void reserve(struct reservation **all, struct reservation *r);
/* It may not be among them. */
void unreserve(struct reservation **all, struct reservation *r);
/* Has one of them this name (NULL: not asked), or this address (NULL: not asked) there? */
bool reserved(
	const struct reservation *all, const char *name, uint32_t segment, const struct ip *ip);
/* One with a card there, or NULL. */
const struct machine *reserved_on(const struct reservation *all, const char *segment);

#endif
