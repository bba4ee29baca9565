/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/lease.h"

#include "dhcpd/lease_heap.h"
#include "dhcpd/lease_record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IN_POOL, NO_POOL, HEAPS };
enum { FAMILIES = 2 };

enum { LOOKED_AHEAD = 4 * LEASE_CANDIDATES }; /* addresses; most of those never used are free */

struct pool {
	struct lease_heap heaps[HEAPS];
	uint32_t fresh;    /* number: no address below was never used; 0: not looked yet */
	int64_t rescan_at; /* when a full pool may be searched again */
	struct dhcp_share share;
};

struct leases {
	const struct segments *segments;
	struct store *store;
	struct table by_ip, by_mac;
	struct pool pools[SEGMENT_MAX][FAMILIES]; /* by segment id - 1 */
};

static struct pool *pool_of(const struct leases *ls, uint32_t segment, enum ip_family family)
{
	if (segment == 0 || segment > SEGMENT_MAX)
		return NULL;
	return (struct pool *)&ls->pools[segment - 1][family == IP_V6];
}

/* Where it was put: the segment's prefix may be another since. */
static struct lease_heap *heap_of(const struct leases *ls, const struct lease *l)
{
	return &pool_of(ls, l->segment, l->ip.family)->heaps[l->in_pool ? IN_POOL : NO_POOL];
}

static uint64_t hash_ip(uint32_t segment, const struct ip *ip)
{
	return hash_bytes(ip->b, ip->family == IP_V4 ? 4 : 16, segment);
}

static uint64_t hash_mac(uint32_t segment, const struct mac *mac)
{
	return hash_bytes(mac->b, sizeof(mac->b), segment);
}

int leases_new(const struct segments *segments, struct store *store, struct leases **ret)
{
	struct leases *ls = calloc(1, sizeof(*ls));

	if (!ls)
		return -ENOMEM;
	ls->segments = segments;
	ls->store = store;
	table_init(&ls->by_ip);
	table_init(&ls->by_mac);
	*ret = ls;
	return 0;
}

void leases_free(struct leases *ls)
{
	if (!ls)
		return;
	for (size_t i = 0; i < SEGMENT_MAX * FAMILIES; i++) {
		for (size_t k = 0; k < HEAPS; k++) {
			struct lease_heap *h = &ls->pools[i / FAMILIES][i % FAMILIES].heaps[k];

			for (size_t j = 1; j <= h->n; j++)
				free(h->at[j]);
			lease_heap_fini(h);
		}
	}
	table_fini(&ls->by_ip);
	table_fini(&ls->by_mac);
	free(ls);
}

static struct lease *find_ip(const struct leases *ls, uint32_t segment, const struct ip *ip)
{
	struct table_node *n;

	for (n = table_first(&ls->by_ip, hash_ip(segment, ip)); n; n = table_next(n)) {
		struct lease *l = table_entry(n, struct lease, by_ip);

		if (l->segment == segment && ip_eq(&l->ip, ip))
			return l;
	}
	return NULL;
}

/* The next record of a MAC; `family` IP_NONE: of either; `prev` NULL starts. */
static struct lease *next_of_mac(const struct leases *ls, uint32_t segment, enum ip_family family,
	const struct mac *mac, const struct lease *prev)
{
	struct table_node *n =
		prev ? table_next(&prev->by_mac) : table_first(&ls->by_mac, hash_mac(segment, mac));

	for (; n; n = table_next(n)) {
		struct lease *l = table_entry(n, struct lease, by_mac);

		if (l->segment == segment && mac_eq(&l->mac, mac) &&
			(!family || l->ip.family == family))
			return l;
	}
	return NULL;
}

const struct lease *lease_by_ip(const struct leases *ls, uint32_t segment, const struct ip *ip)
{
	return find_ip(ls, segment, ip);
}

bool lease_is_live(const struct lease *l, int64_t now)
{
	return l->state == LEASE_BOUND && l->expires > now;
}

static int rank(const struct lease *l, int64_t now)
{
	if (lease_is_live(l, now))
		return 2;
	return l->state == LEASE_OFFERED && l->expires > now;
}

const struct lease *lease_by_mac(const struct leases *ls, uint32_t segment, enum ip_family family,
	const struct mac *mac, int64_t now)
{
	const struct lease *best = NULL, *l = NULL;

	while ((l = next_of_mac(ls, segment, family, mac, l))) {
		int more = best ? rank(l, now) - rank(best, now) : 1;

		if (more > 0 || (more == 0 && l->expires > best->expires))
			best = l;
	}
	return best;
}

bool lease_holder(const struct leases *ls, uint32_t segment, const struct ip *ip, int64_t now,
	struct mac *ret_mac)
{
	const struct lease *l = find_ip(ls, segment, ip);

	if (!l || !lease_is_live(l, now))
		return false;
	*ret_mac = l->mac;
	return true;
}

bool lease_grantable(const struct leases *ls, uint32_t segment, const struct ip *ip,
	const struct mac *mac, int64_t now)
{
	const struct lease *l = find_ip(ls, segment, ip);

	if (!l || l->expires <= now)
		return true;
	if (l->state == LEASE_DECLINED)
		return false;
	return (l->state != LEASE_BOUND && l->state != LEASE_IN_USE) || mac_eq(&l->mac, mac);
}

static size_t key_of(const struct leases *ls, const struct lease *l, uint8_t *buf)
{
	return lease_record_key(segments_by_id(ls->segments, l->segment)->name, &l->ip, buf);
}

static int store_record(struct leases *ls, const struct lease *l)
{
	uint8_t key[LEASE_RECORD_KEY_MAX], value[LEASE_RECORD_MAX];

	if (!ls->store)
		return 0;
	return store_put(ls->store, STORE_LEASE, key, key_of(ls, l, key), value,
		lease_record_encode(l, value));
}

/* A record that stays behind in the store is only an old lease, found again at the next start. */
static void unstore_record(struct leases *ls, const struct lease *l)
{
	uint8_t key[LEASE_RECORD_KEY_MAX];

	if (ls->store && l->stored)
		(void)store_delete(ls->store, STORE_LEASE, key, key_of(ls, l, key));
}

static void drop(struct leases *ls, struct lease *l)
{
	lease_heap_remove(heap_of(ls, l), l);
	table_remove(&ls->by_ip, &l->by_ip);
	if (!mac_is_zero(&l->mac))
		table_remove(&ls->by_mac, &l->by_mac);
	free(l);
}

static void forget(struct leases *ls, struct lease *l)
{
	unstore_record(ls, l);
	drop(ls, l);
}

/* The record of this segment that has been over for longest in its pool. False: there is none. */
static bool forget_over(struct leases *ls, uint32_t segment, int64_t now)
{
	for (size_t i = HEAPS * FAMILIES; i-- > 0;) {
		struct pool *p = &ls->pools[segment - 1][i % FAMILIES];
		struct lease *top = lease_heap_top(&p->heaps[i / FAMILIES]);

		if (top && top->expires <= now) {
			forget(ls, top);
			return true;
		}
	}
	return false;
}

static int make_room(struct leases *ls, uint32_t segment, int64_t now)
{
	return ls->by_ip.count < LEASES_MAX || forget_over(ls, segment, now) ? 0 : -ENOSPC;
}

/* Changes holder and times together, so that tables and heap stay right. */
static int change(struct leases *ls, struct lease *l, const struct mac *mac, enum lease_state state,
	int64_t expires)
{
	struct lease_heap *h = heap_of(ls, l);

	if (!mac_eq(&l->mac, mac)) {
		if (!mac_is_zero(&l->mac))
			table_remove(&ls->by_mac, &l->by_mac);
		l->mac = (struct mac){0};
		l->hostname[0] = '\0';
		l->stage = 0;
		if (!mac_is_zero(mac) &&
			table_put(&ls->by_mac, &l->by_mac, hash_mac(l->segment, mac)) < 0)
			return -ENOMEM;
		l->mac = *mac;
	}
	l->state = state;
	l->expires = expires;
	lease_heap_moved(h, l);
	return 0;
}

/* A new record, nobody's and free since `now`. */
static int make(
	struct leases *ls, uint32_t segment, const struct ip *ip, int64_t now, struct lease **ret)
{
	const struct segment *s = segments_by_id(ls->segments, segment);
	struct lease_heap *h;
	struct lease *l;
	int rc;

	if (!s)
		return -EINVAL;
	rc = make_room(ls, segment, now);
	if (rc < 0)
		return rc;
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	*l = (struct lease){.segment = segment,
		.ip = *ip,
		.expires = now,
		.state = LEASE_RELEASED,
		.in_pool = segment_in_pool(s, ip)};
	h = heap_of(ls, l);
	if (lease_heap_reserve(h) < 0 ||
		table_put(&ls->by_ip, &l->by_ip, hash_ip(segment, ip)) < 0) {
		free(l);
		return -ENOMEM;
	}
	lease_heap_put(h, l);
	*ret = l;
	return 0;
}

static int find_or_make(
	struct leases *ls, uint32_t segment, const struct ip *ip, int64_t now, struct lease **ret)
{
	struct lease *l = find_ip(ls, segment, ip);

	if (!l)
		return make(ls, segment, ip, now, ret);
	*ret = l;
	return 0;
}

int lease_offer(struct leases *ls, uint32_t segment, const struct ip *ip, const struct mac *mac,
	int64_t now)
{
	struct lease *l;
	int rc;

	if (!lease_grantable(ls, segment, ip, mac, now))
		return -EBUSY;
	rc = find_or_make(ls, segment, ip, now, &l);
	if (rc < 0)
		return rc;
	if (lease_is_live(l, now))
		return 0;
	return change(ls, l, mac, LEASE_OFFERED, now + LEASE_OFFER_MS);
}

/* The store first: a lease that it cannot take is not given. */
int lease_bind(struct leases *ls, uint32_t segment, const struct ip *ip, const struct mac *mac,
	int64_t expires, const char *hostname, uint32_t stage, int64_t now)
{
	struct lease next, *l;
	int rc;

	if (!lease_grantable(ls, segment, ip, mac, now))
		return -EBUSY;
	rc = find_or_make(ls, segment, ip, now, &l);
	if (rc < 0)
		return rc;
	/* The client may miss this ACK and go on with the longer lease that it had. */
	if (lease_is_live(l, now) && l->expires > expires)
		expires = l->expires;
	next = (struct lease){.segment = segment,
		.ip = *ip,
		.mac = *mac,
		.expires = expires,
		.state = LEASE_BOUND,
		.stage = stage};
	snprintf(next.hostname, sizeof(next.hostname), "%s", hostname);
	rc = store_record(ls, &next);
	if (rc < 0)
		return rc;
	l->stored = true;
	rc = change(ls, l, mac, LEASE_BOUND, expires);
	if (rc < 0)
		return rc;
	memcpy(l->hostname, next.hostname, sizeof(l->hostname));
	l->stage = stage;
	return 0;
}

void lease_cancel_offers(
	struct leases *ls, uint32_t segment, enum ip_family family, const struct mac *mac)
{
	struct lease *l = NULL;

	/* free again since it was offered, and still this client's last */
	while ((l = next_of_mac(ls, segment, family, mac, l)))
		if (l->state == LEASE_OFFERED)
			(void)change(ls, l, mac, LEASE_RELEASED, l->expires - LEASE_OFFER_MS);
}

static struct lease *held_by(
	const struct leases *ls, uint32_t segment, const struct ip *ip, const struct mac *mac)
{
	struct lease *l = find_ip(ls, segment, ip);

	if (!l || !mac_eq(&l->mac, mac) || (l->state != LEASE_BOUND && l->state != LEASE_OFFERED))
		return NULL;
	return l;
}

static int end(struct leases *ls, struct lease *l, enum lease_state state, const struct mac *mac,
	int64_t expires)
{
	struct lease next = *l;
	int rc;

	next.state = state;
	next.mac = *mac;
	next.expires = expires;
	if (l->stored || state == LEASE_DECLINED) {
		rc = store_record(ls, &next);
		if (rc < 0)
			return rc;
		l->stored = true;
	}
	return change(ls, l, mac, state, expires);
}

int lease_release(struct leases *ls, uint32_t segment, const struct ip *ip, const struct mac *mac,
	int64_t now)
{
	struct lease *l = held_by(ls, segment, ip, mac);

	if (!l || l->expires <= now)
		return -ENOENT;
	return end(ls, l, LEASE_RELEASED, mac, now);
}

int lease_decline(struct leases *ls, uint32_t segment, const struct ip *ip, const struct mac *mac,
	int64_t now)
{
	struct lease *l = held_by(ls, segment, ip, mac);

	if (!l || l->expires <= now)
		return -ENOENT;
	return end(ls, l, LEASE_DECLINED, &(struct mac){0}, now + LEASE_REST_MS);
}

int lease_evict(struct leases *ls, uint32_t segment, const struct ip *ip, int64_t now)
{
	struct lease *l = find_ip(ls, segment, ip);

	return l && l->expires > now ? end(ls, l, LEASE_RELEASED, &l->mac, now) : 0;
}

int lease_set_aside(struct leases *ls, uint32_t segment, const struct ip *ip, const struct mac *mac,
	int64_t now)
{
	struct lease *l;
	int rc = find_or_make(ls, segment, ip, now, &l);

	if (rc == 0 && lease_is_live(l, now))
		rc = -EBUSY;
	return rc ? rc : change(ls, l, mac, LEASE_IN_USE, now + LEASE_DECLINE_MS);
}

size_t leases_forget(struct leases *ls, const struct mac *mac)
{
	size_t n = 0;
	struct lease *l;

	for (size_t i = 0; i < ls->segments->count; i++) {
		while ((l = next_of_mac(ls, ls->segments->all[i]->id, IP_NONE, mac, NULL))) {
			forget(ls, l);
			n++;
		}
	}
	return n;
}

void leases_forget_segment(struct leases *ls, uint32_t segment)
{
	struct lease *l;

	for (size_t f = 0; pool_of(ls, segment, IP_V4) && f < FAMILIES; f++) {
		struct pool *p = &ls->pools[segment - 1][f];

		for (size_t k = 0; k < HEAPS; k++)
			while ((l = lease_heap_top(&p->heaps[k])))
				forget(ls, l);
		p->fresh = 0;
		p->rescan_at = 0;
		p->share = (struct dhcp_share){0};
	}
}

int leases_move_pool(struct leases *ls, uint32_t segment)
{
	const struct segment *s = segments_by_id(ls->segments, segment);
	struct lease_heap *heaps = pool_of(ls, segment, IP_V6)->heaps;
	size_t n = 0, most = heaps[IN_POOL].n + heaps[NO_POOL].n;
	struct lease **moved = calloc(most + 1, sizeof(struct lease *));
	int rc = moved ? 0 : -ENOMEM;

	for (size_t k = 0; moved && k < HEAPS; k++)
		for (size_t i = 1; i <= heaps[k].n; i++)
			if (heaps[k].at[i]->in_pool != segment_in_pool(s, &heaps[k].at[i]->ip))
				moved[n++] = heaps[k].at[i];
	for (size_t i = 0; i < n && !rc; i++) {
		struct lease_heap *to = &heaps[moved[i]->in_pool ? NO_POOL : IN_POOL];

		rc = lease_heap_reserve(to);
		if (rc)
			break;
		lease_heap_remove(heap_of(ls, moved[i]), moved[i]);
		moved[i]->in_pool = !moved[i]->in_pool;
		lease_heap_put(to, moved[i]);
	}
	free(moved);
	pool_of(ls, segment, IP_V6)->fresh = 0;
	return rc;
}

static bool may_grow(const struct leases *ls)
{
	return ls->by_ip.count < LEASES_PICKED_MAX;
}

/* A record of any segment: what was a flood in one is not everybody's for ever. */
static bool forget_any_over(struct leases *ls, int64_t now)
{
	for (uint32_t segment = 1; segment <= SEGMENT_MAX; segment++)
		if (forget_over(ls, segment, now))
			return true;
	return false;
}

static bool is_free(const struct leases *ls, const struct segment *s, const struct ip *ip,
	int64_t now, lease_taken taken, void *arg)
{
	const struct lease *l = find_ip(ls, s->id, ip);

	if (!segment_in_pool(s, ip) || !segment_offers(s, ip))
		return false;
	return (l ? l->expires <= now : may_grow(ls)) && !taken(arg, ip);
}

/* A segment's pool of one family, with its numbers. */
struct range {
	struct leases *ls;
	const struct segment *s;
	enum ip_family family;
	struct pool *pool;
	uint32_t first, last;
};

static bool range_of(
	const struct leases *ls, const struct segment *s, enum ip_family family, struct range *ret)
{
	*ret = (struct range){(struct leases *)ls, s, family, pool_of(ls, s->id, family), 0, 0};
	return ret->pool && segment_pool(s, family, &ret->first, &ret->last);
}

static bool is_fresh(
	const struct range *r, uint32_t number, lease_taken taken, void *arg, struct ip *ret)
{
	*ret = segment_at(r->s, r->family, number);
	return !find_ip(r->ls, r->s->id, ret) && segment_offers(r->s, ret) && !taken(arg, ret);
}

/* From where the last search ended: each address is looked at once, until the next rescan. */
static bool next_fresh(const struct range *r, lease_taken taken, void *arg, struct ip *ret)
{
	uint32_t *at = &r->pool->fresh;

	for (; *at <= r->last && *at >= r->first; ++*at)
		if (is_fresh(r, *at, taken, arg, ret))
			return true;
	return false;
}

static bool pick_fresh(const struct range *r, lease_taken taken, void *arg, struct ip *ret)
{
	return may_grow(r->ls) && next_fresh(r, taken, arg, ret);
}

static bool pick_oldest(
	const struct range *r, int64_t now, lease_taken taken, void *arg, struct ip *ret)
{
	struct lease_heap *h = &r->pool->heaps[IN_POOL];
	struct lease *top;

	while ((top = lease_heap_top(h)) && top->expires <= now) {
		if (segment_offers(r->s, &top->ip) && !taken(arg, &top->ip)) {
			*ret = top->ip;
			return true;
		}
		/* It is a machine's own by now: the old lease is no use to anybody. */
		forget(r->ls, top);
	}
	return false;
}

/* Who asks for an address and does not take it keeps it from others only while a client may still be choosing: a crowd of
 * made-up MACs must take leases to fill a pool. */
static bool pick_offered(
	const struct range *r, int64_t now, lease_taken taken, void *arg, struct ip *ret)
{
	const struct lease *top = lease_heap_top(&r->pool->heaps[IN_POOL]);

	if (!top || top->state != LEASE_OFFERED ||
		top->expires - now > LEASE_OFFER_MS - LEASE_OFFER_FIRM_MS ||
		!segment_offers(r->s, &top->ip) || taken(arg, &top->ip))
		return false;
	*ret = top->ip;
	return true;
}

int lease_pick(struct leases *ls, const struct segment *s, enum ip_family family,
	const struct ip *wanted, int64_t now, lease_taken taken, void *arg, struct ip *ret)
{
	struct range r;

	if (!range_of(ls, s, family, &r))
		return -ENOENT;
	if (wanted->family == family && is_free(ls, s, wanted, now, taken, arg)) {
		*ret = *wanted;
		return 0;
	}
	if (!r.pool->fresh)
		r.pool->fresh = r.first;
	if (pick_fresh(&r, taken, arg, ret) || pick_oldest(&r, now, taken, arg, ret) ||
		pick_offered(&r, now, taken, arg, ret))
		return 0;
	if (!may_grow(ls) && r.pool->fresh <= r.last && forget_any_over(ls, now) &&
		next_fresh(&r, taken, arg, ret))
		return 0;
	if (now < r.pool->rescan_at)
		return -ENOSPC;
	r.pool->rescan_at = now + LEASE_RESCAN_MS;
	r.pool->fresh = r.first;
	return pick_fresh(&r, taken, arg, ret) ? 0 : -ENOSPC;
}

static size_t fresh_candidates(
	const struct range *r, lease_taken taken, void *arg, struct ip *ret, size_t most)
{
	uint32_t from = r->pool->fresh ? r->pool->fresh : r->first;
	size_t n = 0;

	if (!may_grow(r->ls))
		return 0;
	for (uint32_t i = 0; i < LOOKED_AHEAD && i <= r->last - from && n < most; i++)
		n += is_fresh(r, from + i, taken, arg, &ret[n]);
	return n;
}

static size_t oldest_candidates(const struct range *r, int64_t now, lease_taken taken, void *arg,
	struct ip *ret, size_t most)
{
	const struct lease *over[LEASE_CANDIDATES];
	size_t n = 0, n_over = lease_heap_first(&r->pool->heaps[IN_POOL], over, LEASE_CANDIDATES);

	for (size_t i = 0; i < n_over && n < most && over[i]->expires <= now; i++)
		if (segment_offers(r->s, &over[i]->ip) && !taken(arg, &over[i]->ip))
			ret[n++] = over[i]->ip;
	return n;
}

size_t lease_candidates(const struct leases *ls, const struct segment *s, enum ip_family family,
	int64_t now, lease_taken taken, void *arg, struct ip *ret, size_t most)
{
	struct range r;
	size_t n = 0;

	if (!range_of(ls, s, family, &r))
		return 0;
	if (!r.pool->fresh || r.pool->fresh <= r.last)
		n = fresh_candidates(&r, taken, arg, ret, most);
	return n + oldest_candidates(&r, now, taken, arg, ret + n, most - n);
}

int64_t lease_next_free(const struct leases *ls, const struct segment *s, enum ip_family family)
{
	const struct pool *p = pool_of(ls, s->id, family);
	const struct lease *top = p ? lease_heap_top(&p->heaps[IN_POOL]) : NULL;

	return top ? top->expires : 0;
}

size_t leases_count(const struct leases *ls)
{
	return ls->by_ip.count;
}

size_t leases_held(const struct leases *ls, const struct segment *s, enum ip_family family,
	int64_t now, bool (*counts)(void *arg, const struct lease *l), void *arg)
{
	const struct pool *p = pool_of(ls, s->id, family);
	size_t n = 0;

	for (size_t k = 0; p && k < HEAPS; k++)
		for (size_t i = 1; i <= p->heaps[k].n; i++) {
			const struct lease *l = p->heaps[k].at[i];

			n += rank(l, now) > 0 && counts(arg, l);
		}
	return n;
}

bool lease_holds(const struct lease *l, int64_t now)
{
	return l->expires > now && l->state != LEASE_RELEASED;
}

bool leases_used(const struct leases *ls, const struct segment *s, enum ip_family family,
	int64_t now, size_t *at, size_t *used)
{
	const struct pool *p = pool_of(ls, s->id, family);
	const struct lease_heap *h = p ? &p->heaps[IN_POOL] : NULL;
	size_t end = *at + LEASES_COUNTED;

	for (; h && *at < h->n && *at < end; ++*at)
		*used += lease_holds(h->at[*at + 1], now);
	return h && *at < h->n;
}

struct dhcp_share *leases_share(const struct leases *ls, uint32_t segment, enum ip_family family)
{
	struct pool *p = pool_of(ls, segment, family);

	return p ? &p->share : NULL;
}

static int by_address(const void *a, const void *b)
{
	const struct lease *x = *(const struct lease *const *)a,
			   *y = *(const struct lease *const *)b;

	if (x->segment != y->segment)
		return x->segment < y->segment ? -1 : 1;
	if (x->ip.family != y->ip.family)
		return x->ip.family < y->ip.family ? -1 : 1;
	return memcmp(x->ip.b, y->ip.b, sizeof(x->ip.b));
}

int leases_list(const struct leases *ls, const struct lease ***ret, size_t *ret_count)
{
	size_t n = 0, slot = 0;
	const struct lease **all = calloc(ls->by_ip.count + 1, sizeof(*all));
	struct table_node *node = NULL;

	if (!all)
		return -ENOMEM;
	while ((node = table_walk(&ls->by_ip, &slot, node)))
		all[n++] = table_entry(node, struct lease, by_ip);
	qsort(all, n, sizeof(*all), by_address);
	*ret = all;
	*ret_count = n;
	return 0;
}

const char *lease_state_name(const struct lease *l, int64_t now)
{
	if (l->state == LEASE_RELEASED)
		return "released";
	if (l->expires <= now)
		return "expired";
	if (l->state == LEASE_DECLINED)
		return "declined";
	if (l->state == LEASE_IN_USE)
		return "in-use";
	return l->state == LEASE_BOUND ? "bound" : "offered";
}

static int restore(
	struct leases *ls, uint32_t segment, const struct ip *ip, const struct lease *read)
{
	struct lease *l;
	int rc = find_or_make(ls, segment, ip, 0, &l);

	if (rc == 0)
		rc = change(ls, l, &read->mac, read->state, read->expires);
	if (rc < 0)
		return rc;
	l->stored = true;
	l->stage = read->stage;
	memcpy(l->hostname, read->hostname, sizeof(l->hostname));
	return 0;
}

int leases_restore(
	struct leases *ls, const void *key, size_t key_len, const void *value, size_t len)
{
	const struct segment *s;
	struct lease read;
	const char *name;
	struct ip ip;

	if (lease_record_decode(value, len, &read) < 0 ||
		lease_record_decode_key(key, key_len, &name, &ip) < 0)
		return -EPROTO;
	s = segments_by_name(ls->segments, name);
	return s ? restore(ls, s->id, &ip, &read) : 0;
}

static int restore_row(void *arg, const void *key, size_t key_len, const void *value, size_t len)
{
	return leases_restore(arg, key, key_len, value, len);
}

int leases_load(struct leases *ls, char *why, size_t why_size)
{
	int rc = ls->store ? store_load(ls->store, STORE_LEASE, restore_row, ls) : 0;

	if (rc == -EPROTO)
		snprintf(why, why_size, "the store has a lease that cannot be read");
	else if (rc < 0)
		snprintf(why, why_size, "cannot load the leases: %s", strerror(-rc));
	return rc;
}
