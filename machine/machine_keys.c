/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What machines are looked up by: (segment, MAC), (segment, address) and token. */
#include "machine/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What hashes of different things are mixed with; a segment's id fills the lower half. */
static const uint64_t mix_mac = 1ull << 32, mix_ip = 2ull << 32, mix_token = 3ull << 32;

enum key_what { KEY_MAC, KEY_IP, KEY_TOKEN };

/* A copy of what a record says: it may be changed without being saved. */
struct key {
	struct table_node node;
	struct machine *m;
	enum key_what what;
	uint32_t segment;
	size_t nic;
	enum token_kind token_kind;
	union {
		struct mac mac;
		struct ip ip;
		char token[TOKEN_TEXT];
	};
};

struct machine_keys {
	size_t n;
	struct key all[];
};

static uint64_t hash_mac(uint32_t segment, const struct mac *mac)
{
	return hash_bytes(mac->b, sizeof mac->b, mix_mac | segment);
}

static uint64_t hash_ip(uint32_t segment, const struct ip *ip)
{
	return hash_bytes(ip->b, ip->family == IP_V4 ? 4 : 16, mix_ip | segment);
}

static uint64_t hash_token(const char *token)
{
	return hash_bytes(token, TOKEN_TEXT - 1, mix_token);
}

static struct key *key_add(struct machine_keys *x, struct machine *m, enum key_what what)
{
	struct key *k = &x->all[x->n++];

	*k = (struct key){.m = m, .what = what};
	return k;
}

static void add_nic_keys(struct machine_keys *x, struct machine *m, size_t i)
{
	const struct nic *nic = &m->nics[i];
	struct key *k = key_add(x, m, KEY_MAC);

	k->segment = nic->segment_id;
	k->nic = i;
	k->mac = nic->mac;
	k->node.hash = hash_mac(k->segment, &k->mac);
	for (size_t a = 0; a < nic->n_addrs; a++) {
		if (!ip_is_set(&nic->addrs[a]))
			continue;
		k = key_add(x, m, KEY_IP);
		k->segment = nic->segment_id;
		k->nic = i;
		k->ip = nic->addrs[a];
		k->node.hash = hash_ip(k->segment, &k->ip);
	}
}

static void add_token_key(
	struct machine_keys *x, struct machine *m, const char *token, enum token_kind kind)
{
	struct key *k;

	if (!token[0])
		return;
	k = key_add(x, m, KEY_TOKEN);
	k->token_kind = kind;
	memcpy(k->token, token, TOKEN_TEXT);
	k->node.hash = hash_token(k->token);
}

static size_t keys_room(const struct machine *m)
{
	size_t n = 4 + MACHINE_OLD_TOKENS;

	for (size_t i = 0; i < m->n_nics; i++)
		n += 1 + m->nics[i].n_addrs;
	return n;
}

static struct machine_keys *keys_new(struct machine *m)
{
	struct machine_keys *x = malloc(sizeof *x + keys_room(m) * sizeof x->all[0]);

	if (!x)
		return NULL;
	x->n = 0;
	for (size_t i = 0; i < m->n_nics; i++)
		if (m->nics[i].segment_id)
			add_nic_keys(x, m, i);
	add_token_key(x, m, m->attempt.token, TOKEN_BOOT);
	add_token_key(x, m, m->attempt.next_token, TOKEN_NEXT);
	add_token_key(x, m, m->attempt.asking.token, TOKEN_ASKING);
	add_token_key(x, m, m->attempt.up_token, TOKEN_UP);
	for (size_t i = 0; i < MACHINE_OLD_TOKENS; i++)
		add_token_key(x, m, m->old_tokens[i], TOKEN_OLD);
	return x;
}

static bool same_key(const struct key *a, const struct key *b)
{
	if (a->what != b->what || a->segment != b->segment)
		return false;
	if (a->what == KEY_MAC)
		return mac_eq(&a->mac, &b->mac);
	return a->what == KEY_IP && ip_eq(&a->ip, &b->ip);
}

/* Does another machine, or another NIC of this one, have one of these? */
static bool keys_clashes(const struct machines *ms, const struct machine_keys *x)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct key *k = &x->all[i];

		for (struct table_node *n = table_first(&ms->keys, k->node.hash); n;
			n = table_next(n)) {
			const struct key *other = table_entry(n, struct key, node);

			if (other->m != k->m && same_key(other, k))
				return true;
		}
		for (size_t j = 0; j < i; j++)
			if (same_key(&x->all[j], k))
				return true;
	}
	return false;
}

static void keys_remove(struct machines *ms, struct machine_keys *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		table_remove(&ms->keys, &x->all[i].node);
}

static int keys_put(struct machines *ms, struct machine_keys *x)
{
	for (size_t i = 0; i < x->n; i++) {
		int rc = table_put(&ms->keys, &x->all[i].node, x->all[i].node.hash);

		if (rc < 0) {
			keys_remove(ms, x, i);
			return rc;
		}
	}
	return 0;
}

static void find_segments(const struct machines *ms, struct machine *m)
{
	for (size_t i = 0; ms->segments && i < m->n_nics; i++) {
		const struct segment *s = segments_by_name(ms->segments, m->nics[i].segment);

		m->nics[i].segment_id = s ? s->id : 0;
	}
}

static void lowest_again(struct machines *ms, const struct key *k)
{
	struct lowest *low = &ms->lowest[k->segment - 1];

	if (k->ip.family == IP_V4 && ip_to_v4(&k->ip) < low->address &&
		!machines_by_ip(ms, k->segment, &k->ip))
		low->address = ip_to_v4(&k->ip);
}

uint32_t machines_lowest(struct machines *ms, const struct segment *seg)
{
	struct lowest unserved = {.address = 0}, *low = &unserved;
	struct ip ip;

	if (seg->id && seg->id <= SEGMENT_MAX)
		low = &ms->lowest[seg->id - 1];
	if (low->net != segment_net(seg) || low->pool_first != seg->pool_first ||
		low->pool_last != seg->pool_last || !ip_eq(&low->server, &seg->server) ||
		!ip_eq(&low->router, &seg->router))
		*low = (struct lowest){segment_net(seg) + 1, seg->pool_first, seg->pool_last,
			segment_net(seg), seg->server, seg->router};
	for (; segment_contains(seg, low->address); low->address++) {
		ip = ip_from_v4(low->address);
		if (segment_in_pool(seg, &ip))
			low->address = seg->pool_last;
		else if (segment_offers(seg, &ip) && !machines_by_ip(ms, seg->id, &ip))
			break;
	}
	return low->address;
}

void machine_keys_drop(struct machines *ms, struct machine *m)
{
	if (m->keys)
		keys_remove(ms, m->keys, m->keys->n);
	for (size_t i = 0; m->keys && i < m->keys->n; i++)
		if (m->keys->all[i].what == KEY_IP)
			lowest_again(ms, &m->keys->all[i]);
	free(m->keys);
	m->keys = NULL;
}

int machine_keys_update(struct machines *ms, struct machine *m)
{
	struct machine_keys *x;
	int rc;

	find_segments(ms, m);
	x = keys_new(m);
	if (!x)
		return -ENOMEM;
	rc = keys_clashes(ms, x) ? -EEXIST : keys_put(ms, x);
	if (rc < 0) {
		free(x);
		return rc;
	}
	machine_keys_drop(ms, m);
	m->keys = x;
	return 0;
}

int machines_segments_changed(struct machines *ms, const char **ret_name)
{
	int first = 0;

	for (size_t i = 0; i < ms->count; i++) {
		int rc = machine_keys_update(ms, ms->order[i]);

		if (rc && !first)
			*ret_name = ms->order[i]->name;
		first = first ? first : rc;
	}
	return first;
}

static struct key *find_key(const struct machines *ms, const struct key *wanted)
{
	for (struct table_node *n = table_first(&ms->keys, wanted->node.hash); n;
		n = table_next(n)) {
		struct key *k = table_entry(n, struct key, node);

		if (same_key(k, wanted))
			return k;
	}
	return NULL;
}

struct machine *machines_by_mac(
	const struct machines *ms, uint32_t segment, const struct mac *mac, struct nic **ret_nic)
{
	struct key wanted = {.what = KEY_MAC, .segment = segment, .mac = *mac};
	struct key *k;

	wanted.node.hash = hash_mac(segment, mac);
	k = find_key(ms, &wanted);
	if (!k)
		return NULL;
	if (ret_nic)
		*ret_nic = &k->m->nics[k->nic];
	return k->m;
}

struct machine *machines_by_ip(const struct machines *ms, uint32_t segment, const struct ip *ip)
{
	struct key wanted = {.what = KEY_IP, .segment = segment, .ip = *ip};
	struct key *k;

	wanted.node.hash = hash_ip(segment, ip);
	k = find_key(ms, &wanted);
	return k ? k->m : NULL;
}

static bool same_token(const char *a, const char *b)
{
	unsigned char diff = 0;

	for (size_t i = 0; i < TOKEN_TEXT - 1; i++)
		diff |= (unsigned char)(a[i] ^ b[i]);
	return diff == 0;
}

struct machine *machines_by_token(
	const struct machines *ms, const char *token, enum token_kind *ret_kind)
{
	if (strnlen(token, TOKEN_TEXT) != TOKEN_TEXT - 1)
		return NULL;
	for (struct table_node *n = table_first(&ms->keys, hash_token(token)); n;
		n = table_next(n)) {
		struct key *k = table_entry(n, struct key, node);

		if (k->what == KEY_TOKEN && same_token(k->token, token)) {
			*ret_kind = k->token_kind;
			return k->m;
		}
	}
	return NULL;
}
