/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who leased on an interface the last time, over a restart. */
#ifndef USHER_SERVICE_NETWORK_DECIDED_H
#define USHER_SERVICE_NETWORK_DECIDED_H

#include <stdbool.h>
#include <stddef.h>

struct segment;
struct network;

/* Before store_start(). 0, or -errno with one line in `why`. */
int decided_load(struct network *nw, char *why, size_t why_size);
/* When it was last asked who leases there, it was us, at the same address. */
bool decided_was_own(const struct network *nw, const struct segment *seg);
void decided_keep(struct network *nw, const struct segment *seg, bool own);

#endif
