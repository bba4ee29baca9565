/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An intrusive hash table: nodes live in the caller's structs, the table owns only its slots and
 * grows with what is in it. Several nodes may carry one hash; the caller compares keys.
 *
 *	for (n = table_first(&t, h); n; n = table_next(n))
 *		if (same_key(table_entry(n, struct thing, node))) ...
 */
#ifndef USHER_CORE_TABLE_H
#define USHER_CORE_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct table_node {
	struct table_node *next;
	uint64_t hash;
};

struct table {
	struct table_node **slots;
	size_t n_slots; /* a power of two, or 0 */
	size_t count;
};

#define table_entry(node, type, member) ((type *)((char *)(node)-offsetof(type, member)))

void table_init(struct table *t);
void table_fini(struct table *t); /* frees the slots; the nodes are the caller's */
/* 0, or -ENOMEM and the table is unchanged. */
int table_put(struct table *t, struct table_node *n, uint64_t hash);
void table_remove(struct table *t, struct table_node *n); /* must be in it */
struct table_node *table_first(const struct table *t, uint64_t hash);
struct table_node *table_next(const struct table_node *n); /* the next of the same hash */
/* Walks all nodes in no order: *slot starts at 0, prev at NULL; the node returned may be removed if
 * its successor was taken first. */
struct table_node *table_walk(const struct table *t, size_t *slot, struct table_node *prev);

/* Keyed by a random seed drawn once a process, so peers cannot choose collisions. */
uint64_t hash_bytes(const void *bytes, size_t len, uint64_t mix);

#endif
