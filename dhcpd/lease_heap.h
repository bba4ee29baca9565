/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leases in order of their end, the one that is over first on top: a binary heap. For lease.c. */
#ifndef USHER_DHCPD_LEASE_HEAP_H
#define USHER_DHCPD_LEASE_HEAP_H

#include "dhcpd/lease.h"

/* Zeroed is empty. Borrows the leases, owns the array. */
struct lease_heap {
	struct lease **at; /* 1-based: at[0] is not used */
	size_t n, cap;
};

void lease_heap_fini(struct lease_heap *h);
int lease_heap_reserve(struct lease_heap *h); /* so that the next put cannot fail; 0 or -ENOMEM */
void lease_heap_put(struct lease_heap *h, struct lease *l);
void lease_heap_moved(struct lease_heap *h, struct lease *l); /* its `expires` changed */
void lease_heap_remove(struct lease_heap *h, struct lease *l);
struct lease *lease_heap_top(const struct lease_heap *h); /* NULL: empty */
/* The first in their order, without taking them out, up to `most` and LEASE_CANDIDATES; how many
 * there are. */
size_t lease_heap_first(const struct lease_heap *h, const struct lease **ret, size_t most);

#endif
