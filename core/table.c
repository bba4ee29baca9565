/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/table.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	FIRST_SLOTS = 16,
};

void table_init(struct table *t)
{
	*t = (struct table){0};
}

void table_fini(struct table *t)
{
	free(t->slots);
	table_init(t);
}

static struct table_node **slot_of(struct table_node **slots, size_t n_slots, uint64_t hash)
{
	return &slots[hash & (n_slots - 1)];
}

static int table_grow(struct table *t)
{
	size_t n = t->n_slots ? t->n_slots * 2 : FIRST_SLOTS;
	struct table_node **slots = calloc(n, sizeof *slots);

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < t->n_slots; i++) {
		struct table_node *next;

		for (struct table_node *node = t->slots[i]; node; node = next) {
			struct table_node **slot = slot_of(slots, n, node->hash);

			next = node->next;
			node->next = *slot;
			*slot = node;
		}
	}
	free(t->slots);
	t->slots = slots;
	t->n_slots = n;
	return 0;
}

int table_put(struct table *t, struct table_node *n, uint64_t hash)
{
	struct table_node **slot;

	/* When it cannot grow, a table that has slots still takes nodes: it only gets slower. */
	if (t->count >= t->n_slots && table_grow(t) < 0 && !t->n_slots)
		return -ENOMEM;
	slot = slot_of(t->slots, t->n_slots, hash);
	n->hash = hash;
	n->next = *slot;
	*slot = n;
	t->count++;
	return 0;
}

void table_remove(struct table *t, struct table_node *n)
{
	struct table_node **at = slot_of(t->slots, t->n_slots, n->hash);

	while (*at != n)
		at = &(*at)->next;
	*at = n->next;
	n->next = NULL;
	t->count--;
}

static struct table_node *same_hash(struct table_node *n, uint64_t hash)
{
	while (n && n->hash != hash)
		n = n->next;
	return n;
}

struct table_node *table_first(const struct table *t, uint64_t hash)
{
	return t->n_slots ? same_hash(*slot_of(t->slots, t->n_slots, hash), hash) : NULL;
}

struct table_node *table_next(const struct table_node *n)
{
	return same_hash(n->next, n->hash);
}

struct table_node *table_walk(const struct table *t, size_t *slot, struct table_node *prev)
{
	if (prev && prev->next)
		return prev->next;
	while (*slot < t->n_slots) {
		struct table_node *n = t->slots[(*slot)++];

		if (n)
			return n;
	}
	return NULL;
}

/* SipHash with one compression and three finalisation rounds (Aumasson and Bernstein, 2012): short
 * keys that peers choose, and a seed they do not know. Inline: its state stays in registers; each DHCP
 * message is looked up several times. */

static uint64_t seed[2];
static pthread_once_t seeded = PTHREAD_ONCE_INIT;

static void draw_seed(void)
{
	/* 16 bytes come whole once the pool is ready, for which getrandom() waits. */
	if (getrandom(seed, sizeof seed, 0) != sizeof seed)
		abort();
}

static inline uint64_t rotl(uint64_t v, unsigned by)
{
	return v << by | v >> (64 - by);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] = rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] = rotl(v[2], 32);
}

static inline void sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

uint64_t hash_bytes(const void *bytes, size_t len, uint64_t mix)
{
	const uint8_t *at = bytes;
	uint64_t tail = (uint64_t)len << 56, word;
	uint64_t v[4];

	pthread_once(&seeded, draw_seed);
	v[0] = seed[0] ^ 0x736f6d6570736575;
	v[1] = seed[1] ^ 0x646f72616e646f6d;
	v[2] = seed[0] ^ 0x6c7967656e657261;
	v[3] = seed[1] ^ 0x7465646279746573;
	sip_word(v, mix);
	for (; len >= 8; at += 8, len -= 8) {
		memcpy(&word, at, 8);
		sip_word(v, word);
	}
	while (len--)
		tail |= (uint64_t)at[len] << (8 * len);
	sip_word(v, tail);
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
