/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/lease_heap.h"

#include <errno.h>
#include <stdlib.h>

enum { FIRST = 64 };

void lease_heap_fini(struct lease_heap *h)
{
	free(h->at);
	*h = (struct lease_heap){0};
}

static void heap_set(struct lease_heap *h, size_t slot, struct lease *l)
{
	h->at[slot] = l;
	l->heap_slot = slot;
}

static void heap_up(struct lease_heap *h, struct lease *l)
{
	size_t slot = l->heap_slot;

	while (slot > 1 && h->at[slot / 2]->expires > l->expires) {
		heap_set(h, slot, h->at[slot / 2]);
		slot /= 2;
	}
	heap_set(h, slot, l);
}

static void heap_down(struct lease_heap *h, struct lease *l)
{
	size_t slot = l->heap_slot, child;

	while ((child = slot * 2) <= h->n) {
		if (child < h->n && h->at[child + 1]->expires < h->at[child]->expires)
			child++;
		if (h->at[child]->expires >= l->expires)
			break;
		heap_set(h, slot, h->at[child]);
		slot = child;
	}
	heap_set(h, slot, l);
}

int lease_heap_reserve(struct lease_heap *h)
{
	size_t cap = h->cap ? h->cap * 2 : FIRST;
	struct lease **at;

	if (h->n + 1 < h->cap)
		return 0;
	at = realloc(h->at, cap * sizeof(*at));
	if (!at)
		return -ENOMEM;
	h->at = at;
	h->cap = cap;
	return 0;
}

void lease_heap_put(struct lease_heap *h, struct lease *l)
{
	heap_set(h, ++h->n, l);
	heap_up(h, l);
}

void lease_heap_remove(struct lease_heap *h, struct lease *l)
{
	struct lease *last = h->at[h->n--];

	if (last == l)
		return;
	heap_set(h, l->heap_slot, last);
	heap_up(h, last);
	heap_down(h, last);
}

struct lease *lease_heap_top(const struct lease_heap *h)
{
	return h->n ? h->at[1] : NULL;
}

void lease_heap_moved(struct lease_heap *h, struct lease *l)
{
	heap_up(h, l);
	heap_down(h, l);
}

/* `slots` are those that may be next: the children of those that were. Never more than one a turn. */
size_t lease_heap_first(const struct lease_heap *h, const struct lease **ret, size_t most)
{
	size_t slots[LEASE_CANDIDATES + 1] = {1}, n_slots = h->n > 0, n = 0;

	while (n_slots && n < most && n < LEASE_CANDIDATES) {
		size_t least = 0, slot;

		for (size_t i = 1; i < n_slots; i++)
			if (h->at[slots[i]]->expires < h->at[slots[least]]->expires)
				least = i;
		slot = slots[least];
		ret[n++] = h->at[slot];
		slots[least] = slots[--n_slots];
		for (size_t child = slot * 2; child <= slot * 2 + 1 && child <= h->n; child++)
			slots[n_slots++] = child;
	}
	return n;
}
