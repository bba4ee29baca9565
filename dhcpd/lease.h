/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lease table of all segments, in memory, and its records in the store. Main thread only.
 *
 * One record per (segment, address): it says who holds the address, or who held it last. Both families are here, and a MAC
 * has a lease of each. It may have several of one, when it was moved to another address: the older ones stay held until
 * they expire, so no address ever has two holders. Records outlive their lease: a machine that returns gets its
 * old address, and the pool gives out the one that was free longest.
 *
 * Times are steady ms (core/clock.h), in the store too.
 */
#ifndef USHER_DHCPD_LEASE_H
#define USHER_DHCPD_LEASE_H

#include "core/addr.h"
#include "core/store.h"
#include "core/table.h"
#include "dhcpd/dhcp_claim.h"
#include "machine/machine.h"
#include "machine/segment.h"

enum {
	LEASE_HOSTNAME = 64, /* a DNS label and its NUL */
	LEASES_MAX = 262144, /* records of all segments, live or not: about 60 MB */
	LEASES_PICKED_MAX = LEASES_MAX - MACHINES_MAX, /* the rest is for machines' own addresses */
	LEASE_OFFER_MS = 30 * 1000, /* an OFFER keeps its address: clients choose within seconds */
	LEASE_OFFER_FIRM_MS = 5000, /* then a full pool gives it to the next who asks */
	LEASE_DECLINE_MS = 600 * 1000,  /* set aside: a neighbour uses it unasked */
	LEASE_REST_MS = 60 * 1000,      /* declined, and no neighbour has shown that it uses it */
	LEASE_ASK_AGAIN_MS = 10 * 1000, /* a machine's own that was set aside is asked for again */
	LEASE_RESCAN_MS = 1000,         /* a full pool is searched whole at most this often */
	LEASE_PROVEN_MS = 60 * 1000,    /* its last holder may have it again unasked for so long */
	LEASES_COUNTED = 4096,          /* in one part: some 100 µs */
	LEASE_CANDIDATES = 32,          /* looked at in advance */
};

enum lease_state {
	LEASE_OFFERED = 1, /* in memory only */
	LEASE_BOUND,       /* acknowledged; live while now < expires */
	LEASE_RELEASED,    /* given back at `expires` */
	LEASE_DECLINED,    /* rests until `expires`; its MAC is zero */
	LEASE_IN_USE,      /* set aside: its MAC, without a lease, answered; in memory only */
};

struct lease {
	uint32_t segment; /* id in this run */
	struct mac mac;
	struct ip ip;
	int64_t expires; /* steady ms */
	enum lease_state state;
	char hostname[LEASE_HOSTNAME]; /* the machine's name, or what the client says, or "" */
	uint32_t stage; /* a mark of the software that took it (firmware, system); opaque here */
	/* the table's own */
	struct table_node by_ip, by_mac;
	size_t heap_slot; /* 1-based */
	bool stored;      /* the store has a record of this address */
	bool in_pool;     /* it was one of the pool's when it was put here */
};

struct leases;

/* `segments` is borrowed for as long as the table lives. `store` may be NULL (tests). */
int leases_new(const struct segments *segments, struct store *store, struct leases **ret);
void leases_free(struct leases *ls); /* NULL is fine */
/* Reads the store's records of the segments that are served; before store_start(). On failure
 * one line in `why`; -EPROTO: a record that we did not write. */
int leases_load(struct leases *ls, char *why, size_t why_size);

const struct lease *lease_by_ip(const struct leases *ls, uint32_t segment, const struct ip *ip);
/* The one of this family to go on with: a live one before an offered one before the last that it had, or NULL. */
const struct lease *lease_by_mac(const struct leases *ls, uint32_t segment, enum ip_family family,
	const struct mac *mac, int64_t now);
/* Acknowledged and not over. */
bool lease_is_live(const struct lease *l, int64_t now);
/* Who has this address now, by an acknowledged lease: for `create`, and to know a client by its
 * source address. */
bool lease_holder(const struct leases *ls, uint32_t segment, const struct ip *ip, int64_t now,
	struct mac *ret_mac);
/* May `mac` be given this address? Not while another MAC's lease lives, nor while it rests, unless
 * it is in use by this very MAC. */
bool lease_grantable(const struct leases *ls, uint32_t segment, const struct ip *ip,
	const struct mac *mac, int64_t now);

/* Is this pool address somebody's own (a machine's)? */
typedef bool (*lease_taken)(void *arg, const struct ip *ip);
/* A free address of the segment's pool of that family: `wanted` when it is one, else one never used, else the one
 * that was free longest; when all are in use, one that was offered a while ago and not taken. 0,
 * -ENOENT (the segment has no pool, or its address changed and the pool lies elsewhere now) or
 * -ENOSPC (all in use). When all segments together have LEASES_PICKED_MAX records, one that is over has to make room for a
 * new one: a crowd of strangers in a large pool leaves room for machines elsewhere. */
int lease_pick(struct leases *ls, const struct segment *s, enum ip_family family,
	const struct ip *wanted, int64_t now, lease_taken taken, void *arg, struct ip *ret);
/* What lease_pick() would give now and next, when nobody wants a certain one: up to `most`. */
size_t lease_candidates(const struct leases *ls, const struct segment *s, enum ip_family family,
	int64_t now, lease_taken taken, void *arg, struct ip *ret, size_t most);
/* When the first of a full pool's addresses is free, unless it is renewed; 0: it has none. */
int64_t lease_next_free(const struct leases *ls, const struct segment *s, enum ip_family family);

/* The changes. All give 0 or -errno: -ENOMEM, -ENOSPC (table or store full), -EBUSY
 * (lease_grantable() says no). What survives a restart is put into the store's open transaction;
 * the caller commits. */
/* Keeps an address for LEASE_OFFER_MS. Never shortens a live lease. Not stored. */
int lease_offer(struct leases *ls, uint32_t segment, const struct ip *ip, const struct mac *mac,
	int64_t now);
/* Until `expires`. */
int lease_bind(struct leases *ls, uint32_t segment, const struct ip *ip, const struct mac *mac,
	int64_t expires, const char *hostname, uint32_t stage, int64_t now);
/* Forgets what was offered to this MAC: it chose another server. */
void lease_cancel_offers(
	struct leases *ls, uint32_t segment, enum ip_family family, const struct mac *mac);
/* -ENOENT unless `mac` holds the address. */
int lease_release(struct leases *ls, uint32_t segment, const struct ip *ip, const struct mac *mac,
	int64_t now);
/* Nobody is given it for LEASE_REST_MS. */
int lease_decline(struct leases *ls, uint32_t segment, const struct ip *ip, const struct mac *mac,
	int64_t now);
/* Whosever it is, it is nobody's now: its machine, or who answers for it, is to have it. */
int lease_evict(struct leases *ls, uint32_t segment, const struct ip *ip, int64_t now);
/* A neighbour that has no lease answers for the address: nobody else is given it for
 * LEASE_DECLINE_MS. Not stored: the next run asks again. -EBUSY: it is leased. */
int lease_set_aside(struct leases *ls, uint32_t segment, const struct ip *ip, const struct mac *mac,
	int64_t now);
/* All records of a MAC, on all segments: its machine was deleted. Returns how many there were. */
size_t leases_forget(struct leases *ls, const struct mac *mac);

/* The segment's IPv6 prefix or pool is another: which of its leases are the pool's. 0 or -ENOMEM. */
int leases_move_pool(struct leases *ls, uint32_t segment);
/* All records of a segment, which is about to go. */
void leases_forget_segment(struct leases *ls, uint32_t segment);

size_t leases_count(const struct leases *ls);
/* A segment's leases of one family that are live, and its offers, for which `counts` says so. */
size_t leases_held(const struct leases *ls, const struct segment *s, enum ip_family family,
	int64_t now, bool (*counts)(void *arg, const struct lease *l), void *arg);
/* Can its address be given to nobody else now? Also while it is set aside, or rests. */
bool lease_holds(const struct lease *l, int64_t now);
/* How many such addresses the pool of that family has, a part at a time: `at` and `used` are 0 first, and true is given as long
 * as there is more. What changes meanwhile may be counted or not. */
bool leases_used(const struct leases *ls, const struct segment *s, enum ip_family family,
	int64_t now, size_t *at, size_t *used);
/* What strangers with computed MACs hold there: kept here for the policy. NULL: no such segment. */
struct dhcp_share *leases_share(const struct leases *ls, uint32_t segment, enum ip_family family);
/* All records in order of segment and address, as an array for the caller to free(); the leases are
 * borrowed until the table changes. */
int leases_list(const struct leases *ls, const struct lease ***ret, size_t *ret_count);
/* "offered", "bound", "released", "declined", "in-use", "expired" */
const char *lease_state_name(const struct lease *l, int64_t now);

/* One stored record into the table, as leases_load() does; other segments' are skipped. */
int leases_restore(
	struct leases *ls, const void *key, size_t key_len, const void *value, size_t len);

#endif
