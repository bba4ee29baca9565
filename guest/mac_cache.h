/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which MACs a host's domains have, as far as their definitions were read: so that a creation reads those that changed, not
 * all. An event forgets a domain; what is told of none (a NIC plugged in by hand) is known after MAC_CACHE_FRESH_MS. Any thread.
 */
#ifndef USHER_GUEST_MAC_CACHE_H
#define USHER_GUEST_MAC_CACHE_H

#include "core/addr.h"

#include <stddef.h>
#include <stdint.h>

enum {
	MAC_CACHE_FRESH_MS = 60 * 1000,
	MAC_CACHE_DOMAIN = 16, /* of one domain; who has more is read each time */
};

struct mac_cache;

int mac_cache_new(struct mac_cache **ret); /* 0 or -ENOMEM */
void mac_cache_free(struct mac_cache *ms);

enum mac_cache_answer { MAC_CACHE_UNKNOWN, MAC_CACHE_YES, MAC_CACHE_NO };
/* Does this domain have one of these? `now`: mono ms. */
enum mac_cache_answer mac_cache_ask(
	struct mac_cache *ms, const char *uuid, const struct mac *macs, size_t n, int64_t now);

/* Before its definitions are read, and after; what was forgotten in between is not put. */
void mac_cache_begin(struct mac_cache *ms, const char *uuid);
void mac_cache_put(
	struct mac_cache *ms, const char *uuid, const struct mac *macs, size_t n, int64_t now);

void mac_cache_forget(struct mac_cache *ms, const char *uuid);
void mac_cache_forget_all(struct mac_cache *ms); /* events may have been missed */

#endif
