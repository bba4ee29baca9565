/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Discovered machines: what each said that it is, until it is forgotten. Main thread only; kept in memory and in the store.
 *
 * All of it is a stranger's word, but for the MAC that it booted by and the segment. Inventories with a MAC in common are of
 * one machine, whichever card it boots by; those with nothing in common but a UUID or a serial are of two, and each is
 * marked as the other's duplicate, so that nobody is installed by such a name.
 */
#ifndef USHER_MACHINE_DISCOVERED_H
#define USHER_MACHINE_DISCOVERED_H

#include "core/store.h"
#include "core/table.h"
#include "machine/inventory.h"
#include "machine/segment.h"

enum {
	DISCOVERED_MAX = 1000, /* then the one unseen for longest, of the segment that has most… */
	DISCOVERED_BYTES =
		16 << 20,   /* …goes; the same for the bytes of all: a usual one has 8,000 */
	DISCOVERED_ID = 12, /* "d1", "d2" …, never given twice */
	DISCOVERED_TWINS =
		16, /* duplicates that are named: a crowd may say that it is all one machine */
};

struct discovered {
	char id[DISCOVERED_ID];
	uint64_t number;
	char segment[SEGMENT_NAME];    /* where it was seen last */
	struct mac booted;             /* the card that it booted by then */
	struct ip ip;                  /* and its address */
	int64_t first_seen, last_seen; /* wall ms */
	char *text;                    /* the inventory, JSON */
	size_t len;
	/* of the inventory: */
	struct inventory_identity identity;
	struct mac macs[INVENTORY_INTERFACES];
	size_t n_macs;
	/* {"vendor", "product", "firmware", "cpu", "threads", "memory", "disks", "disk_bytes", "switch", "port"}: null where it
	 * does not say */
	json_t *summary;
	/* the list's own: by what it is found */
	struct discovered_key *keys;
	size_t n_keys;
};

struct discovered_from {
	const char *segment;
	struct mac mac;
	struct ip ip;
	int64_t now; /* wall ms */
};

struct discovereds;

/* `store` may be NULL (tests). */
int discovereds_new(struct store *store, struct discovereds **ret);
/* Before store_start(). What cannot be read is left out, with a line in the log. 0 or -errno. */
int discovereds_load(struct discovereds *ds);
void discovereds_free(struct discovereds *ds);

/*
 * Takes an inventory (inventory_parse()'s, borrowed) of a machine that booted by `from`: a new one, or the same as before,
 * seen again. Into the store's open transaction. *ret is borrowed until the next call that is not const; *ret_new may be
 * NULL. 0; -EBADMSG: the card that it booted by is not in it; -ENOMEM; store_put()'s.
 */
int discovereds_take(struct discovereds *ds, const json_t *inventory,
	const struct discovered_from *from, struct discovered **ret, bool *ret_new);
void discovereds_forget(struct discovereds *ds, struct discovered *d);

/* The next after a number, which need not be there; 0 starts. */
struct discovered *discovereds_after(const struct discovereds *ds, uint64_t number);
size_t discovereds_count(const struct discovereds *ds);
struct discovered *discovereds_by_id(const struct discovereds *ds, const char *id);
/* By id, UUID, serial, asset tag, MAC or SWITCH:PORT, letters of either case. 0; -ENOENT; -ENOTUNIQ: several, whose ids are in `ids`
 * ("d1, d7"). */
int discovereds_find(const struct discovereds *ds, const char *name, struct discovered **ret,
	char *ids, size_t size);

/* The one with this card that was seen last; NULL: none. */
struct discovered *discovereds_by_mac(const struct discovereds *ds, const struct mac *mac);
bool discovered_has_card(const struct discovered *d, const struct mac *mac);
/* What another machine has that should be this one's own. NULL: nothing. */
const char *discovered_shares(const struct discovered *a, const struct discovered *b);
/* [{"id": "d7", "mac": "02:…", "shares": "UUID"}], DISCOVERED_TWINS at most; empty: none. New reference. */
json_t *discovereds_duplicates(const struct discovereds *ds, const struct discovered *d);
/* New reference; NULL: out of memory. */
json_t *discovered_inventory(const struct discovered *d);

#endif
