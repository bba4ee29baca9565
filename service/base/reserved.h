/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reservations: names and addresses of machines that are being created and have no record yet. */
#ifndef USHER_SERVICE_BASE_RESERVED_H
#define USHER_SERVICE_BASE_RESERVED_H

#include "machine/machine.h"

struct reservation {
	struct reservation *next;
	const struct machine *machine; /* borrowed */
};

void reserve(struct reservation **all, struct reservation *r);
/* Fine if `r` is not in the list. */
void unreserve(struct reservation **all, struct reservation *r);
/* Is this name, or this address in this segment, reserved? NULL: not checked. */
bool reserved(
	const struct reservation *all, const char *name, uint32_t segment, const struct ip *ip);
/* A reserved machine with a card in this segment, or NULL. */
const struct machine *reserved_on(const struct reservation *all, const char *segment);

#endif
