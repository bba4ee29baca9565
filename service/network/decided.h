/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Remembers over a restart who leased on an interface. */
#ifndef USHER_SERVICE_NETWORK_DECIDED_H
#define USHER_SERVICE_NETWORK_DECIDED_H

#include <stdbool.h>
#include <stddef.h>

struct segment;
struct network;

/* Before store_start(). 0, or -errno with one line in `why`. */
int decided_load(struct network *nw, char *why, size_t why_size);
/* The last decision for this segment was that usher leases there, at the same address. */
bool decided_was_own(const struct network *nw, const struct segment *seg);
void decided_keep(struct network *nw, const struct segment *seg, bool own);

#endif
