/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cards without a record that boot from the network, where such machines are discovered, and their tokens. One of a
 * (segment, MAC). Main thread only.
 *
 * As of machines, `next` is told by DHCP, `token` is of the boot that is under way: who asks DHCP in another's name ends
 * nobody's boot. Anybody can ask in any name, so there is room for few on each segment; one that was only told a token makes
 * room first, the oldest before others, then one whose machine has said what it is.
 */
#ifndef USHER_MACHINE_STRANGER_H
#define USHER_MACHINE_STRANGER_H

#include "machine/machine.h"

enum {
	STRANGERS_MAX = 1024,             /* of all segments: a record of some 200 bytes each */
	STRANGERS_EACH = 128,             /* of one segment: more than a rack boots at a time */
	STRANGER_MS = 2 * 60 * 60 * 1000, /* since it last changed: then its tokens are void */
	STRANGER_ID = 12,                 /* discovered.h */
};

enum stranger_state {
	STRANGER_TOLD, /* `next` alone: DHCP told its card a token */
	STRANGER_BOOTS,
	STRANGER_KNOWN, /* it has said what it is, under `token` */
};

struct stranger {
	char segment[SEGMENT_NAME];
	struct mac mac;
	enum stranger_state state;
	char token[TOKEN_TEXT], next[TOKEN_TEXT]; /* "": none */
	int64_t changed;                          /* steady ms */
	char id[STRANGER_ID];                     /* of the discovered machine: STRANGER_KNOWN */
	char uuid[UUID_TEXT]; /* that its firmware says; "": none, or a worthless one */
};

struct strangers;

/* `store` may be NULL (tests). */
int strangers_new(struct store *store, struct strangers **ret);
/* Before store_start(). What cannot be read is left out: it boots anew. 0 or -errno. */
int strangers_load(struct strangers *ss, int64_t now);
void strangers_free(struct strangers *ss);

/* The token that DHCP tells this card now, put into the store's open transaction when it is a new one; borrowed until the next
 * call. NULL: there is no room, or no memory. */
const char *strangers_tell(
	struct strangers *ss, const char *segment, const struct mac *mac, int64_t now);
/* Its firmware says that this is the machine's UUID. False: there is no such card, it said so before, or nobody is known by it. */
bool strangers_say_uuid(
	struct strangers *ss, const char *segment, const struct mac *mac, const char *uuid);
/* One whose firmware says this UUID, in either order of its bytes, by a card that is none of `macs`. NULL: there is none. Borrowed
 * as those of strangers_by_token(). */
const struct stranger *strangers_by_uuid(const struct strangers *ss, const char *uuid,
	const struct mac *macs, size_t n_macs, int64_t now);
/* TOKEN_NEXT or TOKEN_BOOT; NULL: nobody's, or void. Compares in constant time. Borrowed until the next call that is not
 * const. */
struct stranger *strangers_by_token(
	struct strangers *ss, const char *token, int64_t now, enum token_kind *ret_kind);
/* Its boot script is fetched under `next`: that is its token from now on. */
void strangers_boot(struct strangers *ss, struct stranger *s, int64_t now);
/* It has said what it is. */
void strangers_know(struct strangers *ss, struct stranger *s, const char *id, int64_t now);
/* Its card has a record now, or nobody is to be told any more. `segment` NULL: of all. Was there one? */
bool strangers_forget(struct strangers *ss, const char *segment, const struct mac *mac);
size_t strangers_count(const struct strangers *ss, const char *segment); /* NULL: of all */

#endif
